"""Faults on purpose: in the calls of AWS's APIs that functions make, and in the functions' own invocations.

    with sandbox.faults.inject(Fault(Kind.THROTTLED, function="*-conclude", call="dynamodb:*")) as happened: ...

What each kind looks like to its caller: fault_answers.py for calls, fault_outcomes.py for invocations.
"""

import contextlib
import enum
import fnmatch
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


class Kind(enum.Enum):
    """What goes wrong; the comments name the cause on AWS."""

    THROTTLED = "throttled"  # refused: too many requests
    DENIED = "access denied"  # refused: a policy or a service control policy has changed
    UNAVAILABLE = "unavailable"  # refused: the service fails (of an invocation: lost, it never ran)
    MALFORMED = "malformed"  # done, but answered with half of the answer (which botocore takes for {}), or with HTML
    EXIT_BEFORE = "exit before"  # the function's process ends right before: out of memory, a host that fails
    EXIT_AFTER = "exit after"  # it ends right after: what was asked for is done, the answer is lost
    CUT = "connection cut"  # calls only: the request arrives nowhere, the connection is closed
    HANGS = "hangs"  # calls only: no answer until the caller gives up
    DOUBLED = "doubled"  # invocations only: runs twice at the same time, the later one's answer counts
    TIMED_OUT = "timed out"  # invocations only: ran, and was over time before it could answer


OF_CALLS = set(Kind) - {Kind.DOUBLED, Kind.TIMED_OUT}
OF_INVOCATIONS = set(Kind) - {Kind.CUT, Kind.HANGS}


@dataclass(frozen=True)
class Fault:
    """One fault, and where it strikes; the names are patterns as in `fnmatch`.

    Args:
        kind: what goes wrong.
        function: the Lambda function's name.
        state: the state of the state machine that has invoked it; "" where something else has.
        call: the API call as `service:Operation`; empty for the invocation itself.
        times: how often, None for always.
        after: how many matching ones go well before.
        since: the state with whose first invocation it begins; from the start where none is named.
    """

    kind: Kind
    function: str = "*"
    state: str = "*"
    call: str = ""
    times: int | None = 1
    after: int = 0
    since: str = ""

    def __post_init__(self) -> None:
        """Refuse a kind that cannot befall what it is for."""
        if self.kind not in (OF_CALLS if self.call else OF_INVOCATIONS):
            befallen = "an API call" if self.call else "an invocation"
            raise ValueError(f"{self.kind.value!r} cannot befall {befallen}; see sandbox/faults.py")

    def concerns(self, function: str, state: str, call: str) -> bool:
        """Tell whether an invocation, or a call that it makes, is meant."""
        named = ((function, self.function), (state, self.state), (call, self.call))
        return bool(call) == bool(self.call) and all(fnmatch.fnmatchcase(*one) for one in named)


@dataclass
class _Injected:
    fault: Fault
    happened: list[str]
    met: int = 0
    begun: bool = False

    def strikes(self, function: str, state: str, call: str) -> bool:
        """Tell whether this invocation or call is struck, and count it where it is meant."""
        self.begun = self.begun or self.fault.since in ("", state)
        if not self.begun or not self.fault.concerns(function, state, call):
            return False
        self.met += 1
        past = self.met - self.fault.after
        return past > 0 and (self.fault.times is None or past <= self.fault.times)


@dataclass
class Faults:
    """The faults of one sandbox.

    `clocks` says by patterns of functions' names how many seconds their clock is ahead, from their next cold start on.
    """

    clocks: dict[str, float] = field(default_factory=dict)
    _injected: list[_Injected] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def inject(self, *faults: Fault) -> Iterator[list[str]]:
        """Inject faults until the end of the block; yields the list, which grows, of what they have struck."""
        happened: list[str] = []
        mine = [_Injected(fault, happened) for fault in faults]
        with self._lock:
            self._injected += mine
        try:
            yield happened
        finally:
            with self._lock:
                self._injected = [one for one in self._injected if one not in mine]

    def strike(self, function: str, state: str, call: str = "") -> Kind | None:
        """Return what goes wrong with this invocation, or with this call that it makes; None where nothing does."""
        with self._lock:
            for one in self._injected:
                if one.strikes(function, state, call):
                    one.happened.append(f"{one.fault.kind.value}: {state or function} {call}".rstrip())
                    return one.fault.kind
        return None

    def ahead(self, function: str) -> float:
        """Return how many seconds a function's clock is ahead."""
        return next((ahead for pattern, ahead in self.clocks.items() if fnmatch.fnmatchcase(function, pattern)), 0.0)

    @property
    def any(self) -> bool:
        """Whether any fault is injected now."""
        return bool(self._injected)
