"""Which files hold secrets, or Terraform's state, as their names say; what is in them is never looked at."""

import re

STATE = re.compile(r".*\.tfstate(\..+)?", re.DOTALL)  # a name may have line ends
VARIABLES = re.compile(r"\.env([._-].+)?|.+\.env", re.DOTALL)
SECRET = re.compile(
    r"""
      (.*[^a-z0-9])?id_(rsa|dsa|ecdsa|ed25519)([._-].+)?    # private keys of SSH
    | .+\.(pem|key|p8|p12|pfx|ppk|jks|keystore|kdbx)        # others, and what keeps them
    | .*credentials?(\.(json|csv|txt|ini|ya?ml|toml|xml|cfg|conf))?
    | .*(accesskeys|rootkey)\.csv                           # as AWS's console calls them
    | \.(netrc|pgpass|htpasswd)
    """,
    re.VERBOSE | re.DOTALL,
)
FOLDER = re.compile(r"secrets?[._-]backups?")
PLACES = {".gitkeep", ".gitignore", "readme.md"}  # what a folder has that is kept without its files
# Of authorities, which everybody may read; what RDS calls its own is one
CERTIFICATES = re.compile(
    r"(.*[^a-z0-9])?(ca|cacert|chain|fullchain|(global|[a-z]+-[a-z]+-\d)-bundle)([^a-z0-9].*)?\.pem", re.DOTALL
)
PRIVATE, PUBLIC = {"key", "private"}, {"pub", "public"}
TEMPLATES = {"example", "sample", "template", "dist", "defaults", "schema"}
ENDINGS = {"pub", "enc", "gpg", "vault", "md", "py", "ts", "js", "go", "tf"}  # public, encrypted, or a program


def is_state(path: str) -> bool:
    """Say whether a file is named as Terraform's state is, or a backup of it."""
    name = _name(path)
    return bool(STATE.fullmatch(name)) and _ending(name) not in ENDINGS | TEMPLATES


def is_secret_file(path: str) -> bool:
    """Say whether a file is named as those are that hold secrets, or lies where their backups do."""
    name = _name(path)
    words = set(re.split(r"[^a-z0-9]+", name))
    if any(map(FOLDER.fullmatch, path.lower().split("/")[:-1])) and name not in PLACES:
        return True
    if _ending(name) in ENDINGS:
        return False
    if VARIABLES.fullmatch(name):
        return not words & TEMPLATES
    readable = words & PUBLIC or (CERTIFICATES.fullmatch(name) and not words & PRIVATE)
    return bool(SECRET.fullmatch(name)) and not readable


def _name(path: str) -> str:
    return path.lower().rpartition("/")[2]


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
