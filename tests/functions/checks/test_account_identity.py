import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.checks.account_identity import handler
from functions.core.aws import Session
from tests.functions.answering import answering
from tests.functions.conftest import ACCOUNT, RunCheck

ARN = f"arn:aws:sts::{ACCOUNT}:user/moto"
SAID = {"UserId": "AKIAIOSFODNN7EXAMPLE", "Account": "210987654321", "Arn": "arn:aws:iam::210987654321:user/amel"}


@pytest.mark.usefixtures("aws")
def test_the_account_of_the_service(run_check: RunCheck) -> None:
    finding = run_check(handler, account=ACCOUNT)
    assert finding.signals == {"other-account": False}
    assert finding.facts == {"account": ACCOUNT, "arn": ARN}
    assert finding.summary == f"credentials of {ARN} in the account {ACCOUNT}; the service's account is {ACCOUNT}"
    assert finding.evidence == []


def test_another_account(run_check: RunCheck, aws: Session) -> None:
    with answering(aws, "sts", None, lambda *_: SAID):
        finding = run_check(handler, account=ACCOUNT)
    assert finding.signals == {"other-account": True}
    assert finding.facts == {"account": SAID["Account"], "arn": SAID["Arn"]}
    assert finding.evidence == [finding.summary]
    assert SAID["UserId"] not in finding.model_dump_json()


def test_what_sts_does_not_say_is_unknown(run_check: RunCheck, aws: Session) -> None:
    with answering(aws, "sts", None, lambda *_: {}):
        finding = run_check(handler, account=ACCOUNT)
    assert finding.signals == {"other-account": None}
    assert finding.summary.startswith("credentials of unknown in the account unknown;")
    assert finding.evidence == []


def test_credentials_that_are_not_valid_tell_nothing(run_check: RunCheck, aws: Session) -> None:
    refused = {"Error": {"Code": "InvalidClientTokenId", "Message": "The security token is invalid"}}
    with answering(aws, "sts", None, lambda *_: refused), pytest.raises(ClientError, match="InvalidClientTokenId"):
        run_check(handler, account=ACCOUNT)


@pytest.mark.parametrize("account", ["12345678901", "1234567890123", "vancelian"])
def test_an_account_has_twelve_digits(run_check: RunCheck, account: str) -> None:
    with pytest.raises(ValidationError, match="account"):
        run_check(handler, account=account)
