"""Deploys a commit of a compose project: all images are built anew, then all services start from them."""

import hashlib
from typing import Any

from functions.core import compose_service, hosts
from functions.core.aws import Session
from functions.core.fields import Commit
from functions.core.fix import Changes, fix
from functions.core.hosts import OfCompose
from functions.core.output import pairs
from functions.core.results import Change, Started

LOOK, DOCUMENT, BACK = "look_version", "do_deploy", "do_deploy_back"
LOOKING = 12.0  # seconds


class DeployCommit(OfCompose):
    """The commit, in full."""

    commit: Commit

    @property
    def given(self) -> dict[str, str]:
        """What the documents take of it."""
        return {"directory": self.directory, "file": self.file}


@fix(
    *hosts.permissions(LOOK, DOCUMENT, BACK, named=True),
    effect="Deploys commit {commit} on {instance}: builds all images of {directory} anew, then starts all services",
    risk="medium",
    radius="Everything on {instance} is slower while it builds; then all its services are away for a minute",
)
def handler(parameters: DeployCommit, aws: Session) -> Changes:
    """Deploy, as the document's own script does. Source: Harena, Déploiement standard.

    What was built before is kept under a label of this very step, so that the undo needs no build.
    """
    said = hosts.run(aws, parameters.instance, LOOK, LOOKING, **parameters.given).output
    before = {"commit": dict(pairs(said))["commit"]}
    after = {"commit": parameters.commit}
    after |= {"built": compose_service.AGAIN} if before == after else {}  # it may lie there and not run
    name = yield Change(before=before, after=after, undo=parameters.model_dump() | before)
    given = parameters.given | {"commit": parameters.commit, "label": _label(name)}
    yield Started(command=hosts.start(aws, parameters.instance, DOCUMENT, name=name, **given))


@handler.undo("Goes back to the commit and the images from before")
def back(undo: dict[str, Any], aws: Session) -> Started:
    """Go back to what the step has replaced, as its label names it."""
    before, step = DeployCommit.model_validate({name: undo[name] for name in DeployCommit.model_fields}), undo["step"]
    given = before.given | {"commit": before.commit, "label": _label(step)}
    return Started(command=hosts.start(aws, before.instance, BACK, name=f"{step}/undo", **given))


handler.following(hosts.follow)


def _label(step: str) -> str:
    return hashlib.sha256(step.encode()).hexdigest()[:16]
