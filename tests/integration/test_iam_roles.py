# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "*"}]}
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def role(**fields: Any) -> dict[str, Any]:
    return {
        "name": "uex-dev-task",
        "assume_role_policy": TRUST,
        "description": "Runs a task",
        "max_session_duration": 3600,
        "inline_policies": {"read": READ},
        "managed_policies": [EXECUTION],
        "tags": {"Project": "uex"},
        **fields,
    }


def ensure(aws: Aws, *roles: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("iam_roles", {"roles": list(roles), **options}, check=check)


def test_creates_several_and_changes_nothing_again(aws: Aws) -> None:
    wanted = [role(), role(name="uex-dev-other", path="/uex/", managed_policies=[])]
    predicted = ensure(aws, *wanted, check=True)
    assert predicted["changed"]
    assert predicted["roles"]["uex-dev-other"]["arn"] == "arn:aws:iam::000000000000:role/uex/planned-uex-dev-other"

    created = ensure(aws, *wanted)
    assert created["changed"]
    assert [action["action"] for action in created["actions"]] == ["create", "create"]
    assert created["roles"]["uex-dev-other"]["arn"] == f"arn:aws:iam::{aws.account_id}:role/uex/uex-dev-other"
    iam = aws.client("iam")
    found = iam.get_role(RoleName="uex-dev-task")["Role"]
    assert found["Tags"] == [{"Key": "Project", "Value": "uex"}]
    assert found["AssumeRolePolicyDocument"] == TRUST
    assert iam.get_role_policy(RoleName="uex-dev-task", PolicyName="read")["PolicyDocument"] == READ
    attached = iam.list_attached_role_policies(RoleName="uex-dev-task")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [EXECUTION]

    aws.mark()
    again = ensure(aws, *wanted)
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["roles"] == created["roles"]


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Runs another task"},
        {"max_session_duration": 7200},
        {"inline_policies": {"read": WRITE}},
        {"inline_policies": {"write": WRITE}},
        {"inline_policies": {}},
        {"managed_policies": [READ_ONLY]},
        {"managed_policies": []},
        {"permissions_boundary": READ_ONLY},
        {"tags": {"Project": "uex", "Environment": "dev"}},
        {"tags": {}},
        {
            "assume_role_policy": {
                **TRUST,
                "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}],
            }
        },
    ],
    ids=lambda change: "-".join(f"{key}={len(str(value))}" for key, value in change.items()),
)
def test_each_change_is_predicted_made_and_then_found(aws: Aws, change: dict[str, Any]) -> None:
    ensure(aws, role())
    field = next(iter(change))
    predicted = ensure(aws, role(**change), check=True)
    assert predicted["actions"] == [{"action": "update", "name": "uex-dev-task", "fields": [field]}]
    made = ensure(aws, role(**change))
    assert made["changed"]
    assert made["roles"]["uex-dev-task"][field] == change[field]
    assert made["roles"] == predicted["roles"]
    again = ensure(aws, role(**change))
    assert not again["changed"]
    assert again["roles"] == made["roles"]


def test_removes_a_permissions_boundary(aws: Aws) -> None:
    ensure(aws, role(permissions_boundary=READ_ONLY))
    assert ensure(aws, role(permissions_boundary=""))["changed"]
    assert "PermissionsBoundary" not in aws.client("iam").get_role(RoleName="uex-dev-task")["Role"]


def test_policies_with_the_same_meaning_are_no_change(aws: Aws) -> None:
    ensure(aws, role())
    same = {"Statement": [{"Resource": ["*"], "Action": "s3:GetObject", "Effect": "Allow"}], "Version": "2012-10-17"}
    assert not ensure(aws, role(inline_policies={"read": json.dumps(same)}))["changed"]


def test_keeps_what_the_task_does_not_speak_of(aws: Aws) -> None:
    ensure(aws, role())
    result = ensure(aws, {"name": "uex-dev-task", "description": "Changed"})
    assert result["actions"] == [{"action": "update", "name": "uex-dev-task", "fields": ["description"]}]
    state = result["roles"]["uex-dev-task"]
    assert state["inline_policies"] == {"read": READ}
    assert state["managed_policies"] == [EXECUTION]


def test_adds_without_purging(aws: Aws) -> None:
    ensure(aws, role())
    result = ensure(
        aws,
        role(inline_policies={"write": WRITE}, managed_policies=[READ_ONLY], tags={"Team": "pay"}),
        purge_policies=False,
        purge_tags=False,
    )
    state = result["roles"]["uex-dev-task"]
    assert state["inline_policies"] == {"read": READ, "write": WRITE}
    assert state["managed_policies"] == sorted([EXECUTION, READ_ONLY])
    assert state["tags"] == {"Project": "uex", "Team": "pay"}


def test_refuses_to_change_the_path(aws: Aws) -> None:
    ensure(aws, role())
    with pytest.raises(ModuleFailed, match=r"cannot change path of the IAM role uex-dev-task .*'/' → '/other/'"):
        ensure(aws, role(path="/other/"))


@pytest.mark.parametrize("check", [True, False])
def test_names_the_role_without_trust_policy(aws: Aws, check: bool) -> None:
    with pytest.raises(ModuleFailed, match=r"uex-dev-task does not exist and has no assume_role_policy"):
        ensure(aws, {"name": "uex-dev-task"}, check=check)


@pytest.mark.parametrize(("document", "message"), [("{", "is not JSON"), ("[]", "is no policy document")])
def test_names_the_broken_policy(aws: Aws, document: str, message: str) -> None:
    with pytest.raises(ModuleFailed, match=f"inline policy read of uex-dev-task {message}"):
        ensure(aws, role(inline_policies={"read": document}))


def test_deletes_with_everything_attached(aws: Aws) -> None:
    ensure(aws, role())
    iam = aws.client("iam")
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="uex-dev-task")
    assert ensure(aws, {"name": "uex-dev-task"}, state="absent", check=True)["changed"]
    assert ensure(aws, {"name": "uex-dev-task"}, state="absent")["changed"]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="uex-dev-task")
    assert not ensure(aws, {"name": "uex-dev-task"}, state="absent")["changed"]


def test_purges_only_its_owners_roles(aws: Aws) -> None:
    owner = {"Project": "uex", "Role": "compute"}
    ensure(
        aws,
        role(name="uex-dev-a", tags=owner),
        role(name="uex-dev-b", tags=owner),
        role(name="uex-dev-vpc", tags={**owner, "Role": "vpc"}),
        role(name="uex-prod-a", tags=owner),
    )
    purge = {"purge": True, "name_prefix": "uex-dev-", "owner_tags": owner}
    kept = ensure(aws, role(name="uex-dev-b", tags=owner), **purge)
    assert kept["actions"] == [{"action": "delete", "name": "uex-dev-a", "fields": []}]
    gone = ensure(aws, state="absent", **purge)
    assert gone["actions"] == [{"action": "delete", "name": "uex-dev-b", "fields": []}]
    assert not ensure(aws, state="absent", **purge)["changed"]
    left = {found["RoleName"] for found in aws.client("iam").list_roles()["Roles"]}
    assert left == {"uex-dev-vpc", "uex-prod-a"}


def test_purges_below_a_path(aws: Aws) -> None:
    owner = {"Project": "uex"}
    ensure(aws, role(name="in", path="/uex/dev/task/", tags=owner), role(name="out", path="/uex/prod/", tags=owner))
    gone = ensure(aws, state="absent", purge=True, path_prefix="/uex/dev/", owner_tags=owner)
    assert gone["actions"] == [{"action": "delete", "name": "in", "fields": []}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path_prefix": "/uex/"}, "owner_tags is empty"),
        ({"owner_tags": {"Project": "uex"}}, "set path_prefix or name_prefix"),
    ],
)
def test_purge_needs_an_owner_and_a_place(aws: Aws, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        ensure(aws, state="absent", purge=True, **options)
