"""SNS mails reach the mailbox of whom the filter policy names."""

import json

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Sandbox
from sandbox.mailbox import Mailbox
from tests.sandbox.support import get

TOPIC = "arn:aws:sns:me-central-1:123456789012:topic"


def publish(sandbox: Sandbox, approver: str | None = None, subject: str = "Please decide") -> None:
    """Publish a mail, addressed by its attribute."""
    attributes = {"approver": {"DataType": "String", "StringValue": approver}} if approver else {}
    body = "See https://example.com/i?a=1&b=2 <script>"
    sandbox.client("sns").publish(TopicArn=TOPIC, Subject=subject, Message=body, MessageAttributes=attributes)


def test_filter_policy_chooses_who_gets_it(sandbox: Sandbox) -> None:
    publish(sandbox, "amel@example.com", "For Amel")
    publish(sandbox, None, "For nobody in particular")
    got = {(mail.to, mail.subject) for mail in sandbox.mailbox.messages()}
    assert got == {
        ("amel@example.com", "For Amel"),
        ("operators@example.com", "For Amel"),
        ("operators@example.com", "For nobody in particular"),
    }


@pytest.mark.parametrize("subject", ["x" * 100, "é", "two\nlines", " leading"])
def test_subject_is_refused_as_aws_does(sandbox: Sandbox, subject: str) -> None:
    with pytest.raises(ClientError, match="Invalid parameter: Subject"):
        publish(sandbox, subject=subject)


def test_who_has_not_confirmed_is_listed_as_pending_and_gets_nothing(sandbox: Sandbox) -> None:
    listed = sandbox.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    arns = {one["Endpoint"]: one["SubscriptionArn"] for one in listed}
    assert arns.pop("late@example.com") == "PendingConfirmation"
    assert len(arns) == 3
    assert all(arn.startswith(f"{TOPIC}:") for arn in arns.values())
    publish(sandbox, subject="For everybody")
    assert "late@example.com" not in {mail.to for mail in sandbox.mailbox.messages()}
    sandbox.unconfirmed.discard("late@example.com")
    try:
        publish(sandbox, subject="For everybody")
        assert "late@example.com" in {mail.to for mail in sandbox.mailbox.messages()}
    finally:
        sandbox.unconfirmed.add("late@example.com")


def test_mailbox_is_a_page_and_json(sandbox: Sandbox) -> None:
    publish(sandbox, "karim@example.com", "Page")
    mail = sandbox.mailbox.wait_for(lambda mail: mail.subject == "Page" and mail.to.startswith("karim"), 5)
    html = get(sandbox.mailbox.address).decode()
    assert '<a href="https://example.com/i?a=1&amp;b=2"' in html
    assert "&lt;script&gt;" in html
    found = [one for one in json.loads(get(f"{sandbox.mailbox.address}/messages.json")) if one["id"] == mail.id]
    assert found[0] | {"time": "", "id": ""} == {
        "to": "karim@example.com",
        "subject": "Page",
        "body": "See https://example.com/i?a=1&b=2 <script>",
        "time": "",
        "id": "",
    }


def test_waiting_for_a_mail_that_never_comes_says_what_came() -> None:
    mailbox = Mailbox()
    mailbox.deliver("a@example.com", "Other", "")
    with pytest.raises(TimeoutError, match="Other"):
        mailbox.wait_for(lambda mail: mail.subject == "Mine", 0.05)
