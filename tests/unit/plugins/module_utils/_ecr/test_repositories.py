# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.ecr import (
    encryption,
    exclusion_filters,
    registry_uri,
    repository_state,
    same_key,
)

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234"


def test_repository_state() -> None:
    assert repository_state({"repositoryArn": "arn", "repositoryUri": "uri"}) == {
        "arn": "arn",
        "uri": "uri",
        "image_tag_mutability": "MUTABLE",
        "image_tag_mutability_exclusions": [],
        "scan_on_push": False,
        "encryption_type": "AES256",
        "kms_key": "",
    }
    full = repository_state(
        {
            "repositoryArn": "arn",
            "repositoryUri": "uri",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev*"}],
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
        }
    )
    assert full["image_tag_mutability_exclusions"] == ["dev*"]
    assert (full["scan_on_push"], full["encryption_type"], full["kms_key"]) == (True, "KMS", KEY)


@pytest.mark.parametrize(("wanted", "same"), [(KEY, True), ("1234", True), ("234", False), ("other", False)])
def test_same_key(wanted: str, same: bool) -> None:
    assert same_key(KEY, wanted) is same


@pytest.mark.parametrize(
    ("wanted", "request_"),
    [
        ({}, None),
        ({"encryption_type": "KMS", "kms_key": ""}, {"encryptionType": "KMS"}),
        ({"encryption_type": "KMS", "kms_key": KEY}, {"encryptionType": "KMS", "kmsKey": KEY}),
    ],
)
def test_encryption(wanted: dict[str, Any], request_: dict[str, str] | None) -> None:
    assert encryption(wanted) == request_


def test_exclusion_filters() -> None:
    assert exclusion_filters(["dev*"]) == [{"filterType": "WILDCARD", "filter": "dev*"}]
    assert exclusion_filters(None) == []


def test_registry_uri_says_that_it_is_planned() -> None:
    assert registry_uri("uex/web", "eu-west-1") == "000000000000.dkr.ecr.eu-west-1.amazonaws.com/planned-uex/web"
