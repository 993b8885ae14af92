import pytest

from functions.core import turns
from functions.core.turns import Turn
from statemachines.model import ApprovalRules

RULES = ApprovalRules.model_validate(
    {
        "levels": [
            {"name": "L1", "approvers": ["a@x.example", "b@x.example"], "minutes": 15},
            {"name": "L2", "approvers": ["b@x.example", "c@x.example"], "minutes": 31},
            {"name": "L3", "approvers": ["d@x.example", "a@x.example"], "minutes": 2},
        ]
    }
)


def test_every_level_is_called_and_reminded_halfway() -> None:
    calls = [turns.turn(RULES, number) for number in range(7)]
    assert [(call.level, call.reminder, call.seconds) for call in calls if call] == [
        (0, False, 450),
        (0, True, 450),
        (1, False, 930),
        (1, True, 930),
        (2, False, 60),
        (2, True, 60),
    ]
    assert calls[-1] is None
    assert sum(call.seconds for call in calls if call) == RULES.minutes * 60


@pytest.mark.parametrize(("call", "name"), [(0, "L1"), (1, "L1"), (2, "L2"), (3, "L2"), (4, "L3"), (5, "L3")])
def test_a_call_is_to_its_level(call: int, name: str) -> None:
    assert turns.level(RULES, call).name == name


@pytest.mark.parametrize(
    ("call", "people"), [(-1, ""), (0, "ab"), (1, "ab"), (2, "abc"), (3, "abc"), (4, "abcd"), (5, "abcd")]
)
def test_everybody_who_was_asked_is_listed_once(call: int, people: str) -> None:
    assert turns.asked(RULES, call) == [f"{one}@x.example" for one in people]


def test_a_turn_is_what_the_state_machine_carries() -> None:
    assert Turn.model_validate({"call": 3, "seconds": 60}).model_dump() == {"call": 3, "seconds": 60}
