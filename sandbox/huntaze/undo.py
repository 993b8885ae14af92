"""What goes wrong on purpose, with the way back."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from sandbox.untyped import Model

Fields = Mapping[str, Any]


class Undo(ExitStack):
    """The ways back of what was changed; `close` goes them, the last one first."""

    def call(self, api: Callable[..., Any], which: Fields, *, wrong: Fields, good: Fields) -> None:
        """Call an API of a resource with what is wrong; the way back calls it with what is good."""
        api(**which, **wrong)
        self.callback(api, **which, **good)

    def set(self, record: Model, **wrong: Any) -> None:
        """Change what no API can, in moto's record of a resource."""
        good = {name: getattr(record, name) for name in wrong}
        _set(record, wrong)
        self.callback(_set, record, good)


def _set(record: Model, values: Fields) -> None:
    for name, value in values.items():
        setattr(record, name, value)
