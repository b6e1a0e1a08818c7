# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._s3site.files import (
    IMMUTABLE,
    REVALIDATE,
    SHORT,
    blob_of,
    compressed,
    content_type,
    default_cache_control,
    headers_for,
    is_excluded,
    matches,
    scan,
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("index.html", REVALIDATE),
        ("docs/Page.HTM", REVALIDATE),
        ("assets/style.3f2a9c1b7d.css", IMMUTABLE),
        ("assets/main-3f2a9c1b.js", IMMUTABLE),
        ("assets/index-DfX2Qw1b.js", IMMUTABLE),
        ("assets/chunk.3f2a9c1b.js.map", IMMUTABLE),
        # None of these names changes with its content.
        ("logo.svg", SHORT),
        ("my-component.js", SHORT),
        ("jquery-deadbeef.js", SHORT),
        ("photo-20240101.jpg", SHORT),
        ("service-worker.js", SHORT),
    ],
)
def test_only_what_has_a_hash_in_its_name_is_kept_for_a_year(key: str, expected: str) -> None:
    assert default_cache_control(key) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.JS", "text/javascript; charset=utf-8"),
        ("a.json", "application/json; charset=utf-8"),
        ("a.woff2", "font/woff2"),
        ("a.png", "image/png"),
        ("dir.d/LICENSE", "application/octet-stream"),
    ],
)
def test_types_do_not_depend_on_the_machine(key: str, expected: str) -> None:
    assert content_type(key) == expected


def test_a_glob_without_a_slash_means_names_in_any_directory() -> None:
    assert matches("a/b/c.map", "*.map")
    assert matches("assets/x.js", "assets/*")
    assert not matches("other/assets/x.js", "assets/*")
    assert not matches("A.MAP", "*.map")


def test_excluding_a_directory_excludes_what_is_in_it() -> None:
    assert is_excluded("private/deep/key.txt", ["private"])
    assert is_excluded("private/key.txt", ["private/"])
    assert is_excluded("a/.DS_Store", [".DS_Store"])
    assert not is_excluded("private.html", ["private"])


def test_later_rules_win_and_keep_what_they_do_not_set() -> None:
    rules: list[dict[str, Any]] = [
        {"pattern": "*.js", "cache_control": "a", "metadata": {"one": "1"}, "encoding": "gzip"},
        {"pattern": "assets/*", "cache_control": "b", "metadata": {"two": "2"}},
        {"pattern": "*.css", "content_type": "text/x"},
    ]
    assert headers_for("assets/x.js", rules) == {
        "cache_control": "b",
        "content_type": "text/javascript; charset=utf-8",
        "content_encoding": "gzip",
        "metadata": {"one": "1", "two": "2"},
    }
    assert "content_encoding" not in headers_for("x.js", [*rules, {"pattern": "x.js", "encoding": "none"}])


def test_compression_gives_the_same_at_any_time() -> None:
    assert compressed(b"text" * 100, "gzip") == compressed(b"text" * 100, "gzip")
    assert gzip.decompress(compressed(b"text", "gzip")) == b"text"


def test_a_digest_stands_for_content_and_headers() -> None:
    digests = {
        blob_of(body, {"cache_control": header}).digest for body in (b"a", b"b") for header in ("no-cache", "public")
    }
    assert len(digests) == 4
    assert blob_of(b"a", {"x": 1, "y": 2}).digest == blob_of(b"a", {"y": 2, "x": 1}).digest


def test_a_folder_is_read_without_what_is_excluded(tmp_path: Path) -> None:
    for name in ("index.html", "a/b.js", "a/b.js.map", "private/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    assert set(scan(tmp_path, ["*.map", "private"])) == {"index.html", "a/b.js"}
