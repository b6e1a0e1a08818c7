# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of a few lines, in several services."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def test_the_tags_of_a_nat_gateway_have_its_type(aws: Clients) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(
        Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "ip"}]}]
    )["AllocationId"]
    nat = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "nat"}]}],
    )["NatGateway"]["NatGatewayId"]
    filters = [{"Name": "resource-id", "Values": [nat]}, {"Name": "resource-type", "Values": ["natgateway"]}]
    assert ec2.describe_tags(Filters=filters)["Tags"] == [
        {"ResourceId": nat, "ResourceType": "natgateway", "Key": "Name", "Value": "nat"}
    ]
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [address]}])["Tags"]
    assert found[0]["ResourceType"] == "elastic-ip"


def test_update_role_keeps_what_is_not_named(aws: Clients) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="task", AssumeRolePolicyDocument=TRUST, Description="first", MaxSessionDuration=7200)
    iam.update_role(RoleName="task", Description="second")
    role = iam.get_role(RoleName="task")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("second", 7200)
    iam.update_role(RoleName="task", MaxSessionDuration=3600)
    role = iam.get_role(RoleName="task")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("second", 3600)


def test_managed_policies_are_there_after_every_reset(server: Server, aws: Clients) -> None:
    iam = aws("iam")
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    for _repeat in range(2):
        server.control("reset")
        assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
        iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
        iam.attach_role_policy(RoleName="execution", PolicyArn=arn)
        attached = iam.list_attached_role_policies(RoleName="execution")["AttachedPolicies"]
        assert [policy["PolicyArn"] for policy in attached] == [arn]
        assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1


def test_client_ids_of_an_oidc_provider(aws: Clients) -> None:
    iam = aws("iam")
    arn = iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )["OpenIDConnectProviderArn"]
    for _repeat in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]
    assert found == ["sts.amazonaws.com", "other"]
    for _repeat in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["other"]


def test_a_key_is_deleted_by_its_arn(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    answer = kms.schedule_key_deletion(KeyId=key["Arn"], PendingWindowInDays=7)
    assert answer["KeyId"] == key["Arn"]
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 7)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    with pytest.raises(ClientError) as caught:
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert code_of(caught) == "KMSInvalidStateException"
    with pytest.raises(ClientError) as caught:
        kms.enable_key(KeyId=key["Arn"])
    assert code_of(caught) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key["Arn"])
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(KeyId=key["Arn"])
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyState"] == "Enabled"
    with pytest.raises(ClientError) as caught:
        kms.cancel_key_deletion(KeyId=key["Arn"])
    assert code_of(caught) == "KMSInvalidStateException"
    kms.disable_key(KeyId=key["Arn"])
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyState"] == "Disabled"


def test_the_grants_of_an_unknown_key_are_refused(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    role = "arn:aws:iam::123456789012:role/app"
    grant = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=role, Operations=["Decrypt"])["GrantId"]
    assert [item["GrantId"] for item in kms.list_grants(KeyId=key["Arn"])["Grants"]] == [grant]
    with pytest.raises(ClientError) as caught:
        kms.list_grants(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    assert code_of(caught) == "NotFoundException"


def test_a_keys_rotation_has_a_period(aws: Clients) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


def test_a_trail_is_deleted_by_its_arn(aws: Clients) -> None:
    aws("s3").create_bucket(Bucket="audit-logs")
    cloudtrail = aws("cloudtrail")
    arn = cloudtrail.create_trail(Name="audit", S3BucketName="audit-logs")["TrailARN"]
    cloudtrail.delete_trail(Name=arn)
    assert cloudtrail.describe_trails()["trailList"] == []
    with pytest.raises(ClientError) as caught:
        cloudtrail.delete_trail(Name="audit")
    assert code_of(caught) == "TrailNotFoundException"


def test_retention_is_one_of_the_documented_numbers(aws: Clients) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="/uex/dev")
    logs.put_retention_policy(logGroupName="/uex/dev", retentionInDays=30)
    with pytest.raises(ClientError) as caught:
        logs.put_retention_policy(logGroupName="/uex/dev", retentionInDays=31)
    assert code_of(caught) == "InvalidParameterException"
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30


def test_lists_of_route_53_are_complete(aws: Clients) -> None:
    route53 = aws("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    listed = route53.list_hosted_zones_by_name(DNSName="example.com")
    assert (listed["IsTruncated"], [known["Id"] for known in listed["HostedZones"]]) == (False, [zone])
    assert route53.list_health_checks()["IsTruncated"] is False
    assert route53.get_dnssec(HostedZoneId=zone)["KeySigningKeys"] == []


def test_the_digest_of_an_image_is_that_of_its_manifest(aws: Clients) -> None:
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="shop/web")
    for layers in ({}, {"layers": [{"digest": "sha256:" + "0" * 64}]}):
        for name in ("one", "two"):
            media_type = "application/vnd.oci.image.manifest.v1+json"
            manifest = json.dumps({"schemaVersion": 2, "mediaType": media_type, "name": name, **layers})
            pushed = ecr.put_image(repositoryName="shop/web", imageTag=name, imageManifest=manifest)["image"]
            assert pushed["imageId"]["imageDigest"] == "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
