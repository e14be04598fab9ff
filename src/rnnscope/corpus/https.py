"""Requests over HTTPS alone, to an address and to every address that it redirects to."""

import http.client
import ipaddress
import re
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError

TIMEOUT = 30.0  # seconds without a byte


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
    raise InputError(f"url: found {url!r}, expected https://... (http:// only for this machine's own address)")


def open_url(request: urllib.request.Request) -> http.client.HTTPResponse:
    """Send a request.

    Raises
    ------
    urllib.error.HTTPError
        If the server answers with an error.
    BrokenConnectionError
        If no server answers.
    UnavailableError
        If the server's certificate is refused, or if it redirects to another address than `check_url` allows.
    """
    handlers: list[urllib.request.BaseHandler] = [_CheckedRedirects()]
    if _is_loopback(urlsplit(request.full_url).hostname):
        handlers.append(urllib.request.ProxyHandler({}))  # a proxy would look for the server on its own machine
    try:
        response: http.client.HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError:
        raise
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise UnavailableError(f"certificate refused: {reason.verify_message}") from None
        raise BrokenConnectionError(f"no answer: {reason!s}" if str(reason) else f"no answer: {type(reason).__name__}") from None
    return response


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follow a redirection only to an address that would be accepted in the first place."""

    def redirect_request(  # type: ignore[no-untyped-def]  # the base class leaves `fp` untyped
        self, req: urllib.request.Request, fp, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_url(newurl)
        except InputError:
            fp.close()
            raise UnavailableError(f"redirected to {newurl!r}, which is not an HTTPS address") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_loopback(host: str | None) -> bool:
    """Return whether a host is this very machine."""
    if host is None:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
