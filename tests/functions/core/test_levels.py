import pytest

from functions.core.levels import LEVELS, Weight, may_be_worse, said, told

CONFIRMED, POSSIBLE, RULED_OUT = "confirmed", "possible", "ruled out"


@pytest.mark.parametrize(
    ("causes", "healthy", "level"),
    [
        ([], True, ""),
        ([("", CONFIRMED)], False, ""),
        ([("warning", RULED_OUT)], True, "normal"),
        ([("warning", RULED_OUT)], None, "unknown"),
        ([("warning", RULED_OUT)], False, "unknown"),
        ([("warning", POSSIBLE)], True, "unknown"),
        ([("", POSSIBLE), ("warning", RULED_OUT)], True, "normal"),
        ([("warning", CONFIRMED), ("degraded", RULED_OUT)], False, "warning"),
        ([("warning", CONFIRMED), ("critical", CONFIRMED), ("degraded", CONFIRMED)], False, "critical"),
        ([("warning", CONFIRMED), ("critical", POSSIBLE)], None, "warning"),
    ],
)
def test_level(causes: list[tuple[str, str]], healthy: bool | None, level: str) -> None:  # noqa: FBT001
    assert told([Weight(*cause) for cause in causes], healthy=healthy) == level


@pytest.mark.parametrize(
    ("level", "causes", "worse"),
    [
        ("normal", [("warning", RULED_OUT)], False),
        ("warning", [("warning", POSSIBLE), ("critical", RULED_OUT)], False),
        ("warning", [("degraded", POSSIBLE)], True),
        ("critical", [("degraded", POSSIBLE)], False),
        ("unknown", [("warning", POSSIBLE)], True),
        ("warning", [("", POSSIBLE)], False),
    ],
)
def test_whether_it_may_be_worse(level: str, causes: list[tuple[str, str]], worse: bool) -> None:  # noqa: FBT001
    assert may_be_worse(level, [Weight(*cause) for cause in causes]) is worse


def test_what_a_person_reads() -> None:
    assert [said(level, at_least=False) for level in LEVELS] == list(LEVELS)
    assert said("warning", at_least=True) == "at least warning"
    assert said("unknown", at_least=True) == "unknown"
