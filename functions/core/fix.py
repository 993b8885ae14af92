"""The @fix decorator: a function that changes one thing, only what was approved, and says how to undo it."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from functions.core import approval, guards, limits, stops
from functions.core.approval import NotAllowed
from functions.core.aws import Session
from functions.core.function import Function
from functions.core.guards import Asked
from functions.core.incidents import Conflict, Incidents
from functions.core.language import say, translated
from functions.core.log import logger
from functions.core.permissions import Permission, allow
from functions.core.plan import Risk
from functions.core.results import Change, CommandFailed, Parameters, Started
from functions.core.template import fill, readable
from statemachines import compiled

P = TypeVar("P", bound=Parameters)
Changes = Generator[Change | Started, str]
Follow = Callable[[str, Any, Session], bool]
Revert = Callable[[dict[str, Any], Session], Started | None]


class Interfered(Exception):
    """Somebody else has changed meanwhile what the fix was changing, or is to change back: a person has to look."""


class InProgress(Exception):
    """Another invocation is making this very change; the state machine asks again when that one is over."""


class Fix(Function):
    """A fix's Lambda handler around a generator of changes.

    The generator looks, and yields the change that it is about to make: that is written down before anything is
    changed, so that an interrupted change can be seen, completed and undone. Then it makes the change, and may yield
    what is known better by then. Where the first one changes nothing, it is asked nothing more.

    A change that takes longer than a function may is only started: the generator is sent a name for this step, yields
    the command that it started under it, and the state machine calls again until `follow` says that this has ended.

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
        self.revert: Revert | None = None
        self.undo_effect: str | None = None
        self.follow: Follow | None = None

    def effect_of(self, parameters: Parameters) -> str:
        """Say what the fix changes with these parameters."""
        return readable(fill(translated(self.effect), parameters.model_dump().__getitem__))

    def undo(self, effect: str) -> Callable[[Revert], Revert]:
        """Declare how the change is taken back: `@handler.undo("Close the port again")`.

        It sets back what was there before, so that it may be called for a change that was interrupted, and again. Where
        that takes longer than a function may, it returns the command that it started, under a name with `step` in it.
        """

        def declare(revert: Revert) -> Revert:
            self.revert, self.undo_effect = revert, effect
            return revert

        return declare

    def following(self, follow: Follow) -> Follow:
        """Declare how to see whether a command that the fix has started, or its undo, has ended: `@handler.following`.

        It is given the command, the fix's parameters and a session, and raises CommandFailed where that has failed.
        """
        self.follow = follow
        return follow

    def __call__(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """Apply or undo one step of the approved plan and record the change.

        Raises:
            NotAllowed: when something forbids it, which the incident's timeline says too.
            InProgress: while another invocation does the same.
            Interfered: when somebody else has changed the same thing since this fix looked at it.
        """
        incidents, asked = Incidents(self.aws), Asked.model_validate(event)
        known = incidents.get(asked.incident, _item(asked)) if asked.undo or self.follow else None
        if asked.undo and not known:
            return self._nothing(incidents, asked)
        if self.follow and known and _running(known, undo=asked.undo):
            return self._going_on(incidents, asked, known, self.follow)
        try:
            plan = guards.approved(self.aws, incidents, asked, self.name)
        except NotAllowed as why:
            logger.warning("refused", incident=asked.incident, fix=self.name, why=str(why))
            _note(incidents, asked, say("{fix} refused: {why}", fix=self.name, why=why))
            raise
        parameters = self.parameters.model_validate(plan.steps[asked.step].parameters)
        if asked.undo:
            return self._undo(incidents, asked, parameters)
        runbook = compiled.read(asked.runbook)
        if not runbook.runbook.operation:
            limits.repairing(incidents, runbook.service, asked.incident)
        return self._apply(incidents, asked, parameters)

    def _apply(self, incidents: Incidents, asked: Asked, parameters: Parameters) -> dict[str, Any]:
        known = incidents.get(asked.incident, _item(asked))
        if known and known["state"] == "done":
            return self._answer(_change(known).model_dump(mode="json"))
        changes: Changes = self.body(parameters, self.aws)
        seen = _seen(changes)
        change = (
            _resumed(incidents, asked, known, seen, half=bool(self.follow))
            if known
            else _begun(incidents, asked, self.name, seen)
        )
        if seen.changed or (known and self.follow):  # what a command has half made may look as if it were made
            _still_open(incidents, asked)
            made = _made(changes, _step(asked), change)
            if isinstance(made, Started):
                begun = {"state": "running", "command": made.command}
                return self._started(incidents, asked, begun, say("{fix}: started", fix=self.name))
            change = made
        return self._done(incidents, asked, parameters, change)

    def _started(self, incidents: Incidents, asked: Asked, values: dict[str, Any], told: str) -> dict[str, Any]:
        incidents.update(asked.incident, _item(asked), values)
        incidents.note(asked.incident, told)
        return {"running": True}

    def _going_on(self, incidents: Incidents, asked: Asked, known: dict[str, Any], follow: Follow) -> dict[str, Any]:
        """See how far a command is: that changes nothing, so it needs nothing that a change needs."""
        question = approval.read(incidents, asked.incident, asked.round)
        if question is None:
            told = {"round": asked.round, "incident": asked.incident}
            raise LookupError(say("question {round} of incident {incident} is not in the table", **told))
        parameters = self.parameters.model_validate(question.plan.steps[asked.step].parameters)
        if not follow(known["undoing" if asked.undo else "command"], parameters, self.aws):
            return {"running": True}
        if asked.undo:
            return self._undone(incidents, asked, _change(known))
        return self._done(incidents, asked, parameters, _change(known))

    def _goes_on(self, command: str, parameters: Parameters) -> bool:
        try:
            return self.follow is not None and not self.follow(command, parameters, self.aws)
        except CommandFailed:
            return False

    def _done(self, incidents: Incidents, asked: Asked, parameters: Parameters, change: Change) -> dict[str, Any]:
        incidents.update(asked.incident, _item(asked), {"state": "done"} | change.model_dump())
        told = {"before": readable(change.before), "after": readable(change.after)}
        text = say("{effect}: was {before}, is {after}", effect=self.effect_of(parameters), **told)
        incidents.note(asked.incident, text)
        logger.info("fixed", incident=asked.incident, fix=self.name, changed=change.changed)
        return self._answer(change.model_dump(mode="json"))

    def _answer(self, said: dict[str, Any]) -> dict[str, Any]:
        """Add for the state machine, where it would go on asking, that this has come to its end."""
        return said | ({"running": False} if self.follow else {})

    def _nothing(self, incidents: Incidents, asked: Asked) -> dict[str, Any]:
        _note(incidents, asked, say("{fix}: nothing to undo", fix=self.name))
        return self._answer({"undone": False})

    def _undo(self, incidents: Incidents, asked: Asked, parameters: Parameters) -> dict[str, Any]:
        known = incidents.get(asked.incident, _item(asked)) or {}
        if known["undo"] is None or self.revert is None:
            return self._nothing(incidents, asked)
        change = _change(known)
        if known.get("undone"):
            return self._answer({"undone": True})
        if known["state"] == "running" and self._goes_on(known["command"], parameters):
            return {"running": True}  # what it still does would come after what the undo does
        now = _seen(self.body(parameters, self.aws)).before
        if now not in (change.before, change.after) and known["state"] != "running":  # a command may do half of it
            raise _interfered(change.after, now)
        step = {"step": _step(asked)} if self.follow else {}  # to start it once, and to find what was started
        started = self.revert((change.undo or {}) | step, self.aws) if now != change.before or step else None
        if isinstance(started, Started):
            begun = {"undoing": started.command}
            return self._started(incidents, asked, begun, say("{fix}: undo started", fix=self.name))
        return self._undone(incidents, asked, change)

    def _undone(self, incidents: Incidents, asked: Asked, change: Change) -> dict[str, Any]:
        incidents.update(asked.incident, _item(asked), {"undone": True})
        told = {"undone": translated(self.undo_effect or ""), "before": readable(change.before)}
        incidents.note(asked.incident, say("{undone}: back to {before}", **told))
        return self._answer({"undone": True})


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
    if isinstance(seen, Started):
        raise TypeError(say("a fix says what it is about to change before it starts anything"))
    return seen if seen.changed else seen.model_copy(update={"undo": None})


def _made(changes: Changes, step: str, intended: Change) -> Change | Started:
    """Let a fix make its change, and return what it knows then; what it starts, it can name after the step."""
    try:
        return changes.send(step)
    except StopIteration:
        return intended


def _running(known: dict[str, Any], *, undo: bool) -> bool:
    """Say whether what an earlier call has started may still go on."""
    return "undoing" in known and "undone" not in known if undo else known["state"] == "running"


def _item(asked: Asked) -> str:
    return f"change#{asked.round}#{asked.step}"


def _step(asked: Asked) -> str:
    return f"{asked.incident}/{_item(asked)}"


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


def _resumed(incidents: Incidents, asked: Asked, known: dict[str, Any], seen: Change, *, half: bool) -> Change:
    """Take over an interrupted change: it is to be made still, or was made; what it was before is what was written.

    Of what only a command makes, `half` may be made at this moment.
    """
    if asked.attempt <= known["attempt"]:
        raise InProgress(say("another invocation makes this change already"))
    started = _change(known)
    left = started.before if seen.changed else started.after
    if seen.before != left and not half and (seen.changed or started.undo is not None):  # not to be taken for ours
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
