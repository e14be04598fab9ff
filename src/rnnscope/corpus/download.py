"""Download a file over HTTPS: in bounded memory, continued after a broken connection, retried, checked.

A download that broke off stays beside the target under a fixed hidden name, with a note of the address and of
the resource's validator (ETag or Last-Modified). The next try, of this process or of a later one, asks with
`Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14) for the rest of that same resource only.
"""

import http.client
import ipaddress
import json
import logging
import re
import ssl
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError
from rnnscope.progress import progress

TRIES = 5
FIRST_DELAY = 1.0  # seconds; doubled after every further try
TIMEOUT = 30.0  # seconds without a byte
BLOCK = 2**16
TRANSIENT = {408, 416, 425, 429, 500, 502, 503, 504}

log = logging.getLogger(__name__)


class _BrokenError(Exception):
    """A try failed in a way that may pass."""


@dataclass
class _Resource:
    """What a partial file is a part of."""

    url: str
    validator: str
    total: int | None


def check_url(url: str) -> None:
    """Raise InputError unless `url` is an HTTPS address, or an HTTP address of this very machine."""
    try:
        if re.fullmatch(r"[!-~]+", url):
            parts = urlsplit(url)
            secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
            if secure and parts.hostname and parts.username is None and parts.port != 0:
                return
    except ValueError:
        pass  # a malformed host or port: told in the same words
    raise InputError(f"url: found {url!r}, expected https://... (http:// only for this machine's own address)")


def download(
    url: str, target: Path, expected_bytes: int | None = None, *, tries: int = TRIES, first_delay: float = FIRST_DELAY
) -> None:
    """Download `url` to `target`, which appears whole or not at all.

    At most `tries` requests are made, with pauses of `first_delay` seconds, doubled each time. Raises UnavailableError
    with the last reason when none of them succeeds, and InputError when the size is not `expected_bytes`.
    """
    check_url(url)
    partial = target.with_name(f".{target.name.lstrip('.')}.download")
    note = partial.with_name(f"{partial.name}.json")
    for number in range(1, tries + 1):
        try:
            _try_once(url, partial, note, expected_bytes)
            break
        except _BrokenError as error:
            if number == tries:
                raise UnavailableError(f"{error} ({tries} tries)") from None
            delay = first_delay * 2 ** (number - 1)
            log.info("%s: %s; try %d of %d in %g s", url, error, number + 1, tries, delay)
            time.sleep(delay)
        except InputError:
            _forget(partial, note)
            raise
    partial.replace(target)
    note.unlink(missing_ok=True)


def _try_once(url: str, partial: Path, note: Path, expected_bytes: int | None) -> None:
    """One request: leaves `partial` complete, or raises _BrokenError with as much in it as arrived."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "rnnscope"})
    known = _read_note(note, url)
    done = partial.stat().st_size if known and partial.exists() else 0
    if known and done:
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", known.validator)
    try:
        response = _open(request)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and known and done == known.total and _is_same(known, error.headers):
                return  # nothing was missing: an earlier process stopped just before it renamed the file
            if error.code == 416:
                _forget(partial, note)
            raise _failure(error) from None
    with response:
        if response.status == 206 and known and _continues(known, done, response.headers):
            total = known.total
        elif response.status == 200:
            done, total = 0, _content_length(response.headers)
            _start_again(partial, note, url, response.headers)
        else:
            _forget(partial, note)
            raise _BrokenError(f"HTTP {response.status} does not continue the file at byte {done}")
        if total is not None:
            _check_size(total, expected_bytes)
        _receive(response, url, partial, done, total, expected_bytes)


def _failure(error: urllib.error.HTTPError) -> Exception:
    """What an answer that is no success means: one that may pass, or a source that does not answer."""
    reason = f"HTTP {error.code} {' '.join(str(error.reason).split())}"
    return _BrokenError(reason) if error.code in TRANSIENT else UnavailableError(reason)


def _start_again(partial: Path, note: Path, url: str, headers: Message) -> None:
    """Empty the partial file; note what it will be a part of, where the server tells a validator."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(b"")  # emptied before the note changes, so that the note never describes other bytes
    validator = _validator(headers)
    if validator:
        note.write_text(json.dumps(asdict(_Resource(url, validator, _content_length(headers)))))  # if cut off, it counts as none
    else:
        note.unlink(missing_ok=True)


def _receive(
    response: http.client.HTTPResponse, url: str, partial: Path, done: int, total: int | None, expected_bytes: int | None
) -> None:
    """Append the body to `partial`. A server that told no length may not send more than `expected_bytes`."""
    size = total or expected_bytes
    bar = progress(f"downloading {url}", size, "B", done) if size else nullcontext(lambda amount: None)
    with bar as advance, partial.open("ab") as file:
        while block := _read_block(response):
            file.write(block)
            advance(len(block))
            done += len(block)
            if expected_bytes is not None and done > expected_bytes:
                _check_size(done, expected_bytes)
    if total is not None and done != total:
        raise _BrokenError(f"the connection ended after {done:,} of {total:,} bytes")


def _open(request: urllib.request.Request) -> http.client.HTTPResponse:
    """Send the request. Raises HTTPError for an answer that is no success, _BrokenError for no answer."""
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
        raise _BrokenError(f"no answer: {reason!s}" if str(reason) else f"no answer: {type(reason).__name__}") from None
    return response


def _read_block(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(f"the connection broke: {error!s}" if str(error) else "the connection broke") from None


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
    if host is None:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _validator(headers: Message) -> str | None:
    """What `If-Range` may name: a strong ETag, else the date of the last change."""
    tag = headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")


def _is_same(known: _Resource, headers: Message) -> bool:
    """Whether an answer does not contradict that it is about the known resource."""
    return _validator(headers) in (None, known.validator)


def _continues(known: _Resource, done: int, headers: Message) -> bool:
    """Whether a 206 answer is the rest of the known resource, from byte `done` to its end."""
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", headers.get("Content-Range", ""))
    if found is None or not _is_same(known, headers):
        return False
    start, last, total = (int(number) for number in found.groups())
    return start == done and last == total - 1 and known.total in (None, total)


def _content_length(headers: Message) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _check_size(found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise InputError(f"bytes: found {found}, expected {expected}")


def _read_note(note: Path, url: str) -> _Resource | None:
    """The note beside a partial file; None when there is none, or it is unreadable or about another address."""
    try:
        known = _Resource(**json.loads(note.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return known if known.url == url else None


def _forget(partial: Path, note: Path) -> None:
    partial.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
