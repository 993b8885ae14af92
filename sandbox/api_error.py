"""An API's error on the wire, in each of AWS's protocols."""

import json
import uuid
from xml.sax.saxutils import escape

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
