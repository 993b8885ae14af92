from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from functions.checks.missing_alarms import WATCHED, handler
from functions.core import reading, telling
from functions.core.aws import Session
from functions.core.judged import Verdict
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, Calls, answering
from tests.functions.conftest import ACCOUNT, RunCheck

TOPIC = f"arn:aws:sns:{REGION}:123456789012:alerts"
SCALE = f"arn:aws:autoscaling:{REGION}:123456789012:scalingPolicy:0:resource/ecs/service/a/b:policyName/c"
NAMESPACES = {
    "alb": "AWS/ApplicationELB",
    "ecs": "AWS/ECS",
    "rds": "AWS/RDS",
    "redis": "AWS/ElastiCache",
    "sqs": "AWS/SQS",
}
FINE = dict.fromkeys((f"no-{kind}-alarm" for kind in NAMESPACES), False) | {"deaf": False}
MISSING = dict.fromkeys((f"no-{kind}-alarm" for kind in NAMESPACES), True) | {"deaf": False}
Put = Callable[..., None]


@pytest.fixture
def put(operator: Session) -> Put:
    """Put an alarm on a namespace, or on whatever else `other` says."""

    def alarm(name: str, namespace: str = "", *actions: str, on: bool = True, **other: Any) -> None:
        metric: Any = {"Namespace": namespace, "MetricName": "m", "Period": 60, "Statistic": "Sum"} if namespace else {}
        operator.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            AlarmActions=list(actions),
            ActionsEnabled=on,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            **(metric | other),
        )

    return alarm


@pytest.fixture
def all_there(put: Put) -> None:
    """An alarm on each that tells a topic."""
    for kind, namespace in NAMESPACES.items():
        put(f"huntaze-{kind}", namespace, TOPIC)


@pytest.fixture
def compose(put: Put) -> Put:
    """Put a composite alarm, as moto keeps one: it has no operation for it."""

    def composite(name: str, rule: str, *actions: str, on: bool = True) -> None:
        put(name, "AWS/Lambda", *actions, on=on)
        alarm: Any = cloudwatch_backends[ACCOUNT][REGION].alarms[name]
        alarm.rule = rule

    return composite


def look(run_check: RunCheck) -> Finding:
    return run_check(handler, region=REGION)


@pytest.mark.usefixtures("all_there")
def test_all_are_there(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == (
        f"alarms in {REGION} that tell somebody: ALB 1, ECS 1, RDS 1, REDIS 1, SQS 1; that tell nobody: 0"
    )
    assert finding.facts == {"telling": dict.fromkeys(NAMESPACES, 1), "deaf": [], "whole": True}
    assert finding.evidence == []


def test_none_at_all(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == MISSING
    assert finding.evidence[0] == "ALB: no alarm tells anybody"
    assert len(finding.evidence) == len(WATCHED)


@pytest.mark.parametrize("kind", NAMESPACES)
def test_one_is_there(run_check: RunCheck, put: Put, kind: str) -> None:
    put("api", NAMESPACES[kind], TOPIC)
    put("function", "AWS/Lambda", TOPIC)
    assert look(run_check).signals == MISSING | {f"no-{kind}-alarm": False}


@pytest.mark.usefixtures("all_there")
@pytest.mark.parametrize(
    ("acts", "on", "why"), [([], True, "AlarmActions []"), ([TOPIC], False, "ActionsEnabled false")]
)
def test_one_tells_nobody(run_check: RunCheck, put: Put, acts: list[str], why: str, *, on: bool) -> None:
    put("cpu", "AWS/RDS", *acts, on=on)
    finding = look(run_check)
    assert finding.signals == FINE | {"deaf": True}
    assert finding.evidence == [f"cpu: {why}"]
    assert finding.facts["deaf"] == ["cpu"]


def test_the_only_one_tells_nobody(run_check: RunCheck, put: Put) -> None:
    put("cpu", "AWS/RDS")
    assert look(run_check).signals == MISSING | {"deaf": True}


def test_the_automations_own_alarms_say_nothing_of_the_service(run_check: RunCheck, put: Put) -> None:
    put("huntaze-runbooks-dead-letters", "AWS/SQS", TOPIC)
    put("huntaze-runbooks-deaf", "AWS/RDS")
    signals = run_check(handler, region=REGION, own="huntaze-runbooks-").signals
    assert signals == MISSING
    assert look(run_check).signals == MISSING | {"no-sqs-alarm": False, "deaf": True}


def test_of_others_nobody_asks_whom_they_tell(run_check: RunCheck, put: Put) -> None:
    put("function", "AWS/Lambda")
    assert look(run_check).signals == MISSING


@pytest.mark.parametrize("on", [True, False])
def test_one_that_scales_tells_nobody_and_is_not_meant_to(run_check: RunCheck, put: Put, *, on: bool) -> None:
    put("TargetTracking-service/a/b", "AWS/ECS", SCALE, on=on)
    assert look(run_check).signals == MISSING
    put("cpu", "AWS/ECS", SCALE, TOPIC)
    assert look(run_check).signals == MISSING | {"no-ecs-alarm": False}


def test_container_insights_are_of_ecs(run_check: RunCheck, put: Put) -> None:
    put("tasks", "ECS/ContainerInsights", TOPIC)
    assert look(run_check).signals == MISSING | {"no-ecs-alarm": False}


def test_one_on_a_formula(run_check: RunCheck, put: Put) -> None:
    stat = {"Metric": {"Namespace": "AWS/SQS", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "a", "MetricStat": stat, "ReturnData": False}, {"Id": "b", "Expression": "a * 2"}]
    put("age", "", TOPIC, Metrics=queries)
    assert look(run_check).signals == MISSING | {"no-sqs-alarm": False}


def test_one_on_a_query(run_check: RunCheck, put: Put) -> None:
    query = 'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/ElastiCache", CacheClusterId)'
    put("cpu", "", TOPIC, Metrics=[{"Id": "q", "Expression": query, "Period": 60}])
    assert look(run_check).signals == MISSING | {"no-redis-alarm": False}


@pytest.mark.parametrize(
    ("acts", "on", "known"), [([TOPIC], True, False), ([TOPIC], False, True), ([SCALE], True, True)]
)
def test_a_composite_alarm_may_speak_for_it(
    run_check: RunCheck, put: Put, compose: Put, acts: list[str], *, on: bool, known: bool
) -> None:
    put("cpu", "AWS/RDS")
    compose("database", 'ALARM("cpu") AND ALARM("disk")', *acts, on=on)
    signals = look(run_check).signals
    assert (signals["no-rds-alarm"], signals["deaf"]) == ((True, True) if known else (None, None))
    assert signals["no-sqs-alarm"]
    put("other", "AWS/RDS")
    assert look(run_check).signals["deaf"]
    put("memory", "AWS/RDS", TOPIC)
    assert look(run_check).signals["no-rds-alarm"] is False


def test_another_region_has_its_own(run_check: RunCheck, put: Put) -> None:
    put("cpu", "AWS/RDS", TOPIC)
    assert run_check(handler, region="us-east-1").signals == MISSING


@pytest.fixture
def two_pages(aws: Session) -> Iterator[Calls]:
    """CloudWatch answers with two pages, which moto does not make."""
    alarm = {"ActionsEnabled": True, "MetricName": "m", "Namespace": "AWS/RDS"}
    first, second = alarm | {"AlarmName": "cpu"}, alarm | {"AlarmName": "disk", "AlarmActions": [TOPIC]}

    def told(_: str, asked: Answer) -> Answer:
        return {"MetricAlarms": [second]} if "NextToken" in asked else {"MetricAlarms": [first], "NextToken": "1"}

    with answering(aws, "cloudwatch", REGION, told) as calls:
        yield calls


def test_all_pages_are_read(run_check: RunCheck, two_pages: Calls) -> None:
    assert look(run_check).signals == MISSING | {"no-rds-alarm": False, "deaf": True}
    assert [asked["MaxRecords"] for _, asked in two_pages] == [telling.PAGE] * 2


@pytest.mark.usefixtures("two_pages")
def test_what_was_not_read_is_unknown(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check)
    assert set(finding.signals.values()) == {None}
    assert finding.summary.endswith("; there is more than could be read")
    assert finding.evidence == []


OURS, OTHERS = ({"Name": "DBInstanceIdentifier", "Value": name} for name in ("huntaze-prod", "shop"))
QUERY = 'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/RDS", DBInstanceIdentifier)'


def of(*dimensions: Any) -> Any:
    """Write a formula's part that is a database's metric."""
    metric = {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Dimensions": list(dimensions)}
    return {"Id": f"m{len(dimensions)}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}


@pytest.mark.parametrize(
    ("metric", "missing"),
    [
        ({"namespace": "AWS/RDS", "Dimensions": [OTHERS]}, True),
        ({"namespace": "AWS/RDS", "Dimensions": [OURS]}, False),
        ({"namespace": "AWS/RDS"}, False),
        ({"Metrics": [of(OTHERS)]}, True),
        ({"Metrics": [of(OTHERS, OURS)]}, False),
        ({"Metrics": [{"Id": "q", "Expression": QUERY, "Period": 60}]}, False),
        ({"Metrics": [{"Id": "q", "Expression": f"{QUERY} WHERE DBInstanceIdentifier = 'shop'", "Period": 60}]}, None),
        ({"Metrics": [{"Id": "q", "Expression": f"{QUERY} WHERE DBInstanceIdentifier = 'huntaze-prod'"}]}, False),
    ],
)
def test_only_an_alarm_on_what_is_named_counts(
    run_check: RunCheck, put: Put, metric: dict[str, Any], missing: Verdict
) -> None:
    namespace = metric.pop("namespace", "")
    put("one", namespace, TOPIC, **metric)
    finding = run_check(handler, region=REGION, named="huntaze")
    assert finding.signals["no-rds-alarm"] is missing
    put("two", namespace, on=False, **metric)
    deaf = run_check(handler, region=REGION, named="huntaze").signals["deaf"]
    assert deaf is {True: False, False: True, None: None}[missing]
