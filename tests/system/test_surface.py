"""Requests that nobody thought of, against everything that the approval's API answers: never a server's error."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.approval import ROUTES, SIGNED
from sandbox import approver, deployed
from sandbox.cloud import Sandbox
from sandbox.world import World
from tests.system.run import SERVICE, Run

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TEXT = {"type": "string"}
EXAMPLES = 30
CASES = re.compile(r"(\d+) generated")


def _surface(link: str, nonce: str, run: Run) -> dict[str, Any]:
    """Describe the API's routes, with a real link, nonce and digest among the values to try."""
    known: dict[str, str] = {"link": link, "incident": run.incident}
    paths: dict[str, dict[str, Any]] = {}
    for method, path in (*ROUTES, *SIGNED):
        names = re.findall(r"{(\w+)}", path)
        given = [_parameter("path", name, known[name]) for name in names]
        if method == "GET" and names:
            given += [_parameter("query", "still", "1"), _parameter("query", "as", "markdown")]
        body = _body(path, nonce, run.question()["digest"]) if method == "POST" else {}
        answers = {"responses": {"default": {"description": "anything but a server's error"}}}
        paths.setdefault(path, {})[method.lower()] = {"parameters": given, **body, **answers}
    return {"openapi": "3.0.3", "info": {"title": "approval", "version": "1"}, "paths": paths}


def _parameter(place: str, name: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": [example, "unknown"]}  # what is neither is tried besides
    return {"in": place, "name": name, "required": place == "path", "schema": schema, "example": example}


def _body(path: str, nonce: str, digest: str) -> dict[str, Any]:
    """Say what a form or a command holds; its decision is none, so that the question stays open."""
    kind = FORM if "link" in path else JSON
    known = {"nonce": nonce, "digest": digest, "decision": "perhaps"}
    fields = {name: {"anyOf": [TEXT, {"enum": [value]}]} for name, value in known.items()}
    schema = {"type": "object", "properties": {**fields, "reason": TEXT, "service": TEXT}}
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


@pytest.mark.timeout(300)
def test_no_request_is_answered_with_a_servers_error(sandbox: Sandbox, world: World, tmp_path: Path) -> None:
    world.break_("closed-port")
    run = Run.by_hand(sandbox)
    run.asked()
    link = run.links(SERVICE.approval.levels[0].approvers[0])[0]
    schema = tmp_path / "surface.json"
    schema.write_text(json.dumps(_surface(link.rpartition("/")[2], approver.look(link).form["nonce"], run)))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(schema)]
    command += ["--url", deployed.approval_url(sandbox, SERVICE.name), "--checks", "not_a_server_error"]
    command += ["--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "examples,coverage,fuzzing"]
    command += ["--rate-limit", "10/s", "--continue-on-failure", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    (cases,) = CASES.findall(done.stdout)
    assert int(cases) >= len(ROUTES + SIGNED) * EXAMPLES / 2
    assert run.question()["state"] == "pending"
