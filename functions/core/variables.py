"""Who has environment variables that hold secrets, as their names say; their values are never looked at."""

from typing import Any, NamedTuple

from functions.core.language import marked, say
from functions.core.listed import Listed, told
from functions.core.results import shortened
from functions.core.secret_names import is_aws_key, is_secret

SHOWN = 8
SUMMARY = marked("environment variables: {variables}; keys of AWS: {aws_keys}; others named as secrets are: {secrets}")


class Holder(NamedTuple):
    """What has environment variables: what it is called, and their names."""

    name: str
    variables: list[str]

    @property
    def aws_keys(self) -> list[str]:
        """Those of its variables that are keys of AWS."""
        return sorted(filter(is_aws_key, self.variables))

    @property
    def secrets(self) -> list[str]:
        """Those of its variables that are other secrets."""
        return sorted(filter(is_secret, self.variables))


def answers(holders: Listed[Holder]) -> dict[str, bool | None]:
    """Answer both signals."""
    return {
        "aws-keys": holders.any(lambda one: bool(one.aws_keys)),
        "secret-names": holders.any(lambda one: bool(one.secrets)),
    }


def summary(holders: Listed[Holder]) -> str:
    """Count the variables, and those that are keys or secrets."""
    counts = {name: fact if isinstance(fact, int) else len(fact) for name, fact in facts(holders).items()}
    return told(say(SUMMARY, **counts), whole=holders.whole)


def facts(holders: Listed[Holder]) -> dict[str, Any]:
    """Count the variables, and list the names that are keys or secrets."""
    return {
        "variables": sum(len(one.variables) for one in holders.found),
        "aws_keys": sorted({name for one in holders.found for name in one.aws_keys}),
        "secrets": sorted({name for one in holders.found for name in one.secrets}),
    }


def evidence(holders: Listed[Holder]) -> list[str]:
    """Say who has which; without a colon, after which redaction takes a name for a value."""
    found = [(one.name, one.aws_keys + one.secrets) for one in holders.found]
    return [
        say("{holder} has {names}", holder=who, names=", ".join(shortened(names, SHOWN)))
        for who, names in found
        if names
    ]
