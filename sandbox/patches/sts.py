"""STS: GetCallerIdentity names the administrator and the functions' sessions as everything else here does."""

from moto.sts.models import STSBackend

from sandbox.account import ACCOUNT
from sandbox.context import current
from sandbox.patches.replaced import replace


def install() -> None:
    """Say who is calling."""
    replace(STSBackend, "get_caller_identity", _get_caller_identity)


def _get_caller_identity(self: STSBackend, access_key_id: str, region: str) -> tuple[str, str, str]:
    caller = current().access.caller(access_key_id)
    if caller is None:
        identity: tuple[str, str, str] = replace.original(STSBackend, "get_caller_identity")(
            self, access_key_id, region
        )
        return identity
    return caller.user_id, caller.arn, ACCOUNT
