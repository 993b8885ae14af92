"""What does the bot answer a user of Telegram?"""

import time
from typing import Any

from functions.core.aws import Session
from functions.core.check import check
from functions.core.fetch import fetch_json
from functions.core.fields import HttpsAddress
from functions.core.language import say
from functions.core.results import Finding, Parameters

OK = range(200, 300)
NOBODY = {"id": 0, "is_bot": True, "first_name": "runbook-check"}  # no chat of Telegram has this id


class WebhookAnswer(Parameters):
    """The webhook's address, what to say there, and how an answer of the AI begins."""

    url: HttpsAddress
    text: str
    prefix: str


@check(
    signals={
        "echo": "The bot answers without the prefix that the AI's answers have",
        "no-answer": "The webhook does not take a message",
    }
)
def handler(parameters: WebhookAnswer, _aws: Session) -> Finding:
    """Does the AI answer a message? Source: ganopa-bot runbook 1, Validation 2.

    It posts an update to the webhook, as Telegram does, from a chat that cannot be: the bot handles it as any other and
    logs it, and what it may send there itself reaches nobody. Nothing is changed.
    """
    answer, told = fetch_json(parameters.url, _update(parameters.text))
    taken, text = answer.status in OK, told.get("text")
    if not taken or not isinstance(text, str):
        seen = answer.error if answer.status is None else say("status {status}", status=answer.status)
        return Finding(
            summary=say("{url} answers with no text: {seen}", url=parameters.url, seen=seen),
            signals={"no-answer": not taken},
            facts={"text": None},
            evidence=[answer.said],
        )
    return Finding(
        summary=say("asked {question}, the bot answers {text}", question=repr(parameters.text), text=repr(text)),
        signals={"no-answer": False, "echo": not text.lstrip().startswith(parameters.prefix)},
        facts={"text": text},
    )


def _update(text: str) -> dict[str, Any]:
    moment = int(time.time())
    chat = {"id": 0, "type": "private"}
    return {
        "update_id": moment,
        "message": {"message_id": moment, "date": moment, "from": NOBODY, "chat": chat, "text": text},
    }
