from typing import Any

import pytest
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.errors import NotFound, Refused
from functions.core.results import Change
from functions.fixes.attach_certificate import handler
from tests.functions.authority import HOST, Certificates
from tests.functions.conftest import Network, RunFix, RunUndo
from tests.functions.listener import Listener


@pytest.fixture
def certificates(operator: Session) -> Certificates:
    """ACM."""
    return Certificates(operator)


@pytest.fixture
def listener(operator: Session, network: Network, target_group: str, certificates: Certificates) -> Listener:
    """A listener with a certificate for another host."""
    return Listener(operator, network, target_group, certificates.add("www.maisonganopa.com"))


def attached(listener: Listener) -> list[Any]:
    """Look at the listener's default certificate as an operator would."""
    found = listener.elb.describe_listeners(LoadBalancerArn=listener.arn)["Listeners"][0]
    return [one["CertificateArn"] for one in found["Certificates"]]


def attach(run_fix: RunFix, listener: Listener, arn: str, port: int = 443) -> Change:
    return run_fix(handler, load_balancer=listener.arn, port=port, certificate=arn)


def test_attach_and_undo(run_fix: RunFix, run_undo: RunUndo, listener: Listener, certificates: Certificates) -> None:
    before, wanted = attached(listener), certificates.add(HOST)
    change = attach(run_fix, listener, wanted)
    assert change.before == {"certificate": before}
    assert change.after == {"certificate": [wanted]}
    assert attached(listener) == [wanted]
    again = attach(run_fix, listener, wanted)
    assert not again.changed
    assert again.before == change.after
    for _ in range(2):
        run_undo(handler, change.undo)
        assert attached(listener) == before


def test_rules_and_default_action_stay(run_fix: RunFix, listener: Listener, certificates: Certificates) -> None:
    listener.rule(10)
    before = listener.rules()
    attach(run_fix, listener, certificates.add(HOST))
    assert listener.rules() == before


def test_never_one_that_is_not_valid(run_fix: RunFix, listener: Listener, certificates: Certificates) -> None:
    before = attached(listener)
    for arn in (certificates.add(HOST, days=-1), certificates.request(), certificates.add(HOST, days=500)):
        with pytest.raises(Refused, match=f"{arn} is not issued, or not valid now"):
            attach(run_fix, listener, arn)
    assert attached(listener) == before


@pytest.mark.parametrize("arn", ["", HOST, "arn:aws:iam::123456789012:server-certificate/old", "arn:aws:acm:r:1:x"])
def test_only_certificates_of_acm(run_fix: RunFix, listener: Listener, arn: str) -> None:
    with pytest.raises(ValidationError, match="certificate"):
        attach(run_fix, listener, arn)


def test_no_such_listener(run_fix: RunFix, listener: Listener, certificates: Certificates) -> None:
    with pytest.raises(NotFound, match="on port 8443"):
        attach(run_fix, listener, certificates.add(HOST), port=8443)
