"""The runbook's looks, typed as commands one after another by somebody who never hesitates."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from sandbox.cloud import Sandbox
from sandbox.commands import CHECKS, VALIDATION


def commands(_sandbox: Sandbox) -> list[str]:
    """List the commands that the runbook gives for its checks."""
    return list(CHECKS.values())


def looks(sandbox: Sandbox) -> list[str]:
    """List one command for everything that the runbook tells to look at, in the console and at the endpoint too."""
    names = sandbox.world.names
    service = f"--cluster {names.cluster} --services {names.ecs_service}"
    task = f"$(aws ecs list-tasks --cluster {names.cluster} --query 'taskArns[0]' --output text)"
    groups = (names.task_security_group, names.load_balancer_security_group)
    console = [
        f"aws elbv2 describe-target-groups --target-group-arns {names.target_group}",
        f"aws ecs describe-services {service} --query 'services[].[loadBalancers,deployments,events[:5]]'",
        f"aws ecs describe-tasks --cluster {names.cluster} --tasks {task} --query 'tasks[].[lastStatus,healthStatus]'",
        f"aws logs filter-log-events --log-group-name {names.log_group} --limit 100",
        *(f"aws ec2 describe-security-groups --group-ids {group}" for group in groups),
    ]
    return [*commands(sandbox), *console, VALIDATION["health"], VALIDATION["webhook"]]


def seconds(sandbox: Sandbox, typed: Iterable[str]) -> float:
    """Return how long commands take in a shell, one after another; one that finds the endpoint down counts too."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **sandbox.environment}
    started = time.monotonic()
    for command in typed:
        ran = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
        if ran.stderr:
            raise RuntimeError(f"{command}\n{ran.stderr}")
    return time.monotonic() - started
