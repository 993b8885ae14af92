"""The one account and region that the sandbox simulates."""

ACCOUNT = "123456789012"
REGION = "me-central-1"
ADMIN_ACCESS_KEY = "AKIASANDBOXADMIN0000"  # 20 characters of A-Z0-9: anything else moto takes for no key at all
ADMIN_SECRET_KEY = "sandbox"  # noqa: S105  moto checks no signatures
ADMIN_ARN = f"arn:aws:iam::{ACCOUNT}:user/administrator"
ADMIN_ID = "AIDASANDBOXADMIN00000"
SESSION_TOKEN = "sandbox"  # noqa: S105  of every role's session that the sandbox itself issues
