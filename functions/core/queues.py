"""SQS queues of a region, and which of them are for the messages that others could not deliver."""

import json
import re
from typing import Any, Final

from functions.core.aws import Session
from functions.core.each import each
from functions.core.judged import Verdict
from functions.core.listed import Listed, listed
from functions.core.reading import over
from functions.core.regional import Named

PAGE = 1000  # the most that SQS gives at once, and without a size it gives no more than that, with no word of others
SHARE = 2  # of the time, for the list and for the queues' attributes
ANY = "arn:aws:sqs:*:{account}:*"  # the region is the check's parameter
NAME = "QueueName"
WAITING: Final = "ApproximateNumberOfMessages"
IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
REDRIVE: Final = "RedrivePolicy"
DEAD = re.compile(r"dlq|dead[-_]?letter", re.IGNORECASE)


def read(aws: Session, parameters: Named) -> Listed[Any]:
    """Read the queues whose name has the word, and those that they give up their messages to.

    Each is the attributes that SQS gives, with its name, and whether it is a dead-letter queue: `dead`. Any queue of
    the region may name it as its own, so all are read, those with the word first; unknown where some were not.
    """
    sqs = aws.client("sqs", parameters.region)

    def attributes(url: str) -> list[Any]:
        try:
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[WAITING, IN_FLIGHT, REDRIVE])
        except sqs.exceptions.QueueDoesNotExist:  # SQS lists a deleted one for a minute
            return []
        return [{NAME: _name(url), **told.get("Attributes", {})}]

    pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": PAGE})
    urls = listed(pages, lambda page: page.get("QueueUrls", []), SHARE)
    ours = {url for url in urls.found if parameters.named in _name(url)}
    asked = sorted(urls.found, key=lambda url: url not in ours) if ours else []
    answers = each(Listed(asked, urls.whole), attributes, over(SHARE))
    every = Listed([one for answer in answers.found for one in answer], answers.whole)
    return _meant(every, parameters.named)


def but(found: Listed[Any], own: str) -> Listed[Any]:
    """Leave out those whose names begin so; none where that is empty."""
    return found._replace(found=[one for one in found.found if not own or not one[NAME].startswith(own)])


def _meant(every: Listed[Any], word: str) -> Listed[Any]:
    """Choose those with the word and their dead-letter queues, and say of each whether it is one."""
    target = {one[NAME]: _target(one) for one in every.found}
    known = every.whole and all(WAITING in one for one in every.found)

    def dead(name: str) -> Verdict:
        # what its name alone tells may be so for a rule of EventBridge, a topic or a function, which SQS cannot tell
        return name in target.values() or (None if not known or DEAD.search(name) else False)

    meant = {name for one, other in target.items() if word in one for name in (one, other)}
    return Listed([one | {"dead": dead(one[NAME])} for one in every.found if one[NAME] in meant], every.whole)


def _target(queue: Any) -> str:
    """Name the queue that one gives up its messages to, which is of the same region and account; "" where none is."""
    return str(json.loads(queue.get(REDRIVE) or "{}").get("deadLetterTargetArn", "")).rpartition(":")[2]


def _name(url: str) -> str:
    return url.rpartition("/")[2]
