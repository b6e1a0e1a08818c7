# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._cloudfront.paths import (
    Rules,
    aliases,
    batches,
    cache_tag,
    caller_reference,
    collapsed,
    encoded,
    invalidation_items,
    normalised,
    price,
    without_covered,
    without_origin_path,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/plain/path-1_2.html?x=1&y=(2)+3,4;5:6@7!$=", "/plain/path-1_2.html?x=1&y=(2)+3,4;5:6@7!$="),
        ("/with space", "/with%20space"),
        ("/it's", "/it%27s"),
        ("/~me", "/%7Eme"),
        ("/straße/ü", "/stra%C3%9Fe/%C3%BC"),
        ("/已", "/%E5%B7%B2"),
        ("/done%20already%2fthere", "/done%20already%2Fthere"),
        ("/50%", "/50%25"),
        ("/tab\there", "/tab%09here"),
        ('/<>"{}|\\^[]`#', "/%3C%3E%22%7B%7D%7C%5C%5E%5B%5D%60%23"),
        ("/images/*", "/images/*"),
    ],
)
def test_only_what_must_be_encoded_is(path: str, expected: str) -> None:
    assert encoded(path) == expected
    assert encoded(expected) == expected


@pytest.mark.parametrize(
    ("path", "origin_path", "expected"),
    [
        ("/releases/1/a.html", "/releases/1", "/a.html"),
        ("/releases/1", "/releases/1/", "/"),
        ("/releases/10/a.html", "/releases/1", "/releases/10/a.html"),
        ("/a.html", "", "/a.html"),
    ],
)
def test_the_origin_path_is_no_part(path: str, origin_path: str, expected: str) -> None:
    assert without_origin_path(path, origin_path) == expected


def test_a_path_begins_with_a_slash_and_ends_with_an_asterisk_at_most() -> None:
    assert normalised("a/b.html", Rules()) == "/a/b.html"
    with pytest.raises(AnsibleAWSError, match="asterisk in the middle"):
        normalised("/a/*/b", Rules())
    with pytest.raises(AnsibleAWSError, match="at most 4000"):
        normalised("/" + "a" * 4000, Rules())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/index.html", ["/"]),
        ("/", ["/index.html"]),
        ("/docs/index.html", ["/docs/", "/docs"]),
        ("/docs/", ["/docs/index.html", "/docs"]),
        ("/docs/page.html", []),
        ("/docs/*", []),
        ("/not-index.html", []),
    ],
)
def test_an_index_document_has_other_names(path: str, expected: list[str]) -> None:
    assert aliases(path, "index.html") == expected
    assert aliases(path, "") == []


def test_what_a_wildcard_covers_is_left_out() -> None:
    assert without_covered(["/a/b", "/a/*", "/a/c/*", "/ab", "/a/b"]) == ["/a/*", "/ab"]
    assert without_covered(["/a*", "/ab", "/b"]) == ["/a*", "/b"]
    assert without_covered(["/*", "/a/*", "/"]) == ["/*"]


def test_the_fullest_of_the_deepest_directories_is_collapsed_first() -> None:
    paths = ["/a/x/1", "/a/x/2", "/a/x/3", "/a/y/1", "/a/y/2", "/b"]
    assert collapsed(paths, 6) == sorted(paths)
    assert collapsed(paths, 4) == ["/a/x/*", "/a/y/1", "/a/y/2", "/b"]
    assert collapsed(paths, 3) == ["/a/x/*", "/a/y/*", "/b"]
    assert collapsed(paths, 2) == ["/a/*", "/b"]
    assert collapsed(paths, 1) == ["/*"]
    assert collapsed(paths, 0) == ["/*"]


def test_there_are_never_more_wildcards_than_cloudfront_takes() -> None:
    made = collapsed([f"/{index}/*" for index in range(40)], 1000)
    assert made == ["/*"]
    assert len(collapsed([f"/{index}/*" for index in range(15)], 1000)) == 15


def test_everything_collapsed_still_covers_every_path() -> None:
    paths = [f"/{first}/{second}/{third}.html" for first in "abc" for second in "xyz" for third in range(9)]
    for limit in range(1, len(paths) + 1):
        made = collapsed(paths, limit)
        assert len(made) <= limit
        assert all(any(path == one or (one[-1] == "*" and path.startswith(one[:-1])) for one in made) for path in paths)


def test_tags_stand_beside_paths_and_count_like_them() -> None:
    rules = Rules(max_paths=3)
    assert invalidation_items(["/a/1", "/a/2", "/b"], ["Product-1", "#product-1"], rules) == [
        "/a/*",
        "/b",
        "#product-1",
    ]
    assert invalidation_items([], ["x"], rules) == ["#x"]
    assert invalidation_items([], [], rules) == []
    for wrong in ("", "#", "a b", "a,b", "ü", "a*", "a" * 257):
        with pytest.raises(AnsibleAWSError, match="is no cache tag"):
            cache_tag(wrong)


def test_batches_are_what_one_invalidation_may_hold() -> None:
    assert batches([]) == []
    assert [len(batch) for batch in batches([f"/{index}" for index in range(7000)])] == [3000, 3000, 1000]
    assert [len(batch) for batch in batches([f"/{index}/*" for index in range(31)])] == [15, 15, 1]


def test_a_reference_is_the_same_for_the_same_paths_and_content() -> None:
    reference = caller_reference("E1", ["/a", "/b"], "1")
    assert reference == caller_reference("E1", ["/b", "/a"], "1")
    others = {
        caller_reference("E1", ["/a"], "1"),
        caller_reference("E1", ["/a", "/b"], "2"),
        caller_reference("E2", ["/a", "/b"], "1"),
    }
    assert len(others | {reference}) == 4


@pytest.mark.parametrize(
    ("count", "used", "expected"), [(1000, 0, 0), (1001, 0, 0.005), (10, 995, 0.025), (2, 2000, 0.01)]
)
def test_the_first_thousand_paths_of_a_month_are_free(count: int, used: int, expected: float) -> None:
    assert price(count, used) == expected
