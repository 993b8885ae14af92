"""The audit of a service as its report reads it: one JSON file beside the runbooks', which no other function loads."""

from pathlib import Path

from statemachines import compiled
from statemachines.audit_model import Audit
from statemachines.model import Model, Service

FILE = "audit/audit.json"  # beside the runbooks, not among them


class Audited(Model):
    """The audit of one service, with the texts of its checks' signals by the audit's names for the checks."""

    service: Service
    audit: Audit
    questions: dict[str, dict[str, str]]


def read() -> Audited:
    """Read the audit of the function's own package."""
    return Audited.model_validate_json((compiled.FOLDER / FILE).read_text(encoding="utf-8"))


def write(audited: Audited, folder: Path) -> None:
    """Put the audit into the folder that becomes the functions' package."""
    file = folder / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(audited.model_dump_json(by_alias=True), encoding="utf-8")
