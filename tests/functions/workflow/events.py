"""Events as AWS sends them."""

from datetime import UTC, datetime
from typing import Any, Literal

from functions.core.aws import Session

ALARM = "ganopa-bot-unhealthy-hosts"
REASON = "Threshold Crossed: 1 datapoint [1.0 (21/11/26 08:00:00)] was greater than the threshold (0.0)."
NOW = datetime.now(UTC).replace(microsecond=0)


def alarm_event(name: str = ALARM, at: datetime = NOW) -> dict[str, Any]:
    """Write an alarm's transition as CloudWatch sends it (CloudWatch User Guide, "Alarm events and EventBridge")."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": [f"arn:aws:cloudwatch:me-central-1:123456789012:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {"value": "ALARM", "reason": REASON, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"},
            "previousState": {
                "value": "OK",
                "reason": "Threshold Crossed",
                "timestamp": "2026-11-21T07:00:00.000+0000",
            },
            "configuration": {"metrics": [{"id": "1", "metricStat": {"stat": "Maximum", "period": 60}}]},
        },
    }


def task_event(task: str = "4a4e7f0b", **detail: Any) -> dict[str, Any]:
    """Write a stopped task as ECS sends it (Amazon ECS Developer Guide, "Amazon ECS task state change events")."""
    cluster = "arn:aws:ecs:me-central-1:123456789012:cluster/vancelian-dev-api-cluster"
    return {
        "version": "0",
        "id": "3317b2af-7005-947d-b652-f55e762e571a",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": [f"arn:aws:ecs:me-central-1:123456789012:task/vancelian-dev-api-cluster/{task}"],
        "detail": {
            "clusterArn": cluster,
            "group": "service:ganopa-dev-bot-svc",
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "startedBy": "ecs-svc/1234567890123456789",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "ganopa-bot", "exitCode": 1, "lastStatus": "STOPPED"}],
            **detail,
        },
    }


def deployment_event() -> dict[str, Any]:
    """Write a failed deployment as ECS sends it (ECS Developer Guide, "Service deployment state change events")."""
    return {
        "version": "0",
        "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": ["arn:aws:ecs:me-central-1:123456789012:service/vancelian-dev-api-cluster/ganopa-dev-bot-svc"],
        "detail": {
            "eventType": "ERROR",
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/1234567890123456789",
            "updatedAt": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "reason": "ECS deployment circuit breaker: task failed to start.",
        },
    }


def ring(aws: Session, name: str = ALARM, state: Literal["ALARM", "OK"] = "ALARM", reason: str = REASON) -> None:
    """Bring an alarm into a state; make it where there is none."""
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
