"""What the functions of system.yaml do: an event's "do" names it."""

import base64
import datetime
import json
import os
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

Event = dict[str, Any]
print("loaded")


def handler(event: Event, context: Any) -> Any:
    """Do what the event says; without a "do", answer with the event."""
    print(json.dumps(event))
    return DO[event["do"]](event) if "do" in event else {"event": event, "name": context.function_name}


def dispatch(event: Event, _: Any) -> None:
    """Start the state machine with a name made of the alarm's and the event's."""
    print(json.dumps(event))
    name = f"{event['detail']['alarmName']}-{event['id']}"
    arn = os.environ["MACHINE"]
    boto3.client("stepfunctions").start_execution(stateMachineArn=arn, name=name, input=json.dumps(event))


def page(event: Event, _: Any) -> Event:
    """Answer a request with the event that it became."""
    print(event["routeKey"], len(event.get("body", "")))
    if event["rawPath"].endswith("/fail"):
        raise ValueError("boom")
    if event["rawPath"].endswith("/odd"):
        return dict(json.loads(event["queryStringParameters"]["answer"]))
    body = json.dumps(event)
    return {"statusCode": 201, "headers": {"content-type": "application/json"}, "cookies": ["a=1", "b=2"], "body": body}


def fail(event: Event) -> None:
    """Raise an exception."""
    raise ValueError(event.get("text", "boom"))


def keep_token(event: Event) -> None:
    """Store a task token, and go on for some seconds."""
    item = {"id": {"S": event["id"]}, "token": {"S": event["token"]}}
    twice = Config(retries={"mode": "standard", "total_max_attempts": 2})
    boto3.client("dynamodb", config=twice).put_item(TableName=os.environ["TABLE"], Item=item)
    time.sleep(event.get("seconds", 0))


def encrypt(event: Event) -> str:
    """Encrypt a text with a context."""
    context = {"EncryptionContext": event["context"]}
    made = boto3.client("kms").encrypt(KeyId="alias/tokens", Plaintext=event["text"].encode(), **context)
    return base64.b64encode(made["CiphertextBlob"]).decode()


def decrypt(event: Event) -> str:
    """Decrypt what `encrypt` returned."""
    blob = base64.b64decode(event["blob"])
    made = boto3.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=event["context"])
    return str(made["Plaintext"].decode())


DO: dict[str, Callable[[Event], Any]] = {
    "fail": fail,
    "keep_token": keep_token,
    "encrypt": encrypt,
    "decrypt": decrypt,
    "clock": lambda _: [time.time(), datetime.datetime.now(datetime.UTC).timestamp()],
    "sleep": lambda event: time.sleep(event["seconds"]),
    "leave": lambda _: os._exit(3),
    "big": lambda event: "x" * event["bytes"],
    "environment": lambda _: dict(os.environ),
    "process": lambda _: os.getpid(),
    "list_clusters": lambda _: boto3.client("ecs").list_clusters()["clusterArns"],
    "update_service": lambda _: boto3.client("ecs").update_service(cluster="main", service="web", desiredCount=0),
}
