"""RDS: each instance has a resource id of its own, which its snapshots keep when another one takes its name."""

import secrets
import string
from typing import Any

from moto.rds.models import DBInstance

from sandbox.patches.replaced import replace

_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 26


def install() -> None:
    """Give every new instance an id; moto gives all of them the same."""
    replace(DBInstance, "__init__", _init)


def _init(self: DBInstance, *arguments: Any, **options: Any) -> None:
    replace.original(DBInstance, "__init__")(self, *arguments, **options)
    self.dbi_resource_id = f"db-{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))}"
