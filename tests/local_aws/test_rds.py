# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of RDS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def rds(aws: Clients) -> Any:
    return aws("rds")


@pytest.fixture
def subnet_ids(aws: Clients) -> list[str]:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for index, zone in enumerate("abc")
    ]
    return [subnet["Subnet"]["SubnetId"] for subnet in made]


def instance(rds: Any, name: str = "main", **options: Any) -> dict[str, Any]:
    arguments = {
        "DBInstanceIdentifier": name,
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "EngineVersion": "16",
        "AllocatedStorage": 20,
        "MasterUsername": "uex",
        "MasterUserPassword": "correct-horse-battery",
        **options,
    }
    return rds.create_db_instance(**arguments)["DBInstance"]


def test_a_modified_subnet_group_stays(rds: Any, subnet_ids: list[str]) -> None:
    rds.create_db_subnet_group(DBSubnetGroupName="Data", DBSubnetGroupDescription="one", SubnetIds=subnet_ids[:2])
    rds.modify_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="two", SubnetIds=subnet_ids)
    found = rds.describe_db_subnet_groups(DBSubnetGroupName="data")["DBSubnetGroups"][0]
    assert found["DBSubnetGroupDescription"] == "two"
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == set(subnet_ids)
    with pytest.raises(ClientError) as caught:
        rds.create_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="x", SubnetIds=subnet_ids)
    assert code_of(caught) == "DBSubnetGroupAlreadyExists"
    with pytest.raises(ClientError) as caught:
        rds.modify_db_subnet_group(DBSubnetGroupName="nothing", SubnetIds=subnet_ids)
    assert code_of(caught) == "DBSubnetGroupNotFoundFault"
    with pytest.raises(ClientError) as caught:
        rds.modify_db_subnet_group(DBSubnetGroupName="data", SubnetIds=subnet_ids[:1])
    assert code_of(caught) == "DBSubnetGroupDoesNotCoverEnoughAZs"


def test_a_subnet_group_in_use_is_not_deleted(rds: Any, subnet_ids: list[str]) -> None:
    rds.create_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="one", SubnetIds=subnet_ids)
    instance(rds, DBSubnetGroupName="data")
    with pytest.raises(ClientError) as caught:
        rds.delete_db_subnet_group(DBSubnetGroupName="data")
    assert code_of(caught) == "InvalidDBSubnetGroupStateFault"
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName="data")


def parameters(rds: Any, group: str, **options: Any) -> dict[str, dict[str, Any]]:
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group, **options)
    return {parameter["ParameterName"]: parameter for page in pages for parameter in page["Parameters"]}


def test_an_unknown_parameter_group_is_an_error(rds: Any) -> None:
    for call in (rds.describe_db_parameter_groups, rds.describe_db_parameters, rds.delete_db_parameter_group):
        with pytest.raises(ClientError) as caught:
            call(DBParameterGroupName="nothing")
        assert code_of(caught) == "DBParameterGroupNotFound"


@pytest.mark.parametrize("family", ["postgres15", "postgres16", "postgres17"])
def test_a_parameter_group_lists_every_parameter(rds: Any, family: str) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily=family, Description="x")
    found = parameters(rds, "pg")
    assert len(found) > 100
    assert found["max_connections"]["ApplyType"] == "static"
    assert found["log_min_duration_statement"]["ApplyType"] == "dynamic"
    assert found["log_min_duration_statement"]["Source"] == "engine-default"
    assert "ParameterValue" not in found["log_min_duration_statement"]
    assert found["rds.force_ssl"]["ParameterValue"] == "1"
    assert parameters(rds, "pg", Source="user") == {}
    assert parameters(rds, f"default.{family}").keys() == found.keys()
    defaults = rds.describe_engine_default_parameters(DBParameterGroupFamily=family)["EngineDefaults"]
    assert len(defaults["Parameters"]) == 100
    assert defaults["Marker"]


def test_parameters_are_modified_and_reset(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="x")
    rds.modify_db_parameter_group(
        DBParameterGroupName="pg",
        Parameters=[
            {"ParameterName": "log_min_duration_statement", "ParameterValue": "500", "ApplyMethod": "immediate"},
            {"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "pending-reboot"},
        ],
    )
    found = parameters(rds, "pg", Source="user")
    assert found.keys() == {"log_min_duration_statement", "max_connections"}
    assert found["log_min_duration_statement"]["ParameterValue"] == "500"
    assert found["log_min_duration_statement"]["DataType"] == "integer"
    rds.reset_db_parameter_group(
        DBParameterGroupName="pg", Parameters=[{"ParameterName": "max_connections", "ApplyMethod": "pending-reboot"}]
    )
    assert parameters(rds, "pg", Source="user").keys() == {"log_min_duration_statement"}
    rds.reset_db_parameter_group(DBParameterGroupName="pg", ResetAllParameters=True)
    assert parameters(rds, "pg", Source="user") == {}


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ({"ParameterName": "nonsense", "ParameterValue": "1", "ApplyMethod": "immediate"}, "InvalidParameterValue"),
        (
            {"ParameterName": "jit", "ParameterValue": "x", "ApplyMethod": "immediate"},
            "InvalidParameterValue",
        ),
        ({"ParameterName": "work_mem", "ParameterValue": "1", "ApplyMethod": "immediate"}, "InvalidParameterValue"),
        ({"ParameterName": "log_timezone", "ParameterValue": "x", "ApplyMethod": "immediate"}, "InvalidParameterValue"),
        (
            {"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "immediate"},
            "InvalidParameterCombination",
        ),
    ],
)
def test_a_wrong_parameter_is_refused(rds: Any, parameter: dict[str, str], code: str) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="x")
    with pytest.raises(ClientError) as caught:
        rds.modify_db_parameter_group(DBParameterGroupName="pg", Parameters=[parameter])
    assert code_of(caught) == code
    assert parameters(rds, "pg", Source="user") == {}


def test_a_parameter_group_in_use_is_not_deleted(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="x")
    instance(rds, DBParameterGroupName="pg")
    for name in ("pg", "default.postgres16"):
        with pytest.raises(ClientError) as caught:
            rds.delete_db_parameter_group(DBParameterGroupName=name)
        assert code_of(caught) == "InvalidDBParameterGroupState"
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    rds.delete_db_parameter_group(DBParameterGroupName="pg")


@pytest.mark.parametrize("version", ["15", "16", "17"])
def test_an_option_group_for_todays_postgres(rds: Any, version: str) -> None:
    rds.create_option_group(
        OptionGroupName="og", EngineName="postgres", MajorEngineVersion=version, OptionGroupDescription="x"
    )
    found = rds.describe_option_groups(OptionGroupName="og")["OptionGroupsList"][0]
    assert (found["MajorEngineVersion"], found["Options"]) == (version, [])
    instance(rds, OptionGroupName="og", EngineVersion=version)
    with pytest.raises(ClientError) as caught:
        rds.delete_option_group(OptionGroupName="og")
    assert code_of(caught) == "InvalidOptionGroupStateFault"
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    rds.delete_option_group(OptionGroupName="og")
    with pytest.raises(ClientError) as caught:
        rds.describe_option_groups(OptionGroupName="og")
    assert code_of(caught) == "OptionGroupNotFoundFault"


def test_the_default_groups(rds: Any) -> None:
    made = instance(rds)
    assert made["OptionGroupMemberships"] == [{"OptionGroupName": "default:postgres-16", "Status": "in-sync"}]
    assert made["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres16"
    found = rds.describe_option_groups(OptionGroupName="default:postgres-16")["OptionGroupsList"][0]
    assert found["EngineName"] == "postgres"


def test_gp3_storage(rds: Any) -> None:
    small = instance(rds, StorageType="gp3")
    assert (small["StorageType"], small["Iops"], small["StorageThroughput"]) == ("gp3", 3000, 125)
    large = instance(rds, "large", StorageType="gp3", AllocatedStorage=400)
    assert (large["Iops"], large["StorageThroughput"]) == (12000, 500)
    old = instance(rds, "old", StorageType="gp2")
    assert "Iops" not in old
    assert "StorageThroughput" not in old
    changed = rds.modify_db_instance(DBInstanceIdentifier="old", StorageType="gp3", ApplyImmediately=True)
    assert changed["DBInstance"]["Iops"] == 3000


def test_performance_insights(aws: Clients, rds: Any) -> None:
    key = aws("kms").create_key()["KeyMetadata"]
    made = instance(
        rds,
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId=key["KeyId"],
        StorageEncrypted=True,
        KmsKeyId=key["KeyId"],
    )
    assert made["PerformanceInsightsEnabled"] is True
    assert made["PerformanceInsightsRetentionPeriod"] == 7
    assert made["PerformanceInsightsKMSKeyId"] == key["Arn"]
    assert made["KmsKeyId"] == key["Arn"]
    changed = rds.modify_db_instance(
        DBInstanceIdentifier="main", EnablePerformanceInsights=False, ApplyImmediately=True
    )["DBInstance"]
    assert changed["PerformanceInsightsEnabled"] is False
    assert "PerformanceInsightsRetentionPeriod" not in changed


def test_versions_and_ids(rds: Any) -> None:
    first, second = instance(rds), instance(rds, "other", EngineVersion="15.13")
    assert first["EngineVersion"].startswith("16.")
    assert second["EngineVersion"] == "15.13"
    assert first["DbiResourceId"] != second["DbiResourceId"]
    assert "MaxAllocatedStorage" not in first
    assert instance(rds, "auto", MaxAllocatedStorage=100)["MaxAllocatedStorage"] == 100


def test_a_replica_is_an_instance_of_its_own(rds: Any) -> None:
    source = instance(
        rds,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=[{"Key": "Name", "Value": "main"}],
    )
    replica = rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica-1",
        SourceDBInstanceIdentifier="main",
        EnableCloudwatchLogsExports=["postgresql", "upgrade"],
        Tags=[{"Key": "Name", "Value": "replica-1"}],
    )["DBInstance"]
    assert replica["DbiResourceId"] != source["DbiResourceId"]
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == "main"
    assert (replica["BackupRetentionPeriod"], replica["DeletionProtection"]) == (0, False)
    assert replica["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    found = rds.describe_db_instances(DBInstanceIdentifier="main")["DBInstances"][0]
    assert found["ReadReplicaDBInstanceIdentifiers"] == ["replica-1"]
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert found["TagList"] == [{"Key": "Name", "Value": "main"}]
    rds.delete_db_instance(DBInstanceIdentifier="replica-1", SkipFinalSnapshot=True)
    found = rds.describe_db_instances(DBInstanceIdentifier="main")["DBInstances"][0]
    assert found["ReadReplicaDBInstanceIdentifiers"] == []


def test_engine_versions(rds: Any) -> None:
    found = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="16")["DBEngineVersions"]
    assert [version["DBParameterGroupFamily"] for version in found] == ["postgres16"]
    assert found[0]["EngineVersion"] == instance(rds)["EngineVersion"]
    assert [target["EngineVersion"].split(".")[0] for target in found[0]["ValidUpgradeTarget"]] == ["17"]
    default = rds.describe_db_engine_versions(Engine="postgres", DefaultOnly=True)["DBEngineVersions"]
    assert len(default) == 1
    with pytest.raises(ClientError) as caught:
        rds.describe_db_engine_versions(Engine="postgres", EngineVersion="9.3")
    assert code_of(caught) == "InvalidParameterCombination"


def state(rds: Any) -> tuple[str, dict[str, Any]]:
    instance = rds.describe_db_instances(DBInstanceIdentifier="main")["DBInstances"][0]
    return instance["DBInstanceStatus"], instance.get("PendingModifiedValues", {})


def test_a_master_password_is_applied_over_time(server: Server, rds: Any) -> None:
    server.control("ecs/clock", {"paused": True})
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="uex",
        MasterUserPassword="the-first-one",
    )
    for options, code in (
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with a blank"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "x" * 129}, "InvalidParameterValue"),
        ({"MasterUserPassword": "the-second-one", "ManageMasterUserPassword": True}, "InvalidParameterCombination"),
        ({"RotateMasterUserPassword": True, "ApplyImmediately": True}, "InvalidParameterCombination"),
    ):
        with pytest.raises(ClientError) as caught:
            rds.modify_db_instance(DBInstanceIdentifier="main", **options)
        assert code_of(caught) == code
    answer = rds.modify_db_instance(DBInstanceIdentifier="main", MasterUserPassword="the-second-one")["DBInstance"]
    pending = {"MasterUserPassword": "****"}
    # At first it looks as if nothing had happened: who waits for "available" alone waits too short.
    assert (answer["DBInstanceStatus"], answer["PendingModifiedValues"]) == ("available", pending)
    server.control("ecs/clock", {"advance": 6})
    assert state(rds) == ("resetting-master-credentials", pending)
    with pytest.raises(ClientError) as caught:
        rds.modify_db_instance(DBInstanceIdentifier="main", BackupRetentionPeriod=3)
    assert code_of(caught) == "InvalidDBInstanceState"
    server.control("ecs/clock", {"advance": 30})
    assert state(rds) == ("available", {})


def test_a_managed_password(server: Server, aws: Clients, rds: Any) -> None:
    server.control("ecs/clock", {"paused": True})
    secretsmanager = aws("secretsmanager")
    arguments = {
        "DBInstanceIdentifier": "main",
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "uex",
        "ManageMasterUserPassword": True,
    }
    arn = rds.create_db_instance(**arguments)["DBInstance"]["MasterUserSecret"]["SecretArn"]

    def value(stage: str = "AWSCURRENT") -> dict[str, str]:
        return json.loads(secretsmanager.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"])

    def status() -> str:
        instance = rds.describe_db_instances(DBInstanceIdentifier="main")["DBInstances"][0]
        return instance["MasterUserSecret"]["SecretStatus"]

    first = value()
    assert first["username"] == "uex"
    described = secretsmanager.describe_secret(SecretId=arn)
    assert (described["OwningService"], described["RotationEnabled"]) == ("rds", True)
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 7}
    assert "RotationLambdaARN" not in described
    rds.modify_db_instance(DBInstanceIdentifier="main", RotateMasterUserPassword=True, ApplyImmediately=True)
    assert (status(), value()) == ("rotating", first)
    second = value("AWSPENDING")
    with pytest.raises(ClientError) as caught:
        secretsmanager.rotate_secret(SecretId=arn)
    assert "isn't complete" in str(caught.value)
    server.control("ecs/clock", {"advance": 10})
    assert state(rds)[0] == "resetting-master-credentials"
    server.control("ecs/clock", {"advance": 30})
    assert (status(), value(), value("AWSPREVIOUS")) == ("active", second, first)
    assert second["password"] != first["password"]
    assert "LastRotatedDate" in secretsmanager.describe_secret(SecretId=arn)
    # Secrets Manager has RDS do it, too, and lets nobody else touch the secret.
    third = secretsmanager.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 30})["VersionId"]
    server.control("ecs/clock", {"advance": 40})
    described = secretsmanager.describe_secret(SecretId=arn)
    assert described["VersionIdsToStages"][third] == ["AWSCURRENT"]
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    for call, options in (
        (secretsmanager.put_secret_value, {"SecretString": "{}"}),
        (secretsmanager.delete_secret, {}),
        (secretsmanager.cancel_rotate_secret, {}),
    ):
        with pytest.raises(ClientError) as caught:
            call(SecretId=arn, **options)
        assert code_of(caught) == "InvalidRequestException"
    replica = rds.create_db_instance_read_replica(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="main")[
        "DBInstance"
    ]
    assert "MasterUserSecret" not in replica
    rds.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    value()
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    with pytest.raises(ClientError) as caught:
        value()
    assert code_of(caught) == "ResourceNotFoundException"
