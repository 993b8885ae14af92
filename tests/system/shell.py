"""What an engineer types."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.cloud import Sandbox


def typed(sandbox: Sandbox, command: str) -> str:
    """What a command prints in an engineer's shell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **sandbox.environment}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.stderr, done.stderr
    return done.stdout.strip()
