# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A static site in a bucket: published so that at every moment each page finds what it refers to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core import AnsibleAWSError, Progress, in_parallel, next_step
from ..planned import is_planned
from . import api, files
from . import plan as planning
from .files import Blob
from .plan import Live, Manifest, Plan, Put

# Between two lines of progress about the same thing.
SECONDS_BETWEEN_LINES = 2


class Counter:
    """Tells how many of many are done, every few seconds and at the end."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self.progress, self.what, self.total = progress, what, total
        self.done, self.told = 0, progress.seconds
        self.lock = threading.Lock()

    def count(self) -> None:
        with self.lock:
            self.done += 1
            if self.done == self.total or self.progress.seconds - self.told >= SECONDS_BETWEEN_LINES:
                self.told = self.progress.seconds
                self.progress.say(f"{self.done} of {self.total} {self.what}")


class Site:
    """One site: a bucket, the prefix below which its objects stand, and the place of its memory."""

    def __init__(self, client: Any, bucket: str, prefix: str, progress_file: str | None = None) -> None:
        api.without_expect(client)
        self.client = client
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        # Beside the site and not in it, so that no listing and no neighbour mixes them up.
        self.home = f"{files.HOME}/{self.prefix or '-/'}"
        self.manifest_key = f"{self.home}manifest.json.gz"
        self.manifest = Manifest()
        self.listing: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.progress = Progress(f"{bucket}/{self.prefix}".rstrip("/"), progress_file)

    def read(self, *, bucket_may_be_missing: bool) -> None:
        """What is there: the manifest, and the objects below the prefix."""
        # A bucket that check mode only plans is empty.
        if is_planned(self.bucket):
            return
        listed = api.listing_of_missing if bucket_may_be_missing else api.listing
        self.manifest = planning.from_document(api.read_manifest(self.client, self.bucket, self.manifest_key))
        known = [f"{self.prefix}{key}" for key in self.manifest.live]
        if not self.prefix:
            known += [self.manifest_key, *(self._archive_key(digest) for digest in self.manifest.archived)]
        found = listed(self.client, self.bucket, self.prefix, known)
        self.listing = {key: etag for key, etag in found.items() if not key.startswith(f"{files.HOME}/")}

    def read_with_files(
        self, source: Path, exclude: Iterable[str], rules: Iterable[Mapping[str, Any]], *, bucket_may_be_missing: bool
    ) -> dict[str, Blob]:
        """What is there, and at the same time the files of a folder, as the objects that they become."""
        self.sources = files.scan(source, exclude)
        made = in_parallel(
            {
                "bucket": lambda: self.read(bucket_may_be_missing=bucket_may_be_missing),
                "files": lambda: files.blobs(self.sources, rules),
            }
        )["files"]
        return {**made, **self._compressed(made)}

    def _compressed(self, made: Mapping[str, Blob]) -> dict[str, Blob]:
        """Those of the files that are to be compressed. What stands in its place already is not compressed again."""
        open_ones, known = {}, {}
        for key, blob in made.items():
            if blob.md5:
                continue
            live = self.manifest.live.get(key)
            if live is not None and live.digest == blob.digest:
                known[key] = self.manifest.blobs[blob.digest]
            else:
                open_ones[key] = blob
        counter = Counter(self.progress, "files compressed", len(open_ones))

        def compress(key: str) -> Blob:
            blob = files.compressed_blob(self.sources[key], open_ones[key])
            counter.count()
            return blob

        return known | in_parallel({key: lambda key=key: compress(key) for key in open_ones})

    def plan(
        self, wanted: Mapping[str, Blob], *, keep_releases: int, delete: bool, exclude: Iterable[str], rollback: bool
    ) -> Plan:
        return planning.make_plan(
            self.manifest,
            self.listing,
            wanted,
            published=datetime.now(UTC).isoformat(timespec="seconds"),
            keep_releases=keep_releases,
            delete=delete,
            exclude=exclude,
            from_archive=rollback,
        )

    def wanted_release(self, name: str) -> dict[str, Blob]:
        """The objects of a release that was published before."""
        release = planning.find_release(self.manifest, name)
        return {key: self.manifest.blobs[digest] for key, digest in release.files.items()}

    def apply(self, plan: Plan, invalidate: Callable[[list[str]], Any]) -> Any:
        """Assets, then pages, then the cache, then what nobody needs any more; and whatever a cut-off run left undone.

        The manifest is written before the first object, so that everything put in place is known to be ours, and again
        when the new release stands. A run that is cut off anywhere is finished by the next one.
        """
        due = sorted({*self.manifest.due, *plan.changed})
        if plan.nothing_to_do and not due:
            return invalidate([])
        archived = self._set_aside(plan)
        live = {**self.manifest.live, **plan.adopted}
        blobs = {**self.manifest.blobs, **plan.blobs}
        if plan.puts or plan.deletes:
            pending = {put.key: put.blob.digest for put in plan.puts}
            self._remember(
                replace(self.manifest, live=live, blobs=blobs, archived=archived, pending=pending, due=tuple(due))
            )
        live |= self._put(plan.assets, "assets")
        live |= self._put(plan.pages, "pages")
        standing = Manifest(live, plan.kept, blobs, archived, {}, tuple(due))
        self._remember(standing)
        self._delete(plan.delete_pages)
        if due:
            self.progress.say("invalidating what changed")
        result = invalidate(due)
        if plan.delete_assets:
            self.progress.say(f"deleting {len(plan.delete_assets)} assets that no kept release needs")
        self._delete(plan.delete_assets)
        self._delete_archived(plan.delete_archived)
        gone = set(plan.deletes)
        kept = {key: item for key, item in live.items() if key not in gone}
        remembered = {item.digest for item in kept.values()} | plan.blobs.keys()
        done = Manifest(
            kept,
            plan.kept,
            {digest: blob for digest, blob in blobs.items() if digest in remembered},
            archived - set(plan.delete_archived),
        )
        if done != standing:
            self._remember(done)
        return result

    def _remember(self, manifest: Manifest) -> None:
        api.write_manifest(self.client, self.bucket, self.manifest_key, planning.to_document(manifest))
        self.manifest = manifest

    def _archive_key(self, digest: str) -> str:
        return f"{self.home}objects/{digest}"

    def _set_aside(self, plan: Plan) -> frozenset[str]:
        """Copies of what kept releases need and this publish replaces; S3 copies by itself, nothing is uploaded."""
        in_parallel(
            {
                digest: lambda digest=digest, key=key: api.copy(
                    self.client, self.bucket, f"{self.prefix}{key}", self._archive_key(digest), None
                )
                for digest, key in plan.set_aside.items()
            }
        )
        return self.manifest.archived | plan.set_aside.keys()

    def _put(self, puts: tuple[Put, ...], what: str) -> dict[str, Live]:
        counter = Counter(self.progress, f"{what} in their place", len(puts))

        def put_and_count(put: Put) -> str:
            etag = self._put_one(put)
            counter.count()
            return etag

        etags = in_parallel({put.key: lambda put=put: put_and_count(put) for put in puts})
        return {put.key: Live(put.blob.digest, etags[put.key]) for put in puts}

    def _put_one(self, put: Put) -> str:
        key = f"{self.prefix}{put.key}"
        if put.copy_from:
            kind, _colon, name = put.copy_from.partition(":")
            source = self._archive_key(put.blob.digest) if kind == "archive" else f"{self.prefix}{name}"
            return api.copy(self.client, self.bucket, source, key, put.blob.headers)
        body = files.body_of(self.sources[put.key], put.blob.headers)
        if files.md5_of(body) != put.blob.md5:
            raise AnsibleAWSError(message=f"source: {put.key} changed while it was published; run again.")
        return api.put(self.client, self.bucket, key, body, put.blob.headers)

    def _delete(self, keys: Iterable[str]) -> None:
        self._delete_objects([f"{self.prefix}{key}" for key in keys])

    def _delete_archived(self, digests: Iterable[str]) -> None:
        self._delete_objects([self._archive_key(digest) for digest in digests])

    def _delete_objects(self, keys: list[str]) -> None:
        errors = api.delete(self.client, self.bucket, keys) if keys else []
        if errors:
            first = errors[0]
            code = first.get("Code", "")
            advice = next_step(code)
            raise AnsibleAWSError(
                message=f"Failed to delete {len(errors)} objects of {self.bucket}, the first of them {first['Key']}"
                + f" ({advice})" * bool(advice)
                + f": {code} {first.get('Message', '')}. The next run deletes them."
            )

    def absent_plan(self) -> list[str]:
        """Everything of the site that we put there, and its memory."""
        objects = [
            f"{self.prefix}{key}" for key in {*self.manifest.live, *self.manifest.pending} if key in self.listing
        ]
        return sorted(objects) + [self._archive_key(digest) for digest in sorted(self.manifest.archived)]

    def remove(self) -> None:
        """Pages first, so that none is left without its assets; the memory last, so that a cut-off run can go on."""
        keys = self.absent_plan()
        self._delete_objects([key for key in keys if files.is_page(key)])
        self._delete_objects([key for key in keys if not files.is_page(key)])
        self._delete_objects([self.manifest_key])
