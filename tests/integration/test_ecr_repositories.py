# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

NAME = "uex-dev/backend"
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50},
            "action": {"type": "expire"},
        }
    ]
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Pull",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }
    ],
}


def repository(**fields: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "scan_on_push": True,
        "image_tag_mutability": "MUTABLE",
        "lifecycle_policy": LIFECYCLE,
        "repository_policy": POLICY,
        "tags": {"Service": "backend"},
        **fields,
    }


def ensure(aws: Aws, *repositories: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("ecr_repositories", {"repositories": list(repositories), **options}, check=check)


def test_creates_several_and_changes_nothing_again(aws: Aws) -> None:
    wanted = [repository(), {"name": "uex-dev/plain"}]
    predicted = ensure(aws, *wanted, check=True)
    assert predicted["repositories"][NAME]["uri"] == (
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/planned-uex-dev/backend"
    )
    created = ensure(aws, *wanted)
    assert created["changed"]
    assert created["repositories"][NAME]["uri"] == f"{aws.account_id}.dkr.ecr.us-east-1.amazonaws.com/{NAME}"
    ecr = aws.client("ecr")
    assert json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"]) == LIFECYCLE
    assert json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"]) == POLICY
    aws.mark()
    again = ensure(aws, *wanted)
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["repositories"] == created["repositories"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scan_on_push", False),
        ("image_tag_mutability", "IMMUTABLE"),
        ("lifecycle_policy", {"rules": [{**LIFECYCLE["rules"][0], "rulePriority": 2}]}),
        ("lifecycle_policy", {}),
        ("repository_policy", {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": ["ecr:BatchGetImage"]}]}),
        ("repository_policy", {}),
        ("tags", {"Service": "other"}),
        ("tags", {}),
    ],
)
def test_each_change_is_predicted_made_and_then_found(aws: Aws, field: str, value: Any) -> None:
    ensure(aws, repository())
    predicted = ensure(aws, repository(**{field: value}), check=True)
    assert predicted["actions"] == [{"action": "update", "name": NAME, "fields": [field]}]
    made = ensure(aws, repository(**{field: value}))
    assert made["repositories"] == predicted["repositories"]
    again = ensure(aws, repository(**{field: value}))
    assert not again["changed"]
    assert again["repositories"][NAME][field] == value


def test_a_policy_with_the_same_meaning_is_no_change(aws: Aws) -> None:
    ensure(aws, repository())
    statement = {**POLICY["Statement"][0], "Action": ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]}
    assert not ensure(aws, repository(repository_policy=json.dumps({**POLICY, "Statement": [statement]})))["changed"]


def test_refuses_to_change_the_encryption(aws: Aws) -> None:
    ensure(aws, repository())
    with pytest.raises(ModuleFailed, match="cannot change encryption_type of the ECR repository"):
        ensure(aws, repository(encryption_type="KMS"))


def test_encrypts_with_a_key_given_by_arn_or_id(aws: Aws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]
    ensure(aws, repository(encryption_type="KMS", kms_key=key["Arn"]))
    assert not ensure(aws, repository(encryption_type="KMS", kms_key=key["KeyId"]))["changed"]


def test_deletes_with_images_only_by_force(aws: Aws) -> None:
    ensure(aws, repository())
    media_type = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": media_type, "layers": [], "config": {}})
    aws.client("ecr").put_image(repositoryName=NAME, imageManifest=manifest, imageTag="1")
    with pytest.raises(ModuleFailed, match="RepositoryNotEmpty"):
        ensure(aws, {"name": NAME}, state="absent")
    assert ensure(aws, {"name": NAME}, state="absent", force=True)["changed"]
    assert not ensure(aws, {"name": NAME}, state="absent", force=True)["changed"]


def test_purges_only_its_owners_repositories(aws: Aws) -> None:
    owner = {"Project": "uex"}
    ensure(aws, repository(tags=owner), repository(name="uex-dev/foreign"), repository(name="other/mine", tags=owner))
    gone = ensure(aws, state="absent", purge=True, name_prefix="uex-dev/", owner_tags=owner)
    assert gone["actions"] == [{"action": "delete", "name": NAME, "fields": []}]


def test_purge_needs_an_owner(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="owner_tags is empty"):
        ensure(aws, state="absent", purge=True, name_prefix="uex-dev/")
