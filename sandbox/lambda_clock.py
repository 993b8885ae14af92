"""Runs AWS's runtime client under a clock that is SANDBOX_CLOCK seconds ahead: of `time` and of `datetime`."""

import datetime
import os
import runpy
import sys
import time
from typing import TypeAlias

AHEAD = float(os.environ["SANDBOX_CLOCK"])
_TIME = time.time
Real: TypeAlias = datetime.datetime


class _Alike(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Real)


class Shifted(Real, metaclass=_Alike):
    """A datetime whose now is shifted."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
        """Return the shifted time."""
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> "Shifted":
        """Return the shifted time without its zone."""
        return cls.now(datetime.UTC).replace(tzinfo=None)


if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder
    setattr(time, "time", lambda: _TIME() + AHEAD)  # noqa: B010  types
    setattr(time, "time_ns", lambda: int(time.time() * 1e9))  # noqa: B010
    setattr(datetime, "datetime", Shifted)  # noqa: B010
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
