"""Commands of the AWS CLI: how each is spelled, and the file that its answer is saved to.

A file is called `<service>.<command>[.<region>][.<value>…].json`, as in `sts.get-caller-identity.json` and
`elasticache.describe-snapshots.us-east-1.json`. The region is left out where the service has but one for the whole
account. The values are the texts among the parameters, as an id or a name, in the order of AWS's documentation: no
words of a fixed vocabulary, no lists, no numbers, and nothing about pages, as the CLI puts these together itself. An
ARN is cut down to what follows its account, a URL to what follows its last slash; signs other than letters, digits and
._@=+,- are written as in URLs: `sqs.get-queue-attributes.us-east-1.huntaze-jobs.json`,
`elbv2.describe-target-health.us-east-1.targetgroup%2Fapp%2F73e2d6bc24d8a067.json`.
What takes several commands, as what can be described ten at a time, goes on in files called the same up to `~2.json`,
`~3.json` …; what AWS refused is in a file that ends in `.error` instead of `.json`, as the CLI told it.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore import xform_name
from botocore.model import OperationModel
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

FILE = Path(__file__).with_suffix(".yaml")
GLOBAL = {"cloudfront", "iam", "route53", "s3api", "s3control", "sts"}
SERVICES = {"s3": "s3api"}  # what the CLI calls otherwise than AWS's models
TOKENS = {"NextToken", "nextToken", "Marker", "ContinuationToken"}
SIZES = {"MaxItems", "MaxRecords", "MaxResults", "MaxBuckets", "PageSize", "limit", "Limit", "maxResults"}


class Known(BaseModel):
    """What is known of a command: see saved_commands.yaml."""

    model_config = ConfigDict(extra="forbid")

    queries: list[str] = []
    enough_for: list[str] = []
    save: str = ""
    options: str = ""
    batch: dict[str, list[str]] = {}


class Command:
    """A call of AWS, as a command of the CLI."""

    def __init__(self, model: OperationModel, parameters: Mapping[str, Any], region: str) -> None:
        """Take what botocore is asked."""
        name = model.service_model.service_name
        self.service, self.command = SERVICES.get(name, name), str(xform_name(model.name, "-"))
        self.called = f"aws {self.service} {self.command}"
        self.region = None if self.service in GLOBAL else region
        self.known = known().get(self.called.removeprefix("aws "), Known())
        shape: Any = model.input_shape
        members = shape.members if shape else {}
        self.given = {name: parameters[name] for name in members if name in parameters and name not in TOKENS | SIZES}
        self.values = [text for name, value in self.given.items() for text in _texts(value, members[name])]

    @property
    def file(self) -> str:
        """The file of its answer, without its ending."""
        return file_name(self.service, self.command, self.region, *self.values)

    def __str__(self) -> str:
        """Spell it, as a person would enter it to save the answer."""
        words = ["aws", self.service, self.command, *(["--region", self.region] if self.region else [])]
        words += [
            word for name, value in self.given.items() for word in (f"--{xform_name(name, '-')}", *_spelled(value))
        ]
        words += [*self.known.options.split(), *(["--query", self.known.save] if self.known.save else [])]
        return f"{shlex.join([*words, '--output', 'json'])} > {shlex.quote(self.file + '.json')}"


@cache
def known() -> dict[str, Known]:
    """Read what is known, by service and command."""
    return {name: Known.model_validate(of) for name, of in YAML(typ="safe").load(FILE).items()}


def file_name(service: str, command: str, region: str | None, *values: str) -> str:
    """Name the file of a command's answer, without its ending: see above."""
    return ".".join([service, command, *([region] if region else []), *map(_part, values)])


def _part(value: str) -> str:
    if value.startswith("arn:"):
        value = value.split(":", 5)[-1]
    elif "://" in value:
        value = value.rpartition("/")[2]
    return quote(value, safe="@=+,").replace("~", "%7E")


def _texts(value: Any, shape: Any) -> Iterator[str]:
    """Give the texts that tell what is asked for."""
    if shape.type_name == "structure":
        for name, of in shape.members.items():
            if name in value:
                yield from _texts(value[name], of)
    elif shape.type_name == "string" and not shape.enum:
        yield value


def _spelled(value: Any) -> list[str]:
    """Spell a parameter's value as the CLI wants it."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    return [value if isinstance(value, str) else json.dumps(value)]
