import pytest
from pydantic import ValidationError

from functions.core import revisions
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Change
from functions.fixes.reference_secret import handler
from tests.functions.conftest import RunFix, RunUndo, describe
from tests.functions.fixes.revisions import DEPLOYED, VALUE, container, count, differing, rich, running

__all__ = ["rich"]
pytestmark = pytest.mark.usefixtures("rich")
SECRET = "arn:aws:secretsmanager:me-central-1:123456789012:secret:prod/openai-AbCdEf"


def refer(run_fix: RunFix, variable: str = "OPENAI_API_KEY", secret: str = SECRET, **other: object) -> Change:
    return run_fix(handler, **DEPLOYED | {"variable": variable, "secret": secret} | other)


def test_only_the_variable_is_added(run_fix: RunFix, operator: Session) -> None:
    before = running(operator)
    change = refer(run_fix)
    after = running(operator)
    assert differing(before, after) == {"containerDefinitions"}
    bots = [one["containerDefinitions"][0] for one in (before, after)]
    assert differing(*bots) == {"secrets"}
    assert bots[1]["secrets"] == [*bots[0]["secrets"], {"name": "OPENAI_API_KEY", "valueFrom": SECRET}]
    assert before["containerDefinitions"][1:] == after["containerDefinitions"][1:]
    assert change.before["OPENAI_API_KEY"] == "not there"
    assert change.after["OPENAI_API_KEY"] == SECRET


def test_a_value_is_replaced_and_never_told(run_fix: RunFix, operator: Session) -> None:
    change = refer(run_fix, "TELEGRAM_BOT_TOKEN")
    assert change.before["TELEGRAM_BOT_TOKEN"] == "a value in the task definition"
    assert VALUE not in change.model_dump_json()
    assert [one["name"] for one in container(operator)["environment"]] == ["HOST"]
    assert {one["name"] for one in container(operator)["secrets"]} == {"DATABASE", "TELEGRAM_BOT_TOKEN"}


def test_another_reference_is_replaced(run_fix: RunFix, operator: Session) -> None:
    parameter = "arn:aws:ssm:me-central-1:123456789012:parameter/bot/database"
    change = refer(run_fix, "DATABASE", parameter)
    assert change.before["DATABASE"].endswith(":parameter/database")
    assert container(operator)["secrets"] == [{"name": "DATABASE", "valueFrom": parameter}]


def test_undo_and_undo_again(run_fix: RunFix, run_undo: RunUndo, operator: Session, rich: str) -> None:
    change = refer(run_fix)
    assert describe(operator)["taskDefinition"] != rich
    for _ in range(2):
        run_undo(handler, change.undo)
        assert describe(operator)["taskDefinition"] == rich


def test_what_the_change_says_is_what_another_look_finds(run_fix: RunFix) -> None:
    change = refer(run_fix)
    again = refer(run_fix)
    assert not again.changed
    assert again.before == change.after


def test_variables_in_another_order_are_the_same(operator: Session, aws: Session, rich: str) -> None:
    read = revisions.read(aws, rich)
    turned = container(operator)["environment"][::-1]
    other = revisions.with_container(read.words, "ganopa-bot", environment=turned)
    assert revisions.digest(other) == read.contents
    assert revisions.digest(revisions.with_container(read.words, "proxy", secrets=[])) == read.contents
    assert revisions.digest(revisions.with_container(read.words, "proxy", image="envoy:2")) != read.contents


def test_interrupted_after_the_revision_was_registered_it_registers_no_other(
    run_fix: RunFix, operator: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions_before = count(operator)
    with monkeypatch.context() as patch:
        patch.setattr(revisions, "move", lambda *_: (_ for _ in ()).throw(TimeoutError))
        with pytest.raises(TimeoutError):
            refer(run_fix)
    refer(run_fix)
    assert container(operator)["secrets"][-1]["valueFrom"] == SECRET
    assert count(operator) == revisions_before + 1


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        f"{SECRET}:key::",
        f"{SECRET}:key:AWSCURRENT:",
        "arn:aws:ssm:me-central-1:123456789012:parameter/bot/key",
    ],
)
def test_references(run_fix: RunFix, secret: str) -> None:
    assert refer(run_fix, secret=secret).after["OPENAI_API_KEY"] == secret


@pytest.mark.parametrize("secret", ["sk-0123456789abcdef0123", "openai", "arn:aws:s3:::bucket/key", f"{SECRET}:key"])
def test_never_a_value(run_fix: RunFix, operator: Session, rich: str, secret: str) -> None:
    with pytest.raises(ValidationError, match="secret"):
        refer(run_fix, secret=secret)
    assert describe(operator)["taskDefinition"] == rich


def test_no_such_container(run_fix: RunFix, rich: str) -> None:
    with pytest.raises(NotFound, match=f"in {rich} named web"):
        refer(run_fix, container="web")
