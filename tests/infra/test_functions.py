import pytest

from functions.core import catalogue
from statemachines import load
from statemachines.load import functions_of
from tests.infra.template import Template

SERVICE = load.services()["ganopa-bot"]
RUNBOOKS = [load.runbooks()[name] for name in SERVICE.runbooks]
USED = {name.replace("/", "-") for runbook in RUNBOOKS for name in functions_of(runbook)}
NAMES = {
    f"ganopa-bot-{name.replace('_', '-')}"
    for name in USED | catalogue.steps().keys() - {"report_audit", "report_watch"}
}  # which only an audited, or a watched, service has


def test_there_is_a_function_for_each_check_fix_and_step(template: Template) -> None:
    assert {"ganopa-bot-check-target-health", "ganopa-bot-fix-attach-target-group", "ganopa-bot-dispatch"} <= NAMES
    assert {function["FunctionName"] for function in template.of("Lambda::Function").values()} == NAMES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Architectures", ["arm64"]),
        ("Runtime", "python3.14"),
        ("TracingConfig", {"Mode": "Active"}),
    ],
)
def test_all_functions_run_alike(template: Template, name: str, value: object) -> None:
    assert all(function[name] == value for function in template.of("Lambda::Function").values())


def test_every_function_logs_json_to_a_group_of_its_own(template: Template) -> None:
    functions = template.of("Lambda::Function").values()
    assert {function["LoggingConfig"]["LogFormat"] for function in functions} == {"JSON"}
    groups = template.of("Logs::LogGroup")
    named = {groups[function["LoggingConfig"]["LogGroup"]["Ref"]]["LogGroupName"] for function in functions}
    assert named == {f"/aws/lambda/{name}" for name in NAMES}


def test_every_log_is_kept_for_a_while_and_not_forever(template: Template) -> None:
    groups = template.of("Logs::LogGroup").values()
    assert len(groups) == len(NAMES) + len(RUNBOOKS) + 2  # the drill's, and the API's access log
    assert {group["RetentionInDays"] for group in groups} == {90}


def test_every_function_says_what_it_is_for(template: Template) -> None:
    assert all(function["Description"] for function in template.of("Lambda::Function").values())


@pytest.mark.parametrize(
    ("function", "variables"),
    [
        ("check-target-health", set()),
        ("fix-correct-health-check", {"INCIDENTS_TABLE"}),
        ("dispatch", {"INCIDENTS_TABLE", "TOKEN_KEY"}),
        ("conclude", {"INCIDENTS_TABLE"}),
        ("escalate", {"INCIDENTS_TABLE", "NOTIFICATIONS_TOPIC"}),
        ("approval-page", {"INCIDENTS_TABLE", "TOKEN_KEY"}),
        ("approval-command", {"INCIDENTS_TABLE", "TOKEN_KEY"}),
        ("whose-turn", {"INCIDENTS_TABLE"}),
        ("request-approval", {"INCIDENTS_TABLE", "NOTIFICATIONS_TOPIC", "TOKEN_KEY", "APPROVAL_URL"}),
    ],
)
def test_a_function_is_told_where_its_things_are(template: Template, function: str, variables: set[str]) -> None:
    given = template.function(function)["Environment"]["Variables"]
    assert given.keys() == variables | {"SERVICE", "SERVICE_LANGUAGE"}


def test_every_function_speaks_the_services_language(template: Template) -> None:
    functions = template.of("Lambda::Function").values()
    assert {function["Environment"]["Variables"]["SERVICE_LANGUAGE"] for function in functions} == {"fr"}
