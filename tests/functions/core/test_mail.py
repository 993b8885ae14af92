import pytest
from jinja2 import UndefinedError

from functions.core import mail
from functions.core.mail import templates
from tests.functions.workflow.world import World


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("one\ntwo\r\n three", "one two three"),
        ("café… «l’été» – à 8 €", 'cafe... "l\'ete" - a 8 ?'),
        ("x" * 99, "x" * 99),
        ("x" * 100, "x" * 96 + "..."),
    ],
)
def test_a_subject_is_what_sns_takes(world: World, monkeypatch: pytest.MonkeyPatch, subject: str, sent: str) -> None:
    monkeypatch.setattr(templates().get_template("message.html"), "render", lambda _: "text")
    mail.send(world.aws, "amel@maisonganopa.com", subject=subject, template="message.html")
    (only,) = world.mails
    assert (only.subject, only.to, only.text) == (sent, "amel@maisonganopa.com", "text")


def test_a_value_that_a_template_misses_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        templates().get_template("message.html").render(title="no text")


def test_html_is_escaped_and_plain_text_is_not() -> None:
    page = templates().get_template("message.html").render(title="<b>", text="&")
    assert "<h1>&lt;b&gt;</h1>" in page
    assert "<p>&amp;</p>" in page
    record = {"incident": "i", "opened_at": "2026-11-21T09:00:00.000+00:00"}
    report = (
        templates()
        .get_template("report.txt")
        .render(
            service={"title": "<b>"},
            outcome="&",
            timeline=[],
            record=record,
            runbook={"title": "t"},
            occurrences=1,
            diagnosis=None,
        )
    )
    assert report.startswith("<b>: &")
