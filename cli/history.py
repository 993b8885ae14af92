"""Prints all closed incidents of a service as one Markdown document, the newest first, in the service's language.

Run by `make history SERVICE=harena`. It only reads: the stack's outputs, and its incident table.
"""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli import common
from cli.common import Failed
from functions.core import history
from functions.core.incidents import Incidents
from statemachines import compile as compiling
from statemachines import load
from statemachines.load import FileError
from statemachines.model import Service


def main() -> int:
    """Print the document; 1 where an incident had to be left out, 2 where nothing could be read."""
    arguments = _arguments()
    try:
        service = common.service(arguments.service)
        session = boto3.session.Session(region_name=service.region)
        incidents = Incidents(session, arguments.table or _table(session, service))
        with TemporaryDirectory() as folder:
            common.speak(service.language, Path(folder))
            left_out = _print(service, incidents)
    except (BotoCoreError, ClientError, Failed, FileError) as error:
        return common.complain(str(error), 2)
    gone = "Left out, because their runbooks are not in statemachines/runbooks any more"
    return common.complain(f"{gone}: {', '.join(left_out)}", 1) if left_out else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("--table", default="", help="the incident table; otherwise read from the stack's outputs")
    return parser.parse_args()


def _table(session: boto3.session.Session, service: Service) -> str:
    """Return the name of the incident table.

    Raises:
        Failed: when there is no such stack, or none with a table.
    """
    remedy = f"Deploy it (make deploy SERVICE={service.name}), or use the credentials of account {service.account}."
    try:
        (stack,) = session.client("cloudformation").describe_stacks(StackName=service.name)["Stacks"]
    except ClientError as error:
        raise Failed(f"The stack {service.name} in {service.region} cannot be read: {error}. {remedy}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    if "IncidentsTable" not in outputs:
        raise Failed(f"The stack {service.name} in {service.region} has no output IncidentsTable. {remedy}")
    return str(outputs["IncidentsTable"])


def _print(service: Service, incidents: Incidents) -> list[str]:
    """Print the closed incidents, the newest first; return those that cannot be, as their runbooks are gone."""
    runbooks, records = load.runbooks(), sorted(_records(service, incidents), key=_opened, reverse=True)
    entries = [
        history.entry(compiling.compiled(service, runbooks[one["runbook"]]), incidents.everything(one["incident"]))
        for one in records
        if one["runbook"] in runbooks
    ]
    sys.stdout.write(history.document(service, entries))
    return [f"{one['incident']} ({one['runbook']})" for one in records if one["runbook"] not in runbooks]


def _records(service: Service, incidents: Incidents) -> list[dict[str, Any]]:
    """Read the records of all closed incidents.

    Raises:
        Failed: when there is no table.
    """
    try:
        return incidents.closed()
    except incidents.dynamodb.exceptions.ResourceNotFoundException as error:
        where = f"There is no table {incidents.table} in {service.region}"
        raise Failed(f"{where}. The stack's output IncidentsTable names it, or: --table.") from error


def _opened(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["opened_at"])


if __name__ == "__main__":
    sys.exit(main())
