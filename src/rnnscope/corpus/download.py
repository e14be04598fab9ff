"""Download a file over HTTPS: in bounded memory, resumed after a broken connection, retried, checked.

A download that broke off stays beside the target under a fixed hidden name, with a note of the address and of
the resource's validator (ETag or Last-Modified). The next try, of this process or of a later one, asks with
`Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14) for the rest of that same resource only.

Common download libraries such as pooch start a broken download again from its first byte, and only check its digest at the
end. Archives of some hundred megabytes over a bad line need the resumption, and a wrong size is to stop a download early.
"""

import http.client
import json
import logging
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path

from rnnscope.corpus.https import BrokenConnectionError, check_url, open_url, said, watched
from rnnscope.corpus.spelling import without_password
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError
from rnnscope.progress import progress

TRIES = 5
FIRST_DELAY = 1.0  # seconds; doubled after every further try
BLOCK = 2**16
LARGEST = 4 * 2**30  # bytes of a file whose size is not known
SLOWEST, PATIENCE = 1000, 60.0  # bytes a second at least, over this many seconds
NUMBER = "([0-9]{1,18})"  # of bytes, in a header
TRANSIENT = {408, 416, 425, 429, 500, 502, 503, 504}

log = logging.getLogger(__name__)


@dataclass
class _Resource:
    """The resource of which a partial file is a part."""

    url: str
    validator: str
    total: int | None


def download(
    url: str, target: Path, expected_bytes: int | None = None, *, tries: int = TRIES, first_delay: float = FIRST_DELAY
) -> None:
    """Download a file, whole or not at all.

    Parameters
    ----------
    url
        An address that `check_url` allows.
    target
        The file to write.
    expected_bytes
        Its size, if known.
    tries
        Requests at most.
    first_delay
        Seconds before the second request, doubled before each further one.

    Raises
    ------
    UnavailableError
        If no request succeeds, with the last reason.
    InputError
        If the size is not the expected one.
    """
    check_url(url)
    partial = target.with_name(f".{target.name.lstrip('.')}.download")
    note = partial.with_name(f"{partial.name}.json")
    _drop_useless(partial, note)  # of a process that was killed
    for attempt in range(1, tries + 1):
        try:
            _try_once(url, partial, note, expected_bytes)
            break
        except BrokenConnectionError as error:
            if attempt == tries:
                raise UnavailableError(f"{error} ({tries} tries)") from None
            delay = first_delay * 2 ** (attempt - 1)
            log.info("%s: %s; try %d of %d in %g s", without_password(url), error, attempt + 1, tries, delay)
            time.sleep(delay)
        except InputError:
            _forget(partial, note)
            raise
    partial.replace(target)
    note.unlink(missing_ok=True)


def _try_once(url: str, partial: Path, note: Path, expected_bytes: int | None) -> None:
    """Make one request: complete `partial`, or raise BrokenConnectionError and leave in it what arrived."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "rnnscope"})
    known = _read_note(note, url)
    done = partial.stat().st_size if known and partial.exists() else 0
    if known and done:
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", known.validator)
    sockets: list[socket.socket] = []
    try:
        response = open_url(request, sockets)
    except urllib.error.HTTPError as error:
        error.close()
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
            raise BrokenConnectionError(f"HTTP {response.status} does not continue the file at byte {done}")
        if total is not None:
            _check_size(total, expected_bytes)
            _check_limit(total, expected_bytes)
        try:
            _receive(response, sockets, url, partial, done, total, expected_bytes)
        except BaseException:
            _drop_useless(partial, note)
            raise


def _failure(error: urllib.error.HTTPError) -> Exception:
    """Return the error for an answer that is no success: temporary, or a source that is not available."""
    reason = f"HTTP {error.code} {said(error.reason)}"
    return BrokenConnectionError(reason) if error.code in TRANSIENT else UnavailableError(reason)


def _start_again(partial: Path, note: Path, url: str, headers: Message) -> None:
    """Empty the partial file; note what it will be a part of, where the server names a validator."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(b"")  # emptied before the note changes, so that the note never describes other bytes
    validator = _validator(headers)
    if validator:
        note.write_text(json.dumps(asdict(_Resource(url, validator, _content_length(headers)))))  # if cut off, it counts as none
    else:
        note.unlink(missing_ok=True)


def _receive(
    response: http.client.HTTPResponse,
    sockets: list[socket.socket],
    url: str,
    partial: Path,
    done: int,
    total: int | None,
    expected_bytes: int | None,
) -> None:
    """Append the body to `partial`. A server that named no length may not send more than `expected_bytes`, or `LARGEST`."""
    size = total or expected_bytes
    before = done

    def moves() -> bool:
        nonlocal before
        arrived, before = done - before, done
        return arrived >= SLOWEST * PATIENCE

    bar = progress(f"downloading {without_password(url)}", size, "B", done) if size else nullcontext(lambda amount: None)
    with bar as advance, partial.open("ab") as file, watched(sockets, PATIENCE, moves) as ended:
        while block := _read_block(response, ended):
            file.write(block)
            advance(len(block))
            done += len(block)
            if expected_bytes is not None and done > expected_bytes:
                _check_size(done, expected_bytes)
            _check_limit(done, expected_bytes)
    if total is not None and done != total:
        raise BrokenConnectionError(f"the connection ended after {done:,} of {total:,} bytes")


def _read_block(response: http.client.HTTPResponse, ended: threading.Event) -> bytes:
    """Read the next bytes of the body; empty at its end, unless the connection was ended because it hardly moved."""
    slow = BrokenConnectionError(f"fewer than {SLOWEST:,} bytes a second arrived")
    try:
        block = response.read1(BLOCK)  # what has arrived; `read` would wait for a whole block
    except (OSError, ValueError, http.client.HTTPException) as error:
        if ended.is_set():
            raise slow from None
        raise BrokenConnectionError(f"the connection broke: {said(error)}" if str(error) else "the connection broke") from None
    if not block and ended.is_set():
        raise slow
    return block


def _validator(headers: Message) -> str | None:
    """Return what `If-Range` may name: a strong ETag, else the date of the last change."""
    tag = headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")


def _is_same(known: _Resource, headers: Message) -> bool:
    """Return whether an answer may be about the known resource: it does not contradict it."""
    return _validator(headers) in (None, known.validator)


def _continues(known: _Resource, done: int, headers: Message) -> bool:
    """Return whether a 206 answer is the rest of the known resource, from byte `done` to its end."""
    found = re.fullmatch(rf"bytes {NUMBER}-{NUMBER}/{NUMBER}", headers.get("Content-Range", ""))
    if found is None or not _is_same(known, headers):
        return False
    start, last, total = (int(number) for number in found.groups())
    return start == done and last == total - 1 and known.total in (None, total)


def _content_length(headers: Message) -> int | None:
    """Return the length of the body, if the server names it: where it comes in chunks, they alone say it."""
    if "Transfer-Encoding" in headers:
        return None
    lengths = {length.strip() for length in headers.get_all("Content-Length", [])}
    if not lengths:
        return None
    if len(lengths) > 1 or not re.fullmatch(NUMBER, next(iter(lengths))):
        found = said(", ".join(sorted(lengths)))
        raise UnavailableError(f"the server sent the length {found!r}, expected one number of up to 18 digits")
    return int(lengths.pop())


def _check_size(found: int, expected: int | None) -> None:
    """Raise InputError when the size is not the expected one."""
    if expected is not None and found != expected:
        raise InputError(f"bytes: found {found}, expected {expected}")


def _check_limit(found: int, expected: int | None) -> None:
    """Raise InputError when a file of unknown size is too large: no text is, and a body without end would fill the disk."""
    if expected is None and found > LARGEST:
        raise InputError(f"bytes: found {found:,} or more, expected at most {LARGEST:,} where the size is not declared")


def _read_note(note: Path, url: str) -> _Resource | None:
    """Return the note beside a partial file; None when there is none, or it is unreadable or about another address."""
    try:
        known = _Resource(**json.loads(note.read_text()))
        known.validator.encode("iso-8859-1")  # as it was in a header
    except (FileNotFoundError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return known if known.url == url and known.validator.isprintable() else None


def _drop_useless(partial: Path, note: Path) -> None:
    """Remove a partial file without a note: no try can resume from it."""
    if not note.exists():
        partial.unlink(missing_ok=True)


def _forget(partial: Path, note: Path) -> None:
    """Remove a partial file and its note."""
    partial.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
