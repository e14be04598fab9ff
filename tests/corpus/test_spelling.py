"""What messages show of addresses, sources and settings."""

import json

import pytest

from rnnscope.corpus.spelling import spell, without_password


@pytest.mark.parametrize(
    ("text", "is_address", "shown"),
    [
        ("https://name:word@example.org/x", True, "https://...@example.org/x"),
        ("HTTPS:/name:word@example.org/x", False, "HTTPS:/...@example.org/x"),
        ("name:wo@rd@example.org", False, "...@example.org"),
        ("word@example.org", True, "...@example.org"),
        ("~/me@home/text", False, "~/me@home/text"),
        ("https://example.org/x", True, "https://example.org/x"),
        ("not allowed:\n'name:word@example.org'", False, "...@example.org'"),
    ],
)
def test_all_before_the_last_at_sign_may_be_a_password(text, is_address, shown):
    assert without_password(text, is_address) == shown


def test_sources_are_spelled_as_json_without_passwords():
    source = {"archive": {"url": ["word@a.org"], "members": ["*@b.c"]}, "x:word@y": 1}
    assert json.loads(spell(source)) == {"archive": {"url": ["...@a.org"], "members": ["*@b.c"]}, "...@y": 1}


def test_what_is_long_or_deep_is_cut():
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    assert spell(deep) == "[" * 20 + '"..."' + "]" * 20
    assert len(spell("x" * 5000)) == 120
    assert len(spell(["x" * 5000])) == 500
