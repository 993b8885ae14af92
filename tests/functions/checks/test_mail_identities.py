from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.checks.mail_identities import handler
from functions.core import identities, reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.answering import Answer, Calls, answering
from tests.functions.conftest import RunCheck

US = "us-east-1"
OF = {"unverified": False, "no-dkim": False, "no-mail-from": False, "no-domain": False, "none": False}
DKIM = {"Status": "SUCCESS", "SigningEnabled": True}
MAIL_FROM = {"MailFromDomain": "mail.huntaze.com", "MailFromDomainStatus": "SUCCESS"}


class Ses:
    """Identities, of which SES tells so many a page; each with what is asked of it alone."""

    def __init__(self) -> None:
        self.listed: list[Answer] = []
        self.domains: dict[str, Answer] = {}
        self.most = 2
        self.calls: Calls = []

    def domain(self, name: str, status: str | None = "SUCCESS", **other: Any) -> None:
        """Add a domain."""
        self._add(name, "DOMAIN", status)
        self.domains[name] = {"DkimAttributes": DKIM, "MailFromAttributes": MAIL_FROM} | other

    def address(self, name: str, status: str | None = "SUCCESS", kind: str = "EMAIL_ADDRESS") -> None:
        """Add an address, of which nothing more may be asked."""
        self._add(name, kind, status)

    def told(self, operation: str, asked: Answer) -> Answer:
        """Answer as SES does."""
        if operation == "GetEmailIdentity":
            return self.domains[asked["EmailIdentity"]]
        start = int(asked.get("NextToken", 0))
        end = start + self.most
        more = {"NextToken": str(end)} if end < len(self.listed) else {}
        return {"EmailIdentities": self.listed[start:end], **more}

    def asked(self, operation: str) -> list[Answer]:
        """List the parameters of an operation's calls."""
        return [asked for name, asked in self.calls if name == operation]

    def _add(self, name: str, kind: str, status: str | None) -> None:
        given = {"VerificationStatus": status} if status else {}
        self.listed.append({"IdentityType": kind, "IdentityName": name, "SendingEnabled": True, **given})


@pytest.fixture
def ses(aws: Session) -> Iterator[Ses]:
    """SES, with no identity yet; of their states moto knows none."""
    ses = Ses()
    with answering(aws, "sesv2", US, ses.told) as ses.calls:
        yield ses


@pytest.fixture
def look(ses: Ses, run_check: RunCheck) -> Callable[[], Finding]:  # noqa: ARG001  it answers
    """Call the check."""
    return lambda: run_check(handler, region=US)


Look = Callable[[], Finding]


def test_all_in_order(ses: Ses, look: Look) -> None:
    ses.domain("huntaze.com")
    ses.address("no-reply@huntaze.com")
    finding = look()
    assert finding.signals == OF
    assert finding.summary == "SES in us-east-1: 2 identities, 0 not verified; 1 domains, 0 not in order"
    assert finding.facts == {"count": 2, "unverified": 0, "domains": 1, "whole": True}
    assert finding.evidence == []
    assert ses.asked("GetEmailIdentity") == [{"EmailIdentity": "huntaze.com"}]


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "NOT_STARTED"])
def test_unverified(ses: Ses, look: Look, status: str) -> None:
    ses.domain("huntaze.com")
    ses.address("ops@huntaze.com", status)
    finding = look()
    assert finding.signals == OF | {"unverified": True}
    assert finding.evidence == [f"ops@huntaze.com: VerificationStatus {status}"]


@pytest.mark.parametrize("status", ["TEMPORARY_FAILURE", None])
def test_what_ses_could_not_find_out_is_unknown(ses: Ses, look: Look, status: str | None) -> None:
    ses.domain("huntaze.com", status)
    ses.domain(
        "huntaze.app",
        DkimAttributes={"Status": status, "SigningEnabled": True},
        MailFromAttributes=MAIL_FROM | {"MailFromDomainStatus": status},
    )
    finding = look()
    assert finding.signals == OF | dict.fromkeys(["unverified", "no-dkim", "no-mail-from"])
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("dkim", "told"),
    [
        ({"Status": "PENDING", "SigningEnabled": True}, "PENDING, SigningEnabled True"),
        ({"Status": "NOT_STARTED", "SigningEnabled": False}, "NOT_STARTED, SigningEnabled False"),
        ({"Status": "SUCCESS", "SigningEnabled": False}, "SUCCESS, SigningEnabled False"),
    ],
)
def test_no_dkim(ses: Ses, look: Look, dkim: Answer, told: str) -> None:
    ses.domain("huntaze.com")
    ses.domain("huntaze.app", DkimAttributes=dkim)
    finding = look()
    assert finding.signals == OF | {"no-dkim": True}
    assert finding.evidence == [f"huntaze.app: DkimAttributes.Status {told}, MailFromDomainStatus SUCCESS"]


@pytest.mark.parametrize("told", [{"MailFromDomainStatus": "FAILED"}, {"MailFromDomainStatus": "PENDING"}, {}])
def test_no_mail_from(ses: Ses, look: Look, told: Answer) -> None:
    ses.domain("huntaze.com", MailFromAttributes={"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"} | told)
    finding = look()
    assert finding.signals == OF | {"no-mail-from": True}
    assert finding.evidence[0].endswith(f"MailFromDomainStatus {told.get('MailFromDomainStatus', 'NONE')}")


def test_no_identity_is_no_good_news(look: Look) -> None:
    assert look().signals == OF | {"none": True, "no-domain": True}


@pytest.mark.parametrize("kind", ["EMAIL_ADDRESS", "MANAGED_DOMAIN"])
def test_without_a_domain_there_is_nothing_to_sign(ses: Ses, look: Look, kind: str) -> None:
    ses.address("ops@huntaze.com", kind=kind)
    assert look().signals == OF | {"no-domain": True}
    assert ses.asked("GetEmailIdentity") == []


def test_all_pages_are_read(ses: Ses, look: Look) -> None:
    for number in range(5):
        ses.domain(f"{number}.huntaze.com")
    ses.address("last@huntaze.com", "FAILED")
    finding = look()
    assert finding.signals == OF | {"unverified": True}
    assert finding.facts == {"count": 6, "unverified": 1, "domains": 5, "whole": True}
    assert [asked["PageSize"] for asked in ses.asked("ListEmailIdentities")] == [identities.PAGE] * 3
    assert [asked.get("NextToken") for asked in ses.asked("ListEmailIdentities")] == [None, "2", "4"]


@pytest.mark.parametrize("most", [1, 9])  # the list is cut, or what is asked of each
def test_what_was_not_read_is_unknown(ses: Ses, look: Look, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    ses.domain("huntaze.com")
    ses.domain("huntaze.app")
    ses.most = most
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look()
    unknown = ["no-dkim", "no-mail-from"] + (["unverified"] if most == 1 else [])
    assert finding.signals == OF | dict.fromkeys(unknown)
    assert finding.summary.endswith("; there is more than could be read")
    assert len(ses.asked("GetEmailIdentity")) == 1
