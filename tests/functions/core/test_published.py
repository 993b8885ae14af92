import json
import re
from html.parser import HTMLParser
from typing import Any

import boto3
import pytest
from markdown_it import MarkdownIt
from moto import mock_aws

from functions.core import published
from functions.core.aws import Session
from functions.core.readiness import Change, JudgedRow, Reason, Report, Word
from tests.conftest import REGION

BUCKET = "audits"
HOSTILE = '<script>alert("1")</script> | *bold* [link](https://evil.example) `code`'


def reason(**given: Any) -> Reason:
    """Write a reason of a row."""
    known = {"signal": "databases.public", "region": "us-east-2", "told": "A database is public", "todo": "Close it."}
    return Reason.model_validate(known | {"answer": True, "evidence": ["db-1: PubliclyAccessible true"]} | given)


def report(**given: Any) -> Report:
    """Write a report of one row of each status."""
    fine = reason(signal="keys.old", region="", answer=False, told="Not so: A key is old", todo="")
    unknown = reason(answer=None, told="A database is old", evidence=["denied"], todo="Allow rds:DescribeDBInstances.")
    word = Word(
        name="restored", title="A restore was tried", standing="expired", told="attested by ines", evidence="wiki"
    )
    shared = {"means": "It matters.", "nothing": [], "words": []}
    rows = [
        JudgedRow(name="network", title="Network", status="NOK", reasons=[reason(), unknown], **shared),
        JudgedRow(
            name="restore",
            title="Restore",
            status="TODO",
            reasons=[],
            **shared | {"words": [word], "nothing": ["No database"]},
        ),
        JudgedRow(name="iam", title="IAM", status="OK", reasons=[fine], **shared),
    ]
    change = Change(
        row="network",
        title="Network",
        before="OK",
        after="NOK",
        appeared=["A database is public"],
        gone=["A port is open"],
        lost=["A queue is full"],
    )
    known = {
        "service": "huntaze",
        "name": "launch_readiness",
        "title": "Huntaze",
        "audit": "Ready to launch",
        "account": "123456789012",
        "regions": ["us-east-1", "us-east-2"],
        "at": "2026-11-22T06:00:00+00:00",
        "rows": [row.model_dump() for row in rows],
        "changes": [change.model_dump()],
        "seen": {"databases us-east-2": "one database"},
    }
    return Report.model_validate(known | given)


class Text(HTMLParser):
    """What a reader of a page sees, and every tag and address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.seen: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and where it leads."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.seen.append(data)

    @property
    def text(self) -> str:
        """Return the text in one line."""
        return " ".join(" ".join(self.seen).split())


@pytest.fixture(params=["html", "md"])
def text(request: pytest.FixtureRequest) -> str:
    """What a reader of each form sees, as text."""
    page = published.pages(report())[request.param]
    return Text(page if request.param == "html" else MarkdownIt().enable("table").render(page)).text


def test_each_form_says_all_of_it(text: str) -> None:
    for part in (
        "Huntaze: Ready to launch",
        "2026-11-22 06:00 UTC, account 123456789012, in us-east-1, us-east-2",
        "OK → NOK Network",
        "New: A database is public",
        "Not so any more: A port is open",
        "Unknown: A queue is full",
        "A database is public (us-east-2) db-1: PubliclyAccessible true What to do: Close it.",
        "Unknown: A database is old (us-east-2) denied What to do: Allow rds:DescribeDBInstances.",
        "Nothing to judge: No database",
        "A restore was tried",
        "attested by ines (wiki)",
        "attest it in the service's file: audit, attestations, restored.",
        "Not so: A key is old",
        "one database",
    ):
        assert part in re.sub(r" ([:.])", r"\1", text), part


@pytest.mark.parametrize(
    ("changes", "told"), [(None, "This is the first run."), ([], "What has changed since the last run Nothing.")]
)
def test_it_says_where_nothing_has_changed(changes: Any, told: str) -> None:
    pages = published.pages(report(changes=changes))
    assert told in Text(pages["html"]).text
    assert told in Text(MarkdownIt().render(pages["md"])).text


def test_what_comes_from_outside_is_text_in_every_form() -> None:
    rows = report().model_dump()["rows"]
    rows[0]["reasons"][0]["evidence"] = [HOSTILE]
    rows[1]["words"][0]["evidence"] = HOSTILE
    pages = published.pages(report(rows=rows, seen={"databases": HOSTILE}))
    for page in (pages["html"], MarkdownIt().enable("table").render(pages["md"])):
        shown = Text(page)
        assert shown.text.count(HOSTILE) == 3
        assert "script" not in shown.tags
        assert not [address for address in shown.addresses if "evil" in address]


def test_the_page_needs_nothing_else() -> None:
    shown = Text(published.pages(report())["html"])
    assert not shown.tags & {"script", "link", "img", "iframe", "form"}
    assert set(shown.addresses) == {"#network", "#restore", "#iam"}


def test_json_is_the_report() -> None:
    assert Report.model_validate_json(published.pages(report())["json"]) == report()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket that keeps versions."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        session = Session()
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield session


def test_each_run_is_a_version_and_the_last_one_is_read(aws: Session) -> None:
    assert published.last(aws, BUCKET, "launch") is None
    first = published.keep(aws, BUCKET, "launch", published.pages(report()))
    second = published.keep(aws, BUCKET, "launch", published.pages(report(at="2026-11-23T06:00:00+00:00")))
    assert set(first) == {"html", "md", "json"}
    assert not set(first.values()) & set(second.values())
    assert (published.last(aws, BUCKET, "launch") or {})["at"] == "2026-11-23T06:00:00+00:00"
    s3 = boto3.client("s3", region_name=REGION)
    old = s3.get_object(Bucket=BUCKET, Key="launch.json", VersionId=first["json"])
    assert json.loads(old["Body"].read())["at"] == "2026-11-22T06:00:00+00:00"
    assert s3.head_object(Bucket=BUCKET, Key="launch.html")["ContentType"] == "text/html; charset=utf-8"


def test_what_cannot_be_read_is_not_taken_for_the_first_run(aws: Session) -> None:
    with pytest.raises(Exception, match="NoSuchBucket"):
        published.last(aws, "another", "launch")


def test_the_link_names_the_version() -> None:
    assert published.link("us-east-1", "audits", "launch", "a/b") == (
        "https://us-east-1.console.aws.amazon.com/s3/object/audits?region=us-east-1&prefix=launch.html&versionId=a%2Fb"
    )
