import pytest

from bench.first_calls import NOT_DEPLOYED, FirstCalls
from functions.core import catalogue, guards, limits
from functions.core.guards import Asked
from tests.functions.workflow.world import World


@pytest.mark.parametrize("name", sorted(catalogue.steps().keys() - NOT_DEPLOYED))
def test_the_first_call_of_every_step_works(world: World, name: str) -> None:
    program = FirstCalls(world.incidents).program(catalogue.steps()[name])
    exec(program, {})  # noqa: S102 (the program is the bench's own, and this is what the bench does with it)


def test_the_first_call_of_every_fix_may_change_the_service_again_and_again(world: World) -> None:
    calls = FirstCalls(world.incidents)
    for name in (use.removeprefix("fix/") for use in calls.uses if use.startswith("fix/")):
        asked = Asked.model_validate(calls._event(catalogue.fixes()[name]))  # noqa: SLF001 (what the program is told)
        assert guards.approved(world.aws, world.incidents, asked, name).steps[asked.step].fix == name
        limits.repairing(world.incidents, calls.service, asked.incident)


def test_every_check_and_fix_of_the_service_is_told_what_it_takes(world: World) -> None:
    calls = FirstCalls(world.incidents)
    for function in (*catalogue.checks().values(), *catalogue.fixes().values()):
        if f"{function.kind}/{function.name}" in calls.uses:
            assert function.name in calls.program(function)
