from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

from functions.core.subscriptions import unconfirmed
from tests.functions.workflow.world import AMEL, KARIM, LINA, TOPIC, World

EVERYBODY = [AMEL, KARIM, LINA]
PAGE = 100


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Endpoints and ARNs of subscriptions, as SNS lists them: a hundred a page."""
    given: list[tuple[str, str]] = []

    def answer(response: SNSResponse) -> Any:
        start = int(response._get_param("NextToken") or 0)  # noqa: SLF001
        page = [{"Endpoint": to, "SubscriptionArn": arn, "Protocol": "email"} for to, arn in given[start:][:PAGE]]
        more = start + PAGE < len(given)
        return ActionResult({"Subscriptions": page, "NextToken": str(start + PAGE) if more else None})

    monkeypatch.setattr(SNSResponse, "list_subscriptions_by_topic", answer)
    return given


def test_who_has_confirmed_is_reached_however_they_are_written(world: World, listed: list[tuple[str, str]]) -> None:
    listed += [(AMEL.upper(), f"{TOPIC}:1"), (KARIM, f"{TOPIC}:2"), (LINA, f"{TOPIC}:3")]
    assert unconfirmed(world.aws, TOPIC, EVERYBODY) == []


@pytest.mark.parametrize("arn", ["PendingConfirmation", "Deleted"])
def test_who_has_not_confirmed_or_left_is_not_reached(world: World, listed: list[tuple[str, str]], arn: str) -> None:
    listed += [(AMEL, f"{TOPIC}:1"), (KARIM, arn), (LINA, f"{TOPIC}:3")]
    assert unconfirmed(world.aws, TOPIC, EVERYBODY) == [KARIM]


def test_who_is_not_listed_is_not_reached(world: World, listed: list[tuple[str, str]]) -> None:
    listed += [(AMEL, f"{TOPIC}:1")]
    assert unconfirmed(world.aws, TOPIC, EVERYBODY) == [KARIM, LINA]


def test_one_confirmed_subscription_is_enough(world: World, listed: list[tuple[str, str]]) -> None:
    listed += [(AMEL, f"{TOPIC}:1"), (AMEL, "PendingConfirmation")]
    assert unconfirmed(world.aws, TOPIC, [AMEL]) == []


def test_all_pages_are_read(world: World, listed: list[tuple[str, str]]) -> None:
    listed += [(f"{number}@example.com", f"{TOPIC}:{number}") for number in range(2 * PAGE)]
    listed += [(AMEL, f"{TOPIC}:amel")]
    assert unconfirmed(world.aws, TOPIC, [AMEL]) == []
