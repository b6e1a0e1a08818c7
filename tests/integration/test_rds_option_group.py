# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "rds_option_group"
GROUP: dict[str, Any] = {
    "name": "uex-test-postgres",
    "description": "Options of the test",
    "engine": "postgres",
    "major_engine_version": "16",
    "tags": {"Project": "uex"},
}


def test_check_mode_does_not_create_although_there_are_tags(aws: Aws) -> None:
    result = aws.run_module(MODULE, GROUP, check=True)

    assert result["changed"]
    assert result["group"]["arn"].endswith("planned-og:uex-test-postgres")
    groups = aws.client("rds").describe_option_groups(EngineName="postgres")["OptionGroupsList"]
    assert GROUP["name"] not in [group["OptionGroupName"] for group in groups]


def test_creates_retags_and_deletes(aws: Aws) -> None:
    assert aws.run_module(MODULE, GROUP)["changed"]
    assert not aws.run_module(MODULE, GROUP)["changed"]
    retagged = {**GROUP, "tags": {"Project": "uex", "Owner": "payments"}}
    assert aws.run_module(MODULE, retagged)["actions"][0]["fields"] == ["tags"]
    assert not aws.run_module(MODULE, retagged)["changed"]

    absent = {"name": GROUP["name"], "state": "absent"}
    assert aws.run_module(MODULE, absent, check=True)["changed"]
    assert aws.run_module(MODULE, absent)["changed"]
    assert not aws.run_module(MODULE, absent)["changed"]


def test_what_aws_cannot_change_is_refused(aws: Aws) -> None:
    aws.run_module(MODULE, GROUP)

    with pytest.raises(ModuleFailed, match="AWS cannot change major_engine_version"):
        aws.run_module(MODULE, {**GROUP, "major_engine_version": "15"})
