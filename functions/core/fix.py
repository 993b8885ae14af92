"""The @fix decorator: a function that changes one thing, only what was approved, and says how to undo it."""

from collections.abc import Callable
from typing import Any, TypeVar

from functions.core import approval
from functions.core.aws import Session
from functions.core.function import Function
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.log import logger
from functions.core.permissions import Permission, allow
from functions.core.plan import Risk
from functions.core.results import Change, Parameters
from functions.core.template import fill, readable

P = TypeVar("P", bound=Parameters)


class Fix(Function):
    """A fix's Lambda handler.

    The event names an incident, a round of its questions and a step: `{"incident": …, "round": 1, "step": 0}`. What to
    do is read from the plan approved there, never from the event. With `"undo": true` the recorded change is undone.
    """

    kind = "fix"
    bookkeeping = (allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),)

    def __init__(
        self, body: Callable[..., Change], permissions: tuple[Permission, ...], effect: str, risk: Risk, radius: str
    ) -> None:
        """Keep what a person reads before approving."""
        super().__init__(body, permissions)
        self.effect = effect
        self.risk = risk
        self.radius = radius
        self.revert: Callable[..., None] | None = None
        self.undo_effect: str | None = None

    def effect_of(self, parameters: Parameters) -> str:
        """Say what the fix changes with these parameters."""
        return readable(fill(translated(self.effect), parameters.model_dump().__getitem__))

    def undo(self, effect: str) -> Callable[[Callable[[dict[str, Any], Session], None]], Callable[..., None]]:
        """Declare how the change is taken back: `@handler.undo("Close the port again")`."""

        def declare(revert: Callable[[dict[str, Any], Session], None]) -> Callable[..., None]:
            self.revert, self.undo_effect = revert, effect
            return revert

        return declare

    def __call__(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """Apply or undo one step of the approved plan and record the change.

        Raises:
            NotApproved: when the approval does not cover this step.
        """
        incidents = Incidents(self.aws)
        incident, round_number, number = event["incident"], event["round"], event["step"]
        undo = bool(event.get("undo"))
        plan = approval.approved_plan(incidents, incident, round_number, undo=undo)
        if not 0 <= number < len(plan.steps) or plan.steps[number].fix != self.name:
            raise approval.NotApproved(
                say(
                    "incident {incident}: step {step} of the approved plan is not {fix}",
                    incident=incident,
                    step=number,
                    fix=self.name,
                )
            )
        item = f"change#{round_number}#{number}"
        if undo:
            return self._undo(incidents, incident, item)
        return self._apply(incidents, incident, item, self.parameters.model_validate(plan.steps[number].parameters))

    def _apply(self, incidents: Incidents, incident: str, item: str, parameters: Parameters) -> dict[str, Any]:
        done = incidents.get(incident, item)
        if done:
            return Change(before=done["before"], after=done["after"], undo=done["undo"]).model_dump(mode="json")
        change: Change = self.body(parameters, self.aws)
        incidents.create(incident, item, {"fix": self.name} | change.model_dump())
        before, after = readable(change.before), readable(change.after)
        effect = self.effect_of(parameters)
        incidents.note(incident, say("{effect}: was {before}, is {after}", effect=effect, before=before, after=after))
        logger.info("fixed", incident=incident, fix=self.name, changed=change.changed)
        return change.model_dump(mode="json")

    def _undo(self, incidents: Incidents, incident: str, item: str) -> dict[str, Any]:
        change = incidents.get(incident, item)
        if change is None or change["undo"] is None or self.revert is None:
            incidents.note(incident, say("{fix}: nothing to undo", fix=self.name))
            return {"undone": False}
        self.revert(change["undo"], self.aws)
        incidents.update(incident, item, {"undone": True})
        undone = translated(self.undo_effect or "")
        incidents.note(incident, say("{undone}: back to {before}", undone=undone, before=readable(change["before"])))
        return {"undone": True}


def fix(
    *permissions: Permission, effect: str, risk: Risk, radius: str
) -> Callable[[Callable[[P, Session], Change]], Fix]:
    """Make a function a fix.

    Args:
        permissions: the IAM actions it calls.
        effect: what it changes, as a sentence whose braces name its parameters.
        risk: low, medium or high: the service's policy asks as many people as this needs.
        radius: who and what notices the change, and what does not; braces as in the effect.
    """
    return lambda body: Fix(body, permissions, effect, risk, radius)
