import pytest

from tests.infra.template import Template

NAMES = {
    "ganopa-bot-check-container-image",
    "ganopa-bot-check-ecs-service",
    "ganopa-bot-check-http-endpoint",
    "ganopa-bot-check-security-group-port",
    "ganopa-bot-check-startup-errors",
    "ganopa-bot-check-stopped-tasks",
    "ganopa-bot-check-target-group-health-check",
    "ganopa-bot-check-target-health",
    "ganopa-bot-fix-attach-target-group",
    "ganopa-bot-fix-correct-health-check",
    "ganopa-bot-fix-force-new-deployment",
    "ganopa-bot-fix-open-security-group-port",
    "ganopa-bot-fix-recreate-ecs-service",
    "ganopa-bot-fix-restore-desired-count",
    "ganopa-bot-approval-command",
    "ganopa-bot-approval-page",
    "ganopa-bot-close-incident",
    "ganopa-bot-conclude",
    "ganopa-bot-dispatch",
    "ganopa-bot-escalate",
    "ganopa-bot-judge",
    "ganopa-bot-open-incident",
    "ganopa-bot-request-approval",
    "ganopa-bot-target-lock",
    "ganopa-bot-tidy-up",
    "ganopa-bot-whose-turn",
}


def test_there_is_a_function_for_each_check_fix_and_step(template: Template) -> None:
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
    assert len(groups) == len(NAMES) + 2
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
