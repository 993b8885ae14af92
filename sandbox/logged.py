"""Everything that the sandbox's AWS keeps of what happened, for a test that something is nowhere in it."""

import json

from moto.cloudwatch.models import cloudwatch_backends

from sandbox import log_groups
from sandbox.account import ACCOUNT, home
from sandbox.context import Context


def everything_logged(context: Context) -> str:
    """Return all log groups' lines (functions, access logs, containers), the metrics and CloudTrail's events."""
    metrics = {
        f"{datum.namespace} {datum.name} {[(one.name, one.value) for one in datum.dimensions]}"
        for datum in list(cloudwatch_backends[ACCOUNT][home()].metric_data)
    }
    return "\n".join([*log_groups.everything(), *metrics, *(json.dumps(one.event) for one in context.trail.records)])
