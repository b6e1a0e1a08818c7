# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a site and the headers they are served with."""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import json
import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core import AnsibleAWSError

# Where the memory of sites stands in a bucket.
HOME = ".slipway"
PAGES = (".html", ".htm")
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
SHORT = "public, max-age=300"
# A name that changes with its content: eight or more hexadecimal digits, or what bundlers write in base 64. A date or a
# word is neither.
_HASHED = re.compile(
    r"[.-](?:(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}|(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{8,})\.[a-z0-9.]+$"
)
# Python's table depends on the machine; these are what browsers insist on.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".htm": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_TEXT = ("text/", "application/json", "application/manifest+json", "application/xml", "image/svg+xml")
_FIELDS = ("cache_control", "content_type", "content_disposition", "content_language")


@dataclass(frozen=True)
class Blob:
    """What an object is: its content and its headers. C(digest) stands for both."""

    digest: str
    md5: str
    size: int
    headers: Mapping[str, Any]


def is_page(key: str) -> bool:
    return key.lower().endswith(PAGES)


def matches(key: str, pattern: str) -> bool:
    """Whether a glob means a key. One without a slash means names in any directory."""
    name = key if "/" in pattern else key.rpartition("/")[2]
    return fnmatch.fnmatchcase(name, pattern.removeprefix("/"))


def content_type(key: str) -> str:
    suffix = f".{key.rpartition('.')[2].lower()}" if "." in key.rpartition("/")[2] else ""
    found = _TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith(("text/", "application/json")) else found


def default_cache_control(key: str) -> str:
    if is_page(key):
        return REVALIDATE
    return IMMUTABLE if _HASHED.search(key.rpartition("/")[2]) else SHORT


def headers_for(key: str, rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The headers of a key: the defaults, then every rule that means it, in their order."""
    headers: dict[str, Any] = {"cache_control": default_cache_control(key), "content_type": content_type(key)}
    for rule in rules:
        if not matches(key, rule["pattern"]):
            continue
        headers |= {field: rule[field] for field in _FIELDS if rule.get(field)}
        if rule.get("metadata"):
            headers["metadata"] = {**headers.get("metadata", {}), **rule["metadata"]}
        if rule.get("encoding") is not None:
            headers.pop("content_encoding", None)
            if rule["encoding"] != "none":
                headers["content_encoding"] = {"gzip": "gzip", "brotli": "br"}[rule["encoding"]]
    return headers


def compressed(content: bytes, encoding: str) -> bytes:
    """The content in an encoding, the same for the same content at any time."""
    if encoding == "gzip":
        return gzip.compress(content, compresslevel=9, mtime=0)
    try:
        import brotli
    except ImportError as error:
        raise AnsibleAWSError(
            message="rules: encoding=brotli needs the Python package brotli; install it, or use gzip.", exception=error
        ) from error
    return brotli.compress(content)


def content_of(path: str) -> bytes:
    # A Path for each of ten thousand files costs more than reading them.
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def body_of(path: str, headers: Mapping[str, Any]) -> bytes:
    """What is uploaded."""
    content = content_of(path)
    return compressed(content, headers["content_encoding"]) if headers.get("content_encoding") else content


def md5_of(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def blob_of(content: bytes, headers: Mapping[str, Any]) -> Blob:
    """The blob of a file. Of one that is to be compressed only the digest is known yet, which is that of its content.

    Compressing costs far more than reading, and is not needed for what is published already.
    """
    text = json.dumps(headers, sort_keys=True).encode()
    digest = hashlib.sha256(hashlib.sha256(content).digest() + text).hexdigest()[:32]
    if headers.get("content_encoding"):
        return Blob(digest, "", 0, headers)
    return Blob(digest, md5_of(content), len(content), headers)


def compressed_blob(path: str, blob: Blob) -> Blob:
    body = body_of(path, blob.headers)
    return replace(blob, md5=md5_of(body), size=len(body))


def blobs(sources: Mapping[str, str], rules: Iterable[Mapping[str, Any]]) -> dict[str, Blob]:
    """The blobs of a folder's files."""
    stated = list(rules)
    return {key: blob_of(content_of(path), headers_for(key, stated)) for key, path in sources.items()}


def scan(source: Path, exclude: Iterable[str]) -> dict[str, str]:
    """The files of a folder by their keys, with their paths. Links that lead out of it are refused."""
    if not source.is_dir():
        raise AnsibleAWSError(message=f"source: {source} is no folder.")
    found = dict(sorted(_walk(str(source), source.resolve(), "", list(exclude))))
    if not found:
        raise AnsibleAWSError(message=f"source: {source} has no files; that would delete the site that is there.")
    if any(key.startswith(f"{HOME}/") for key in found):
        raise AnsibleAWSError(
            message=f"source: {source}/{HOME} has the name of this module's memory; rename or exclude it."
        )
    return found


def _walk(source: str, root: Path, above: str, patterns: list[str]) -> Iterator[tuple[str, str]]:
    with os.scandir(f"{source}/{above}") as entries:
        for entry in entries:
            key = f"{above}{entry.name}"
            if patterns and is_excluded(key, patterns):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(source, root, f"{key}/", patterns)
            elif not entry.is_dir():
                if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
                    raise AnsibleAWSError(message=f"source: {key} leads out of {source}.")
                yield key, entry.path


def is_excluded(key: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern means the key or one of the directories it stands in."""
    parts = key.split("/")
    names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(matches(name, pattern.rstrip("/")) for pattern in patterns for name in names)
