"""Requests over HTTPS alone, to an address and to every address that it redirects to."""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from rnnscope.corpus.spelling import LENGTH, without_password
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError, shortened

TIMEOUT = 30.0  # seconds without a byte
ANSWER_TIMEOUT = 120.0  # seconds until the body begins, with all redirections
MESSAGE_LENGTH = 120  # characters of what a server said


class BrokenConnectionError(Exception):
    """A try failed for a reason that may be temporary."""


def check_url(url: str) -> None:
    """Raise InputError unless `url` is an HTTPS address, or an HTTP address of this very machine."""
    try:
        if re.fullmatch(r"[!-~]+", url):
            parts = urlsplit(url)
            secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
            if secure and parts.hostname and parts.username is None and parts.port != 0:
                return
    except ValueError:
        pass  # a malformed host or port: reported in the same words
    found = shortened(without_password(url, is_address=True), LENGTH)
    raise InputError(
        f"url: found {found!r}, expected https://... without a password (http:// only for this machine's own address)"
    )


def open_url(request: urllib.request.Request, sockets: list[socket.socket]) -> http.client.HTTPResponse:
    """Send a request.

    Parameters
    ----------
    request
        To an address that `check_url` allows.
    sockets
        To which those of all its connections are added.

    Returns
    -------
    http.client.HTTPResponse
        Whose body is not yet read.

    Raises
    ------
    urllib.error.HTTPError
        If the server answers with an error.
    BrokenConnectionError
        If no server answers, or no answer ends within `ANSWER_TIMEOUT`.
    UnavailableError
        If the server's certificate is refused, if it redirects to another address than `check_url` allows, or if it encodes
        the content.
    """
    handlers = [_CheckedRedirects(), *_handlers(sockets)]
    if _is_loopback(urlsplit(request.full_url).hostname):
        handlers.append(urllib.request.ProxyHandler({}))  # a proxy would look for the server on its own machine
    try:
        with watched(sockets, ANSWER_TIMEOUT):
            response: http.client.HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise UnavailableError(f"certificate refused: {said(reason.verify_message)}") from None
        raise BrokenConnectionError(f"no answer: {said(reason) or type(reason).__name__}") from None
    try:
        _check_encodings(response, urlsplit(request.full_url).path)
    except UnavailableError:
        response.close()
        raise
    return response


def _check_encodings(response: http.client.HTTPResponse, path: str) -> None:
    """Raise UnavailableError unless the bytes that arrive are those of the file at `path`."""
    content = _words(response.headers, "Content-Encoding")
    # Many servers call a file packed by gzip encoded by gzip, and send it as it is.
    packed = path.endswith((".gz", ".tgz")) and content in (["gzip"], ["x-gzip"])
    if content and not packed:
        raise UnavailableError(f"the server encoded the content as {said(', '.join(content))!r}, expected it as it is")
    transfer = _words(response.headers, "Transfer-Encoding")
    # http.client undoes no other encoding, and this one only in its plainest spelling.
    if transfer != (["chunked"] if response.chunked else []):
        raise UnavailableError(f"the server sent the content as {said(', '.join(transfer))!r}, expected it as it is or chunked")


def _words(headers: http.client.HTTPMessage, name: str) -> list[str]:
    """Return the encodings that all headers of a name list, without those that mean none."""
    words = [word.strip().lower() for header in headers.get_all(name, []) for word in header.split(",")]
    return [word for word in words if word not in ("", "identity")]


def said(message: object) -> str:
    """Return the beginning of what a server said, on one line and without passwords."""
    return without_password(" ".join(str(message).split()))[:MESSAGE_LENGTH]


@contextmanager
def watched(sockets: list[socket.socket], seconds: float, moves: Callable[[], bool] = lambda: False) -> Iterator[threading.Event]:
    """End connections whose server sends without end, a byte now and then: no time limit of a socket notices that.

    Parameters
    ----------
    sockets
        Of the connections; it may grow.
    seconds
        After which, and after each further which, `moves` is asked.
    moves
        Whether the connections may go on; called in a thread of its own.

    Yields
    ------
    threading.Event
        Set when the connections are ended.
    """
    over, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            if not moves():
                break
        while not over.is_set():
            ended.set()
            for connected in list(sockets):
                with suppress(OSError):
                    # Of the socket below TLS: an SSLSocket would first forget its keys while they are in use.
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)
            over.wait(1.0)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield ended
    finally:
        over.set()
        watcher.join()


def _handlers(sockets: list[socket.socket]) -> list[urllib.request.BaseHandler]:
    """Return what opens connections over HTTP and HTTPS, and adds their sockets to a list.

    After one to elsewhere, none is opened to this machine: names and spellings of addresses are many, where a connection ends is
    a fact.
    """
    own: list[bool] = []  # whether each connection ends at this machine

    class Checked(http.client.HTTPConnection):
        proxied = False

        def set_tunnel(self, host: str, port: int | None = None, headers: Mapping[str, str] | None = None) -> None:
            self.proxied = True  # the connection ends at a proxy, which may be here
            super().set_tunnel(host, port, headers)

        def connect(self) -> None:
            super().connect()
            own.append(not self.proxied and _is_own(self.sock))
            if own[-1] and not all(own):
                raise UnavailableError(f"redirected to {said(self.host)!r}, an address of this machine")

    class Http(Checked):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Https(http.client.HTTPSConnection, Checked):  # checked before TLS begins
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class HttpHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Http, req)

    class HttpsHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Https, req)

    return [HttpHandler(), HttpsHandler()]


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follow a redirection only to an address that would be accepted in the first place.

    Only this machine itself may redirect to this machine: an answer from elsewhere must not choose among its services.
    """

    def redirect_request(  # type: ignore[no-untyped-def]  # the base class leaves `fp` untyped
        self, req: urllib.request.Request, fp, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # urllib would read the body of the redirection, however long it is
        shown = said(newurl)
        try:
            check_url(newurl)
        except InputError:
            raise UnavailableError(f"redirected to {shown!r}, which is not an HTTPS address") from None
        if _is_loopback(urlsplit(newurl).hostname) and not _is_loopback(urlsplit(req.full_url).hostname):
            raise UnavailableError(f"redirected to {shown!r}, an address of this machine")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_own(connected: socket.socket) -> bool:
    """Return whether a connection ends at this machine."""
    peer, here = connected.getpeername()[0], connected.getsockname()[0]
    return peer == here or _is_loopback(peer)


def _is_loopback(host: str | None) -> bool:
    """Return whether a host is written as this very machine, in any of the spellings that connections understand."""
    name = unquote(host or "").rstrip(".")
    if name == "localhost":
        return True
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(name))  # such as 127.1 and 2130706433
        except (OSError, ValueError):
            return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
