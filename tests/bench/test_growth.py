import pytest

from bench import growth
from bench.crowd import Crowd, Refused, Size
from bench.growth import LOOKS
from functions.core import catalogue
from statemachines import load


def test_every_check_of_a_runbook_that_reads_from_aws_is_measured() -> None:
    used = {use.check for runbook in load.runbooks().values() for use in runbook.checks.values()}
    assert {name for name in used if catalogue.checks()[name].permissions} <= {look.check for look in LOOKS}


def test_a_measurement_counts_calls_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "LATENCY", 0)
    look = next(look for look in LOOKS if look.check == "target_health")
    name, took, _, memory, calls, finding = growth.measured(look, 1000)
    assert (name, calls) == ("target_health, 1,000 targets", "1")
    assert float(took.split()[0]) < 10
    assert 20 < float(memory.split()[0]) < 256
    assert 100 < int(finding.split()[0].replace(",", "")) < 1000


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("ListTasks", {"maxResults": 101}),
        ("DescribeTasks", {"tasks": ["arn"] * 101}),
        ("DescribeImages", {"maxResults": 1001}),
    ],
)
def test_the_crowd_refuses_what_aws_refuses(operation: str, asked: dict[str, object]) -> None:
    with pytest.raises(Refused):
        Crowd(Size()).answer(operation, asked)


def test_a_page_of_the_log_holds_a_megabyte_or_ten_thousand_lines() -> None:
    short, long = Crowd(Size(lines=20_000), line=lambda _: "x"), Crowd(Size(lines=20_000), line=lambda _: "x" * 1000)
    assert [len(crowd.answer("FilterLogEvents", {})["events"]) for crowd in (short, long)] == [10_000, 1000]
