"""The @fix decorator: a function that changes one thing, only what was approved, and says how to undo it."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from functions.core import guards, limits, stops
from functions.core.approval import NotAllowed
from functions.core.aws import Session
from functions.core.function import Function
from functions.core.guards import Asked
from functions.core.incidents import Conflict, Incidents
from functions.core.language import say, translated
from functions.core.log import logger
from functions.core.permissions import Permission, allow
from functions.core.plan import Risk
from functions.core.results import Change, Parameters
from functions.core.template import fill, readable
from statemachines import compiled

P = TypeVar("P", bound=Parameters)
Changes = Iterator[Change]


class Interfered(Exception):
    """Somebody else has changed meanwhile what the fix was changing, or is to change back: a person has to look."""


class InProgress(Exception):
    """Another invocation is making this very change; the state machine asks again when that one is over."""


class Fix(Function):
    """A fix's Lambda handler around a generator of changes.

    The generator looks, and yields the change that it is about to make: that is written down before anything is
    changed, so that an interrupted change can be seen, completed and undone. Then it makes the change, and may yield
    what is known better by then. Where the first one changes nothing, it is asked nothing more.

    The event names an incident, a round of its questions and a step (see guards.Asked). What to do is read from the
    plan approved there, never from the event. With `"undo": true` the recorded change is undone.
    """

    kind = "fix"
    bookkeeping = (
        allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
        stops.PERMISSION,
    )

    def __init__(
        self,
        body: Callable[..., Changes],
        permissions: tuple[Permission, ...],
        *,
        effect: str,
        risk: Risk,
        radius: str,
        touches: str,
    ) -> None:
        """Keep what a person reads before approving."""
        super().__init__(body, permissions)
        self.effect = effect
        self.risk = risk
        self.radius = radius
        self.touches = touches
        self.revert: Callable[..., None] | None = None
        self.undo_effect: str | None = None

    def effect_of(self, parameters: Parameters) -> str:
        """Say what the fix changes with these parameters."""
        return readable(fill(translated(self.effect), parameters.model_dump().__getitem__))

    def undo(self, effect: str) -> Callable[[Callable[[dict[str, Any], Session], None]], Callable[..., None]]:
        """Declare how the change is taken back: `@handler.undo("Close the port again")`.

        It sets back what was there before, so that it may be called for a change that was interrupted, and again.
        """

        def declare(revert: Callable[[dict[str, Any], Session], None]) -> Callable[..., None]:
            self.revert, self.undo_effect = revert, effect
            return revert

        return declare

    def __call__(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """Apply or undo one step of the approved plan and record the change.

        Raises:
            NotAllowed: when something forbids it, which the incident's timeline says too.
            InProgress: while another invocation does the same.
            Interfered: when somebody else has changed the same thing since this fix looked at it.
        """
        incidents, asked = Incidents(self.aws), Asked.model_validate(event)
        if asked.undo and not incidents.get(asked.incident, _item(asked)):
            return self._nothing(incidents, asked)
        try:
            plan = guards.approved(self.aws, incidents, asked, self.name)
        except NotAllowed as why:
            logger.warning("refused", incident=asked.incident, fix=self.name, why=str(why))
            _note(incidents, asked, say("{fix} refused: {why}", fix=self.name, why=why))
            raise
        parameters = self.parameters.model_validate(plan.steps[asked.step].parameters)
        if asked.undo:
            return self._undo(incidents, asked, parameters)
        limits.repairing(incidents, compiled.read(asked.runbook).service, asked.incident)
        return self._apply(incidents, asked, parameters)

    def _apply(self, incidents: Incidents, asked: Asked, parameters: Parameters) -> dict[str, Any]:
        known = incidents.get(asked.incident, _item(asked))
        if known and known["state"] == "done":
            return _change(known).model_dump(mode="json")
        changes: Changes = self.body(parameters, self.aws)
        seen = _seen(changes)
        change = _resumed(incidents, asked, known, seen) if known else _begun(incidents, asked, self.name, seen)
        if seen.changed:
            _still_open(incidents, asked)
            change = next(changes, change)
        incidents.update(asked.incident, _item(asked), {"state": "done"} | change.model_dump())
        told = {"before": readable(change.before), "after": readable(change.after)}
        text = say("{effect}: was {before}, is {after}", effect=self.effect_of(parameters), **told)
        incidents.note(asked.incident, text)
        logger.info("fixed", incident=asked.incident, fix=self.name, changed=change.changed)
        return change.model_dump(mode="json")

    def _nothing(self, incidents: Incidents, asked: Asked) -> dict[str, Any]:
        _note(incidents, asked, say("{fix}: nothing to undo", fix=self.name))
        return {"undone": False}

    def _undo(self, incidents: Incidents, asked: Asked, parameters: Parameters) -> dict[str, Any]:
        known = incidents.get(asked.incident, _item(asked)) or {}
        if known["undo"] is None or self.revert is None:
            return self._nothing(incidents, asked)
        change = _change(known)
        if known.get("undone"):
            return {"undone": True}
        now = next(self.body(parameters, self.aws)).before
        if now not in (change.before, change.after):
            raise _interfered(change.after, now)
        if now != change.before:
            self.revert(change.undo, self.aws)
        incidents.update(asked.incident, _item(asked), {"undone": True})
        told = {"undone": translated(self.undo_effect or ""), "before": readable(change.before)}
        incidents.note(asked.incident, say("{undone}: back to {before}", **told))
        return {"undone": True}


def _still_open(incidents: Incidents, asked: Asked) -> None:
    """Look once more, after the intent is written: who has stopped the incident since has named it as interrupted.

    Raises:
        NotAllowed: when the incident is not open any more.
    """
    if (incidents.get(asked.incident) or {}).get("state") != "open":
        text = say("incident {incident}: it was stopped just now, so nothing is changed", incident=asked.incident)
        raise NotAllowed(text)


def _note(incidents: Incidents, asked: Asked, text: str) -> None:
    """Add to the timeline of an incident that there is."""
    if incidents.get(asked.incident):
        incidents.note(asked.incident, text)


def _seen(changes: Changes) -> Change:
    """Return what a fix is about to change; what is as it should be already has nothing to take back."""
    seen = next(changes)
    return seen if seen.changed else seen.model_copy(update={"undo": None})


def _item(asked: Asked) -> str:
    return f"change#{asked.round}#{asked.step}"


def _change(stored: dict[str, Any]) -> Change:
    return Change.model_validate({name: stored[name] for name in Change.model_fields})


def _begun(incidents: Incidents, asked: Asked, fix: str, change: Change) -> Change:
    """Write down what is about to be changed."""
    intent = {"fix": fix, "state": "started", "attempt": asked.attempt} | change.model_dump()
    try:
        incidents.create(asked.incident, _item(asked), intent)
    except Conflict as error:
        raise InProgress(say("another invocation makes this change already")) from error
    return change


def _resumed(incidents: Incidents, asked: Asked, known: dict[str, Any], seen: Change) -> Change:
    """Take over an interrupted change: it is to be made still, or was made; what it was before is what was written."""
    if asked.attempt <= known["attempt"]:
        raise InProgress(say("another invocation makes this change already"))
    started = _change(known)
    left = started.before if seen.changed else started.after
    if seen.before != left and (seen.changed or started.undo is not None):  # not to be taken back for ours
        raise _interfered(started.before, seen.before)
    try:
        incidents.update(asked.incident, _item(asked), {"attempt": asked.attempt}, attempt=known["attempt"])
    except Conflict as error:
        raise InProgress(say("another invocation makes this change already")) from error
    return started if seen.changed else Change(before=started.before, after=seen.after, undo=started.undo)


def _interfered(left: dict[str, Any], now: dict[str, Any]) -> Interfered:
    told = {"left": readable(left), "now": readable(now)}
    return Interfered(
        say("was left as {left}, is {now}: somebody else has changed it meanwhile, so it is not touched", **told)
    )


def fix(
    *permissions: Permission, effect: str, risk: Risk, radius: str, touches: str = ""
) -> Callable[[Callable[[P, Session], Changes]], Fix]:
    """Make a generator of changes a fix.

    Args:
        permissions: the IAM actions it calls.
        effect: what it changes, as a sentence whose braces name its parameters.
        risk: low, medium or high: the service's policy asks as many people as this needs.
        radius: who and what notices the change, and what does not; braces as in the effect.
        touches: the parameter that lists what it changes, where that may be several things; one thing otherwise.
    """
    return lambda body: Fix(body, permissions, effect=effect, risk=risk, radius=radius, touches=touches)
