import pytest

from functions.core.fix import Fix
from functions.fixes.rebuild_container import handler
from tests.functions.fixes.making import (
    BEFORE,
    test_a_look_that_is_too_slow_is_cancelled,
    test_a_service_whose_container_is_gone_is_made,
    test_it_is_followed_to_its_end,
    test_it_is_started_under_the_steps_name,
    test_nothing_is_undone,
    test_what_was_started_under_that_name_is_not_started_again,
)
from tests.functions.hosts import Systems

__all__ = [
    "test_a_look_that_is_too_slow_is_cancelled",
    "test_a_service_whose_container_is_gone_is_made",
    "test_it_is_followed_to_its_end",
    "test_it_is_started_under_the_steps_name",
    "test_nothing_is_undone",
    "test_what_was_started_under_that_name_is_not_started_again",
]


@pytest.fixture
def fix(systems: Systems) -> tuple[Fix, str]:
    """The fix, and its document, for a service that runs."""
    systems.said = {"look_started": f"started={BEFORE}\n"}
    return handler, "do_rebuild"
