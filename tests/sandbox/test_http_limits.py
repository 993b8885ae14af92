"""What is too large or no HTTP gets an answer, which the client can read, and never a traceback."""

import json
import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from sandbox.cloud import Sandbox

POST = b"POST /incidents/1 HTTP/1.1\r\nHost: h\r\n"
MEGABYTE = 1024 * 1024
HALF = b"600000\r\n" + b"x" * 6 * MEGABYTE + b"\r\n"
TWO_CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n" + HALF * 2


def address(sandbox: Sandbox) -> tuple[str, int]:
    """Return where the deployed API listens."""
    outputs = sandbox.client("cloudformation").describe_stacks(StackName="system")["Stacks"][0]["Outputs"]
    parts = urlsplit(outputs[0]["OutputValue"])
    return str(parts.hostname), int(parts.port or 0)


def send(sandbox: Sandbox, request: bytes) -> tuple[int, str]:
    """Send these bytes and nothing more; return the status and what follows the answer's head."""
    with socket.create_connection(address(sandbox), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def post(sandbox: Sandbox, body: bytes) -> tuple[int, str]:
    """Send a whole body of bytes, and only then read the answer."""
    connection = HTTPConnection(*address(sandbox), timeout=20)
    connection.request("POST", "/incidents/1", body, {"Content-Type": "application/octet-stream"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (POST + b"Content-Length: abc\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (POST + b"Content-Length: 5\r\n\r\nabc", 400),
        (POST + b"Content-Length: 10485761\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\ntrailer", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        pytest.param(TWO_CHUNKS, 413, id="two chunks"),
        pytest.param(POST + b"X: " + b"x" * 11_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(POST + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431, id="longer header"),
        pytest.param(
            POST + b"".join(b"X-%d: x\r\n" % number for number in range(200)) + b"\r\n", 431, id="many headers"
        ),
        pytest.param(b"GET /" + b"x" * 11_000 + b" HTTP/1.1\r\n\r\n", 414, id="long path"),
        pytest.param(b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, id="longer path"),
        (b"BREW /incidents/1 HTTP/1.1\r\n\r\n", 404),
        (b"TRACE /incidents/1 HTTP/1.1\r\n\r\n", 404),
        (b"\x16\x03\x01\x02 \x00\x01\r\n\r\n", 400),
    ],
)
def test_refused(sandbox: Sandbox, request_: bytes, status: int, capfd: pytest.CaptureFixture[str]) -> None:
    got, body = send(sandbox, request_)
    assert got == status
    assert set(json.loads(body)) == {"message"}
    assert "Traceback" not in capfd.readouterr().err


def test_chunked_body_arrives_whole(sandbox: Sandbox) -> None:
    text = b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    status, body = send(sandbox, POST + text + b"3\r\nabc\r\n2;a=b\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
    assert (status, json.loads(body)["body"]) == (201, "abcde")


@pytest.mark.parametrize("path", ["/incidents/1", "/other", pytest.param("/" + "x" * 11_000, id="long")])
def test_head_has_no_body(sandbox: Sandbox, path: str) -> None:
    assert send(sandbox, f"HEAD {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())[1] == ""


def test_body_over_ten_megabytes_is_answered(sandbox: Sandbox) -> None:
    refused = (413, '{"message": "Request Entity Too Large"}')
    assert post(sandbox, b"x" * (10 * MEGABYTE + 1)) == refused
    assert post(sandbox, b"x" * (40 * MEGABYTE)) == refused


def test_body_that_is_too_large_for_a_function_in_base64_does_not_reach_it(sandbox: Sandbox) -> None:
    assert post(sandbox, b"x" * (4 * MEGABYTE))[0] == 201
    before = len(sandbox.logs("page"))
    assert post(sandbox, b"x" * (5 * MEGABYTE)) == (413, '{"message": "Request Entity Too Large"}')
    assert len(sandbox.logs("page")) == before
