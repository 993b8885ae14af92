"""What functions print: into their log group, and the metrics in it (embedded metric format) into CloudWatch.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox import log_groups
from sandbox.account import ACCOUNT, home
from sandbox.context import current
from sandbox.lambda_function import FunctionConfig


def keep(function: FunctionConfig, line: str) -> None:
    """Put a printed line into the function's log group, and its metrics, where it is such a line, into CloudWatch."""
    if not line:
        return
    log_groups.put(function.log_group, line)
    if line.startswith("{") and '"_aws"' in line:
        _keep_metrics(json.loads(line))


def _keep_metrics(record: dict[str, Any]) -> None:
    for directive in record["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = [{"Name": name, "Value": str(record[name])} for name in names]
            data = [_datum(metric, record, dimensions) for metric in directive["Metrics"]]
            cloudwatch_backends[ACCOUNT][home()].put_metric_data(directive["Namespace"], data)


def _datum(metric: dict[str, Any], record: dict[str, Any], dimensions: list[dict[str, str]]) -> dict[str, Any]:
    value = record[metric["Name"]]
    values = value if isinstance(value, list) else [value]
    for one in values:
        current().emitted.note(metric["Name"], one, {dimension["Name"]: dimension["Value"] for dimension in dimensions})
    return {
        "MetricName": metric["Name"],
        "Dimensions": dimensions,
        "Unit": metric.get("Unit", "None"),
        "Values": values,
    }
