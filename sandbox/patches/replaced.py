"""Replacing an attribute of moto once, however often the sandbox starts, with the original at hand."""

from typing import Any

_originals: dict[tuple[Any, str], Any] = {}


class _Replace:
    """`replace(owner, name, new)`; `replace.original(owner, name)` is what stood there before the first time."""

    def __call__(self, owner: Any, name: str, new: Any) -> None:
        _originals.setdefault((owner, name), getattr(owner, name))
        setattr(owner, name, new)

    def original(self, owner: Any, name: str) -> Any:
        return _originals[owner, name]


replace = _Replace()
