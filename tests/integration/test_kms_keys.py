# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule

from .harness import Aws, ModuleFailed

MODULE = "kms_keys"


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module warns of. Where ansible-core puts it depends on who runs the module."""
    told: list[str] = []
    monkeypatch.setattr(SlipwayModule, "warn", lambda _module, text: told.append(text))
    return told


def statement(aws: Aws, action: str = "kms:*") -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account_id}:root"},
        "Action": action,
        "Resource": "*",
    }


def policy(aws: Aws, *further: str) -> dict[str, Any]:
    statements = [statement(aws), *(statement(aws, action) for action in further)]
    return {"Version": "2012-10-17", "Statement": statements}


def full(aws: Aws) -> dict[str, Any]:
    return {
        "alias": "uex-test",
        "description": "Encrypts the data of uex-test",
        "policy": policy(aws),
        "rotation": True,
        "grants": [
            {
                "name": "backup",
                "grantee_principal": f"arn:aws:iam::{aws.account_id}:root",
                "operations": ["DescribeKey", "Decrypt"],
            }
        ],
        "tags": {"Project": "uex"},
    }


def customer_keys(aws: Aws) -> list[str]:
    kms = aws.client("kms")
    found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return [key["KeyId"] for key in found if key["KeyManager"] == "CUSTOMER"]


def test_creates_and_then_leaves_alone(aws: Aws) -> None:
    key = full(aws)
    predicted = aws.run_module(MODULE, {"keys": [key]}, check=True)
    result = aws.run_module(MODULE, {"keys": [key]})

    assert predicted["actions"] == result["actions"]
    assert predicted["kms_keys"]["uex-test"]["arn"] == "arn:aws:kms::000000000000:key/planned-uex-test"
    made = result["kms_keys"]["uex-test"]
    kms = aws.client("kms")
    assert kms.describe_key(KeyId="alias/uex-test")["KeyMetadata"]["Arn"] == made["arn"]
    assert kms.get_key_rotation_status(KeyId=made["key_id"])["KeyRotationEnabled"]
    aws.mark()
    again = aws.run_module(MODULE, {"keys": [{**key, "alias": "alias/uex-test"}]})
    assert not again["changed"]
    assert again["kms_keys"]["uex-test"]["arn"] == made["arn"]
    assert aws.mutations() == []


def test_each_option_round_trips(aws: Aws) -> None:
    stated = full(aws)
    aws.run_module(MODULE, {"keys": [stated]})
    encrypting = {"name": "app", "grantee_principal": f"arn:aws:iam::{aws.account_id}:root", "operations": ["Encrypt"]}
    for option, value in [
        ("description", "other"),
        ("policy", policy(aws, "kms:Decrypt")),
        ("rotation_period_days", 90),
        ("rotation", False),
        ("grants", [*stated["grants"], encrypting]),
        ("grants", [{**encrypting, "operations": ["Encrypt", "Decrypt"]}]),
        ("tags", {"Project": "uex", "Owner": "payments"}),
        ("enabled", False),
        ("enabled", True),
    ]:
        stated = {**stated, option: value}
        predicted = aws.run_module(MODULE, {"keys": [stated]}, check=True)
        result = aws.run_module(MODULE, {"keys": [stated]})
        assert predicted["actions"] == result["actions"]
        assert result["actions"] == [{"action": "update", "name": "uex-test", "fields": [option]}]
        assert not aws.run_module(MODULE, {"keys": [stated]})["changed"], option
    grants = aws.client("kms").list_grants(KeyId=result["kms_keys"]["uex-test"]["key_id"])["Grants"]
    assert sorted(grant["Name"] for grant in grants) == ["app", "backup"], "a grant that is not stated is left alone"


def test_grants_without_a_name_are_left_alone(aws: Aws) -> None:
    key = aws.run_module(MODULE, {"keys": [full(aws)]})["kms_keys"]["uex-test"]["key_id"]
    aws.client("kms").create_grant(
        KeyId=key, GranteePrincipal=f"arn:aws:iam::{aws.account_id}:root", Operations=["Decrypt"]
    )

    assert not aws.run_module(MODULE, {"keys": [full(aws)]})["changed"]


def test_a_key_without_its_alias_is_found_by_its_id(aws: Aws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]
    stated = {**full(aws), "key_id": key["Arn"]}

    result = aws.run_module(MODULE, {"keys": [stated]})

    assert result["actions"][0]["action"] == "update"
    assert result["kms_keys"]["uex-test"]["key_id"] == key["KeyId"]
    assert customer_keys(aws) == [key["KeyId"]]
    assert not aws.run_module(MODULE, {"keys": [full(aws)]})["changed"]
    placeholder = {**full(aws), "alias": "other", "key_id": "arn:aws:kms::000000000000:key/planned-other"}
    assert aws.run_module(MODULE, {"keys": [placeholder]}, check=True)["changed"]


def test_a_deleted_key_comes_back_within_its_time(aws: Aws, warned: list[str]) -> None:
    before = aws.run_module(MODULE, {"keys": [full(aws)]})["kms_keys"]["uex-test"]["arn"]
    absent = {"keys": [{"alias": "uex-test"}], "state": "absent", "pending_window_days": 7}
    assert aws.run_module(MODULE, absent, check=True)["changed"]
    assert aws.run_module(MODULE, absent)["changed"]
    assert aws.client("kms").describe_key(KeyId=before)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert not aws.run_module(MODULE, absent)["changed"]

    predicted = aws.run_module(MODULE, {"keys": [full(aws)]}, check=True)
    result = aws.run_module(MODULE, {"keys": [full(aws)]})

    assert predicted["restored"] == result["restored"] == ["uex-test"]
    assert [text.rpartition("; ")[2] for text in warned] == ["that would be called off.", "that was called off."]
    assert result["kms_keys"]["uex-test"]["arn"] == before
    assert aws.client("kms").describe_key(KeyId=before)["KeyMetadata"]["KeyState"] == "Enabled"
    assert not aws.run_module(MODULE, {"keys": [full(aws)]})["changed"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"keys": [{"alias": "a"}, {"alias": "alias/a"}]}, "the alias a stands twice"),
        ({"keys": [{"alias": "a"}], "state": "absent", "pending_window_days": 3}, "3 is not between 7 and 30"),
    ],
)
def test_bad_input_is_refused(aws: Aws, args: dict[str, Any], told: str) -> None:
    with pytest.raises(ModuleFailed, match=told):
        aws.run_module(MODULE, args)
