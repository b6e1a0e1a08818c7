# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._rds import instances


def instance(**other: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "db",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "EngineVersion": "16.4",
        "DBInstanceClass": "db.t3.medium",
        "AllocatedStorage": 20,
        "Endpoint": {"Address": "db.example", "Port": 5432},
        "KmsKeyId": "arn:aws:kms:us-east-1:1:key/abc",
        "AutoMinorVersionUpgrade": True,
        "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
        "PreferredMaintenanceWindow": "sun:04:00-sun:05:00",
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:role",
        **other,
    }


def changes(current: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    return instances.changes(instances.from_instance(current), wanted)


def test_what_is_pending_counts_as_done() -> None:
    state = instances.from_instance(
        instance(
            PendingModifiedValues={
                "DBInstanceClass": "db.t3.large",
                "MasterUserPassword": "****",
                "PendingCloudwatchLogsExports": {"LogTypesToDisable": ["upgrade"]},
            }
        )
    )
    assert state["instance_class"] == "db.t3.large"
    assert state["log_exports"] == ["postgresql"]
    assert state["pending"] == ["MasterUserPassword", "PendingCloudwatchLogsExports", "instance_class"]


def test_groups_that_leave_do_not_count() -> None:
    groups = [
        {"VpcSecurityGroupId": "sg-1", "Status": "active"},
        {"VpcSecurityGroupId": "sg-2", "Status": "removing"},
        {"VpcSecurityGroupId": "sg-3", "Status": "adding"},
    ]
    options = [
        {"OptionGroupName": "old", "Status": "pending-removal"},
        {"OptionGroupName": "new", "Status": "pending-maintenance-apply"},
    ]
    state = instances.from_instance(instance(VpcSecurityGroups=groups, OptionGroupMemberships=options))
    assert state["security_group_ids"] == ["sg-1", "sg-3"]
    assert state["option_group"] == "new"


def test_the_source_of_a_replica_in_another_region_is_an_arn() -> None:
    state = instances.from_instance(
        instance(ReadReplicaSourceDBInstanceIdentifier="arn:aws:rds:eu-west-1:1:db:primary")
    )
    assert state["source"] == "primary"


@pytest.mark.parametrize(
    ("current", "wanted", "newer", "same"),
    [
        ("16.4", "16", False, True),
        ("16.4", "16.4", False, True),
        ("16.4", "16.3", False, False),
        ("16.4", "16.3", True, True),
        ("16.10", "16.9", True, True),
        ("16.4", "16.5", True, False),
        ("17.1", "16", True, False),
        ("16.4", "1", False, False),
        ("8.0.mysql_aurora.3", "8.0", False, True),
    ],
)
def test_versions(current: str, wanted: str, newer: bool, same: bool) -> None:
    assert instances.satisfies_version(current, wanted, newer_is_fine=newer) is same


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"engine_version": "16.2"}, {}),
        (
            {"engine_version": "16.2", "auto_minor_version_upgrade": False},
            {"engine_version", "auto_minor_version_upgrade"},
        ),
        ({"engine_version": "17"}, {"engine_version"}),
        ({"kms_key_id": "abc"}, {}),
        ({"kms_key_id": "abd"}, {"kms_key_id"}),
        ({"log_exports": ["postgresql", "upgrade"]}, {}),
        ({"log_exports": []}, {"log_exports"}),
        ({"maintenance_window": "Sun:04:00-Sun:05:00"}, {}),
        ({"performance_insights": False, "performance_insights_retention": 7}, {}),
        ({"multi_az": None}, {}),
        ({"max_allocated_storage": 0}, {}),
        ({"max_allocated_storage": 100}, {"max_allocated_storage"}),
    ],
)
def test_changes(wanted: dict[str, Any], found: set[str]) -> None:
    assert set(changes(instance(), **wanted)) == set(found)


def test_storage_that_has_grown_by_itself_is_left_alone() -> None:
    grown = instance(AllocatedStorage=60, MaxAllocatedStorage=100)
    assert changes(grown, allocated_storage=20, max_allocated_storage=100) == {}
    assert changes(grown, allocated_storage=80, max_allocated_storage=100) == {"allocated_storage": 80}
    # Without autoscaling the difference is AWS's to refuse, not ours to hide.
    assert changes(grown, allocated_storage=20) == {"allocated_storage": 20}


def test_a_limit_at_the_size_is_no_autoscaling() -> None:
    assert instances.from_instance(instance(MaxAllocatedStorage=20))["max_allocated_storage"] == 0


def test_a_replica_has_its_sources_settings() -> None:
    replica = instance(ReadReplicaSourceDBInstanceIdentifier="primary")
    assert changes(replica, engine_version="15", db_name="other", backup_retention_period=7) == {
        "backup_retention_period": 7
    }
    assert instances.comes_later({"source": "primary", "backup_retention_period": 7})
    assert not instances.comes_later({"source": "primary", "instance_class": "x"})
    assert not instances.comes_later({"backup_retention_period": 7})


def test_arguments_of_a_new_primary_and_of_a_new_replica() -> None:
    wanted = {
        "engine": "postgres",
        "instance_class": "db.t3.medium",
        "kms_key_id": "",
        "max_allocated_storage": 0,
        "subnet_group": "g",
        "log_exports": [],
        "iam_authentication": False,
        "port": 5432,
        "source": "primary",
    }
    assert instances.create_arguments("db", wanted, []) == {
        "DBInstanceIdentifier": "db",
        "Engine": "postgres",
        "DBInstanceClass": "db.t3.medium",
        "DBSubnetGroupName": "g",
        "EnableIAMDatabaseAuthentication": False,
        "Port": 5432,
        "Tags": [],
    }
    assert instances.replica_arguments("db", wanted, []) == {
        "DBInstanceIdentifier": "db",
        "SourceDBInstanceIdentifier": "primary",
        "DBInstanceClass": "db.t3.medium",
        "EnableIAMDatabaseAuthentication": False,
        "Port": 5432,
        "Tags": [],
    }


@pytest.mark.parametrize(
    ("found", "arguments"),
    [
        ({"port": 5433}, {"DBPortNumber": 5433}),
        ({"log_exports": ["postgresql"]}, {"CloudwatchLogsExportConfiguration": {"DisableLogTypes": ["upgrade"]}}),
        (
            {"log_exports": ["postgresql", "upgrade", "x"]},
            {"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["x"]}},
        ),
        ({"max_allocated_storage": 0}, {"MaxAllocatedStorage": 20}),
        ({"max_allocated_storage": 0, "allocated_storage": 40}, {"MaxAllocatedStorage": 40, "AllocatedStorage": 40}),
        ({"iops": 4000}, {"Iops": 4000, "AllocatedStorage": 20}),
        ({"monitoring_interval": 15}, {"MonitoringInterval": 15, "MonitoringRoleArn": "arn:role"}),
        ({"monitoring_interval": 0}, {"MonitoringInterval": 0}),
        ({"engine_version": "17"}, {"EngineVersion": "17", "AllowMajorVersionUpgrade": True}),
    ],
)
def test_arguments_of_a_change(found: dict[str, Any], arguments: dict[str, Any]) -> None:
    current = instances.from_instance(instance())
    made = instances.modify_arguments("db", current, found, immediately=True, major_upgrade=True)
    assert made == {"DBInstanceIdentifier": "db", "ApplyImmediately": True, **arguments}


def test_every_option_can_be_changed_or_is_said_to_be_fixed() -> None:
    assert {
        *(
            "availability_zone",
            "db_name",
            "engine",
            "kms_key_id",
            "master_username",
            "storage_encrypted",
            "subnet_group",
        )
    } == instances.IMMUTABLE
    assert set(instances.ARGUMENTS) <= set(instances.from_instance({}))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"source": "a", "manage_master_user_password": True}, "is a replica"),
        ({"master_password_secret": {"secret_id": "s"}, "manage_master_user_password": True}, "give one"),
        ({"monitoring_interval": 60}, "no monitoring_role_arn"),
        ({"allocated_storage": 100, "max_allocated_storage": 100}, "100 GiB, is not more than"),
    ],
)
def test_what_rds_would_refuse(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(AnsibleAWSError, match=told):
        instances.check("db", wanted)


def test_replicas_need_backups_of_their_source() -> None:
    instances.check_sources({"a": {"backup_retention_period": 7}, "b": {"source": "a"}, "c": {"source": "elsewhere"}})
    with pytest.raises(AnsibleAWSError, match="b replicates a"):
        instances.check_sources({"a": {"backup_retention_period": 0}, "b": {"source": "a"}})
