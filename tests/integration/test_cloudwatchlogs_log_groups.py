# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "cloudwatchlogs_log_groups"
TAGS = {"Project": "uex", "Environment": "test", "Role": "monitoring"}
GROUP: dict[str, Any] = {"name": "/aws/rds/instance/uex-test-db/postgresql", "retention_days": 30}


def run(aws: Aws, *groups: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module(MODULE, {"log_groups": list(groups), "tags": TAGS, **options}, check=check)


def test_created_once(aws: Aws) -> None:
    sibling = {"name": f"{GROUP['name']}/sibling"}
    predicted = run(aws, GROUP, sibling, check=True)
    first = run(aws, GROUP, sibling)
    assert first["actions"] == predicted["actions"]
    assert first["log_groups"] == predicted["log_groups"]
    second = run(aws, GROUP, sibling)
    assert not second["changed"]
    assert second["log_groups"] == first["log_groups"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("retention_days", 7),
        ("retention_days", 0),
        ("kms_key_id", "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("tags", {"Component": "rds"}),
    ],
)
def test_each_option_round_trips(aws: Aws, option: str, value: Any) -> None:
    run(aws, GROUP)
    changed = {**GROUP, option: value}
    predicted = run(aws, changed, check=True)
    done = run(aws, changed)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": GROUP["name"], "fields": [option]}]
    again = run(aws, changed)
    assert not again["changed"]
    assert again["log_groups"] == done["log_groups"]


def test_the_key_can_be_taken_away(aws: Aws) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    run(aws, {**GROUP, "kms_key_id": key})
    assert run(aws, {**GROUP, "kms_key_id": ""})["changed"]
    assert not run(aws, {**GROUP, "kms_key_id": ""})["changed"]


def test_the_class_cannot_be_changed(aws: Aws) -> None:
    run(aws, GROUP)
    with pytest.raises(ModuleFailed, match="cannot change log_group_class"):
        run(aws, {**GROUP, "log_group_class": "INFREQUENT_ACCESS"})


def test_absent_deletes_once(aws: Aws) -> None:
    run(aws, GROUP)
    assert run(aws, GROUP, state="absent", check=True)["changed"]
    assert run(aws, GROUP, state="absent")["changed"]
    assert not run(aws, GROUP, state="absent")["changed"]


def test_purge_takes_only_what_carries_the_tags(aws: Aws) -> None:
    logs = aws.client("logs")
    run(aws, GROUP, {"name": "/other", "tags": {"Role": "compute"}})
    logs.create_log_group(logGroupName="/foreign")
    purge = {"purge": True, "purge_tagged": TAGS}
    assert run(aws, **purge)["changed"]
    assert not run(aws, **purge)["changed"]
    assert {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]} == {"/other", "/foreign"}


def test_purge_needs_tags(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="purge_tagged is empty"):
        aws.run_module(MODULE, {"purge": True})
