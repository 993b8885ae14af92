"""Which files hold secrets, or Terraform's state, as their names say; what is in them is never looked at."""

import re

STATE = re.compile(r".*\.tfstate(\..+)?", re.DOTALL)  # a name may have line ends
SECRET = re.compile(
    r"""
      \.env([._-].+)? | .+\.env                                               # variables with their values
    | (.*[^a-z0-9])?id_(rsa|dsa|ecdsa|ed25519)(_sk)?([._-].+)?                # private keys of SSH
    | .+\.(pem|key|p8|p12|pfx|ppk|jks|keystore|kdbx)                          # others, and what keeps them
    | (.*[^a-z])?credentials?(\.(json|csv|txt|ini|ya?ml|toml|xml|cfg|conf))?
    | (.*[^a-z])?(accesskeys|rootkey)\.csv                                    # as AWS's console calls them
    | \.(netrc|pgpass|htpasswd)
    """,
    re.VERBOSE | re.DOTALL,
)
FOLDER = re.compile(r"secrets?[._-]?backups?")
PLACES = {".gitkeep", ".gitignore", "readme.md"}  # what a folder has that is kept without its files
# What is meant to be seen, is encrypted, or is a program
OPEN = {"example", "examples", "sample", "template", "tpl", "dist", "defaults", "schema", "pub", "public"}
OPEN |= {"enc", "encrypted", "gpg", "age", "sops", "vault", "md", "py", "ts", "js", "mjs", "cjs", "go", "tf"}
CHAINS = {"ca", "cacert", "bundle", "chain", "fullchain"}  # certificates, unless it is called a key as well
KEYS = {"key", "private", "privkey"}


def is_state(path: str) -> bool:
    """Say whether a file is named as Terraform's state is, or a backup of it."""
    name = _name(path)
    return bool(STATE.fullmatch(name)) and not _words(name) & OPEN


def is_secret_file(path: str) -> bool:
    """Say whether a file is named as those are that hold secrets, or lies where their backups do."""
    name = _name(path)
    words = _words(name)
    if any(map(FOLDER.fullmatch, path.lower().split("/")[:-1])) and name not in PLACES:
        return True
    certificates = name.endswith(".pem") and words & CHAINS and not words & KEYS
    return bool(SECRET.fullmatch(name)) and not words & OPEN and not certificates


def _name(path: str) -> str:
    return path.lower().rpartition("/")[2]


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name))
