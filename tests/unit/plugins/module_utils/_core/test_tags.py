# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._core.tags import (
    from_tag_list,
    tag_changes,
    tag_filters,
    to_tag_list,
    wanted_tags,
)


@pytest.mark.parametrize("names", [("Key", "Value"), ("key", "value"), ("TagKey", "TagValue")])
def test_every_spelling_of_aws_is_understood(names: tuple[str, str]) -> None:
    key, value = names
    assert from_tag_list([{key: "Project", value: "uex"}]) == {"Project": "uex"}


def test_tags_of_aws_itself_are_left_alone() -> None:
    assert from_tag_list([{"Key": "aws:cloudformation:stack-name", "Value": "x"}]) == {}


def test_no_tags() -> None:
    assert from_tag_list(None) == {}


def test_lists_are_in_the_order_of_the_keys() -> None:
    assert to_tag_list({"b": 1, "a": "x"}) == [{"Key": "a", "Value": "x"}, {"Key": "b", "Value": "1"}]
    assert to_tag_list({"a": "x"}, key="key", value="value") == [{"key": "a", "value": "x"}]


def test_filters_ask_for_every_tag() -> None:
    assert tag_filters({"Project": "uex"}) == [{"Name": "tag:Project", "Values": ["uex"]}]


def test_a_task_without_tags_wants_none() -> None:
    assert wanted_tags({"a": "1"}, None, purge=True) is None


def test_stated_tags_replace_the_others_only_when_purged() -> None:
    assert wanted_tags({"a": "1"}, {"b": 2}, purge=True) == {"b": "2"}
    assert wanted_tags({"a": "1"}, {"b": 2}, purge=False) == {"a": "1", "b": "2"}


def test_what_modules_note_in_tags_of_their_own_stays() -> None:
    assert wanted_tags({"a": "1", "slipway:rotation": "x"}, {"b": 2}, purge=True) == {"b": "2", "slipway:rotation": "x"}


def test_changes() -> None:
    assert tag_changes({"a": "1", "b": "2"}, {"a": "1", "b": "3"}) == ({"b": "3"}, [])
    assert tag_changes({"a": "1", "b": "2"}, {"b": "2"}) == ({}, ["a"])
