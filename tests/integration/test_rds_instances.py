# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "rds_instances"
PASSWORD = "marker-Kq7mZ2rT9vB4xN6c"


class World:
    """What a database needs around it."""

    def __init__(self, aws: Aws) -> None:
        ec2, rds = aws.client("ec2"), aws.client("rds")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate("ab")
        ]
        self.groups = [
            ec2.create_security_group(GroupName=f"rds-{n}", Description="rds", VpcId=vpc)["GroupId"] for n in range(2)
        ]
        rds.create_db_subnet_group(DBSubnetGroupName="uex-test", DBSubnetGroupDescription="uex-test", SubnetIds=subnets)
        for name in ("uex-test", "uex-other"):
            rds.create_db_parameter_group(
                DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description=name
            )
        self.key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        role = aws.client("iam").create_role(RoleName="uex-test-monitoring", AssumeRolePolicyDocument="{}")["Role"]
        self.role = role["Arn"]
        aws.client("secretsmanager").create_secret(
            Name="uex-test/database", SecretString=json.dumps({"username": "uex", "password": PASSWORD})
        )

    def primary(self, **other: Any) -> dict[str, Any]:
        return {
            "identifier": "uex-test-postgres",
            "engine": "postgres",
            "engine_version": "16",
            "instance_class": "db.t3.medium",
            "allocated_storage": 20,
            "max_allocated_storage": 100,
            "storage_type": "gp3",
            "storage_encrypted": True,
            "kms_key_id": self.key,
            "db_name": "uex",
            "master_username": "uex",
            "master_password_secret": {"secret_id": "uex-test/database", "field": "password"},
            "port": 5432,
            "subnet_group": "uex-test",
            "security_group_ids": self.groups[:1],
            "parameter_group": "uex-test",
            "multi_az": False,
            "publicly_accessible": False,
            "backup_retention_period": 7,
            "backup_window": "02:00-03:00",
            "maintenance_window": "Sun:04:00-Sun:05:00",
            "auto_minor_version_upgrade": True,
            "copy_tags_to_snapshot": True,
            "iam_authentication": False,
            "deletion_protection": False,
            "log_exports": ["postgresql", "upgrade"],
            "monitoring_interval": 60,
            "monitoring_role_arn": self.role,
            "performance_insights": True,
            "performance_insights_kms_key_id": self.key,
            "performance_insights_retention": 7,
            "tags": {"Project": "uex"},
            **other,
        }

    def replica(self, number: int = 1, **other: Any) -> dict[str, Any]:
        return {
            "identifier": f"uex-test-postgres-replica-{number}",
            "source": "uex-test-postgres",
            "instance_class": "db.t3.medium",
            "storage_type": "gp3",
            "security_group_ids": self.groups[:1],
            "parameter_group": "uex-test",
            "monitoring_interval": 60,
            "monitoring_role_arn": self.role,
            "performance_insights": True,
            "performance_insights_kms_key_id": self.key,
            "deletion_protection": False,
            "tags": {"Project": "uex"},
            **other,
        }


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


def test_creates_a_primary_and_its_replicas_and_then_leaves_them_alone(aws: Aws, world: World) -> None:
    stated = {"instances": [world.replica(1), world.primary(), world.replica(2)]}

    predicted = aws.run_module(MODULE, stated, check=True)
    result = aws.run_module(MODULE, stated)

    assert sorted(map(str, predicted["actions"])) == sorted(map(str, result["actions"]))
    assert predicted["instances"]["uex-test-postgres"]["status"] == "planned"
    assert {state["status"] for state in result["instances"].values()} == {"available"}
    assert result["deferred"] == []
    assert sorted(result["instances"]["uex-test-postgres"]["replicas"]) == [
        "uex-test-postgres-replica-1",
        "uex-test-postgres-replica-2",
    ]
    assert result["instances"]["uex-test-postgres"]["endpoint"]
    for wait in (True, False):
        aws.mark()
        assert not aws.run_module(MODULE, {**stated, "wait": wait})["changed"]
        assert aws.mutations() == []
    assert set(aws.calls()) == {"rds:DescribeDBInstances"}
    assert PASSWORD not in json.dumps([predicted, result])


OTHER_VALUES: list[tuple[str, Any]] = [
    ("instance_class", "db.t3.large"),
    ("allocated_storage", 40),
    ("max_allocated_storage", 200),
    ("max_allocated_storage", 0),
    ("iops", 4000),
    ("multi_az", True),
    ("backup_retention_period", 14),
    ("backup_window", "07:00-08:00"),
    ("maintenance_window", "mon:04:00-mon:05:00"),
    ("auto_minor_version_upgrade", False),
    ("copy_tags_to_snapshot", False),
    ("iam_authentication", True),
    ("deletion_protection", True),
    ("log_exports", ["postgresql"]),
    ("log_exports", []),
    ("monitoring_interval", 0),
    ("monitoring_interval", 15),
    ("parameter_group", "uex-other"),
    ("performance_insights_retention", 31),
    ("performance_insights", False),
    ("publicly_accessible", True),
    ("tags", {"Project": "uex", "Owner": "payments"}),
]


def test_each_option_round_trips(aws: Aws, world: World) -> None:
    stated = world.primary()
    aws.run_module(MODULE, {"instances": [stated]})
    for field, value in OTHER_VALUES:
        stated = {**stated, field: value}
        changed = {"instances": [stated], "apply_immediately": True}

        predicted = aws.run_module(MODULE, changed, check=True)
        aws.mark()
        result = aws.run_module(MODULE, changed)

        expected = [{"action": "update", "name": "uex-test-postgres", "fields": [field]}]
        assert predicted["actions"] == result["actions"] == expected
        assert len(aws.mutations()) == 1, field
        again = aws.run_module(MODULE, changed)
        assert again["actions"] == [], field
        assert again["instances"]["uex-test-postgres"][field] == value


def test_security_groups_are_compared_without_order(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, {"instances": [world.primary()]})

    assert aws.run_module(MODULE, {"instances": [world.primary(security_group_ids=world.groups)]})["changed"]
    assert not aws.run_module(MODULE, {"instances": [world.primary(security_group_ids=world.groups[::-1])]})["changed"]


def test_started_early_and_waited_for_late(aws: Aws, world: World) -> None:
    stated = {"instances": [world.primary(), world.replica()]}

    planned = aws.run_module(MODULE, {**stated, "wait": False}, check=True)
    to_come = aws.run_module(MODULE, {"instances": [world.replica()]}, check=True)
    early = aws.run_module(MODULE, {**stated, "wait": False})
    late = aws.run_module(MODULE, stated)

    assert [action["name"] for action in early["actions"]] == ["uex-test-postgres"]
    assert early["deferred"] == ["uex-test-postgres-replica-1"]
    # Check mode tells the same: what is started, and what has to wait for that.
    assert (planned["actions"], planned["deferred"]) == (early["actions"], early["deferred"])
    assert to_come["actions"] == late["actions"]
    assert {state["status"] for state in late["instances"].values()} == {"available"}
    assert late["deferred"] == []
    assert not aws.run_module(MODULE, stated)["changed"]


def test_rds_keeps_the_password_when_asked(aws: Aws, world: World) -> None:
    stated = {"instances": [world.primary(master_password_secret=None, manage_master_user_password=True)]}

    result = aws.run_module(MODULE, stated)

    assert result["instances"]["uex-test-postgres"]["master_user_secret_arn"].startswith("arn:aws:secretsmanager:")
    assert not aws.run_module(MODULE, stated)["changed"]


def test_the_password_comes_from_the_secret_and_goes_nowhere_else(aws: Aws, world: World) -> None:
    aws.mark()
    result = aws.run_module(MODULE, {"instances": [world.primary()]})

    assert "secretsmanager:GetSecretValue" in aws.calls()
    assert PASSWORD not in json.dumps(result)
    aws.mark()
    aws.run_module(MODULE, {"instances": [world.primary(instance_class="db.t3.large")]})
    assert "secretsmanager:GetSecretValue" not in aws.calls()


def test_what_aws_cannot_change_is_refused(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, {"instances": [world.primary()]})
    aws.mark()

    with pytest.raises(ModuleFailed, match="AWS cannot change db_name"):
        aws.run_module(MODULE, {"instances": [world.primary(db_name="other")]})
    assert aws.mutations() == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"max_allocated_storage": 20}, "max_allocated_storage of uex-test-postgres, 20 GiB, is not more"),
        ({"monitoring_role_arn": ""}, "has a monitoring_interval, but no monitoring_role_arn"),
        ({"manage_master_user_password": True}, "has master_password_secret as well as manage_master_user_password"),
        ({"backup_retention_period": 0}, "a replica needs automated backups of its source"),
    ],
)
def test_bad_input_is_refused_before_any_change(aws: Aws, world: World, other: dict[str, Any], told: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, {"instances": [world.primary(**other), world.replica()]})

    assert told in failure.value.result["msg"]
    assert aws.mutations() == []


def test_a_primary_without_password_is_refused(aws: Aws, world: World) -> None:
    with pytest.raises(ModuleFailed, match="needs a master password"):
        aws.run_module(MODULE, {"instances": [world.primary(master_password_secret=None)]})


def test_deletes_replicas_first_and_keeps_a_snapshot(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, {"instances": [world.primary(deletion_protection=True), world.replica()]})
    absent = {
        "instances": [{"identifier": "uex-test-postgres"}, {"identifier": "uex-test-postgres-replica-1"}],
        "state": "absent",
    }
    with pytest.raises(ModuleFailed, match="Deletion protection is on for uex-test-postgres"):
        aws.run_module(MODULE, absent)
    assert len(aws.client("rds").describe_db_instances()["DBInstances"]) == 2

    absent["remove_deletion_protection"] = True
    assert len(aws.run_module(MODULE, absent, check=True)["actions"]) == 2
    result = aws.run_module(MODULE, absent)

    assert result["changed"]
    snapshot = result["final_snapshots"]["uex-test-postgres"]
    snapshots = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert snapshot in [entry["DBSnapshotIdentifier"] for entry in snapshots]
    assert aws.client("rds").describe_db_instances()["DBInstances"] == []
    assert not aws.run_module(MODULE, absent)["changed"]
