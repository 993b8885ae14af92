"""An API's error on the wire, in each of AWS's protocols."""

import http
import json
import uuid
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError

from sandbox.api_call import ApiCall

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]

_XML = {
    "query": "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>{request}</RequestId></ErrorResponse>",
    "ec2": "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    "<RequestID>{request}</RequestID></Response>",
    "rest-xml": "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request}</RequestId></Error>",
}


def serialize(protocol: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and body of an error response."""
    request = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request, "x-amzn-ErrorType": code}
    if protocol in _XML:
        body = _XML[protocol].format(code=escape(code), message=escape(message), request=request)
        return {**headers, "Content-Type": "text/xml"}, body.encode()
    return {**headers, "Content-Type": "application/json"}, json.dumps({"__type": code, "message": message}).encode()


def error_answer(call: ApiCall, code: str, status: int, message: str) -> Answer:
    """Return the whole HTTP answer that refuses a call: its status line, headers and body."""
    headers, body = serialize(protocol(call), code, message)
    line = f"{status} {http.HTTPStatus(status).phrase.upper()}"
    return line, [*headers.items(), ("Content-Length", str(len(body)))], body


def protocol(call: ApiCall) -> str:
    """Return the protocol to answer in, also to a call that no service knows."""
    try:
        return call.protocol
    except (NotImplementedError, UnknownServiceError):
        return "json"
