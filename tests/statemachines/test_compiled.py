import json
from pathlib import Path

import pytest

from functions.core import catalogue
from statemachines import compile as compiler
from statemachines import compiled, load
from statemachines.compiled import Compiled


@pytest.fixture
def original() -> Compiled:
    """The first service's first runbook, compiled."""
    service = next(iter(load.services().values()))
    return compiler.compiled(service, load.runbooks()[next(iter(service.runbooks))])


def test_what_is_written_is_read_back(original: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.write(original, tmp_path / "compiled")
    monkeypatch.setattr(compiled, "FOLDER", tmp_path / "compiled")
    assert compiled.read(original.runbook.name) == original
    assert compiled.read_all() == [original]


def test_every_question_and_effect_is_there_to_be_read(original: Compiled) -> None:
    for name, use in original.runbook.checks.items():
        assert original.questions[name] == catalogue.checks()[use.check].signals
    for fix_use in original.runbook.fixes:
        fix = catalogue.fixes()[fix_use.fix]
        assert original.fixes[fix_use.fix].effect == fix.effect
        assert original.fixes[fix_use.fix].undo == fix.undo_effect


def test_the_state_machine_is_named_after_service_and_runbook(original: Compiled) -> None:
    assert original.state_machine == (
        "arn:aws:states:me-central-1:123456789012:stateMachine:ganopa-bot-webhook-unavailable"
    )


def test_a_package_with_an_unknown_word_is_refused(
    original: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads(original.model_dump_json(by_alias=True)) | {"extra": 1}
    (tmp_path / "webhook_unavailable.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        compiled.read("webhook_unavailable")
