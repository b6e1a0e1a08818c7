# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a publish does, from the manifest, the listing and the wanted files: pure functions, no calls.

The manifest is the site's memory in the bucket. Only what stands in it was published by us, so only that is ever
deleted: neighbours, excluded files and objects of others are safe by construction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core import AnsibleAWSError
from .files import Blob, is_excluded, is_page

VERSION = 1


@dataclass(frozen=True)
class Live:
    """An object that we put in its place: what it is, and the ETag by which it is known again."""

    digest: str
    etag: str


@dataclass(frozen=True)
class Release:
    """What a site consisted of: key → digest."""

    id: str
    files: Mapping[str, str]
    published: str = ""


@dataclass(frozen=True)
class Manifest:
    live: Mapping[str, Live] = field(default_factory=dict)
    # Newest first; the first is the one that is published.
    releases: tuple[Release, ...] = ()
    # Every digest that a release names.
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    # Digests of which there is a copy aside.
    archived: frozenset[str] = frozenset()
    # A publish that has begun: key → digest. Empty once it is through.
    pending: Mapping[str, str] = field(default_factory=dict)
    # Keys that are cached in an old state until they are invalidated.
    due: tuple[str, ...] = ()


@dataclass(frozen=True)
class Put:
    """One object that must come into its place. Without C(copy_from) its content comes from the folder."""

    key: str
    blob: Blob
    copy_from: str = ""


@dataclass(frozen=True)
class Plan:
    release: Release
    assets: tuple[Put, ...] = ()
    pages: tuple[Put, ...] = ()
    delete_pages: tuple[str, ...] = ()
    delete_assets: tuple[str, ...] = ()
    delete_archived: tuple[str, ...] = ()
    # What to set aside first, because a release needs it and its place is taken: digest → key.
    set_aside: Mapping[str, str] = field(default_factory=dict)
    # Keys whose cached copies are wrong afterwards.
    changed: tuple[str, ...] = ()
    kept: tuple[Release, ...] = ()
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    # Objects in place that the manifest did not know to be: a publish before this one was cut off.
    adopted: Mapping[str, Live] = field(default_factory=dict)
    is_new_release: bool = False

    @property
    def puts(self) -> tuple[Put, ...]:
        return (*self.assets, *self.pages)

    @property
    def deletes(self) -> tuple[str, ...]:
        return (*self.delete_pages, *self.delete_assets)

    @property
    def nothing_to_do(self) -> bool:
        return not (self.puts or self.deletes or self.delete_archived or self.is_new_release)


def to_document(manifest: Manifest) -> dict[str, Any]:
    """The manifest as it is kept in the bucket."""
    return {
        "version": VERSION,
        "live": {key: [item.digest, item.etag] for key, item in sorted(manifest.live.items())},
        "releases": [
            {"id": item.id, "published": item.published, "files": dict(sorted(item.files.items()))}
            for item in manifest.releases
        ],
        "blobs": {
            digest: {"md5": blob.md5, "size": blob.size, "headers": dict(blob.headers)}
            for digest, blob in sorted(manifest.blobs.items())
        },
        "archived": sorted(manifest.archived),
        "pending": dict(sorted(manifest.pending.items())),
        "due": list(manifest.due),
    }


def from_document(document: Mapping[str, Any] | None) -> Manifest:
    if not document:
        return Manifest()
    if document.get("version") != VERSION:
        raise AnsibleAWSError(
            message=f"The site's manifest has version {document.get('version')}, but this module knows {VERSION}: "
            "use the version of the collection that wrote it, or a newer one."
        )
    return Manifest(
        live={key: Live(*item) for key, item in document["live"].items()},
        releases=tuple(Release(item["id"], item["files"], item["published"]) for item in document["releases"]),
        blobs={
            digest: Blob(digest, item["md5"], item["size"], item["headers"])
            for digest, item in document["blobs"].items()
        },
        archived=frozenset(document["archived"]),
        pending=document["pending"],
        due=tuple(document["due"]),
    )


def release_id(files: Mapping[str, str]) -> str:
    """The same for the same files with the same headers."""
    text = "\n".join(f"{key} {files[key]}" for key in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def in_place(manifest: Manifest, listing: Mapping[str, str]) -> dict[str, Live]:
    """What is known to be in its place: listed with the ETag that we know.

    After a publish that was cut off, an object is also known by the content that it was about to get. Where only its
    headers were about to change the ETag cannot tell, so it is not known, and is put once more.
    """
    known: dict[str, Live] = {}
    for key, etag in listing.items():
        live, pending = manifest.live.get(key), manifest.pending.get(key)
        if pending and (live is None or live.digest != pending):
            blob = manifest.blobs[pending]
            before = manifest.blobs.get(live.digest) if live is not None else None
            same_content = before is not None and before.md5 == blob.md5
            if etag == blob.md5 and not same_content:
                known[key] = Live(pending, etag)
                continue
            if same_content:
                continue
        if live is not None and live.etag == etag:
            known[key] = live
    return known


def make_plan(
    manifest: Manifest,
    listing: Mapping[str, str],
    wanted: Mapping[str, Blob],
    *,
    published: str,
    keep_releases: int,
    delete: bool,
    exclude: Iterable[str] = (),
    from_archive: bool = False,
) -> Plan:
    """The way from what is in the bucket to the wanted files.

    C(listing) is key → ETag of everything below the prefix. With C(from_archive) nothing comes from the folder:
    contents are copied from where they were set aside, or from another key.
    """
    known = in_place(manifest, listing)
    files = {key: blob.digest for key, blob in wanted.items()}
    release = Release(release_id(files), files, published)
    is_new = not manifest.releases or manifest.releases[0].id != release.id
    if not is_new:
        release = manifest.releases[0]
    older = [item for item in manifest.releases if item.id != release.id]
    kept = (release, *older[: max(0, keep_releases - 1)])
    needed_by_older = {digest for item in kept[1:] for digest in item.files.values()}
    needed = {*needed_by_older, *files.values()}
    blobs = {digest: blob for digest, blob in manifest.blobs.items() if digest in needed}
    blobs |= {blob.digest: blob for blob in wanted.values()}

    missing = {
        key: blob for key, blob in sorted(wanted.items()) if key not in known or known[key].digest != blob.digest
    }
    if from_archive:
        needed_by_older |= {blob.digest for blob in missing.values()}
    patterns = list(exclude)
    ours = {key for key in {*manifest.live, *manifest.pending} if key in listing and not is_excluded(key, patterns)}
    gone = sorted(ours - wanted.keys()) if delete else []
    kept_keys = {key for item in kept for key in item.files}
    # A page goes with its release; an asset stays as long as a kept release, or a page that is still cached, needs it.
    delete_pages = tuple(key for key in gone if is_page(key))
    delete_assets = tuple(key for key in gone if not is_page(key) and key not in kept_keys)
    # A content that is kept, and that its place is losing, is copied aside unless it stands elsewhere.
    losing = {key: known[key].digest for key in (*missing, *delete_pages, *delete_assets) if key in known}
    aside = {
        digest: key for key, digest in losing.items() if digest in needed_by_older and digest not in manifest.archived
    }
    available = manifest.archived | aside.keys()
    staying = {item.digest: key for key, item in known.items() if key not in losing}
    puts = [
        Put(key, blob, copy_from=_source(key, blob, available, staying) if from_archive else "")
        for key, blob in missing.items()
    ]
    return Plan(
        release=release,
        assets=tuple(put for put in puts if not is_page(put.key)),
        pages=tuple(sorted((put for put in puts if is_page(put.key)), key=lambda put: _page_order(put.key))),
        delete_pages=delete_pages,
        delete_assets=delete_assets,
        delete_archived=tuple(sorted(manifest.archived - needed)) if delete else (),
        set_aside=aside,
        # A new key was never cached, and a deleted asset is no longer asked for.
        changed=tuple(sorted({*(put.key for put in puts if put.key in listing), *delete_pages})),
        kept=kept,
        blobs=blobs,
        adopted={key: item for key, item in known.items() if manifest.live.get(key) != item},
        is_new_release=is_new,
    )


def _page_order(key: str) -> tuple[bool, int, str]:
    """Deep pages before those that link to them, the first page of all last."""
    return key == "index.html", -key.count("/"), key


def _source(key: str, blob: Blob, available: Collection[str], staying: Mapping[str, str]) -> str:
    """Where to copy a content from: C(archive) or C(key:...)."""
    if blob.digest in available:
        return "archive"
    if blob.digest in staying:
        return f"key:{staying[blob.digest]}"
    raise AnsibleAWSError(message=f"rollback_to: {key} of that release is neither in its place nor set aside.")


def find_release(manifest: Manifest, name: str) -> Release:
    """The release to go back to: its identifier, or C(previous)."""
    if name == "previous":
        if len(manifest.releases) < 2:
            raise AnsibleAWSError(message="rollback_to: there is no release before this one.")
        return manifest.releases[1]
    for release in manifest.releases:
        if release.id == name:
            return release
    known = ", ".join(release.id for release in manifest.releases) or "none"
    raise AnsibleAWSError(message=f"rollback_to: there is no release {name}; there are {known}.")
