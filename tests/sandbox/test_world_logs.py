"""Filter patterns of CloudWatch Logs, as its user guide describes them."""

import pytest
from moto.logs.exceptions import InvalidParameterException

from sandbox.patches.logs import FilterPattern

ERROR = "ERROR KeyError: 'TELEGRAM_BOT_TOKEN'"


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        (None, "anything", True),
        ("", "anything", True),
        ("ERROR", ERROR, True),
        ("ERROR TELEGRAM_BOT_TOKEN", ERROR, True),
        ("openai_called OR openai_error", "openai_error", False),  # three terms, all required
        ("?openai_called ?openai_error", "openai_error", True),
        ("?openai_called ?openai_error", "other", False),
        ('?"KeyError:" ?Traceback', ERROR, True),
        ("ERROR ?other", ERROR, True),
        ("ERROR -TELEGRAM_BOT_TOKEN", ERROR, False),
        ("-INFO", ERROR, True),
        ("%Key[A-Z]\\w+:%", ERROR, True),
        ("%^Traceback%", ERROR, False),
        ("error", ERROR, False),
    ],
)
def test_pattern(pattern: str | None, message: str, *, expected: bool) -> None:
    assert FilterPattern(pattern).matches(message) is expected


def test_other_characters_need_quotes() -> None:
    with pytest.raises(InvalidParameterException, match="KeyError:"):
        FilterPattern("KeyError:")


def test_json_patterns_fail_loudly() -> None:
    with pytest.raises(NotImplementedError, match="terms only"):
        FilterPattern('{ $.level = "ERROR" }')
