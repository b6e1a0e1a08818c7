# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._s3site.files import Blob, blob_of
from ansible_collections.slipway.aws.plugins.module_utils._s3site.plan import (
    Live,
    Manifest,
    Plan,
    Release,
    find_release,
    from_document,
    in_place,
    make_plan,
    release_id,
    to_document,
)


def blobs(**contents: str) -> dict[str, Blob]:
    """Key → object; C(index_html) is the key C(index.html)."""
    return {name.replace("_", "."): blob_of(text.encode(), {"cache_control": "x"}) for name, text in contents.items()}


def published(*releases: dict[str, Blob]) -> tuple[Manifest, dict[str, str]]:
    """A bucket after these releases, the newest last, and its listing."""
    live = {key: Live(blob.digest, blob.md5) for release in releases for key, blob in release.items()}
    files = [{key: blob.digest for key, blob in release.items()} for release in releases]
    manifest = Manifest(
        live=live,
        releases=tuple(Release(release_id(item), item) for item in reversed(files)),
        blobs={blob.digest: blob for release in releases for blob in release.values()},
    )
    return manifest, {key: item.etag for key, item in live.items()}


def plan(manifest: Manifest, listing: dict[str, str], wanted: dict[str, Blob], **options: Any) -> Plan:
    return make_plan(manifest, listing, wanted, **{"published": "now", "keep_releases": 2, "delete": True, **options})


ONE = blobs(index_html="1", a_js="a", logo_svg="l")
TWO = blobs(index_html="2", b_js="b", logo_svg="l")


def test_first_publish_puts_everything_assets_before_pages() -> None:
    made = plan(Manifest(), {}, {**ONE, **blobs(about_html="x")})
    assert [put.key for put in made.puts] == ["a.js", "logo.svg", "about.html", "index.html"]
    assert made.changed == ()
    assert made.is_new_release


def test_nothing_changed_means_nothing_to_do() -> None:
    assert plan(*published(ONE), ONE).nothing_to_do


def test_the_first_page_of_all_comes_last_and_deep_pages_first() -> None:
    wanted = {key: blob_of(key.encode(), {}) for key in ("index.html", "z.html", "a/index.html", "a/b/c.html")}
    assert [put.key for put in plan(Manifest(), {}, wanted).pages] == [
        "a/b/c.html",
        "a/index.html",
        "z.html",
        "index.html",
    ]


def test_only_what_was_cached_before_is_invalidated() -> None:
    made = plan(*published({**ONE, **blobs(gone_html="g")}), TWO, keep_releases=1)
    assert made.changed == ("gone.html", "index.html")
    assert made.delete_pages == ("gone.html",)
    assert made.delete_assets == ("a.js",)


def test_assets_stay_as_long_as_their_release_is_kept() -> None:
    assert plan(*published(ONE), TWO, keep_releases=2).delete_assets == ()
    assert plan(*published(ONE), TWO, keep_releases=1).delete_assets == ("a.js",)
    assert plan(*published(ONE), TWO, keep_releases=1, delete=False).deletes == ()


def test_what_we_did_not_publish_or_is_excluded_is_never_deleted() -> None:
    manifest, listing = published(ONE)
    listing["foreign.js"] = "etag"
    assert "foreign.js" not in plan(manifest, listing, TWO, keep_releases=1).deletes
    assert plan(manifest, listing, TWO, keep_releases=1, exclude=["*.js"]).deletes == ()


def test_an_object_that_somebody_changed_is_put_again() -> None:
    manifest, listing = published(ONE)
    listing["logo.svg"] = "other"
    assert [put.key for put in plan(manifest, listing, ONE).puts] == ["logo.svg"]


def test_what_a_kept_release_needs_is_set_aside_before_its_place_is_taken() -> None:
    assert plan(*published(ONE), TWO).set_aside == {ONE["index.html"].digest: "index.html"}
    assert plan(*published(ONE), TWO, keep_releases=1).set_aside == {}


def test_going_back_copies_from_where_contents_are() -> None:
    manifest, listing = published(ONE, TWO)
    manifest = Manifest(
        live=manifest.live,
        releases=manifest.releases,
        blobs=manifest.blobs,
        archived=frozenset({ONE["index.html"].digest}),
    )
    made = plan(manifest, listing, ONE, from_archive=True)
    assert [(put.key, put.copy_from) for put in made.puts] == [("index.html", "archive")]
    assert made.set_aside == {TWO["index.html"].digest: "index.html"}
    assert made.kept[0].id == manifest.releases[1].id


def test_contents_that_change_places_are_set_aside_and_not_lost() -> None:
    straight, swapped = blobs(x_js="x", y_js="y"), blobs(x_js="y", y_js="x")
    made = plan(*published(swapped), straight, from_archive=True)
    assert {put.copy_from for put in made.puts} == {"archive"}
    assert set(made.set_aside) == {blob.digest for blob in straight.values()}


def test_a_release_whose_content_is_gone_cannot_be_gone_back_to() -> None:
    manifest, listing = published(ONE, TWO)
    with pytest.raises(AnsibleAWSError, match=r"index\.html of that release is neither in its place nor set aside"):
        plan(manifest, listing, ONE, from_archive=True)


def test_after_a_cut_off_publish_what_is_in_place_is_known() -> None:
    manifest, listing = published(ONE)
    cut = Manifest(
        live=manifest.live,
        releases=manifest.releases,
        blobs={**manifest.blobs, **{blob.digest: blob for blob in TWO.values()}},
        pending={key: TWO[key].digest for key in ("index.html", "b.js")},
    )
    listing["b.js"] = TWO["b.js"].md5
    known = in_place(cut, listing)
    assert known["b.js"] == Live(TWO["b.js"].digest, TWO["b.js"].md5)
    assert known["index.html"].digest == ONE["index.html"].digest
    made = plan(cut, listing, TWO)
    assert [put.key for put in made.puts] == ["index.html"]
    # Another release after it: what the first one left behind is ours to delete.
    three = blobs(index_html="3", c_js="c")
    assert "b.js" in plan(cut, listing, three, keep_releases=1).delete_assets


def test_a_change_of_headers_that_was_cut_off_is_made_again() -> None:
    before = {"a.js": blob_of(b"a", {"cache_control": "old"})}
    after = {"a.js": blob_of(b"a", {"cache_control": "new"})}
    manifest, listing = published(before)
    cut = Manifest(
        live=manifest.live,
        releases=manifest.releases,
        blobs={**manifest.blobs, after["a.js"].digest: after["a.js"]},
        pending={"a.js": after["a.js"].digest},
    )
    # The ETag is the same either way, so nobody can tell which headers are there.
    assert in_place(cut, listing) == {}
    assert [put.key for put in plan(cut, listing, after).puts] == ["a.js"]
    assert [put.key for put in plan(cut, listing, before).puts] == ["a.js"]


def test_a_manifest_goes_and_comes_back() -> None:
    manifest, _listing = published(ONE, TWO)
    manifest = Manifest(
        manifest.live, manifest.releases, manifest.blobs, frozenset({"x"}), {"a.js": ONE["a.js"].digest}, ("a.html",)
    )
    assert from_document(json.loads(json.dumps(to_document(manifest)))) == manifest
    assert from_document(None) == Manifest()
    with pytest.raises(AnsibleAWSError, match="has version 9, but this module knows 1"):
        from_document({"version": 9})


def test_a_release_is_found_by_its_identifier_or_as_the_previous_one() -> None:
    manifest, _listing = published(ONE, TWO)
    assert find_release(manifest, "previous") == manifest.releases[1]
    assert find_release(manifest, manifest.releases[0].id) == manifest.releases[0]
    for wrong, empty in (("none", manifest), ("previous", Manifest())):
        with pytest.raises(AnsibleAWSError, match="there is no release"):
            find_release(empty, wrong)
