"""The incident table: records, questions and their answers, changes, timeline, and the lock of a target.

One DynamoDB table, keys `incident` and `item`:

| incident               | item               | holds                                                        |
|------------------------|--------------------|--------------------------------------------------------------|
| id (execution name)    | record             | service, runbook, trigger, diagnosis, outcome                |
| id                     | approval#ROUND     | plan, digest, evidence, who is asked, who decided, when, how |
| id                     | change#ROUND#STEP  | what a fix changed and what its undo needs                   |
| id                     | event#TIME         | one line of the timeline                                     |
| id                     | occurrences        | how many events it was about, and the last one               |
| link#SHA-256           | link               | incident, round, level, approver; never the link itself      |
| target#SERVICE         | lock               | the incident that may change the service now, until when     |
| target#SERVICE         | repair#INCIDENT    | when an incident repaired the service                        |
| target#SERVICE         | trouble#DIGEST     | the incident that is about this change or manual cause       |
| target#SERVICE/RUNBOOK | incident           | the incident that works on this runbook now, since when      |
| unstarted#DATE         | event#TIME#DIGEST  | an event that started nothing, and why; kept for a month     |
"""

import os
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, Protocol

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Everything = dict[str, dict[str, Any]]  # all items of one incident, by name

KEEP_DAYS = 400
NOTES = count()
RECORD, TRIGGER = "record", "trigger"


class Conflict(Exception):
    """The item is not in the state that the write asked for; somebody else was first.

    `found` is the item that was to be created and is there already; empty where another write was refused.
    """

    def __init__(self, what: str, found: dict[str, Any] | None = None) -> None:
        """Keep what is there."""
        super().__init__(what)
        self.found = found or {}


class Clients(Protocol):
    """Whatever hands out boto3 clients."""

    def client(self, service_name: Literal["dynamodb"], /) -> "DynamoDBClient":
        """Return the client of DynamoDB."""


class Incidents:
    """Reads and writes the incident table.

    Items are plain dictionaries of strings, whole numbers, booleans, lists and dictionaries.
    """

    def __init__(self, aws: Clients, table: str | None = None) -> None:
        """Use a table; in a function the one named by the environment variable INCIDENTS_TABLE."""
        self.table = table or os.environ["INCIDENTS_TABLE"]
        self.dynamodb: DynamoDBClient = aws.client("dynamodb")

    def get(self, incident: str, item: str = RECORD) -> dict[str, Any] | None:
        """Read one item, consistently; None when there is none."""
        answer = self.dynamodb.get_item(TableName=self.table, Key=_key(incident, item), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def history(self, incident: str, items: str) -> list[dict[str, Any]]:
        """Read the items of an incident whose names start alike, in the order of their names."""
        return self._query(
            KeyConditionExpression="incident = :incident AND begins_with(#item, :items)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=_marshalled({":incident": incident, ":items": items}),
        )

    def everything(self, incident: str) -> Everything:
        """Read all about an incident in one query: who, what, when, why, on which evidence, with which effect."""
        found = self._query(
            KeyConditionExpression="incident = :incident",
            ExpressionAttributeValues=_marshalled({":incident": incident}),
        )
        return {item["item"]: item for item in found}

    def _query(self, **condition: Any) -> list[dict[str, Any]]:
        query = self.dynamodb.get_paginator("query")
        pages = query.paginate(TableName=self.table, ConsistentRead=True, **condition)
        return [_plain(item) for page in pages for item in page["Items"]]

    def timeline(self, incident: str) -> list[dict[str, Any]]:
        """Read what happened, line by line: `at` and `text`."""
        return self.history(incident, "event#")

    def create(self, incident: str, item: str, values: dict[str, Any]) -> None:
        """Write a new item that expires with the incident's record.

        Raises:
            Conflict: when there is one already, which it tells.
        """
        values = {"incident": incident, "item": item, "expires": int(time.time()) + KEEP_DAYS * 86_400} | values
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item=_marshalled(values),
                ConditionExpression="attribute_not_exists(incident)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            told: Mapping[str, object] = error.response
            raise Conflict(f"{incident} {item}", _plain(told["Item"])) from error

    def update(self, incident: str, item: str, values: dict[str, Any], **expected: Any) -> None:
        """Set some attributes, where the item still has the expected ones.

        Raises:
            Conflict: when it does not.
        """
        names = {f"#{name}": name for name in values.keys() | expected.keys()}
        settings = {f":{name}": value for name, value in values.items()}
        conditions = {f":is_{name}": value for name, value in expected.items()}
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(incident, item),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression=" AND ".join(
                    ["attribute_exists(incident)", *(f"#{name} = :is_{name}" for name in expected)]
                ),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_marshalled(settings | conditions),
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise Conflict(f"{incident} {item}") from error

    def tally(self, incident: str, item: str, once: str, values: dict[str, Any]) -> bool:
        """Count something, once however often it is told, and set some attributes; makes the item where there is none.

        Returns:
            Whether it was new.
        """
        values = {"expires": int(time.time()) + KEEP_DAYS * 86_400} | values
        settings = {f":{name}": value for name, value in values.items()}
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(incident, item),
                UpdateExpression="ADD #count :one, #told :told SET "
                + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression="NOT contains(#told, :once)",
                ExpressionAttributeNames={f"#{name}": name for name in ("count", "told", *values)},
                ExpressionAttributeValues=_marshalled(settings | {":one": 1, ":told": {once}, ":once": once}),
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def delete(self, incident: str, item: str, **expected: Any) -> None:
        """Delete an item, where it still has the expected attributes.

        Raises:
            Conflict: when it does not.
        """
        try:
            self.dynamodb.delete_item(
                TableName=self.table,
                Key=_key(incident, item),
                ConditionExpression=" AND ".join(f"#{name} = :{name}" for name in expected),
                ExpressionAttributeNames={f"#{name}": name for name in expected},
                ExpressionAttributeValues=_marshalled({f":{name}": value for name, value in expected.items()}),
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise Conflict(f"{incident} {item}") from error

    def closed(self) -> list[dict[str, Any]]:
        """List the records of all closed incidents, whichever they are, by reading the whole table."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table,
            FilterExpression="#item = :record AND #state = :closed",
            ExpressionAttributeNames={"#item": "item", "#state": "state"},
            ExpressionAttributeValues=_marshalled({":record": RECORD, ":closed": "closed"}),
        )
        return [_plain(item) for page in pages for item in page["Items"]]

    def note(self, incident: str, text: str, **values: str) -> None:
        """Add a line to the incident's timeline, with what it says in words that do not depend on the language."""
        moment = now()
        name = f"event#{moment}#{next(NOTES):06}{uuid.uuid4().hex[:8]}"  # what one function says at once stays in order
        self.create(incident, name, {"at": moment, "text": text, **values})


def now() -> str:
    """Return the time as the record writes it: UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@cache
def _serializer() -> TypeSerializer:
    return TypeSerializer()


def _marshalled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _serializer().serialize(value) for name, value in values.items()}


def _key(incident: str, item: str) -> dict[str, Any]:
    return _marshalled({"incident": incident, "item": item})


def _plain(item: Any) -> dict[str, Any]:
    return {name: _whole(TypeDeserializer().deserialize(value)) for name, value in item.items()}


def _whole(value: Any) -> Any:
    """Turn DynamoDB's decimals, which are always whole here, into integers."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if hasattr(value, "as_tuple") else value
