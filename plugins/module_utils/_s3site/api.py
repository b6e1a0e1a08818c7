# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3's calls for a site: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, aws_call, chunks, in_parallel

# What one page of a listing holds.
PAGE = 1000
# Objects of up to so many bytes are sent without asking first.
SMALL = 1024 * 1024

_HEADERS = {
    "cache_control": "CacheControl",
    "content_type": "ContentType",
    "content_encoding": "ContentEncoding",
    "content_disposition": "ContentDisposition",
    "content_language": "ContentLanguage",
    "metadata": "Metadata",
}


def _sent(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {_HEADERS[name]: value for name, value in headers.items()}


def _page(client: Any, bucket: str, prefix: str, after: str) -> tuple[dict[str, str], bool]:
    arguments = {"StartAfter": after} if after else {}
    answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **arguments)
    return {item["Key"]: item["ETag"].strip('"') for item in answer.get("Contents", [])}, answer["IsTruncated"]


def _span(client: Any, bucket: str, prefix: str, after: str, end: str) -> dict[str, str]:
    """The objects behind one key, up to and with another one; without an end, to the last."""
    found: dict[str, str] = {}
    more = True
    while more and not (end and after >= end):
        page, more = _page(client, bucket, prefix, after)
        found |= page
        after = max(page, default=after)
    return {key: etag for key, etag in found.items() if not end or key <= end}


def _listing(client: Any, bucket: str, prefix: str, known: Iterable[str]) -> dict[str, str]:
    # Where the last publish left its objects is known: so all pages are asked for at the same time, and are not more.
    bounds = ["", *sorted(known)[PAGE - 1 :: PAGE], ""]
    spans = in_parallel(
        {
            index: lambda index=index: _span(client, bucket, prefix, bounds[index], bounds[index + 1])
            for index in range(len(bounds) - 1)
        }
    )
    return {key.removeprefix(prefix): etag for index in sorted(spans) for key, etag in spans[index].items()}


@aws_call("list the objects of {bucket}/{prefix}")
def listing(client: Any, bucket: str, prefix: str, known: Iterable[str]) -> dict[str, str]:
    """Key without the prefix → ETag. C(known) are keys, with the prefix, that will probably be there."""
    return _listing(client, bucket, prefix, known)


@aws_call("list the objects of {bucket}/{prefix}", missing=["NoSuchBucket"], default={})
def listing_of_missing(client: Any, bucket: str, prefix: str, known: Iterable[str]) -> dict[str, str]:
    """The same, for a bucket that may not exist."""
    return _listing(client, bucket, prefix, known)


def without_expect(client: Any) -> None:
    """Do not ask S3 whether it will take an object before sending it: for small ones that is a way more for each."""

    def drop(request: Any, **_others: Any) -> None:
        if int(request.headers.get("Content-Length") or 0) <= SMALL and "Expect" in request.headers:
            del request.headers["Expect"]

    client.meta.events.register("before-sign.s3.PutObject", drop, unique_id="slipway-without-expect")


@aws_call("read the manifest {key} in {bucket}", missing=["NoSuchKey", "NoSuchBucket"])
def read_manifest(client: Any, bucket: str, key: str) -> dict[str, Any] | None:
    body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        return json.loads(gzip.decompress(body))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise AnsibleAWSError(
            message=f"{key} in {bucket} is not what this module wrote there ({error}). Bring back an earlier version "
            "of it, or delete it: then everything is published anew, and no object of earlier releases is deleted."
        ) from error


@aws_call("write the manifest {key} in {bucket}")
def write_manifest(client: Any, bucket: str, key: str, document: dict[str, Any]) -> None:
    # Written several times a publish: the best compression would cost more than it saves.
    body = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=3, mtime=0)
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/gzip", CacheControl="no-store")


@aws_call("upload {key} to {bucket}")
def put(client: Any, bucket: str, key: str, body: bytes, headers: Mapping[str, Any]) -> str:
    """The new object's ETag."""
    return client.put_object(Bucket=bucket, Key=key, Body=body, **_sent(headers))["ETag"].strip('"')


@aws_call("copy {source} to {key} in {bucket}")
def copy(client: Any, bucket: str, source: str, key: str, headers: Mapping[str, Any] | None) -> str:
    """The copy's ETag. Without headers it keeps those of its source."""
    arguments = {} if headers is None else {"MetadataDirective": "REPLACE", **_sent(headers)}
    answer = client.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source}, **arguments)
    return answer["CopyObjectResult"]["ETag"].strip('"')


@aws_call("delete objects of {bucket}")
def _delete(client: Any, bucket: str, keys: list[str]) -> list[dict[str, Any]]:
    objects = [{"Key": key} for key in keys]
    return client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])


def delete(client: Any, bucket: str, keys: list[str]) -> list[dict[str, Any]]:
    """Delete a thousand objects a call; the objects that could not be deleted."""
    batches = chunks(keys, 1000)
    answers = in_parallel(
        {index: lambda batch=batch: _delete(client, bucket, batch) for index, batch in enumerate(batches)}
    )
    return [error for errors in answers.values() for error in errors]
