"""Downloads from a real server that misbehaves: what arrives, what is asked for, what is left behind."""

import gzip
import io
import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rnnscope.corpus import https
from rnnscope.corpus.download import download
from rnnscope.corpus.https import _CheckedRedirects, check_url
from rnnscope.corpus.sources import parse_source
from rnnscope.corpus.unavailable import UnavailableError
from rnnscope.errors import InputError

CONTENT = random.Random(0).randbytes(500_001)
OTHER = random.Random(1).randbytes(500_001)


def fetch(server, target: Path, expected_bytes: int | None = None, tries: int = 4) -> None:
    download(server.url, target, expected_bytes, tries=tries, first_delay=0.01)


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_file_in_one_request(server, tmp_path):
    server.content = CONTENT
    fetch(server, tmp_path / "text.bin", len(CONTENT))
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None]
    assert hidden(tmp_path) == ["text.bin"]


def test_truncated_body_is_continued_from_its_end(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 123456", "truncate 100000"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=123456-", "bytes=223456-"]
    assert [validator for _, _, validator in server.requests] == [None, '"one"', '"one"']


def test_reset_connection_is_continued(server, tmp_path):
    server.content, server.script = CONTENT, ["reset 300000"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_later_process_continues_where_an_earlier_call_gave_up(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 200000", "status 503"]
    with pytest.raises(UnavailableError, match=r"HTTP 503 .*\(2 tries\)"):
        fetch(server, tmp_path / "text.bin", tries=2)
    assert hidden(tmp_path) == [".text.bin.download", ".text.bin.download.json"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-", "bytes=200000-"]
    assert hidden(tmp_path) == ["text.bin"]


def test_killed_process_is_continued(server, tmp_path):
    server.content, server.script = CONTENT, ["stall 300000"]
    code = "import pathlib, sys; from rnnscope.corpus import download as d; d.download(sys.argv[1], pathlib.Path(sys.argv[2]))"
    with subprocess.Popen([sys.executable, "-c", code, server.url, str(tmp_path / "text.bin")]) as process:
        assert server.stalled.wait(30)
        partial = tmp_path / ".text.bin.download"
        deadline = time.monotonic() + 30
        while not (partial.exists() and partial.stat().st_size >= 200_000) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "text.bin").exists()
    kept = partial.stat().st_size
    assert kept >= 200_000
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={kept}-"]


def test_complete_file_of_a_process_that_stopped_before_the_rename(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 500000"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin", tries=1)
    with (tmp_path / ".text.bin.download").open("ab") as file:
        file.write(CONTENT[500_000:])
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=500001-"]  # answered by 416: nothing is missing


def test_range_past_the_end_starts_again(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 400000"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin", tries=1)
    server.content = OTHER[:300_000]  # shorter, under the same validator: the server answers 416
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == OTHER[:300_000]
    assert server.ranges == [None, "bytes=400000-", None]


def test_server_that_ignores_range_is_read_from_the_start(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 200000", "ignore-range"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-"]


@pytest.mark.parametrize("second", ["serve", "ignore-if-range"])
def test_resource_that_changed_between_two_tries_is_not_mixed(server, tmp_path, second):
    server.content, server.script = CONTENT, ["truncate 200000"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin", tries=1)
    server.content, server.etag, server.script = OTHER, '"two"', [second]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == OTHER


def test_answer_to_another_range_is_not_appended(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 200000", "shifted-range"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-", None]


def test_last_modified_serves_where_the_etag_is_weak(server, tmp_path):
    server.content, server.script, server.etag = CONTENT, ["truncate 200000", "ignore-if-range"], 'W/"weak"'
    server.last_modified = "Sun, 01 Nov 2015 00:00:00 GMT"
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.requests[1][1:] == ("bytes=200000-", server.last_modified)


def test_without_a_validator_nothing_is_continued(server, tmp_path):
    server.content, server.script, server.etag = CONTENT, ["truncate 200000"], None
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, None]


@pytest.mark.parametrize(
    "failure",
    ["truncate 200000", "reset 200000", "headers Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno length\r\n"],
)
def test_without_a_validator_nothing_is_left_behind(server, tmp_path, failure):
    server.content, server.script, server.etag = CONTENT, [failure] * 2, None
    with pytest.raises(UnavailableError, match=r"\(2 tries\)"):
        fetch(server, tmp_path / "text.bin", tries=2)
    assert hidden(tmp_path) == []
    (tmp_path / ".text.bin.download").write_bytes(b"of a process that was killed")
    server.script = ["status 404"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin")
    assert hidden(tmp_path) == []


def test_note_of_an_earlier_resource_is_not_kept(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 200000"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin", tries=1)
    server.content, server.etag, server.script = OTHER, None, ["truncate-ignore-range 300000"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == OTHER
    assert server.ranges == [None, "bytes=200000-", None]


def test_partial_file_of_another_address_is_not_continued(server, tmp_path):
    server.content, server.script = CONTENT, ["truncate 200000"]
    with pytest.raises(UnavailableError):
        fetch(server, tmp_path / "text.bin", tries=1)
    download(f"{server.url}-else", tmp_path / "text.bin", tries=1)
    assert server.ranges == [None, None]


@pytest.mark.parametrize("failure", ["status 500", "status 429", "hang-up", "truncate-ignore-range 1000"])
def test_failure_that_may_pass_is_tried_again_up_to_the_limit(server, tmp_path, failure):
    server.content, server.script = CONTENT, [failure] * 9
    with pytest.raises(UnavailableError, match=r"\(3 tries\)"):
        fetch(server, tmp_path / "text.bin", tries=3)
    assert len(server.requests) == 3
    assert not (tmp_path / "text.bin").exists()
    server.script = [failure]
    fetch(server, tmp_path / "text.bin", tries=2)
    assert (tmp_path / "text.bin").read_bytes() == CONTENT


def test_pauses_double(server, tmp_path, monkeypatch):
    server.script = ["status 500"] * 4
    pauses = []
    monkeypatch.setattr("rnnscope.corpus.download.time.sleep", pauses.append)
    with pytest.raises(UnavailableError):
        download(server.url, tmp_path / "text.bin", tries=4, first_delay=0.05)
    assert pauses == [0.05, 0.1, 0.2]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusal_is_not_tried_again(server, tmp_path, status):
    server.script = [f"status {status}"] * 9
    with pytest.raises(UnavailableError, match=f"HTTP {status}"):
        fetch(server, tmp_path / "text.bin")
    assert len(server.requests) == 1
    assert hidden(tmp_path) == []


def test_redirection_is_followed_and_keeps_the_range(server, tmp_path):
    server.content, server.script = CONTENT, ["redirect /moved", "truncate 200000", "redirect /moved", "serve"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert [path for path, _, _ in server.requests] == ["/text", "/moved", "/text", "/moved"]
    assert server.ranges == [None, None, "bytes=200000-", "bytes=200000-"]


def test_endless_redirection_is_one_line(server, tmp_path):
    server.script = ["redirect /text"] * 50
    with pytest.raises(UnavailableError) as caught:
        fetch(server, tmp_path / "text.bin")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["http://example.org/text", "file:///etc/hostname", "ftp://127.0.0.1/text"])
def test_redirection_to_an_address_that_is_not_secure_is_refused(server, tmp_path, place):
    server.script = [f"redirect {place}"]
    with pytest.raises(UnavailableError, match=r"HTTPS|not allowed"):
        fetch(server, tmp_path / "text.bin")
    assert hidden(tmp_path) == []


def test_announced_size_that_was_not_expected_stops_before_the_body(server, tmp_path):
    server.content, server.script = CONTENT, ["stall 10"]
    with pytest.raises(InputError, match="bytes: found 500001, expected 7"):
        fetch(server, tmp_path / "text.bin", 7)
    assert len(server.requests) == 1
    assert hidden(tmp_path) == []


def test_body_without_a_length(server, tmp_path):
    server.content, server.script = CONTENT, ["no-length", "no-length"]
    fetch(server, tmp_path / "text.bin", len(CONTENT))
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    with pytest.raises(InputError, match=r"bytes: found [0-9]+, expected 70000"):
        fetch(server, tmp_path / "other.bin", 70_000)
    assert hidden(tmp_path) == ["text.bin"]


@pytest.mark.parametrize("validator", ["", "7", "[]", "null", '"\\u2603"', '"a\\nb"'])
def test_damaged_note_starts_again(server, tmp_path, validator):
    server.content = CONTENT
    (tmp_path / ".text.bin.download").write_bytes(b"something else")
    (tmp_path / ".text.bin.download.json").write_text(f'{{"url": "{server.url}", "total": 7, "validator": {validator}}}')
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None]


def test_unreachable_server_is_unavailable(tmp_path):
    with pytest.raises(UnavailableError, match=r"no answer: .*\(2 tries\)"):
        download("http://127.0.0.1:1/text", tmp_path / "text.bin", tries=2, first_delay=0.01)


def test_proxy_is_not_asked_for_this_machine(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    server.content = CONTENT
    fetch(server, tmp_path / "text.bin", tries=1)
    assert (tmp_path / "text.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/text",
        "http://localhost/text",
        "http://127.8.9.1:80/text",
        "http://[::1]:8000/text",
        "https://127.1/text",
    ],
)
def test_accepted_addresses(url):
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/text",
        "http://127.0.0.1@example.org/text",
        "http://127.0.0.1.example.org/text",
        "http://localhost.localdomain/text",
        "http://localhost%40example.org/text",
        "https://name:word@example.org/text",
        "ftp://example.org/text",
        "file:///etc/hostname",
        "/text",
        "https://",
        "https://example.org:port/text",
        "https://[::1/text",
        "https://example.org/a text",
        "https://example.org/é",
        "https://example.org/text\r\nX: y",
        "",
    ],
)
def test_refused_addresses(url, tmp_path):
    with pytest.raises(InputError) as caught:
        download(url, tmp_path / "text.bin")
    assert "expected https://" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_this_machine_redirects_to_this_machine():
    """An answer from elsewhere must not make the answer of a service of this machine the text."""
    redirects, body = _CheckedRedirects(), io.BytesIO()
    for target in (
        *("http://127.0.0.1:8080/secret", "http://localhost./secret", "https://[::1]/secret", "https://localhost/x"),
        *("https://127.1/x", "https://2130706433/x", "https://0x7f.1/x", "https://0177.0.0.1/x", "https://0.0.0.0/x"),
        *("https://[::]/x", "https://[::ffff:127.0.0.1]/x", "https://127.0.0.1./x", "https://%31%32%37.1/x", "https://0/x"),
    ):
        with pytest.raises(UnavailableError, match="an address of this machine"):
            redirects.redirect_request(urllib.request.Request("https://example.org/text"), body, 302, "Found", None, target)
    for source, target in (("https://example.org/a", "https://example.net/b"), ("http://127.0.0.1/a", "http://127.0.0.1/b")):
        request = redirects.redirect_request(urllib.request.Request(source), body, 302, "Found", {}, target)
        assert request.full_url == target


@pytest.mark.parametrize("host", ["localhost.localdomain", "some.name.example", "xn--name-example"])
def test_no_name_leads_from_elsewhere_to_this_machine(server, tmp_path, monkeypatch, host):
    """Where a connection ends counts, and that before anything is sent."""
    really, names = https._is_own, socket.getaddrinfo
    answers = [lambda _: False, really]  # the first connection counts as one to elsewhere
    monkeypatch.setattr(https, "_is_own", lambda connected: answers.pop(0)(connected))
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *more: names("127.0.0.1" if name == host else name, *more))
    server.script = [f"redirect https://{host}:{server.server_port}/text"]
    with pytest.raises(UnavailableError, match=f"^redirected to '{host}', an address of this machine$"):
        fetch(server, tmp_path / "text.bin")
    assert len(server.requests) == 1
    assert hidden(tmp_path) == []


def test_connections_to_every_address_of_this_machine_are_its_own():
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.3.2.1")):
        with socket.socket(family) as listening:
            listening.bind((address, 0))
            listening.listen()
            with socket.create_connection((address, listening.getsockname()[1])) as connected:
                assert https._is_own(connected)


def test_a_proxy_of_this_machine_leads_elsewhere(server, monkeypatch):
    """The connection ends at the proxy, whichever address is asked for; this one breaks it off where TLS would begin."""
    monkeypatch.setenv("no_proxy", "")
    answers = [lambda _: False, https._is_own]
    monkeypatch.setattr(https, "_is_own", lambda connected: answers.pop(0)(connected))
    proxy = urllib.request.ProxyHandler({"https": server.url.removesuffix("/text")})
    opener = urllib.request.build_opener(*https._handlers([]), proxy)
    opener.open(server.url, timeout=30).close()
    with pytest.raises(urllib.error.URLError, match=r"EOF|SSL|reset"):
        opener.open("https://example.org/text", timeout=30)


def test_a_body_without_end_stops_at_the_limit_and_leaves_nothing(server, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnscope.corpus.download.LARGEST", 1_000_000)
    server.script = ["endless"]
    with pytest.raises(InputError, match=r"bytes: found [0-9,]+ or more, expected at most 1,000,000"):
        fetch(server, tmp_path / "text.bin")
    assert hidden(tmp_path) == []
    server.content, server.script = bytes(1_000_001), []
    with pytest.raises(InputError, match="bytes: found 1,000,001 or more, expected at most 1,000,000"):
        fetch(server, tmp_path / "text.bin")
    assert hidden(tmp_path) == []
    fetch(server, tmp_path / "text.bin", 1_000_001)
    assert (tmp_path / "text.bin").stat().st_size == 1_000_001


@pytest.mark.parametrize("act", ["continue", "endless-redirect /text"])
def test_an_answer_without_end_is_given_up(server, tmp_path, monkeypatch, act):
    """Each of its lines comes in time; the body of a redirection is not read at all."""
    monkeypatch.setattr("rnnscope.corpus.https.ANSWER_TIMEOUT", 0.2)
    server.script = [act] * 50
    with pytest.raises(UnavailableError, match=r"no answer: .*\(2 tries\)|HTTP 302"):
        fetch(server, tmp_path / "text.bin", tries=2)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("act", ["drip", "endless-chunks", "endless-chunks 0\r\n"])
def test_a_body_that_hardly_moves_is_given_up(server, tmp_path, monkeypatch, act):
    """Also where one call for its next bytes would never return: in the length of a chunk, and in what follows the last."""
    monkeypatch.setattr("rnnscope.corpus.download.PATIENCE", 0.1)
    server.script = [act] * 2
    with pytest.raises(UnavailableError, match=r"fewer than 1,000 bytes a second arrived \(2 tries\)"):
        fetch(server, tmp_path / "text.bin", tries=2)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ("Content-Encoding: gzip", "encoded the content as 'gzip', expected it as it is"),
        ("Content-Encoding:\r\nContent-Encoding: gzip", "encoded the content as 'gzip'"),
        ("Content-Encoding: identity\r\ncontent-encoding: GZIP", "encoded the content as 'gzip'"),
        ("Content-Encoding: identity, br", "encoded the content as 'br'"),
        ("Content-Encoding: \x1b[2J" + "x" * 5000, r"encoded the content as '\\x1b\[2jx{1,120}', expected"),
        ("Transfer-Encoding: gzip", "sent the content as 'gzip', expected it as it is or chunked"),
        ("Transfer-Encoding: gzip, chunked", "sent the content as 'gzip, chunked'"),
        ("Transfer-Encoding:\r\nTransfer-Encoding: gzip", "sent the content as 'gzip'"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", "sent the content as 'chunked, gzip'"),
        ("Transfer-Encoding:\r\nTransfer-Encoding: chunked", "sent the content as 'chunked'"),
    ],
)
def test_encoded_content_is_not_taken_for_the_text(server, tmp_path, headers, found):
    server.content = gzip.compress(CONTENT)
    server.script = [f"headers {headers}"] * 2
    for name in ("", ".tar.gz") if headers.startswith("T") else ("",):
        with pytest.raises(UnavailableError, match=f"the server {found}"):
            download(f"{server.url}{name}", tmp_path / "text.bin", tries=1)
        assert hidden(tmp_path) == []


def test_what_is_not_encoded_is_the_text(server, tmp_path):
    packed = server.content = gzip.compress(CONTENT)
    length = f"Content-Length: {len(packed)}"
    server.script = [f"headers {length}\r\nContent-Encoding: x-gzip"]  # how some servers send packed files
    download(f"{server.url}.tar.gz", tmp_path / "text.tar.gz", tries=1)
    assert (tmp_path / "text.tar.gz").read_bytes() == packed
    server.script = [f"headers {length}\r\nContent-Encoding: identity\r\nContent-Encoding:\r\nTransfer-Encoding: identity"]
    fetch(server, tmp_path / "text.bin", tries=1)
    assert (tmp_path / "text.bin").read_bytes() == packed
    server.content, server.script = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n", ["headers Transfer-Encoding: Chunked"]
    fetch(server, tmp_path / "chunked.bin", tries=1)
    assert (tmp_path / "chunked.bin").read_bytes() == b"abcde"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ("Content-Length: " + "9" * 5000, "'9{120}'"),
        ("Content-Length: -3", "'-3'"),
        ("Content-Length: 1_000", "'1_000'"),
        ("Content-Length: many", "'many'"),
        ("Content-Length: 3\r\nContent-Length: 5", "'3, 5'"),
    ],
)
def test_a_length_that_is_no_number_is_one_line(server, tmp_path, headers, found):
    server.content, server.script = b"abcde", [f"headers {headers}"]
    with pytest.raises(UnavailableError, match=f"^the server sent the length {found}, expected one number of up to 18 digits$"):
        fetch(server, tmp_path / "text.bin")
    assert hidden(tmp_path) == []


def test_a_length_that_is_said_twice_or_beside_chunks(server, tmp_path):
    server.content, server.script = b"abcde", ["headers Content-Length: 5\r\nContent-Length: 5"]
    fetch(server, tmp_path / "text.bin", tries=1)
    server.content, server.script = b"3\r\nabc\r\n0\r\n\r\n", ["headers Transfer-Encoding: chunked\r\nContent-Length: 9"]
    fetch(server, tmp_path / "chunked.bin", tries=1)
    assert [(tmp_path / name).read_bytes() for name in ("text.bin", "chunked.bin")] == [b"abcde", b"abc"]


def test_a_range_of_very_long_numbers_starts_again(server, tmp_path):
    """Such a number is none: Python itself refuses to read it."""
    server.content, server.script = CONTENT, ["truncate 1000", f"partial Content-Range: bytes 1000-{'9' * 5000}/{'9' * 5001}"]
    fetch(server, tmp_path / "text.bin")
    assert (tmp_path / "text.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-", None]


def test_a_garbage_status_line_is_one_short_line(server, tmp_path):
    server.script = ["garbage"]
    with pytest.raises(UnavailableError) as error:
        fetch(server, tmp_path / "text.bin", tries=1)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


ADDRESSES = [
    "https://name:s3cret@example.org/text",
    "http://s3cret@127.0.0.1/text",
    "https://n:s3c/s3cret@example.org/",
    "x://s3cret@",
    "name:s3cret@example.org/text",
    "//name:s3cret@example.org/text",
    "https:///name:s3cret@example.org/text",
    "https://name:s3cret word@example.org/text",
    'https://name:s3cret"word@example.org/text',
    "https://name:word's3cret@example.org/text",
    "https://name:s3cret@word@example.org/text",
]


@pytest.mark.parametrize("url", [*ADDRESSES, "s3cret@example.org", "https:/name:s3cret@example.org", "https:name:s3cret@a.org"])
def test_a_password_is_not_printed(url, tmp_path):
    with pytest.raises(InputError) as error:
        download(url, tmp_path / "text.bin")
    assert "s3cret" not in str(error.value)
    spelled = json.dumps(url)
    texts = [f'{{"url": {spelled}}}', f'{{"url": {spelled}, "path": "x"}}', f'{{"url": {spelled}', f'{{"url": "{url}" x}}']
    for text in (*texts, f'{{"url": [{spelled}]}}', f'{{"archive": {{"url": {spelled}}}}}'):
        with pytest.raises(InputError) as error:
            parse_source(text)
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("url", ADDRESSES)
def test_a_password_of_a_redirection_is_not_printed(url, tmp_path, server):
    server.script = [f"redirect {url}"]
    with pytest.raises(UnavailableError) as unavailable:
        fetch(server, tmp_path / "text.bin", tries=1)
    assert "s3cret" not in str(unavailable.value)
