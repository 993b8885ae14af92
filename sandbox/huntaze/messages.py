"""A region's queues, each with one for what could not be delivered, and the rules that run jobs by the clock."""

from __future__ import annotations

import json
from typing import Any

from sandbox.huntaze.place import APP, ROUTER, Place
from sandbox.huntaze.undo import Undo

DEAD = "dlq"
RULES = ("expire", "activate")


def build(place: Place) -> None:
    """Make them."""
    sqs, events = place.aws("sqs"), place.aws("events")
    for name in (_jobs(place), _dead(place)):
        sqs.create_queue(QueueName=name)
    redrive = {"deadLetterTargetArn": place.arn("sqs", _dead(place)), "maxReceiveCount": "5"}
    url = sqs.get_queue_url(QueueName=_jobs(place))["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    for rule in _rules(place):
        events.put_rule(Name=rule, ScheduleExpression="rate(1 hour)", State="ENABLED")
        events.put_targets(Rule=rule, Targets=[{"Id": "jobs", "Arn": place.arn("sqs", _jobs(place))}])


def look(place: Place) -> Any:
    """Return what is to stay as it is: no letter is dead, every rule is on."""
    sqs, events = place.aws("sqs"), place.aws("events")
    url = sqs.get_queue_url(QueueName=_dead(place))["QueueUrl"]
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    return waiting, [events.describe_rule(Name=rule)["State"] for rule in _rules(place)]


def dead_letters(undo: Undo) -> None:
    """The worker has given a job up, which waits for somebody."""
    sqs = APP.aws("sqs")
    url = sqs.get_queue_url(QueueName=_dead(APP))["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody='{"video": 42}')
    undo.callback(_empty, url)


def _empty(url: str) -> None:
    """Delete every message; a queue may be purged once a minute only."""
    sqs = APP.aws("sqs")
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def disabled(undo: Undo) -> None:
    """Somebody has disabled a rule, and forgotten it."""
    which = {"Name": _rules(ROUTER)[0]}
    ROUTER.aws("events").disable_rule(**which)
    undo.callback(ROUTER.aws("events").enable_rule, **which)


def _jobs(place: Place) -> str:
    return f"{place.name}-jobs"


def _dead(place: Place) -> str:
    return f"{_jobs(place)}-{DEAD}"


def _rules(place: Place) -> list[str]:
    return [f"{place.name}-{rule}" for rule in RULES]
