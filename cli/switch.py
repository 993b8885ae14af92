"""Shows or sets a kill switch: what stops every change of one service, or of all.

Run by `make stop REASON="…"` and `make go`, with SERVICE=ganopa-bot for one service only.
"""

import argparse
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from cli import common
from cli.common import Failed
from functions.core.stops import EVERYTHING, GO, ONE_SERVICE
from statemachines import load
from statemachines.load import FileError

LONGEST = 500
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Set the switch in every place where it is, and say how it stands now; 1 where a place could not be reached."""
    arguments = _arguments()
    reason = " ".join(arguments.reason.split())
    if arguments.action == "stop" and (not reason or reason.lower() == GO or len(reason) > LONGEST):
        console.print(f'[red]Say why, in up to {LONGEST} letters: make stop REASON="the release goes wrong"[/]')
        return 2
    try:
        places = _places(arguments.service)
    except (Failed, FileError) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 2
    name = ONE_SERVICE.format(service=arguments.service) if arguments.service else EVERYTHING
    done = [_set(region, name, GO if arguments.action == "go" else reason) for region in places]
    return 0 if all(done) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["stop", "go"])
    parser.add_argument("--service", default="", help="only this one; otherwise all")
    parser.add_argument("--reason", default="", help="what everybody reads who may not change anything meanwhile")
    return parser.parse_args()


def _places(service: str) -> list[str]:
    """List the regions of a service, or of all.

    Raises:
        Failed: when there is no such service.
    """
    services = [common.service(service)] if service else load.services().values()
    return sorted({one.region for one in services})


def _set(region: str, name: str, value: str) -> bool:
    ssm: Any = boto3.session.Session(region_name=region).client("ssm")
    try:
        ssm.put_parameter(Name=name, Value=value, Overwrite=True)
    except (BotoCoreError, ClientError) as error:
        console.print(f"[red]{region} {name} was not set: {escape(str(error))}[/]")
        return False
    console.print(f"{region} {name}: [bold]{escape(value)}[/]")
    return True


if __name__ == "__main__":
    sys.exit(main())
