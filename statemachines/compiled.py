"""A runbook of a service as the functions read it: one JSON file, so that no function parses YAML."""

from pathlib import Path

from functions.core.plan import Risk
from statemachines.audit_model import Audit
from statemachines.model import Model, Runbook, Service

FOLDER = Path(__file__).parent / "compiled"
AUDIT = "audit/audit.json"  # beside the runbooks, not among them


class FixText(Model):
    """What a person reads about a fix; `undo` is None where nothing can be taken back, `touches` as @fix has it."""

    effect: str
    risk: Risk
    radius: str
    touches: str = ""
    undo: str | None


class Compiled(Model):
    """One runbook as one service uses it, with the texts of its checks' signals and of its fixes."""

    service: Service
    runbook: Runbook
    questions: dict[str, dict[str, str]]
    fixes: dict[str, FixText]

    @property
    def state_machine(self) -> str:
        """The ARN of the runbook's state machine."""
        return self.service.state_machine_arn(self.runbook.name)


class Audited(Model):
    """The audit of one service, with the texts of its checks' signals by the audit's names for the checks."""

    service: Service
    audit: Audit
    questions: dict[str, dict[str, str]]


def read(runbook: str) -> Compiled:
    """Read a runbook from the function's own package."""
    return Compiled.model_validate_json((FOLDER / f"{runbook}.json").read_text(encoding="utf-8"))


def read_all() -> list[Compiled]:
    """Read every runbook of the function's own package."""
    return [read(path.stem) for path in sorted(FOLDER.glob("*.json"))]


def read_audit() -> Audited:
    """Read the audit of the function's own package."""
    return Audited.model_validate_json((FOLDER / AUDIT).read_text(encoding="utf-8"))


def write(compiled: Compiled | Audited, folder: Path) -> None:
    """Put a runbook or the audit into the folder that becomes the functions' package."""
    file = folder / (AUDIT if isinstance(compiled, Audited) else f"{compiled.runbook.name}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(compiled.model_dump_json(by_alias=True), encoding="utf-8")
