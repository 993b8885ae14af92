"""The one account that the sandbox simulates, and the region where it is."""

ACCOUNT = "123456789012"
REGION = "me-central-1"  # of a sandbox that is told no other
ADMIN_ACCESS_KEY = "AKIASANDBOXADMIN0000"  # 20 characters of A-Z0-9: anything else moto takes for no key at all
ADMIN_SECRET_KEY = "sandbox"  # noqa: S105  moto checks no signatures
ADMIN_ARN = f"arn:aws:iam::{ACCOUNT}:user/administrator"
ADMIN_ID = "AIDASANDBOXADMIN00000"
SESSION_TOKEN = "sandbox"  # noqa: S105  of every role's session that the sandbox itself issues

_home = [REGION]


def home() -> str:
    """Return the region of the running sandbox; ask each time, the next sandbox may be elsewhere."""
    return _home[0]


def settle(region: str = REGION) -> None:
    """Let the sandbox be in a region."""
    _home[0] = region
