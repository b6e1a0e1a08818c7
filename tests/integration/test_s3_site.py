# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import io
import json
import os
import random
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import brotli
import pytest
from real_servers.ports import settle

from .harness import Aws, ModuleFailed, execute
from .test_cloudfront_invalidation import make_distribution

MODULE = "s3_site"
BUCKET = "site-bucket"
REFERENCE = re.compile(r'(?:src|href)="/?([^"]+)"')


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = f"{BUCKET}-{aws.account_id}"
    aws.client("s3").create_bucket(Bucket=name)
    return name


@dataclass(frozen=True)
class Request:
    """One of the client's."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def build(folder: Path, version: str, pages: int = 3) -> Path:
    """A site as a bundler builds it: pages that refer to assets with the hash of their content in the name."""
    if folder.exists():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    (folder / "docs").mkdir(exist_ok=True)

    def asset(name: str, suffix: str, content: str) -> str:
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        path = f"assets/{name}.{digest}.{suffix}"
        (folder / path).write_text(content)
        return path

    style = asset("style", "css", f"body {{ --version: {version} }}")
    (folder / "logo.svg").write_text("<svg/>")
    for number in range(pages):
        script = asset(f"page-{number}", "js", f"console.log('{number} {version}')")
        name = "index.html" if number == 0 else f"docs/page-{number}.html"
        (folder / name).write_text(
            f'<link href="/{style}"><script src="/{script}"></script><img src="/logo.svg">{version} {number}'
        )
    return folder


def run(aws: Aws, bucket: str, source: Path | None, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"bucket": bucket, "source": str(source) if source else None, **options}
    return aws.run_module(MODULE, {key: value for key, value in arguments.items() if value is not None}, check=check)


def keys(aws: Aws, bucket: str, prefix: str = "") -> set[str]:
    listed = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {item["Key"].removeprefix(prefix) for item in listed if not item["Key"].startswith(".slipway/")}


def local_keys(source: Path) -> set[str]:
    return {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}


def missing_assets(aws: Aws, bucket: str) -> list[str]:
    """What pages in the bucket refer to and the bucket does not have."""
    there, s3 = keys(aws, bucket), aws.client("s3")
    found = []
    for page in sorted(key for key in there if key.endswith(".html")):
        text = s3.get_object(Bucket=bucket, Key=page)["Body"].read().decode()
        found += [f"{page} → {asset}" for asset in REFERENCE.findall(text) if asset not in there]
    return found


def test_published_once_with_the_right_headers(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = build(tmp_path / "dist", "1")
    predicted = run(aws, bucket, site, check=True)
    aws.mark()
    first = run(aws, bucket, site)
    assert first["uploaded"] == predicted["uploaded"]
    # One for each file, and two for the memory: before the first and after the last.
    assert Counter(aws.mutations()) == {"s3:PutObject": len(first["uploaded"]) + 2}
    assert set(first["uploaded"]) == local_keys(site) == keys(aws, bucket)
    assert first["uploaded"][-1] == "index.html"
    assert first["actions"] == predicted["actions"]

    aws.mark()
    second = run(aws, bucket, site)
    assert not second["changed"]
    assert aws.mutations() == []
    assert (second["uploaded"], second["release"]) == ([], first["release"])

    s3 = aws.client("s3")
    page = s3.head_object(Bucket=bucket, Key="index.html")
    assert (page["CacheControl"], page["ContentType"]) == ("no-cache", "text/html; charset=utf-8")
    style = next(key for key in first["uploaded"] if key.endswith(".css"))
    assert "immutable" in s3.head_object(Bucket=bucket, Key=style)["CacheControl"]
    logo = s3.head_object(Bucket=bucket, Key="logo.svg")
    assert (logo["CacheControl"], logo["ContentType"]) == ("public, max-age=300", "image/svg+xml")


def test_one_changed_page_is_uploaded_and_its_paths_invalidated(aws: Aws, bucket: str, tmp_path: Path) -> None:
    distribution = make_distribution(aws)
    site = build(tmp_path / "dist", "1")
    options = {"distribution_ids": [distribution]}
    assert run(aws, bucket, site, **options)["invalidated"] == []
    (site / "docs" / "page-1.html").write_text("changed")
    predicted = run(aws, bucket, site, check=True, **options)
    done = run(aws, bucket, site, **options)
    assert done["uploaded"] == predicted["uploaded"] == ["docs/page-1.html"]
    assert done["invalidated"] == predicted["invalidated"] == ["/docs/page-1.html"]
    assert [item["created"] for item in done["invalidations"]] == [True]
    aws.mark()
    assert not run(aws, bucket, site, **options)["changed"]
    assert aws.mutations() == []
    (site / "index.html").write_text("changed")
    assert run(aws, bucket, site, **options)["invalidated"] == ["/", "/index.html"]


def test_a_header_alone_is_a_change(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = build(tmp_path / "dist", "1")
    run(aws, bucket, site)
    rules = [
        {"pattern": "*.svg", "cache_control": "public, max-age=60", "metadata": {"cache-tag": "logo"}},
        {"pattern": "docs/*", "content_language": "en", "content_disposition": "inline"},
    ]
    done = run(aws, bucket, site, rules=rules)
    assert sorted(done["uploaded"]) == ["docs/page-1.html", "docs/page-2.html", "logo.svg"]
    assert not run(aws, bucket, site, rules=rules)["changed"]
    s3 = aws.client("s3")
    logo = s3.head_object(Bucket=bucket, Key="logo.svg")
    assert (logo["CacheControl"], logo["Metadata"]) == ("public, max-age=60", {"cache-tag": "logo"})
    assert s3.head_object(Bucket=bucket, Key="docs/page-1.html")["ContentLanguage"] == "en"


@pytest.mark.parametrize(
    ("encoding", "header", "unpack"), [("gzip", "gzip", gzip.decompress), ("brotli", "br", brotli.decompress)]
)
def test_files_can_be_compressed(
    aws: Aws, bucket: str, tmp_path: Path, encoding: str, header: str, unpack: Callable[[bytes], bytes]
) -> None:
    site = build(tmp_path / "dist", "1")
    rules = [{"pattern": "*", "encoding": encoding}, {"pattern": "*.svg", "encoding": "none"}]
    with serving(aws, bucket) as url:
        assert "index.html" in run(aws, bucket, site, rules=rules, verify_url=url)["verified"]
    assert not run(aws, bucket, site, rules=rules)["changed"]
    page = aws.client("s3").get_object(Bucket=bucket, Key="index.html")
    assert page["ContentEncoding"] == header
    assert unpack(page["Body"].read()) == (site / "index.html").read_bytes()
    assert "ContentEncoding" not in aws.client("s3").head_object(Bucket=bucket, Key="logo.svg")
    (site / "index.html").write_text("changed")
    assert run(aws, bucket, site, rules=rules)["uploaded"] == ["index.html"]


def test_an_object_that_somebody_changed_is_put_right(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = build(tmp_path / "dist", "1")
    run(aws, bucket, site)
    aws.client("s3").put_object(Bucket=bucket, Key="logo.svg", Body=b"vandal")
    aws.client("s3").delete_object(Bucket=bucket, Key="docs/page-2.html")
    assert run(aws, bucket, site)["uploaded"] == ["logo.svg", "docs/page-2.html"]


def test_neighbours_excluded_files_and_foreign_objects_survive(aws: Aws, bucket: str, tmp_path: Path) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="site-admin/index.html", Body=b"neighbour")
    s3.put_object(Bucket=bucket, Key="site/uploads/user.png", Body=b"foreign")
    site = build(tmp_path / "dist", "1")
    (site / "notes.txt").write_text("published at first")
    (site / "private").mkdir()
    (site / "private" / "key.txt").write_text("never published")
    options = {"prefix": "site", "exclude": ["private"], "keep_releases": 1}
    run(aws, bucket, site, **options)
    assert "private/key.txt" not in keys(aws, bucket, "site/")

    build(site, "2", pages=2)
    options["exclude"] = ["private", "notes.txt"]
    done = run(aws, bucket, site, **options)
    # The old page, its script, and the old versions of two scripts and the style sheet.
    assert done["deleted"][0] == "docs/page-2.html"
    assert len(done["deleted"]) == 5
    assert keys(aws, bucket, "site/") == local_keys(site) | {"notes.txt", "uploads/user.png"}
    assert keys(aws, bucket, "site-admin/") == {"index.html"}

    gone = run(aws, bucket, None, prefix="site", state="absent")
    assert gone["changed"]
    assert keys(aws, bucket, "site/") == {"uploads/user.png"}
    assert not run(aws, bucket, None, prefix="site", state="absent")["changed"]
    left = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert left == {"site-admin/index.html", "site/uploads/user.png"}


def test_old_assets_stay_as_long_as_their_release_is_kept(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = tmp_path / "dist"
    per_release = []
    for version in "1234":
        run(aws, bucket, build(site, version), keep_releases=2)
        per_release.append({key for key in local_keys(site) if key.startswith("assets/")})
        there = {key for key in keys(aws, bucket) if key.startswith("assets/")}
        assert there == set().union(*per_release[-2:])


def test_the_cache_is_invalidated_after_the_pages_and_before_old_assets_go(
    aws: Aws, bucket: str, tmp_path: Path
) -> None:
    options = {"distribution_ids": [make_distribution(aws)], "keep_releases": 1}
    site = tmp_path / "dist"
    run(aws, bucket, build(site, "1"), **options)
    build(site, "2", pages=2)
    predicted = run(aws, bucket, site, check=True, **options)
    aws.mark()
    done = run(aws, bucket, site, **options)
    calls = aws.mutations()
    invalidated = calls.index("cloudfront:CreateInvalidation")
    # Pages that are gone are deleted before, assets after it; the memory is written at the very end.
    assert [call for call in calls[:invalidated] if call != "s3:PutObject"] == ["s3:DeleteObjects"]
    assert calls[invalidated + 1 :] == ["s3:DeleteObjects", "s3:PutObject"]
    assert done["deleted"][0] == "docs/page-2.html"
    assert len(done["deleted"]) == 5
    assert predicted["diff"]["before"] == {"delete": done["deleted"]}
    assert predicted["diff"]["after"] == {
        "upload": done["uploaded"],
        "invalidate": ["/", "/docs/page-1.html", "/docs/page-2.html", "/index.html"],
        "price_usd": 0.0,
    }


def test_deleting_has_a_limit_and_can_be_off(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = build(tmp_path / "dist", "1")
    run(aws, bucket, site)
    build(site, "2", pages=1)
    aws.mark()
    with pytest.raises(ModuleFailed, match="max_delete: 6 objects would be deleted"):
        run(aws, bucket, site, keep_releases=1, max_delete=5)
    assert aws.mutations() == []
    assert run(aws, bucket, site, delete=False, max_delete=0)["deleted"] == []


def test_going_back_uploads_nothing(aws: Aws, bucket: str, tmp_path: Path) -> None:
    distribution = make_distribution(aws)
    options = {"distribution_ids": [distribution]}
    site = tmp_path / "dist"
    first = run(aws, bucket, build(site, "1"), **options)
    text = {name: (site / name).read_bytes() for name in local_keys(site)}
    build(site, "2", pages=4)
    (site / "logo.svg").write_text("<svg>2</svg>")
    second = run(aws, bucket, site, **options)
    assert second["releases"] == [second["release"], first["release"]]

    predicted = run(aws, bucket, None, rollback_to="previous", check=True, **options)
    aws.mark()
    back = run(aws, bucket, None, rollback_to="previous", **options)
    # What is put is the memory: before, when the release stands, and at the end.
    assert Counter(aws.mutations())["s3:PutObject"] == 3
    assert back["release"] == first["release"]
    assert back["uploaded"] == []
    assert back["copied"] == predicted["copied"]
    assert set(back["copied"]) == {"index.html", "docs/page-1.html", "docs/page-2.html", "logo.svg"}
    assert back["deleted"] == ["docs/page-3.html"]
    assert "/logo.svg" in back["invalidated"]
    s3 = aws.client("s3")
    for name, content in text.items():
        assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="index.html")["CacheControl"] == "no-cache"
    assert missing_assets(aws, bucket) == []

    forth = run(aws, bucket, None, rollback_to=second["release"], **options)
    assert forth["release"] == second["release"]
    assert s3.get_object(Bucket=bucket, Key="logo.svg")["Body"].read() == b"<svg>2</svg>"
    assert not run(aws, bucket, site, **options)["changed"]
    with pytest.raises(ModuleFailed, match="there is no release nothing"):
        run(aws, bucket, None, rollback_to="nothing")


def test_an_unchanged_site_takes_few_calls(aws: Aws, bucket: str, tmp_path: Path) -> None:
    distribution = make_distribution(aws)
    site, lines = build(tmp_path / "dist", "1"), tmp_path / "lines"
    for number in range(1000):
        (site / "docs" / f"{number}.txt").write_text("1")
    # Somebody else's among them: the pages of the listing no longer end where ours do.
    aws.client("s3").put_object(Bucket=bucket, Key="site/docs/5-foreign.txt", Body=b"x")
    options = {"prefix": "site", "distribution_ids": [distribution], "max_invalidation_paths": 3000}
    run(aws, bucket, site, progress_file=str(lines), **options)
    told = lines.read_text()
    assert "1008 files: 1008 to put in their place, 0 to delete" in told
    assert "1005 of 1005 assets in their place" in told
    assert "3 of 3 pages in their place" in told
    aws.mark()
    assert not run(aws, bucket, site, **options)["changed"]
    assert Counter(aws.calls()) == {"s3:ListObjectsV2": 3, "s3:GetObject": 1}
    aws.client("s3").delete_object(Bucket=bucket, Key="site/docs/5-foreign.txt")
    aws.mark()
    assert not run(aws, bucket, site, **options)["changed"]
    assert Counter(aws.calls()) == {"s3:ListObjectsV2": 2, "s3:GetObject": 1}

    for number in range(600):
        (site / "docs" / f"{number}.txt").write_text("2")
    (site / "index.html").write_text("changed")
    predicted = run(aws, bucket, site, check=True, **options)
    assert len(predicted["invalidated"]) == 602
    # Two distributions are asked for 1,204 paths, and a thousand are free.
    twice = run(aws, bucket, site, check=True, **{**options, "distribution_ids": [distribution, "E2"]})
    assert (predicted["price_usd"], twice["price_usd"]) == (0.0, 1.02)
    assert predicted["diff"]["after"]["price_usd"] == 0.0
    assert twice["diff"]["after"]["price_usd"] == 1.02
    assert len(twice["diff"]["after"]["upload"]) == 601


@contextlib.contextmanager
def serving(aws: Aws, bucket: str) -> Iterator[str]:
    """Serves a bucket as CloudFront would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                found = aws.client("s3").get_object(Bucket=bucket, Key=self.path.lstrip("/"))
            except Exception:  # noqa: BLE001 - whatever it is, the visitor sees that there is nothing
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(found["Body"].read())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextlib.contextmanager
def relaying(
    aws: Aws,
    before: Callable[[Request], bool],
    after: Callable[[Request], None] = lambda request: None,
    closed: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """An endpoint in front of the local AWS.

    It calls C(before) a request is handed on, which may prevent that, C(after) it, and when it is C(closed).
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return  # Who asked was killed in the middle of it.
            request = Request(self.command, self.path, dict(self.headers), body)
            try:
                if before(request):
                    self.hand_on(request)
                else:
                    self.close_connection = True
            finally:
                closed()

        def hand_on(self, request: Request) -> None:
            connection = http.client.HTTPConnection(aws.server.url.removeprefix("http://"))
            connection.request(request.method, request.path, request.body or None, request.headers)
            found = connection.getresponse()
            content = found.read()
            connection.close()
            if found.status < 300:
                after(request)
            # Who asked may have been killed meanwhile.
            with contextlib.suppress(ConnectionError):
                self.send_response(found.status)
                for name, value in found.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = answer

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_files_are_uploaded_in_parallel(aws: Aws, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A style sheet and a script for each page: an even number of assets.
    site = build(tmp_path / "dist", "1", pages=5)
    pairs = threading.Barrier(2, timeout=60)

    def wait_for_another(request: Request) -> bool:
        if request.method == "PUT" and "/assets/" in request.path:
            pairs.wait()
        return True

    with relaying(aws, wait_for_another) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = run(aws, bucket, site)
    assert sum(key.startswith("assets/") for key in done["uploaded"]) == 6
    assert set(done["uploaded"]) == local_keys(site)


def test_what_was_published_is_fetched(aws: Aws, bucket: str, tmp_path: Path) -> None:
    site = build(tmp_path / "dist", "1")
    with serving(aws, bucket) as url:
        assert "index.html" in run(aws, bucket, site, verify_url=url)["verified"]
        (site / "index.html").write_text("changed")
        with pytest.raises(ModuleFailed, match="does not serve what was published"):
            run(aws, bucket, site, verify_url=f"{url}/elsewhere", wait_timeout=0)


def test_bad_input_is_refused(aws: Aws, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for options, message in (
        ({"source": tmp_path / "none"}, "is no folder"),
        ({"source": tmp_path / "empty"}, "has no files"),
        ({"source": None}, "source, rollback_to"),
        ({"source": tmp_path, "keep_releases": 0}, "at least 1"),
    ):
        with pytest.raises(ModuleFailed, match=message):
            run(aws, bucket, **options)
    outside = build(tmp_path / "dist", "1")
    (outside / "link.html").symlink_to("/etc/hostname")
    with pytest.raises(ModuleFailed, match=r"link\.html leads out of"):
        run(aws, bucket, outside)
    inside = build(tmp_path / "memory", "1")
    (inside / ".slipway").mkdir()
    (inside / ".slipway" / "x").write_text("x")
    with pytest.raises(ModuleFailed, match=r"\.slipway has the name of this module's memory"):
        run(aws, bucket, inside)
    assert run(aws, bucket, inside, check=True, exclude=[".slipway"])["changed"]
    with pytest.raises(ModuleFailed, match=r"Create the bucket first, or correct its name\..*NoSuchBucket"):
        run(aws, "no-such-bucket", build(tmp_path / "dist", "1"))
    assert run(aws, "no-such-bucket", tmp_path / "dist", check=True)["changed"]


def test_what_aws_refuses_is_told_with_the_next_step(aws: Aws, bucket: str, tmp_path: Path) -> None:
    s3, site = aws.client("s3"), tmp_path / "dist"
    run(aws, bucket, build(site, "1"), keep_releases=1)
    build(site, "2")

    def refuse(action: str, match: str) -> None:
        statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}/*"}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        with pytest.raises(ModuleFailed, match=match):
            run(aws, bucket, site, keep_releases=1)
        s3.delete_bucket_policy(Bucket=bucket)

    refuse("s3:GetObject", rf"read the manifest .* in {bucket} \(Grant the caller the action.*AccessDenied")
    refuse("s3:DeleteObject", rf"delete 4 objects of {bucket}, the first of them assets/.* \(Grant .*AccessDenied")
    # What could not be deleted is not forgotten.
    assert len(run(aws, bucket, site, keep_releases=1)["deleted"]) == 4
    s3.put_object(Bucket=bucket, Key=".slipway/-/manifest.json.gz", Body=b"something else")
    with pytest.raises(ModuleFailed, match=rf"manifest.json.gz in {bucket} is not what this module wrote .* delete it"):
        run(aws, bucket, site)
    s3.delete_object(Bucket=bucket, Key=".slipway/-/manifest.json.gz")
    assert run(aws, bucket, site)["deleted"] == []
    assert not run(aws, bucket, site)["changed"]


class Watch:
    """What is in a bucket after each request that changes it, and every page that then lacked an asset.

    Kills a publish at a request: before it comes through, or instead of its answer.
    """

    def __init__(self, bucket: str) -> None:
        self.start = f"/{bucket}/"
        self.objects: dict[str, bytes] = {}
        self.missing: list[str] = []
        self.changes = self.requests = self.open = 0
        self.lock = threading.Condition()
        self.port = 0
        self.child: int | None = None
        self.kill_at, self.answer_is_lost = 0, False

    def before(self, request: Request) -> bool:
        with self.lock:
            self.requests += 1
            self.open += 1
            if self.requests == self.kill_at and not self.answer_is_lost:
                self.kill()
                return False
        return True

    def after(self, request: Request) -> None:
        with self.lock:
            self.change(request)
            if self.requests >= self.kill_at and self.answer_is_lost:
                self.kill()

    def closed(self) -> None:
        with self.lock:
            self.open -= 1
            self.lock.notify_all()

    def kill(self) -> None:
        # The first request may come before we know who is to be killed.
        if self.kill_at and self.lock.wait_for(lambda: self.child is not None, timeout=60):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child or 0, signal.SIGKILL)
            self.kill_at = 0

    def change(self, request: Request) -> None:
        path, _mark, query = request.path.partition("?")
        if request.method == "GET" or (request.method == "POST" and query != "delete"):
            return
        if request.method == "POST":
            for key in re.findall(r"<Key>([^<]+)</Key>", request.body.decode()):
                self.objects.pop(key, None)
        else:
            key = unquote(path).removeprefix(self.start)
            source = unquote(request.headers.get("x-amz-copy-source", "")).lstrip("/").partition("/")[2]
            self.objects[key] = self.objects[source] if source else request.body
        self.changes += 1
        for page, content in self.objects.items():
            if page.endswith(".html"):
                lacking = [asset for asset in REFERENCE.findall(content.decode()) if asset not in self.objects]
                self.missing += [f"change {self.changes}: {page} → {asset}" for asset in lacking]

    def publish_and_die(self, source: Path, kill_at: int, answer_is_lost: bool) -> bool:
        """Publish in a process that is killed at a request. Whether it came so far."""
        self.requests, self.kill_at, self.answer_is_lost, self.child = 0, kill_at, answer_is_lost, None
        pid = os.fork()
        if pid == 0:
            with contextlib.redirect_stderr(io.StringIO()):
                bucket = self.start.strip("/")
                result = execute(MODULE, {"bucket": bucket, "source": str(source), "keep_releases": 1})
            os._exit(1 if result.get("failed") else 0)
        with self.lock:
            self.child = pid
            self.lock.notify_all()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        # What the dead have sent still comes through, but not into the next publish.
        settle(self.port)
        with self.lock:
            assert self.lock.wait_for(lambda: self.open == 0, timeout=60)
        assert status in (0, -signal.SIGKILL)
        return status != 0


def test_a_publish_that_is_killed_never_leaves_a_page_without_its_assets(
    aws: Aws, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(4711)
    site = tmp_path / "dist"
    watch = Watch(bucket)
    with relaying(aws, watch.before, watch.after, watch.closed) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        watch.port = int(url.rpartition(":")[2])
        run(aws, bucket, build(site, "0", pages=7), keep_releases=1)
        watch.requests = 0
        run(aws, bucket, build(site, "1", pages=7), keep_releases=1)
        takes = watch.requests
        killed = 0
        for number in range(50):
            # Each time another release, with more or fewer pages: what is cut off is never simply finished.
            build(site, str(number + 2), pages=dice.randint(4, 10))
            killed += watch.publish_and_die(site, dice.randint(1, takes), dice.random() < 0.5)
        final = build(site, "last", pages=5)
        run(aws, bucket, final, keep_releases=1)
        assert not run(aws, bucket, final, keep_releases=1)["changed"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.server.url)
    assert watch.missing == []
    assert killed >= 35, "hardly any run was cut off: the test proves nothing"
    assert watch.changes > 10 * killed, "hardly any run had begun: the test proves nothing"
    assert keys(aws, bucket) == local_keys(final)
    # The watch was right about what there is.
    listed = aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {item["Key"]: item["ETag"].strip('"') for item in listed} == {
        key: hashlib.md5(body, usedforsecurity=False).hexdigest() for key, body in watch.objects.items()
    }
