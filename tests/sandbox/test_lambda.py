"""Functions run in AWS's own runtime client, with AWS's errors, limits and permissions."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Sandbox
from tests.sandbox.support import message, until


def invoke(sandbox: Sandbox, function: str = "worker", **event: Any) -> tuple[Any, str | None]:
    """Invoke a function; return its answer and X-Amz-Function-Error."""
    answer = sandbox.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def test_answers_and_keeps_what_it_prints(sandbox: Sandbox) -> None:
    answer, error = invoke(sandbox, text="héllo")
    assert (answer, error) == ({"event": {"text": "héllo"}, "name": "worker"}, None)
    until(lambda: '{"text": "h\\u00e9llo"}' in sandbox.logs("worker"))  # what is printed arrives on a way of its own
    group = sandbox.client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    assert "loaded" in [event["message"] for event in group]


def test_reuses_a_warm_process_until_it_is_made_cold(sandbox: Sandbox) -> None:
    first, second = invoke(sandbox, do="process"), invoke(sandbox, do="process")
    sandbox.cold()
    assert first == second
    assert invoke(sandbox, do="process") != first


def test_starts_a_second_process_while_the_first_is_busy(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(lambda _: invoke(sandbox, do="sleep", seconds=0.4), range(3)))
    assert [error for _, error in answers] == [None, None, None]
    until(lambda: sandbox.logs("worker").count("loaded") >= 3)


def test_exception_has_type_message_and_trace(sandbox: Sandbox) -> None:
    answer, error = invoke(sandbox, do="fail", text="no such thing")
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such thing")
    assert "in fail" in answer["stackTrace"][-1]


@pytest.mark.parametrize(
    ("event", "kind", "text"),
    [
        ({"do": "sleep", "seconds": 9}, "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ({"do": "leave"}, "Runtime.ExitError", "exit status 3"),
        ({"do": "big", "bytes": 7_000_000}, "Function.ResponseSizeTooLarge", "6291556 bytes"),
    ],
)
def test_lambda_itself_fails_and_runs_again(sandbox: Sandbox, event: dict[str, Any], kind: str, text: str) -> None:
    answer, error = invoke(sandbox, **event)
    assert (error, answer["errorType"]) == ("Unhandled", kind)
    assert text in answer["errorMessage"]
    assert invoke(sandbox, do="sleep", seconds=0)[1] is None


def test_too_large_a_request_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(sandbox, text="x" * 7_000_000)
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"


def test_reserved_concurrency_throttles(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor() as threads:
        busy = threads.submit(invoke, sandbox, "once", do="sleep", seconds=1)
        until(lambda: any("sleep" in line for line in sandbox.logs("once")))
        with pytest.raises(ClientError) as refused:
            invoke(sandbox, "once")
        assert busy.result()[1] is None
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_call_outside_the_role_is_denied_and_recorded(sandbox: Sandbox) -> None:
    assert invoke(sandbox, do="list_clusters") == ([], None)
    answer, _ = invoke(sandbox, do="update_service")
    assert "AccessDeniedException" in answer["errorMessage"]
    assert "/worker is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs" in answer["errorMessage"]
    assert {"ecs:ListClusters", "ecs:UpdateService"} <= sandbox.calls["worker"]


def test_failed_event_is_retried_then_sent_to_destination_and_dead_letter_queue(sandbox: Sandbox) -> None:
    event = {"do": "fail", "text": "asynchronous"}
    answer = sandbox.client("lambda").invoke(FunctionName="worker", InvocationType="Event", Payload=json.dumps(event))
    assert answer["StatusCode"] == 202
    record = message(sandbox, "failed")["body"]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestPayload"] == event
    assert record["responsePayload"]["errorType"] == "ValueError"
    dead = message(sandbox, "dead-letters")
    assert dead["body"] == event
    assert dead["attributes"]["ErrorMessage"] == "asynchronous"
    until(lambda: sandbox.logs("worker").count(json.dumps(event)) == 2)


def test_event_that_grows_too_old_is_given_up(sandbox: Sandbox) -> None:
    lambda_ = sandbox.client("lambda")
    destination = {"OnFailure": {"Destination": "arn:aws:sqs:me-central-1:123456789012:failed"}}
    age = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    lambda_.put_function_event_invoke_config(FunctionName="once", DestinationConfig=destination, **age)
    lambda_.invoke(FunctionName="once", InvocationType="Event", Payload=json.dumps({"do": "fail"}))
    context = message(sandbox, "failed")["body"]["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 1)


def test_printed_metrics_reach_cloudwatch(sandbox: Sandbox) -> None:
    directive = {
        "Namespace": "Runbooks",
        "Dimensions": [["Service"]],
        "Metrics": [{"Name": "Diagnosed", "Unit": "Seconds"}],
    }
    invoke(sandbox, _aws={"CloudWatchMetrics": [directive]}, Service="bot", Diagnosed=4.5)
    metric = until(lambda: sandbox.client("cloudwatch").list_metrics(Namespace="Runbooks")["Metrics"])[0]
    assert metric["MetricName"] == "Diagnosed"
    assert metric["Dimensions"] == [{"Name": "Service", "Value": "bot"}]


def test_developers_own_aws_settings_do_not_reach_a_function(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    sandbox.cold()
    answer, _ = invoke(sandbox, do="environment")
    assert "AWS_PROFILE" not in answer
    assert answer["AWS_ENDPOINT_URL"] == sandbox.endpoint
    assert answer["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert answer["TABLE"] == "tokens"


def test_new_configuration_counts_at_the_next_call(sandbox: Sandbox) -> None:
    before, process = invoke(sandbox, do="environment")[0], invoke(sandbox, do="process")[0]
    assert before["GREETING"] == "hello"
    variables = {"TABLE": before["TABLE"], "GREETING": "bonjour"}
    sandbox.client("lambda").update_function_configuration(FunctionName="worker", Environment={"Variables": variables})
    assert invoke(sandbox, do="environment")[0]["GREETING"] == "bonjour"
    assert invoke(sandbox, do="process")[0] != process
    deployed = sandbox.client("lambda").get_function_configuration(FunctionName="worker")["Environment"]
    assert deployed == {"Variables": variables}
