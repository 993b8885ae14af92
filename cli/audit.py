"""Computes a service's checklist here, without deploying anything: by an AWS profile, or from saved answers of the CLI.

Run by `make audit PROFILE=…` and `make audit FROM=folder`; CHECKOUT=folder looks at a repository too.
It only reads.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import audit_report, common
from cli.common import Failed
from cli.saved import NotUsable, SavedSession
from functions.core import catalogue, published, readiness, reading
from functions.core.account import caller
from functions.core.audited import looks
from functions.core.aws import Session
from functions.core.drilled import Look
from functions.core.log import logger
from functions.core.permissions import READING
from functions.core.results import Finding
from statemachines import compile as compiling
from statemachines import load
from statemachines.load import FileError
from statemachines.model import AuditUse, Service

AT_ONCE = 8
YOUNG = timedelta(days=1)
SECONDS = 60.0  # that a check may read, as in the functions of an audit
SIGNING_IN = {"sts", "sso", "sso-oidc", "signin"}  # what a profile needs to become somebody
Looker = Callable[[Look], Finding]


class Writes(Exception):
    """A call that does not only read, which no check makes."""


class Reader(Session):
    """A session for several threads, which becomes somebody once, and sends only what reads."""

    def __init__(self) -> None:
        """Watch what is sent."""
        super().__init__()
        self._making = Lock()
        self.events.register("before-call", _refuse)

    def client(self, service_name: str, region_name: str | None = None) -> Any:  # type: ignore[override]
        """Return the client of a service; boto3 can make but one at a time."""
        with self._making:
            return super().client(service_name, region_name)  # type: ignore[call-overload]


def main() -> int:
    """Print the checklist and write the report; 0 whatever it says, 2 where it could not be computed."""
    arguments = _arguments()
    try:
        service = common.service(arguments.service)
        with TemporaryDirectory() as folder:
            common.speak(arguments.language or service.language, Path(folder))
            _audit(service, _use(service), arguments)
    except (BotoCoreError, Failed, FileError, NotUsable) as error:
        return common.complain(str(error), 2)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="huntaze")
    parser.add_argument("--profile", default="", help="of the AWS CLI's configuration")
    parser.add_argument("--from", dest="folder", default="", help="where cli/collect.sh has saved the answers")
    parser.add_argument("--checkout", default="", help="of the service's repository")
    parser.add_argument("--language", choices=["en", "fr"], default="", help="otherwise the service's")
    return parser.parse_args()


def _use(service: Service) -> AuditUse:
    if service.audit is None:
        raise Failed(f"{service.name} uses no audit: say which in services/, under audit.")
    return service.audit


def _audit(service: Service, use: AuditUse, arguments: argparse.Namespace) -> None:
    audited = compiling.audited(service, load.audits()[use.audit])
    checkout = str(Path(arguments.checkout).resolve()) if arguments.checkout else None
    saved = SavedSession(Path(arguments.folder)) if arguments.folder else None
    looker = _from(saved) if saved else _live(_become(arguments.profile, service))
    found = _look(looks(service, audited.audit, use.regions, checkout), looker)
    _refuse_others(service, found)
    at = saved.saved_at if saved else None
    if at and datetime.now(UTC) - at > YOUNG:
        common.complain(
            f"These answers are of {at:%Y-%m-%d %H:%M} UTC; how old keys and snapshots are is told of today.", 0
        )
    report = readiness.report(audited, use.regions, found, audit_report.last(service), at)
    audit_report.show(report, audit_report.write(service, published.pages(report)))


def _become(profile: str, service: Service) -> Reader:
    """Use a profile's credentials, or those that there are, from the region where the service's functions would be.

    Raises:
        Failed: where there are none, or AWS does not accept them.
        BotoCoreError: where there is no such profile, or one has to sign in with it first.
    """
    os.environ |= {"AWS_DEFAULT_REGION": service.region} | ({"AWS_PROFILE": profile} if profile else {})
    reader = Reader()
    if reader.get_credentials() is None:
        raise Failed("There are no credentials of AWS here. Name a profile that may read: make audit PROFILE=…")
    try:
        caller(reader)
    except ClientError as error:
        raise Failed(f"AWS does not accept these credentials: {error}") from error
    return reader


def _refuse_others(service: Service, found: Mapping[str, Any]) -> None:
    """Write no report about another account under the service's name; raises Failed."""
    seen = {answer["facts"]["account"] for answer in found.values() if answer.get("signals", {}).get("other-account")}
    if seen:
        raise Failed(
            f"These are account {', '.join(sorted(seen))}'s answers, and {service.name} is in {service.account}: "
            "use its credentials, or correct `account` in the service's file."
        )


def _from(saved: SavedSession) -> Looker:
    """Look at saved answers."""

    def look(one: Look) -> Finding:
        with saved.looking(one.check, one.parameters):
            return catalogue.checks()[one.check].look(one.parameters, saved)

    return look


def _live(reader: Reader) -> Looker:
    """Look at the account itself."""
    return lambda one: catalogue.checks()[one.check].look(one.parameters, reader)


def _refuse(model: OperationModel, **_: Any) -> None:
    service = model.service_model.service_name
    if service not in SIGNING_IN and not model.name.startswith(READING):
        raise Writes(f"{service} {model.name} does not only read, so it was not sent")


def _look(looked: Mapping[str, Look], looker: Looker) -> dict[str, Any]:
    """Make every look, some at a time, and show how far that is."""
    reading.SECONDS = SECONDS
    logger.setLevel("WARNING")  # what each check saw is in the report
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    found: dict[str, Any] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool, Progress(*columns) as progress:
        bar = progress.add_task("Looking", total=len(looked))
        asked = {pool.submit(_one, look, looker): name for name, look in looked.items()}
        for answer in as_completed(asked):
            found[asked[answer]] = answer.result()
            progress.update(bar, advance=1, description=f"{asked[answer]:32}")
    return found


def _one(look: Look, looker: Looker) -> dict[str, Any]:
    """Make one look; what it fails on is a finding that says unknown, as the state machine has it."""
    try:
        return looker(look).model_dump(mode="json")
    except NotUsable as why:
        return {"cause": str(why)}
    except Exception as error:  # noqa: BLE001 (whatever it is, the other checks go on)
        return {"error": type(error).__name__, "cause": " ".join(str(error).split())}


if __name__ == "__main__":
    sys.exit(main())
