"""A session of boto3 whose answers come from files that the AWS CLI was told to save, and never from AWS.

How the files are called: see cli/saved_commands.py. They may be whole answers, or what the queries of the document that
asks for them have made of these (cli/saved_commands.yaml); what such a query has left out is unknown, never fine.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import DataNotFoundError
from botocore.handlers import json_decode_policies
from botocore.model import OperationModel
from botocore.session import Session as Botocore

from cli.saved_answers import Answer, Asker, Question, answer
from cli.saved_commands import Command
from cli.saved_files import Folder, Refused
from cli.unusable import NotReadable, NotReading, NotSaved, NotTold, NotUsable
from functions.core.aws import Session
from functions.core.language import say

__all__ = ["NotReadable", "NotReading", "NotSaved", "NotTold", "NotUsable", "SavedSession"]

READING = ("Describe", "Get", "List")
RENAMED = {"AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist"}  # as AWS has both, and the CLI prints one
REGION = "us-east-1"  # of the clients that have none of their own: IAM's, CloudFront's
NOBODY = {"aws_access_key_id": "saved", "aws_secret_access_key": "saved"}


class _Http(NamedTuple):
    status_code: int


class SavedSession(Session):
    """Answers from a folder. Several checks may ask at once."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            NotReadable: when there is no such folder.
        """
        # whoever asks may have a profile or settings for AWS that do not work
        alone = Botocore(session_vars={"profile": (None, None, None, None), "config_file": (None, None, "", None)})
        boto3.Session.__init__(self, botocore_session=alone, region_name=REGION, **NOBODY)
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._folder, self._making = Folder(folder), Lock()
        self.saved_at: datetime | None = self._folder.saved_at
        self._asker: ContextVar[Asker] = ContextVar("asker")
        self.events.unregister("after-call.iam", json_decode_policies)  # the CLI has done so
        self.events.register_first("provide-client-params", self._keep)
        self.events.register_last("before-call", self._answer)  # type: ignore[arg-type]  # may return

    def client(self, service_name: str, region_name: str | None = None) -> Any:  # type: ignore[override]
        """Return the client of a service; boto3 can make but one at a time."""
        with self._making:
            return super().client(service_name, region_name)  # type: ignore[call-overload]

    @contextmanager
    def looking(self, check: str, parameters: Mapping[str, Any]) -> Iterator[None]:
        """Within the block it is a check that asks, with these parameters.

        Raises:
            NotTold: when a field that the check needs is in no file.
        """
        before = self._asker.set(Asker(check, str(parameters.get("named", ""))))
        try:
            yield
        except KeyError as error:
            raise NotTold(say("{field} is missing from the saved answers", field=error.args[0])) from error
        finally:
            self._asker.reset(before)

    def _keep(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: OperationModel, context: Mapping[str, Any], **_: Any) -> tuple[_Http, Answer]:
        """Answer instead of AWS.

        Raises:
            NotUsable: when there is no answer.
        """
        if not model.name.startswith(READING):
            raise NotReading(say("{operation} would change something, or is no question", operation=model.name))
        command = Command(model, context["asked"], context["client_region"])
        asked = Question(command, model, self._pages(model), self._asker.get(Asker()))
        try:
            return _Http(200), answer(asked, self._folder.parts(command))
        except Refused as refused:
            error = {"Code": refused.code, "Message": str(refused), "QueryErrorCode": RENAMED.get(refused.code)}
            return _Http(400), {"Error": error}

    def _pages(self, model: OperationModel) -> Mapping[str, Any]:
        """Tell how botocore reads page after page; nothing where it does not know."""
        try:
            pages = self._session.get_paginator_model(model.service_model.service_name)
            found: Mapping[str, Any] = pages.get_paginator(model.name)
        except (ValueError, DataNotFoundError):
            return {}
        return found
