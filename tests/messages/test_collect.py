from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from functions.core.diagnosis import ORDER
from functions.core.plan import RISKS
from messages import collect

CODE = """
say("said {x}", x=translated(NAMES["a key"]), y=f"{say('in braces')}")
say_many("{count} one", "{count} many", 3)
MARKED = marked("mar" "ked")
translated(title or "")
tell("not for people")
"""
TEMPLATE = """
{% trans %}two
  lines{% endtrans %}
{% trans count=n %}{{ count }} thing{% pluralize %}{{ count }} things at 100 %{% endtrans %}
{% trans %}all 100 %{% endtrans %}
{{ x | default(_("by default")) }} {{ tell("not for people") }}
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """What is collected from small files, besides what checks, fixes and runbooks declare."""
    folder = tmp_path / "functions" / "workflow" / "templates"
    folder.mkdir(parents=True)
    (tmp_path / "functions" / "one.py").write_text(CODE, encoding="utf-8")
    (folder / "two.txt").write_text(TEMPLATE, encoding="utf-8")
    (folder / "style.css").write_text("{% trans %}not for people{% endtrans %}", encoding="utf-8")
    monkeypatch.setattr(collect, "ROOT", tmp_path)
    return collect.collected()


def of(found: Catalog, place: str) -> list[object]:
    return [message.id for message in found if (place, 0) in message.locations]


def notes(found: Catalog, message: str) -> list[str]:
    known = found.get(message)
    assert known, message
    return known.auto_comments


def test_what_code_says(found: Catalog) -> None:
    assert of(found, "functions/one.py") == ["said {x}", "in braces", ("{count} one", "{count} many"), "marked"]


def test_what_templates_say(found: Catalog) -> None:
    assert of(found, "functions/workflow/templates/two.txt") == [
        "two lines",
        ("%(count)s thing", "%(count)s things at 100 %%"),
        "all 100 %%",
        "by default",
    ]
    assert found.get("not for people") is None


def test_what_checks_fixes_and_runbooks_declare(found: Catalog) -> None:
    assert notes(found, "The service is INACTIVE") == ["signal inactive"]
    assert notes(found, "Asks the service {service} to run {desired_count} tasks") == ["effect"]
    assert notes(found, "Only {service}: tasks are added, none is stopped") == ["radius"]
    assert notes(found, "Sets the desired count back") == ["undo"]
    assert notes(found, "The webhook answers 503 or 504") == ["title of the runbook"]
    assert notes(found, "Telegram cannot deliver updates") == ["symptom"]
    assert notes(found, "The container exits at start") == ["title of the cause container-crashes"]
    assert notes(found, "desired count {service.desired}") == ["before of the cause desired-count-zero"]
    assert notes(found, "desired count {desired_count}") == ["after of the cause desired-count-zero"]
    assert {"manual of the cause image-missing"} <= {note for message in found for note in message.auto_comments}
    assert [notes(found, risk) for risk in RISKS] == [["risk"]] * len(RISKS)
    assert [notes(found, standing) for standing in ORDER] == [["standing of a cause"]] * len(ORDER)


def test_a_fact_alone_is_no_message(found: Catalog) -> None:
    assert found.get("{service.status}") is None


def test_messages_are_in_the_order_of_their_files(found: Catalog) -> None:
    places = [message.locations[0][0] for message in found if message.locations]
    assert places == sorted(places)
