"""The runbook's own commands, typed one after another by somebody who never hesitates."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sandbox.cloud import Sandbox
from sandbox.commands import CHECKS


def seconds(sandbox: Sandbox) -> float:
    """Return how long the runbook's checks take in a shell, with the `aws` CLI, one after another."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **sandbox.environment}
    started = time.monotonic()
    for command in CHECKS.values():
        subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=True)
    return time.monotonic() - started
