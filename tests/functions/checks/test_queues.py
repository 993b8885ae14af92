import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.checks.queues import handler
from functions.core import queues, reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import ACCOUNT, RunCheck

FINE = {"dead-letters": False, "no-redrive": False, "none": False}
VIDEO, DEAD = "huntaze-video", "huntaze-video-dlq"
EMPTY, SOME = {queues.WAITING: "0", queues.IN_FLIGHT: "0"}, {queues.WAITING: "1", queues.IN_FLIGHT: "0"}


def redrive(target: str) -> dict[str, str]:
    """Let a queue give up its messages to another."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{target}"
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})}


class World:
    """A region's queues."""

    def __init__(self, operator: Session) -> None:
        self.sqs: Any = operator.client("sqs")

    def add(self, name: str, messages: int = 0, to: str = "") -> str:
        """Add a queue with messages, that gives up to another; return its address."""
        url: str = self.sqs.create_queue(QueueName=name, Attributes=redrive(to) if to else {})["QueueUrl"]
        for number in range(messages):
            self.sqs.send_message(QueueUrl=url, MessageBody=str(number))
        return url


@pytest.fixture
def world(operator: Session) -> World:
    """SQS, without a queue."""
    return World(operator)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


def test_healthy(run_check: RunCheck, world: World) -> None:
    world.add(DEAD)
    world.add(VIDEO, messages=3, to=DEAD)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "queues: 2; dead-letter queues with messages: 0; queues without one: 0"
    assert finding.facts == {"count": 2, "ids": [DEAD, VIDEO]}
    assert finding.evidence == []


def test_a_dead_letter_waits(run_check: RunCheck, world: World) -> None:
    world.add(DEAD, messages=2)
    world.add(VIDEO, to=DEAD)
    finding = look(run_check)
    assert finding.signals == FINE | {"dead-letters": True}
    assert finding.evidence == [f"{DEAD}: ApproximateNumberOfMessages 2, ApproximateNumberOfMessagesNotVisible 0"]
    assert finding.summary == "queues: 2; dead-letter queues with messages: 1; queues without one: 0"


def test_a_queue_of_this_automation_is_none_of_the_service(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-dead-letters", messages=1)
    assert look(run_check, own="huntaze-dead-letters").signals == FINE | {"none": True}
    world.add(VIDEO, to="huntaze-dead-letters")
    finding = look(run_check, own="huntaze-dead-letters")
    assert (finding.signals, finding.facts["ids"]) == (FINE, [VIDEO])
    assert look(run_check).signals == FINE | {"dead-letters": True}


def test_a_dead_letter_that_somebody_reads_is_there_all_the_same(run_check: RunCheck, world: World) -> None:
    url = world.add(DEAD, messages=1)
    world.add(VIDEO, to=DEAD)
    world.sqs.receive_message(QueueUrl=url)
    finding = look(run_check)
    assert finding.signals == FINE | {"dead-letters": True}
    assert finding.evidence == [f"{DEAD}: ApproximateNumberOfMessages 0, ApproximateNumberOfMessagesNotVisible 1"]


def test_one_has_no_redrive(run_check: RunCheck, world: World) -> None:
    world.add(DEAD)
    world.add(VIDEO, to=DEAD)
    world.add("huntaze-mail", messages=5)
    finding = look(run_check)
    assert finding.signals == FINE | {"no-redrive": True}
    assert finding.evidence == ["huntaze-mail: no RedrivePolicy"]


def test_a_redrive_that_was_taken_away_is_none(run_check: RunCheck, aws: Session) -> None:
    with answering(aws, "sqs", REGION, _telling({VIDEO: EMPTY | {"RedrivePolicy": ""}})):
        assert look(run_check).signals == FINE | {"no-redrive": True}


def test_of_queues_without_the_word_only_the_dead_letter_queues_of_others_count(
    run_check: RunCheck, world: World
) -> None:
    world.add("failed", messages=1)
    world.add("other-failed", messages=1)
    world.add("other", to="other-failed")
    assert look(run_check).signals == FINE | {"none": True}
    world.add(VIDEO, to="failed")
    finding = look(run_check)
    assert finding.signals == FINE | {"dead-letters": True}
    assert finding.facts["ids"] == [VIDEO, "failed"]


def test_any_queue_may_name_a_dead_letter_queue(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-failed", messages=1)
    assert look(run_check).signals == FINE | {"no-redrive": True}
    world.add("video", to="huntaze-failed")
    assert look(run_check).signals == FINE | {"dead-letters": True}


@pytest.mark.parametrize("name", ["huntaze-cron-dlq", "huntaze-DLQ.fifo", "HuntazeDeadLetters", "huntaze-dead-letter"])
@pytest.mark.parametrize("messages", [0, 1])
def test_what_only_its_name_calls_a_dead_letter_queue_is_unknown(
    run_check: RunCheck, world: World, name: str, messages: int
) -> None:
    # EventBridge, SNS and Lambda have dead-letter queues too, of which SQS knows nothing
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if name.endswith(".fifo") else {}
    url = world.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    group = {"MessageGroupId": "1"} if fifo else {}
    for _ in range(messages):
        world.sqs.send_message(QueueUrl=url, MessageBody="lost", **group)
    finding = look(run_check, named="untaze")
    assert finding.signals == FINE | {"no-redrive": None} | ({"dead-letters": None} if messages else {})
    assert finding.evidence[0].startswith(f"unknown: {name}: ")


@pytest.mark.parametrize(
    ("told", "unknown"),
    [
        ({}, {"dead-letters"}),
        ({queues.WAITING: "0"}, {"dead-letters"}),
        ({queues.IN_FLIGHT: "0"}, {"dead-letters"}),
    ],
)
def test_a_number_that_is_missing_is_unknown(
    run_check: RunCheck, aws: Session, told: dict[str, str], unknown: set[str]
) -> None:
    with answering(aws, "sqs", REGION, _telling({VIDEO: EMPTY | redrive(DEAD), DEAD: told})):
        finding = look(run_check)
    assert finding.signals == FINE | dict.fromkeys(unknown)
    assert finding.evidence[0].startswith(f"unknown: {DEAD}: ApproximateNumberOfMessages ")


def test_of_a_queue_of_which_nothing_is_told_nothing_is_known(run_check: RunCheck, aws: Session) -> None:
    with answering(aws, "sqs", REGION, _telling({VIDEO: {}, "huntaze-mail": SOME})):
        finding = look(run_check)
    assert finding.signals == {"dead-letters": None, "no-redrive": None, "none": False}
    assert finding.evidence[0].startswith(f"unknown: {VIDEO}: ")


def test_one_that_was_deleted_is_gone(run_check: RunCheck, world: World, aws: Session) -> None:
    world.add(DEAD)
    world.add(VIDEO, to=DEAD)
    client: Any = aws.client("sqs", REGION)

    def more(parsed: Answer, **_: Any) -> None:
        parsed["QueueUrls"].append(f"{parsed['QueueUrls'][0]}-deleted")

    client.meta.events.register("after-call.sqs.ListQueues", more)
    try:
        finding = look(run_check)
    finally:
        client.meta.events.unregister("after-call.sqs.ListQueues", more)
    assert (finding.signals, finding.facts["count"]) == (FINE, 2)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no queue in {REGION} whose name has huntaze in it"),
        ("", f"there is no queue in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, aws: Session, named: str, said: str) -> None:
    with answering(aws, "sqs", REGION, _telling({"other": SOME} if named else {})) as calls:
        finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == said
    assert [operation for operation, _ in calls] == ["ListQueues"]


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add(VIDEO)
    assert look(run_check).signals == FINE | {"no-redrive": True}
    assert look(run_check, region="us-east-2").signals == FINE | {"none": True}


def test_every_page_is_read(run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    world.add("a-failed")
    for number in range(5):
        world.add(f"huntaze-{number}", to="" if number == 4 else "a-failed")
    finding = look(run_check)
    assert finding.signals == FINE | {"no-redrive": True}
    assert finding.facts["count"] == 6


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    monkeypatch.setattr(reading, "SECONDS", 0)
    world.add(DEAD, messages=1)
    world.add(VIDEO, to=DEAD)
    world.add("huntaze-mail")
    finding = look(run_check)
    assert finding.signals == {"dead-letters": True, "no-redrive": None, "none": False}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named="mail").signals == dict.fromkeys(FINE)


def test_of_a_list_that_was_cut_nobody_knows_what_is_a_dead_letter_queue(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    world.add("huntaze-failed", messages=1)
    world.add("video", to="huntaze-failed")
    assert look(run_check).signals == {"dead-letters": None, "no-redrive": None, "none": False}


def test_those_with_the_word_are_asked_for_first(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a")
    world.add(DEAD, messages=1)
    world.add(VIDEO, to=DEAD)
    monkeypatch.setattr("functions.core.each.AT_ONCE", 2)
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert look(run_check).signals == {"dead-letters": True, "no-redrive": None, "none": False}


@pytest.mark.parametrize("denied", ["ListQueues", "GetQueueAttributes"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, aws: Session, denied: str) -> None:
    well, refused = _telling({VIDEO: EMPTY}), {"Code": "AccessDenied", "Message": f"not authorized: sqs:{denied}"}

    def told(operation: str, asked: Answer) -> Answer:
        return {"Error": refused} if operation == denied else well(operation, asked)

    with answering(aws, "sqs", REGION, told), pytest.raises(ClientError, match=f"not authorized: sqs:{denied}"):
        look(run_check)


def test_the_documents_own_attributes_are_none_of_sqs(aws: Session) -> None:
    known = aws.client("sqs", REGION).meta.service_model.shape_for("QueueAttributeName").enum  # type: ignore[attr-defined]
    assert not {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"} & set(known)
    assert {queues.WAITING, queues.IN_FLIGHT, queues.REDRIVE} <= set(known)


def _telling(known: dict[str, dict[str, str]]) -> Callable[[str, Answer], Answer]:
    """Answer for queues with these attributes, and leave out what is empty, as SQS does."""

    def told(operation: str, asked: Answer) -> Answer:
        if operation == "ListQueues":
            return {"QueueUrls": [f"https://sqs/{ACCOUNT}/{name}" for name in known]} if known else {}
        attributes = known[asked["QueueUrl"].rpartition("/")[2]]
        return {"Attributes": attributes} if attributes else {}

    return told
