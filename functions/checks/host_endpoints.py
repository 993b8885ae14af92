"""Do a host's services answer, asked on the host itself?"""

from typing import Annotated

from pydantic import Field

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import HostEndpoint, StatusCodes, accepts
from functions.core.hosts import OnHost, host_check
from functions.core.language import marked, say
from functions.core.probes import answers
from functions.core.results import Finding
from functions.core.template import readable

SUMMARY = marked("{fine} of {asked} endpoints answer as they should; failing: {failing}; slow: {slow}")


class HostEndpoints(OnHost):
    """Ports with their paths, as "3000/health"; the statuses that are fine there.

    From how many seconds on an answer is slower than normal, and how many are too many.
    """

    endpoints: Annotated[list[HostEndpoint], Field(min_length=1, max_length=10)]
    accept: StatusCodes
    seconds: Annotated[float, Field(gt=0, le=7)]
    normal: Annotated[float, Field(gt=0, le=7)] = 2


@host_check(
    "look_endpoints",
    signals={
        "failing": "An endpoint does not answer as it should",
        "unreachable": "An endpoint gives no HTTP answer at all",
        "slow": "An endpoint takes too long to answer",
        "several": "Several endpoints do not answer as they should",
        "slower-than-normal": "An endpoint takes longer to answer than is normal",
    },
)
def handler(parameters: HostEndpoints, aws: Session) -> Finding:
    """What do the endpoints answer, and how fast? Source: Harena, Tests des endpoints; Métriques à surveiller."""
    asked = parameters.endpoints
    said = hosts.run(aws, parameters.instance, "look_endpoints", endpoints=",".join(asked))
    told = answers(said.output)
    fine = [one for one in told.values() if one.status and accepts(parameters.accept, one.status)]
    failing = [endpoint for endpoint in asked if endpoint in told and told[endpoint] not in fine]
    slow = [one.endpoint for one in told.values() if one.seconds > parameters.seconds]
    unasked = None if set(asked) - told.keys() else False
    words = {"failing": ", ".join(failing) or say("none"), "slow": ", ".join(slow) or say("none")}
    return Finding(
        summary=say(SUMMARY, fine=len(fine), asked=len(asked), **words),
        signals={
            "failing": bool(failing) or unasked,
            "unreachable": any(one.status is None for one in told.values()) or unasked,
            "slow": bool(slow) or unasked,
            "several": len(failing) > 1 or unasked,
            "slower-than-normal": any(one.seconds >= parameters.normal for one in told.values()) or unasked,
        },
        facts={
            "failing": failing,
            "slow": slow,
            "slowest": max((one.seconds for one in told.values()), default=None),
            "fine": len(fine),
            "asked": len(asked),
        },
        evidence=[f"{one.endpoint}: {readable(one.status)}, {one.seconds:.2f} s" for one in told.values()],
    )
