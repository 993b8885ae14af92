"""A runbook of a service as the functions read it: one JSON file, so that no function parses YAML."""

from pathlib import Path

from functions.core.plan import Risk
from statemachines.model import Model, Runbook, Service

FOLDER = Path(__file__).parent / "compiled"


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


def read(runbook: str) -> Compiled:
    """Read a runbook from the function's own package."""
    return Compiled.model_validate_json((FOLDER / f"{runbook}.json").read_text(encoding="utf-8"))


def read_all() -> list[Compiled]:
    """Read every runbook of the function's own package."""
    return [read(path.stem) for path in sorted(FOLDER.glob("*.json"))]


def write(compiled: Compiled, folder: Path) -> None:
    """Put a runbook into the folder that becomes the functions' package."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{compiled.runbook.name}.json").write_text(compiled.model_dump_json(by_alias=True), encoding="utf-8")
