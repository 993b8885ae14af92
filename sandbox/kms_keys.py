"""Which KMS key a call is about: IAM compares the key's own ARN, whatever name the caller gave."""

from collections.abc import Mapping
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.utils import KEY_ID_LEN

from sandbox.account import ACCOUNT


def key_arn(parameters: Mapping[str, Any], region: str) -> str | None:
    """Return the ARN of the key that the call names by id, ARN or alias, or that its ciphertext was made with.

    None where there is no such key.
    """
    backend = kms_backends[ACCOUNT][region]
    named = parameters.get("KeyId")
    if named and "alias/" in named and not backend.get_key_id_from_alias(backend.get_alias_name(named)):
        return None
    # moto's ciphertext begins with the key's id
    key_id = backend.any_id_to_key_id(named) if named else _text(parameters.get("CiphertextBlob", b""))[:KEY_ID_LEN]
    key = backend.keys.get(key_id)
    return str(key.arn) if key else None


def _text(blob: bytes) -> str:
    return blob.decode(errors="replace")
