"""The script by the real CLI, and what the audit makes of the answers: the same as of AWS itself."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import get_session

from cli.saved import NotUsable, SavedSession
from cli.saved_commands import GLOBAL, SERVICES, file_name, known
from functions.core import catalogue, readiness
from functions.core.audited import looks
from functions.core.aws import Session
from functions.core.drilled import Look
from statemachines import compile as compiling
from statemachines import load
from tests import actions
from tests.cli.saved_world import OTHER, PLANTED, US, World
from tests.cli.served import served
from tests.conftest import REGION
from tests.functions.amplify import APP, serving
from tests.functions.answering import answering
from tests.functions.checks.test_image_scans import Push, push
from tests.functions.conftest import Network, network, target_group

SCRIPT = Path(__file__).parents[2] / "cli" / "collect.sh"
AUDIT = load.audits()["launch_readiness"]
SERVICE = load.services()["huntaze"]
OPTIONS = ("--app", APP, "--app-region", US, "--mail-region", US)
ASKED = re.compile(r"\b([a-z0-9]+) ((?:describe|get|list)-[a-z-]*[a-z])")
FAKE = """#!/bin/sh
echo "$*" >>"$LOG"
case " $FAILING " in *" $1 "*) echo "denied: $1" >&2; exit 254 ;; esac
"""
fixtures = (network, push, target_group)
# All of the checklist but what has to be otherwise for another signal to be true, or is about whose account it is
ALL_WRONG = {signal for row in AUDIT.rows for signal in row.wrong if not signal.startswith("repository.")} - {
    *("alarms.no-rds-alarm", "backup_plans.none", "dns.none", "identity.other-account", "senders.no-domain")
}
Answers = dict[str, Any]
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def world(
    operator: Session,
    network: Network,
    target_group: str,
    push: Push,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """An account."""
    return World(operator, network, target_group, push, monkeypatch)


@pytest.fixture
def live(aws: Session, world: World) -> Iterator[Session]:
    """A session that asks the account itself."""
    with serving(world.amplify, aws, US), answering(aws, "sesv2", US, world.ses):
        yield aws


def run(*arguments: str, environment: Mapping[str, str], cwd: Path | None = None) -> Done:
    """Run the script."""
    command = [str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=200, check=False)


class Fake:
    """A CLI that writes down what it is asked, and answers nothing, or that it is denied."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "aws").write_text(FAKE, encoding="utf-8")
        (folder / "aws").chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """What it was asked, a command a line."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def run(self, *arguments: str, **environment: str) -> Done:
        """Run the script with it."""
        own = {"PATH": f"{self.folder}:/usr/bin:/bin", "LOG": str(self.log)}
        return run(*arguments, environment=own | environment, cwd=self.folder)


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """A CLI in a folder of its own."""
    (tmp_path / "bin").mkdir()
    return Fake(tmp_path / "bin")


def collect(folder: Path, world: World, *options: str) -> str:
    """Save the answers of an account; return what the script prints."""
    nobody = {"HOME": str(folder.parent), "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with served(amplify=world.told, ses=world.ses) as environment:
        done = run(str(folder), *OPTIONS, *options, environment={"PATH": os.environ["PATH"], **nobody, **environment})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def answers(aws: Session, region: str, named: str = "huntaze") -> Answers:
    """Return what each check of the audit says in a region."""
    service = SERVICE.model_copy(update={"resources": SERVICE.resources | {"named": named}})
    return {name: said(aws, one) for name, one in looks(service, AUDIT, [region]).items()}


def said(aws: Session, look: Look) -> Any:
    """Return a check's finding, or the error that it fails with, as an execution has them."""
    check = catalogue.checks()[look.check]
    try:
        if isinstance(aws, SavedSession):
            with aws.looking(look.check, look.parameters):
                return check.look(look.parameters, aws).model_dump(mode="json")
        return check.look(look.parameters, aws).model_dump(mode="json")
    except (ClientError, NotUsable) as error:
        return {"error": type(error).__name__, "cause": str(error)}


def rows(region: str, found: Answers) -> dict[str, str]:
    """Compute the checklist, for the status of each row."""
    report = readiness.report(compiling.audited(SERVICE, AUDIT), [region], found, None)
    return {row.name: row.status for row in report.rows}


def test_saved_answers_say_what_aws_says(world: World, live: Session, tmp_path: Path) -> None:
    world.fill()
    before = datetime.now(UTC) - timedelta(seconds=1)
    printed = collect(tmp_path / "answers", world, "--region", REGION, "--named", "huntaze")
    saved = SavedSession(tmp_path / "answers")
    seen, read = answers(live, REGION), answers(saved, REGION)
    assert read == seen
    assert not [name for name, one in seen.items() if "error" in one]
    assert rows(REGION, read) == rows(REGION, seen)
    assert saved.saved_at
    assert before <= saved.saved_at <= datetime.now(UTC)
    assert wrong(seen) == ALL_WRONG
    texts = [one.read_text(encoding="utf-8") for one in (tmp_path / "answers").iterdir()]
    assert not [text for text in texts if PLANTED in text]
    assert "saved    rds.describe-db-instances.me-central-1\n" in printed
    assert "refused  iam.get-login-profile.deploy+1@huntaze: " in printed
    assert "%2Fother" not in printed
    assert ".get-public-access-block.other" not in printed
    assert_tidy(tmp_path / "answers")


def assert_tidy(folder: Path) -> None:
    """Hold that nobody else may read the files, and that each answer is in one."""
    files = list(folder.iterdir())
    assert all((one.stat().st_mode & 0o77) == 0 for one in files)
    answered = sorted(one.name.removesuffix(one.suffix) for one in files if one.name != "saved-at")
    assert {one.suffix for one in files if one.name != "saved-at"} == {".json", ".error"}
    assert answered == sorted(set(answered))


def wrong(found: Answers) -> set[str]:
    """List the signals of the checklist that say that something is wrong."""
    signals = {signal for row in AUDIT.rows for signal in row.wrong if not signal.startswith("repository.")}
    told = {f"{name.split()[0]}.{signal}" for name, one in found.items() for signal, so in one["signals"].items() if so}
    return signals & told


def test_an_empty_account_and_what_is_refused(world: World, live: Session, tmp_path: Path) -> None:
    world.users.add("ines", password=True)
    world.users.refuse("list_mfa_devices")
    world.amplify.denied = {"GetApp", "ListJobs"}
    printed = collect(tmp_path / "answers", world, "--region", OTHER)
    seen, read = answers(live, OTHER, ""), answers(SavedSession(tmp_path / "answers"), OTHER, "")
    assert read == seen
    assert {name for name, one in seen.items() if "error" in one} == {"mfa", "app", "app_variables"}
    assert "list-mfa-devices.ines: An error occurred (AccessDenied)" in printed


def test_everything_is_collected_that_a_check_may_ask_and_nothing_else() -> None:
    collected = {_action(service, command) for service, command in ASKED.findall(SCRIPT.read_text(encoding="utf-8"))}
    used = {use.check for use in AUDIT.deployed.values()}
    declared = {action for name in used for action in actions.declared(catalogue.checks()[name])}
    assert collected == declared


def _action(service: str, command: str) -> str:
    """Name the IAM action of a command."""
    name = {cli: own for own, cli in SERVICES.items()}.get(service, service)
    model = get_session().get_service_model(name)
    (operation,) = (one for one in model.operation_names if xform_name(one, "-") == command)
    prefix = actions.PREFIXES.get(model.signing_name, model.signing_name)
    return f"{prefix}:{actions.NAMES.get((name, operation), operation)}"


def test_what_may_hold_secrets_is_collected_as_the_audit_reads_it() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    queries = [one.save for one in known().values() if one.save]
    assert queries
    assert [query for query in queries if script.count(f"='{query}'\n") != 1] == []


def test_it_only_reads(fake: Fake, tmp_path: Path) -> None:
    assert fake.run(str(tmp_path / "answers"), "--region", REGION, *OPTIONS).returncode == 0
    commands = [line.split() for line in fake.asked]
    assert len(commands) > 30
    assert [one for one in commands if not one[1].startswith(("describe-", "get-", "list-"))] == []
    assert [one for one in commands if "--region" not in one and one[0] not in GLOBAL] == []


def test_it_goes_on_after_what_is_denied(fake: Fake, tmp_path: Path) -> None:
    done = fake.run(str(tmp_path / "answers"), "--region", REGION, FAILING="iam ecs rds")
    assert done.returncode == 0
    error = tmp_path / "answers" / f"rds.describe-db-instances.{REGION}.error"
    assert error.read_text(encoding="utf-8") == "denied: rds\n"
    assert f"refused  rds.describe-db-instances.{REGION}: denied: rds\n" in done.stdout
    assert (tmp_path / "answers" / f"backup.list-backup-plans.{REGION}.json").read_text(encoding="utf-8") == "{}\n"
    assert not list((tmp_path / "answers").glob("iam.*.json"))


def test_where_nobody_is_signed_in_it_ends(fake: Fake, tmp_path: Path) -> None:
    done = fake.run(str(tmp_path / "answers"), "--region", REGION, FAILING="sts")
    assert (done.returncode, done.stderr) == (2, "AWS knows nobody by these credentials\n")
    assert len(fake.asked) == 1


def test_regions_and_words_may_come_from_the_environment(fake: Fake, tmp_path: Path) -> None:
    fake.run(str(tmp_path / "answers"), REGIONS="us-east-1 us-east-2", APP="d1", BRANCH="next", MAIL_REGION="eu-west-1")
    asked = "\n".join(fake.asked)
    assert "backup list-backup-plans --region us-east-1 " in asked
    assert "backup list-backup-plans --region us-east-2 " in asked
    assert "amplify list-jobs --region us-east-1 --app-id d1 --branch-name next " in asked
    assert "sesv2 get-account --region eu-west-1 " in asked


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "collect.sh FOLDER [OPTION…]"),
        (("answers", "--regoin", "x"), "--regoin is no option: see --help"),
        (("answers", "--region"), "--region needs a value"),
        (("answers",), "Which regions? --region us-east-1"),
        ((".", "--region", REGION), ". is not empty: what is in it may be of another day"),
    ],
)
def test_what_cannot_be_is_one_sentence(fake: Fake, arguments: tuple[str, ...], problem: str) -> None:
    done = fake.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(problem)
    assert fake.asked == []


def test_it_tells_its_options(fake: Fake) -> None:
    done = fake.run("--help")
    assert done.returncode == 0
    assert "--mail-region" in done.stdout


def test_without_the_cli_it_says_so(tmp_path: Path) -> None:
    done = run("answers", "--region", REGION, environment={"PATH": "/usr/bin:/bin"}, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "There is no AWS CLI here\n")


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "deploy+1@huntaze,x=y_z.w-v",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/73e2",
        "https://sqs.us-east-1.amazonaws.com/123456789012/huntaze-jobs",
        "feature/x ~%é",
        "sha256:ab",
    ],
)
def test_files_are_called_as_the_audit_calls_them(value: str) -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    part = text[text.index("part() {") : text.index("# Name the file")]
    done = subprocess.run(["bash", "-c", f'{part} part "$1"', "-", value], capture_output=True, text=True, check=True)
    assert f"s.c.{done.stdout}" == file_name("s", "c", None, value)
