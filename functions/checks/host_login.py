"""Can a user log in, tried on the host itself?"""

from typing import Annotated

from pydantic import Field

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import HostEndpoint, SecretName, StatusCodes, accepts
from functions.core.hosts import OnHost, host_check
from functions.core.language import say
from functions.core.probes import answers
from functions.core.results import Finding
from functions.core.template import readable


class HostLogin(OnHost):
    """Port and path that take the form, the name of the secret that the host reads, and what is fine there."""

    endpoint: HostEndpoint
    secret: SecretName
    accept: StatusCodes
    seconds: Annotated[float, Field(gt=0, le=7)]


@host_check(
    "look_login",
    signals={
        "login-fails": "A known user cannot log in",
        "login-unreachable": "The log-in gives no HTTP answer at all",
        "login-slow": "The log-in takes too long",
    },
)
def handler(parameters: HostLogin, aws: Session) -> Finding:
    """Does the log-in work? Source: Harena, Test complet d'authentification.

    The host reads the credentials itself, by its own role: they pass through no finding, command or log.
    """
    endpoint = parameters.endpoint
    said = hosts.run(aws, parameters.instance, "look_login", endpoint=endpoint, secret=parameters.secret)
    answer = answers(said.output)[""]
    fine = answer.status is not None and accepts(parameters.accept, answer.status)
    facts = {"status": answer.status, "seconds": answer.seconds}
    return Finding(
        summary=say(
            "the log-in at {endpoint} answers {status} after {seconds} s",
            endpoint=endpoint,
            status=readable(answer.status),
            seconds=answer.seconds,
        ),
        signals={
            "login-fails": not fine,
            "login-unreachable": answer.status is None,
            "login-slow": answer.seconds > parameters.seconds,
        },
        facts=facts,
    )
