"""A real HTTP server on this machine that misbehaves on demand."""

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "MisbehavingServer"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True

    def do_GET(self) -> None:
        server = self.server
        server.requests.append((self.path, self.headers.get("Range"), self.headers.get("If-Range")))
        act = server.script.pop(0) if server.script else "serve"
        word, _, argument = act.partition(" ")
        self.close_connection = True
        if word == "status":
            self.send_response(int(argument))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif word == "redirect":
            self.send_response(302)
            self.send_header("Location", argument)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif word in ("headers", "partial"):  # the very headers of `argument`
            status = "200 OK" if word == "headers" else "206 Partial Content"
            self.wfile.write(f"HTTP/1.1 {status}\r\n{argument}\r\n\r\n".encode() + server.content)
        elif word == "garbage":
            self.wfile.write(b"\x1b[2J" + b"no status\t" * 5000 + b"\r\n\r\n")
        elif word == "continue":
            self.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif word == "endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.repeat(bytes(2**16))
        elif word == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.repeat(b".", 0.01)
        elif word == "endless-chunks":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + argument.encode())
            self.repeat(b"0" if not argument else b"X: y\r\n", 0.01)
        elif word == "endless-redirect":
            self.wfile.write(f"HTTP/1.1 302 Found\r\nLocation: {argument}\r\n\r\n".encode())
            self.repeat(bytes(2**16))
        elif word == "hang-up":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.serve(word, int(argument or 0))

    def repeat(self, block: bytes, seconds: float = 0.0) -> None:
        """Send a block again and again until the other side goes away."""
        with contextlib.suppress(OSError):
            while not self.server.released.wait(seconds):
                self.wfile.write(block)

    def serve(self, act: str, count: int) -> None:
        """The content; after `count` bytes of the body the connection ends, is reset, or stalls."""
        server = self.server
        body = server.content
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = server.etag is None or act == "ignore-if-range" or self.headers.get("If-Range") == server.etag
        if wanted and same and act not in ("ignore-range", "truncate-ignore-range"):
            start = int(wanted[1])
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                body = b""
            else:
                self.send_response(206)
                claimed = start + 1 if act == "shifted-range" else start
                self.send_header("Content-Range", f"bytes {claimed}-{len(body) - 1}/{len(body)}")
                body = body[start:]
        else:
            self.send_response(200)
        if act != "no-length":
            self.send_header("Content-Length", str(len(body)))
        if server.etag is not None:
            self.send_header("ETag", server.etag)
        if server.last_modified is not None:
            self.send_header("Last-Modified", server.last_modified)
        self.end_headers()
        if act in ("truncate", "truncate-ignore-range", "reset", "stall"):
            body = body[:count]
        self.wfile.write(body)
        self.wfile.flush()
        if act == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif act == "stall":
            server.stalled.set()
            server.released.wait(30)


class MisbehavingServer(ThreadingHTTPServer):
    daemon_threads = True
    content = b""
    etag: str | None = '"one"'
    last_modified: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[str] = []
        self.requests: list[tuple[str, str | None, str | None]] = []
        self.stalled, self.released = threading.Event(), threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/text"

    @property
    def ranges(self) -> list[str | None]:
        return [wanted for _, wanted, _ in self.requests]


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.released.set()
        served.shutdown()
        thread.join()
