# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

HOST = "token.actions.githubusercontent.com"
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"
FULL = {
    "url": f"https://{HOST}",
    "client_ids": ["sts.amazonaws.com"],
    "thumbprints": [THUMBPRINT],
    "tags": {"Project": "uex"},
}


def ensure(aws: Aws, check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("iam_oidc_provider", {**FULL, **options}, check=check)


def test_creates_and_changes_nothing_again(aws: Aws) -> None:
    assert ensure(aws, check=True)["provider"]["arn"] == f"arn:aws:iam::000000000000:oidc-provider/planned-{HOST}"
    created = ensure(aws)
    assert created["provider"]["arn"] == f"arn:aws:iam::{aws.account_id}:oidc-provider/{HOST}"
    aws.mark()
    again = ensure(aws, url=f"https://{HOST}/")
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["provider"] == created["provider"]


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"client_ids": ["other"]}, "client_ids", ["other", "sts.amazonaws.com"]),
        ({"client_ids": ["other"], "purge_client_ids": True}, "client_ids", ["other"]),
        ({"thumbprints": ["0" * 40]}, "thumbprints", ["0" * 40]),
        ({"tags": {"Project": "shop"}}, "tags", {"Project": "shop"}),
        ({"tags": {}}, "tags", {}),
    ],
)
def test_each_change_is_predicted_made_and_then_found(
    aws: Aws, options: dict[str, Any], field: str, value: Any
) -> None:
    ensure(aws)
    predicted = ensure(aws, check=True, **options)
    assert predicted["actions"] == [{"action": "update", "name": HOST, "fields": [field]}]
    made = ensure(aws, **options)
    assert made["provider"] == predicted["provider"]
    again = ensure(aws, **options)
    assert not again["changed"]
    assert again["provider"][field] == value


def test_names_a_wrong_url(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="url is 'github'; an OIDC provider's address begins with https://"):
        ensure(aws, url="github")


def test_deletes(aws: Aws) -> None:
    ensure(aws)
    assert ensure(aws, state="absent", check=True)["changed"]
    assert ensure(aws, state="absent")["changed"]
    assert not ensure(aws, state="absent")["changed"]
