from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.checks.mail_account import handler
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.answering import answering
from tests.functions.conftest import RunCheck

US = "us-east-1"
QUOTA = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 12.0}
FINE = {"ProductionAccessEnabled": True, "SendingEnabled": True, "SendQuota": QUOTA, "EnforcementStatus": "HEALTHY"}
Look = Callable[..., Finding]


@pytest.fixture
def look(aws: Session, run_check: RunCheck) -> Look:
    """Call the check where SES, whose account moto does not know, says this."""

    def called(**account: Any) -> Finding:
        with answering(aws, "sesv2", US, lambda *_: account):
            return run_check(handler, region=US)

    return called


def test_mail_may_be_sent(look: Look) -> None:
    finding = look(**FINE)
    assert finding.signals == {"sandbox": False, "sending-off": False}
    assert finding.facts == {"production": True, "sending": True, "quota": 50000, "enforcement": "HEALTHY"}
    assert finding.summary == (
        "SES in us-east-1: ProductionAccessEnabled True, SendingEnabled True, 50000 messages in 24 hours"
    )
    assert finding.evidence == []


def test_the_sandbox(look: Look) -> None:
    finding = look(**FINE | {"ProductionAccessEnabled": False})
    assert finding.signals == {"sandbox": True, "sending-off": False}
    assert finding.evidence == ["us-east-1: ProductionAccessEnabled false"]


def test_sending_is_off(look: Look) -> None:
    finding = look(**FINE | {"SendingEnabled": False})
    assert finding.signals == {"sandbox": False, "sending-off": True}
    assert finding.evidence == ["us-east-1: SendingEnabled false"]


def test_what_ses_does_not_say_is_unknown(look: Look) -> None:
    finding = look()
    assert finding.signals == {"sandbox": None, "sending-off": None}
    assert "ProductionAccessEnabled unknown" in finding.summary
    assert finding.evidence == []


def test_who_may_not_ask_does_not_know(look: Look) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        look(Error={"Code": "AccessDeniedException", "Message": "not authorized to perform: ses:GetAccount"})
