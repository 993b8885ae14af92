"""Do messages wait that nobody could deliver, and are those of every queue kept?"""

from typing import Any

from functions.core import queues
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, Verdict, judged
from functions.core.language import marked, say
from functions.core.listed import proven
from functions.core.permissions import allow
from functions.core.queues import IN_FLIGHT, REDRIVE, WAITING
from functions.core.regional import Named
from functions.core.results import Finding
from functions.core.template import readable

NOTHING = marked("there is no queue in {region}")
NOT_NAMED = marked("there is no queue in {region} whose name has {named} in it")
TOLD = marked("queues: {count}; dead-letter queues with messages: {dead-letters}; queues without one: {no-redrive}")


class Queues(Named):
    """A region, a word in the names of its queues, and how those of this automation begin, which are not looked at."""

    own: str = ""


def _letters(queue: Any) -> Verdict:
    """Say whether it is a dead-letter queue with messages, be they with a reader just now."""
    counts = [queue.get(WAITING), queue.get(IN_FLIGHT)]
    both = queue["dead"], proven([None if one is None else int(one) > 0 for one in counts], whole=True)
    return False if False in both else None if None in both else True


def _unredriven(queue: Any) -> Verdict:
    """Say whether it keeps no messages that cannot be delivered, as a dead-letter queue need not."""
    if queue.get(REDRIVE) or queue["dead"]:
        return False
    return None if queue["dead"] is None else True


RULES = {
    "dead-letters": Rule(
        _letters, lambda one: ", ".join(f"{name} {readable(one.get(name))}" for name in (WAITING, IN_FLIGHT))
    ),
    "no-redrive": Rule(_unredriven, lambda _: say("no RedrivePolicy")),
}


@check(
    allow("sqs:ListQueues"),
    allow("sqs:GetQueueAttributes", on=queues.ANY),
    signals={
        "dead-letters": "Messages wait in a dead-letter queue",
        "no-redrive": "A queue that is no dead-letter queue has none",
        "none": "There is no queue here whose name has the word",
    },
)
def handler(parameters: Queues, aws: Session) -> Finding:
    """Do dead letters wait? Source: Huntaze, 4 "SQS DLQ (video processing)"; 5, EventBridge / SQS.

    The document asks SQS for ApproximateAgeOfOldestMessage and ApproximateNumberOfMessagesVisible, which are metrics
    of CloudWatch and no attributes of a queue: SQS answers InvalidAttributeName, so that the command always fails.
    """
    found = queues.but(queues.read(aws, parameters), parameters.own)
    nothing = say(NOT_NAMED if parameters.named else NOTHING, **parameters.model_dump())
    return judged(found, queues.NAME, RULES).finding(TOLD, nothing, found)
