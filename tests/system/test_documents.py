"""Injection, tried on every parameter of every deployed document: Systems Manager refuses it, and nothing runs."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Sandbox
from sandbox.harena import INSTANCE, Harena
from tests.documents.documents import NAMES, document
from tests.documents.test_rules import APPENDED, GOOD, HOSTILE


def _wrong(name: str) -> Iterator[tuple[str, str]]:
    for parameter in document(name)["parameters"]:
        yield from ((parameter, value) for value in HOSTILE if value != "a\n")
        # a line's end as the last sign may pass Systems Manager's `$`: functions/core/hosts.py refuses it before
        yield from ((parameter, GOOD[parameter][0] + more) for more in APPENDED if more != "\n")


@pytest.mark.parametrize("name", [name for name in NAMES if document(name)["parameters"]])
def test_nothing_from_outside_becomes_a_command(sandbox: Sandbox, harena: Harena, name: str) -> None:
    systems, sent = sandbox.client("ssm"), f"harena-{name.replace('_', '-')}"
    good = {parameter: [GOOD[parameter][0]] for parameter in document(name)["parameters"]}
    known = len(systems.list_commands()["Commands"])
    for parameter, value in _wrong(name):
        with pytest.raises(ClientError) as refused:
            systems.send_command(DocumentName=sent, InstanceIds=[INSTANCE], Parameters=good | {parameter: [value]})
        assert refused.value.response["Error"]["Code"] in {"InvalidParameters", "ValidationException"}, value
    assert len(systems.list_commands()["Commands"]) == known
    assert harena.healthy()


def test_what_the_patterns_let_through_runs(sandbox: Sandbox, harena: Harena) -> None:
    """Shows that the refusals above are the patterns' own."""
    sent = sandbox.client("ssm").send_command(
        DocumentName="harena-look-version",
        InstanceIds=[INSTANCE],
        Parameters={"directory": ["/home/ec2-user/harena"], "file": ["docker-compose.prod.yml"]},
    )["Command"]["CommandId"]

    def ended() -> bool:
        told = sandbox.client("ssm").list_command_invocations(CommandId=sent)["CommandInvocations"]
        return [one["Status"] for one in told] == ["Success"]

    harena.wait_until(ended)
