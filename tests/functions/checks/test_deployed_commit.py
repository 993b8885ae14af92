import json

import pytest
from pydantic import ValidationError

from functions.checks.deployed_commit import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

COMMIT = "3f9c1b7a2d4e5f60718293a4b5c6d7e8f9012345"
GIVEN = {**OF, "branch": "main", "expected": COMMIT[:7]}
FINE = dict.fromkeys(["other-commit", "other-branch", "dirty", "not-recreated"], False)


def version(commit: str = COMMIT, branch: str = "main", dirty: str = "no", repository: str = "harena-user") -> str:
    """Write what look_version says."""
    image = {
        "ID": "sha256:" + "ab" * 32,
        "ContainerName": "harena_user_prod",
        "Repository": repository,
        "Tag": "latest",
        "Platform": "linux/amd64",
        "Size": 512345678,
        "LastTagTime": "0001-01-01T00:00:00Z",
    }
    return f"commit={commit}\nbranch={branch}\ndirty={dirty}\n{json.dumps([image])}\n"


@pytest.mark.parametrize("expected", ["", COMMIT, COMMIT[:7]])
def test_as_expected(run_check: RunCheck, systems: Systems, expected: str) -> None:
    systems.said = {"look_version": version()}
    finding = run_check(handler, **(GIVEN | {"expected": expected}))
    assert own(finding.signals) == FINE
    assert finding.summary == "commit 3f9c1b7a2d4e of main; changed by hand: no; not from their newest image: none"
    assert finding.facts == {"commit": COMMIT, "branch": "main", "dirty": False, "outdated": []}


@pytest.mark.parametrize(
    ("said", "signal"),
    [
        (version(commit="0" * 40), "other-commit"),
        (version(branch="feature/x"), "other-branch"),
        (version(branch="HEAD"), "other-branch"),
        (version(dirty="yes"), "dirty"),
        (version(repository="<none>"), "not-recreated"),
        (version(repository=""), "not-recreated"),
    ],
)
def test_otherwise(run_check: RunCheck, systems: Systems, said: str, signal: str) -> None:
    systems.said = {"look_version": said}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {signal: True}


def test_no_container_has_an_image(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_version": f"commit={COMMIT}\nbranch=main\ndirty=no\n[]\n"}
    assert own(run_check(handler, **GIVEN).signals) == FINE


def test_one_image_a_line(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_version": version(repository="<none>").replace("[", "").replace("]", "")}
    assert run_check(handler, **GIVEN).facts["outdated"] == ["harena_user_prod"]


@pytest.mark.parametrize("wrong", [{"expected": "main"}, {"expected": "-x"}, {"branch": "-x"}, {"branch": ""}])
def test_parameters(run_check: RunCheck, systems: Systems, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, **(GIVEN | wrong))
    assert systems.calls == []


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_version": version()}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
