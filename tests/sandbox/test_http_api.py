"""The HTTP API answers and calls its function as API Gateway does."""

import base64
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from sandbox.cloud import Sandbox


def request(
    sandbox: Sandbox, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, Any, list[Any]]:
    """Send a request to the deployed API; return status, body (as JSON where it is some) and headers."""
    outputs = sandbox.client("cloudformation").describe_stacks(StackName="system")["Stacks"][0]["Outputs"]
    connection = HTTPConnection(urlsplit(outputs[0]["OutputValue"]).netloc)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text else None, response.getheaders()


def test_get_is_an_event_of_payload_format_2(sandbox: Sandbox) -> None:
    status, event, headers = request(
        sandbox, "GET", "/incidents/a%20b?x=1&x=2&y=", headers={"User-Agent": "me", "Cookie": "c=1; d=2"}
    )
    assert status == 201
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert (event["version"], event["routeKey"]) == ("2.0", "GET /incidents/{id}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/incidents/a%20b", "x=1&x=2&y=")
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["pathParameters"] == {"id": "a b"}
    assert event["cookies"] == ["c=1", "d=2"]
    assert event["requestContext"]["http"] == {
        "method": "GET", "path": "/incidents/a%20b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "me",
    }  # fmt: skip
    assert event["requestContext"]["stage"] == "$default"
    assert event["isBase64Encoded"] is False


def test_forms_arrive_in_base64_and_json_as_text(sandbox: Sandbox) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, event, _ = request(sandbox, "POST", "/incidents/1", b"decision=approve", form)
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"decision=approve", True)
    _, event, _ = request(sandbox, "POST", "/incidents/1", b'{"a": 1}', {"Content-Type": "application/json"})
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("GET", "/", 404, {"message": "Not Found"}),
        ("GET", "/incidents/1/more", 404, {"message": "Not Found"}),
        ("DELETE", "/incidents/1", 404, {"message": "Not Found"}),
        ("HEAD", "/incidents/all", 201, None),
        ("HEAD", "/other", 404, None),
        ("GET", "/incidents/fail", 500, {"message": "Internal Server Error"}),
    ],
)
def test_answers_without_a_function(sandbox: Sandbox, method: str, path: str, status: int, answer: Any) -> None:
    assert request(sandbox, method, path)[:2] == (status, answer)


def test_exact_path_comes_before_a_variable(sandbox: Sandbox) -> None:
    assert request(sandbox, "GET", "/incidents/all")[1]["routeKey"] == "GET /incidents/all"


def test_answer_that_is_no_response_is_an_error(sandbox: Sandbox) -> None:
    bad_name = '{"statusCode": 200, "headers": {"a b": "c"}}'
    for answer in ('{"statusCode": "ok"}', bad_name, '{"statusCode": 200, "headers": {"x": "a\\r\\nSet-Cookie: b"}}'):
        got = request(sandbox, "GET", f"/incidents/odd?answer={quote(answer)}")
        assert got[:2] == (500, {"message": "Internal Server Error"})


def test_each_route_has_its_own_throttle(sandbox: Sandbox) -> None:
    refused = (429, {"message": "Too Many Requests"})
    assert refused in [request(sandbox, "GET", "/incidents/1")[:2] for _ in range(60)]
    answers = [request(sandbox, "POST", "/incidents/1")[:2] for _ in range(25)]
    assert answers[0][0] == 201
    assert answers.index(refused) < 25
    assert request(sandbox, "HEAD", "/incidents/1")[0] == 201


def test_access_log_is_written_as_the_stage_says_and_is_part_of_everything(sandbox: Sandbox) -> None:
    request(sandbox, "HEAD", "/incidents/all?token=secret")
    events = sandbox.client("logs").filter_log_events(logGroupName="access")["events"]
    line = json.loads(events[-1]["message"])
    assert {**line, "at": ""} == {
        "at": "", "from": "127.0.0.1", "route": "HEAD /incidents/{id}", "status": "201", "who": "-",
        "protocol": "HTTP/1.1",
    }  # fmt: skip
    dimensions = [{"Name": "Link", "Value": "in a metric"}]
    metric = {"MetricName": "Opened", "Value": 1, "Dimensions": dimensions}
    sandbox.client("cloudwatch").put_metric_data(Namespace="Pages", MetricData=[metric])
    logged = sandbox.everything_logged()
    assert "in a metric" in logged
    assert events[-1]["message"] in logged
    assert "HEAD /incidents/{id} 0" in logged
    assert "secret" not in logged
