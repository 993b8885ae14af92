"""Leaves the sandbox running for your own tools: `make sandbox`, with SERVICE= and PORT= of your choice."""

import os
import shlex
import signal
import sys
import threading

from sandbox.cloud import Sandbox
from sandbox.deployed import approval_url
from sandbox.incidents import BY_SERVICE
from sandbox.systems import DEFAULT

HIGHEST_PORT = 65_535


def main() -> int:
    """Start, deploy, print the shell exports and addresses, and stay until interrupted."""
    port = os.environ.get("PORT", "0")
    if not port.isdecimal() or int(port) > HIGHEST_PORT:
        print(f"PORT={port}: a port is a number from 0 (any free one) to {HIGHEST_PORT}", file=sys.stderr)
        return 2
    service = os.environ.get("SERVICE") or DEFAULT
    if service not in BY_SERVICE:
        print(f"SERVICE={service}: the sandbox has {', '.join(BY_SERVICE)}", file=sys.stderr)
        return 2
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Sandbox.start(port=int(port), service=service) as sandbox:
        print(f"# Deploying {service} …", file=sys.stderr, flush=True)
        sandbox.deploy(service)
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in sandbox.environment.items()))
        print(f"# mailbox:  {sandbox.mailbox.address}/  and as JSON {sandbox.mailbox.address}/messages.json")
        print(f"# approval: {approval_url(sandbox, service)}/incidents/…  (the whole link is in each mail)")
        print("# Stop it with Ctrl-C.", flush=True)
        try:
            stop.wait()
        except KeyboardInterrupt:
            print("# Stopping.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
