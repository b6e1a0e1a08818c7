# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DB instances in the words of the module's options, and back into RDS's arguments: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .._core.compare import given
from .._core.tags import from_tag_list

State = dict[str, Any]

# option → (argument of CreateDBInstance, argument of ModifyDBInstance or None where RDS cannot change it).
ARGUMENTS: dict[str, tuple[str, str | None]] = {
    "engine": ("Engine", None),
    "engine_version": ("EngineVersion", "EngineVersion"),
    "instance_class": ("DBInstanceClass", "DBInstanceClass"),
    "allocated_storage": ("AllocatedStorage", "AllocatedStorage"),
    "max_allocated_storage": ("MaxAllocatedStorage", "MaxAllocatedStorage"),
    "storage_type": ("StorageType", "StorageType"),
    "iops": ("Iops", "Iops"),
    "storage_throughput": ("StorageThroughput", "StorageThroughput"),
    "storage_encrypted": ("StorageEncrypted", None),
    "kms_key_id": ("KmsKeyId", None),
    "db_name": ("DBName", None),
    "master_username": ("MasterUsername", None),
    "manage_master_user_password": ("ManageMasterUserPassword", "ManageMasterUserPassword"),
    "port": ("Port", "DBPortNumber"),
    "subnet_group": ("DBSubnetGroupName", None),
    "security_group_ids": ("VpcSecurityGroupIds", "VpcSecurityGroupIds"),
    "parameter_group": ("DBParameterGroupName", "DBParameterGroupName"),
    "option_group": ("OptionGroupName", "OptionGroupName"),
    "availability_zone": ("AvailabilityZone", None),
    "multi_az": ("MultiAZ", "MultiAZ"),
    "publicly_accessible": ("PubliclyAccessible", "PubliclyAccessible"),
    "backup_retention_period": ("BackupRetentionPeriod", "BackupRetentionPeriod"),
    "backup_window": ("PreferredBackupWindow", "PreferredBackupWindow"),
    "maintenance_window": ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    "auto_minor_version_upgrade": ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    "copy_tags_to_snapshot": ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    "iam_authentication": ("EnableIAMDatabaseAuthentication", "EnableIAMDatabaseAuthentication"),
    "ca_certificate": ("CACertificateIdentifier", "CACertificateIdentifier"),
    "deletion_protection": ("DeletionProtection", "DeletionProtection"),
    "log_exports": ("EnableCloudwatchLogsExports", "CloudwatchLogsExportConfiguration"),
    "monitoring_interval": ("MonitoringInterval", "MonitoringInterval"),
    "monitoring_role_arn": ("MonitoringRoleArn", "MonitoringRoleArn"),
    "performance_insights": ("EnablePerformanceInsights", "EnablePerformanceInsights"),
    "performance_insights_kms_key_id": ("PerformanceInsightsKMSKeyId", "PerformanceInsightsKMSKeyId"),
    "performance_insights_retention": ("PerformanceInsightsRetentionPeriod", "PerformanceInsightsRetentionPeriod"),
}

#: Options that RDS cannot change on an existing instance.
IMMUTABLE = frozenset(option for option, (_create, modify) in ARGUMENTS.items() if modify is None)

# A replica has these from its source; CreateDBInstanceReadReplica does not take them.
FROM_SOURCE = frozenset(
    {
        *("engine", "engine_version", "storage_encrypted", "db_name", "master_username"),
        *("manage_master_user_password", "backup_retention_period", "backup_window", "maintenance_window"),
    }
)
# Of those, what an existing replica can nevertheless be given. RDS makes a replica without automated backups, and
# gives it a maintenance window of its own.
_OF_REPLICA_LATER = frozenset({"backup_retention_period", "backup_window", "maintenance_window"})

# pending value → option.
_PENDING: dict[str, str] = {
    "DBInstanceClass": "instance_class",
    "AllocatedStorage": "allocated_storage",
    "Port": "port",
    "BackupRetentionPeriod": "backup_retention_period",
    "MultiAZ": "multi_az",
    "EngineVersion": "engine_version",
    "Iops": "iops",
    "StorageThroughput": "storage_throughput",
    "StorageType": "storage_type",
    "CACertificateIdentifier": "ca_certificate",
    "IAMDatabaseAuthenticationEnabled": "iam_authentication",
}

AVAILABLE = frozenset({"available", "storage-optimization", "storage-full"})
#: Nothing goes on by itself in these.
AT_REST = AVAILABLE | {"stopped"}
#: RDS gave up; waiting does not help.
FAILED = frozenset(
    {
        "failed",
        "inaccessible-encryption-credentials",
        "incompatible-create",
        "incompatible-network",
        "incompatible-option-group",
        "incompatible-parameters",
        "incompatible-restore",
        "insufficient-capacity",
        "restore-error",
    }
)


def from_instance(instance: Mapping[str, Any]) -> State:
    """The state of a DB instance, with what is pending counted as done: a second run must not ask for it again."""
    endpoint = instance.get("Endpoint") or {}
    pending = instance.get("PendingModifiedValues") or {}
    state: State = {
        "arn": instance.get("DBInstanceArn", ""),
        "resource_id": instance.get("DbiResourceId", ""),
        "status": instance.get("DBInstanceStatus", ""),
        "endpoint": endpoint.get("Address", ""),
        "source": _bare(instance.get("ReadReplicaSourceDBInstanceIdentifier") or ""),
        "replicas": [_bare(name) for name in instance.get("ReadReplicaDBInstanceIdentifiers") or []],
        "pending": sorted(_PENDING.get(name, name) for name in pending),
        "parameter_group_status": _first(instance.get("DBParameterGroups")).get("ParameterApplyStatus", ""),
        "master_user_secret_arn": (instance.get("MasterUserSecret") or {}).get("SecretArn", ""),
        "tags": from_tag_list(instance.get("TagList")),
        "engine": instance.get("Engine"),
        "engine_version": instance.get("EngineVersion"),
        "instance_class": instance.get("DBInstanceClass"),
        "allocated_storage": instance.get("AllocatedStorage"),
        "max_allocated_storage": _autoscaling_limit(instance),
        "storage_type": instance.get("StorageType"),
        "iops": instance.get("Iops"),
        "storage_throughput": instance.get("StorageThroughput"),
        "storage_encrypted": instance.get("StorageEncrypted", False),
        "kms_key_id": instance.get("KmsKeyId") or "",
        "db_name": instance.get("DBName") or "",
        "master_username": instance.get("MasterUsername"),
        "manage_master_user_password": bool(instance.get("MasterUserSecret")),
        "port": endpoint.get("Port") or instance.get("DbInstancePort") or None,
        "subnet_group": (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName") or "",
        "security_group_ids": [
            group["VpcSecurityGroupId"]
            for group in instance.get("VpcSecurityGroups") or []
            if group.get("Status") != "removing"
        ],
        "parameter_group": _first(instance.get("DBParameterGroups")).get("DBParameterGroupName", ""),
        "option_group": _option_group(instance.get("OptionGroupMemberships") or []),
        "availability_zone": instance.get("AvailabilityZone") or "",
        "multi_az": instance.get("MultiAZ", False),
        "publicly_accessible": instance.get("PubliclyAccessible", False),
        "backup_retention_period": instance.get("BackupRetentionPeriod", 0),
        "backup_window": instance.get("PreferredBackupWindow") or "",
        "maintenance_window": instance.get("PreferredMaintenanceWindow") or "",
        "auto_minor_version_upgrade": instance.get("AutoMinorVersionUpgrade", False),
        "copy_tags_to_snapshot": instance.get("CopyTagsToSnapshot", False),
        "iam_authentication": instance.get("IAMDatabaseAuthenticationEnabled", False),
        "ca_certificate": instance.get("CACertificateIdentifier") or "",
        "deletion_protection": instance.get("DeletionProtection", False),
        "log_exports": sorted(instance.get("EnabledCloudwatchLogsExports") or []),
        "monitoring_interval": instance.get("MonitoringInterval") or 0,
        "monitoring_role_arn": instance.get("MonitoringRoleArn") or "",
        "performance_insights": instance.get("PerformanceInsightsEnabled", False),
        "performance_insights_kms_key_id": instance.get("PerformanceInsightsKMSKeyId") or "",
        "performance_insights_retention": instance.get("PerformanceInsightsRetentionPeriod"),
    }
    state |= {_PENDING[name]: value for name, value in pending.items() if name in _PENDING and value is not None}
    logs = pending.get("PendingCloudwatchLogsExports") or {}
    exported = {*state["log_exports"], *logs.get("LogTypesToEnable", [])} - {*logs.get("LogTypesToDisable", [])}
    state["log_exports"] = sorted(exported)
    return state


def _autoscaling_limit(instance: Mapping[str, Any]) -> int:
    """Without autoscaling RDS returns no limit, or the allocated size itself."""
    limit = instance.get("MaxAllocatedStorage") or 0
    return limit if limit > (instance.get("AllocatedStorage") or 0) else 0


def _bare(identifier: str) -> str:
    """An instance's identifier; RDS gives an ARN for one in another region."""
    return identifier.rpartition(":")[2]


def _first(values: list[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return values[0] if values else {}


def _option_group(memberships: list[Mapping[str, Any]]) -> str:
    """The option group that the instance has, or will have once a pending change is applied."""
    coming = [group for group in memberships if not str(group.get("Status", "")).startswith(("pending-rem", "remov"))]
    return (coming or memberships or [{}])[-1].get("OptionGroupName", "")


def changes(current: State, wanted: State) -> State:
    """The wanted fields that differ, in the sense that RDS gives to each."""
    options = {key: value for key, value in given(wanted).items() if key in ARGUMENTS}
    if current["source"]:
        options = {key: value for key, value in options.items() if key not in FROM_SOURCE - _OF_REPLICA_LATER}
    found = {key: value for key, value in options.items() if not _same(key, current, value, wanted)}
    if not wanted.get("performance_insights", True):
        # Its details mean nothing while it is off.
        found = {key: value for key, value in found.items() if not key.startswith("performance_insights_")}
    return found


def _same(key: str, current: State, value: Any, wanted: State) -> bool:
    now = current.get(key)
    if key == "engine_version":
        upgrades = wanted.get("auto_minor_version_upgrade", current["auto_minor_version_upgrade"])
        return satisfies_version(str(now or ""), value, newer_is_fine=upgrades)
    if key == "allocated_storage":
        # Storage autoscaling makes it grow, and RDS never makes it smaller.
        return now == value or bool(wanted.get("max_allocated_storage") and (now or 0) >= value)
    if key in ("security_group_ids", "log_exports"):
        return sorted(now or []) == sorted(value)
    if key in ("maintenance_window", "backup_window", "subnet_group", "parameter_group", "option_group"):
        return str(now).lower() == value.lower()
    if key in ("kms_key_id", "performance_insights_kms_key_id"):
        return same_key(str(now or ""), value)
    return now == value


def satisfies_version(current: str, wanted: str, *, newer_is_fine: bool) -> bool:
    """Whether 16.4 is what was asked for: by 16, by 16.4, and by 16.3 where RDS upgrades minor versions by itself."""
    have, want = _parts(current), _parts(wanted)
    if have[: len(want)] == want:
        return True
    return newer_is_fine and have[:1] == want[:1] and have > want


def _parts(version: str) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in version.split(".")]


def same_key(current: str, wanted: str) -> bool:
    """Whether an ARN and an ARN, a bare id or an alias are the same KMS key."""
    return current == wanted or current.endswith((f":key/{wanted}", f":{wanted}"))


def create_arguments(name: str, wanted: State, tags: list[dict[str, str]]) -> dict[str, Any]:
    """CreateDBInstance's arguments, without the password."""
    options = {key: value for key, value in given(wanted).items() if key in ARGUMENTS}
    if not options.get("max_allocated_storage", True):
        options.pop("max_allocated_storage")
    arguments = {ARGUMENTS[key][0]: value for key, value in options.items()}
    return {"DBInstanceIdentifier": name, **_without_empty(arguments), "Tags": tags}


def replica_arguments(name: str, wanted: State, tags: list[dict[str, str]]) -> dict[str, Any]:
    """CreateDBInstanceReadReplica's arguments. Within a region a replica takes subnet group and key from its source."""
    left_out = FROM_SOURCE | {"subnet_group", "kms_key_id", "allocated_storage"}
    arguments = create_arguments(name, {key: value for key, value in wanted.items() if key not in left_out}, tags)
    return {**arguments, "SourceDBInstanceIdentifier": wanted["source"]}


def comes_later(wanted: State) -> bool:
    """Whether a new replica needs a second call for what the first one does not take."""
    return bool(wanted.get("source")) and bool(_OF_REPLICA_LATER & wanted.keys())


def _without_empty(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if value not in ("", [])}


def modify_arguments(
    name: str, current: State, found: State, *, immediately: bool, major_upgrade: bool
) -> dict[str, Any]:
    """ModifyDBInstance's arguments for what differs, and no more."""
    arguments: dict[str, Any] = {"DBInstanceIdentifier": name, "ApplyImmediately": immediately}
    for key, value in found.items():
        argument = ARGUMENTS[key][1]
        if argument is not None:
            arguments[argument] = value
    if "log_exports" in found:
        now, then = set(current["log_exports"]), set(found["log_exports"])
        exports = {"EnableLogTypes": sorted(then - now), "DisableLogTypes": sorted(now - then)}
        arguments["CloudwatchLogsExportConfiguration"] = {key: types for key, types in exports.items() if types}
    if found.get("max_allocated_storage") == 0:
        # How autoscaling is switched off: the limit is what there is.
        arguments["MaxAllocatedStorage"] = found.get("allocated_storage") or current["allocated_storage"]
    if {"iops", "storage_throughput", "storage_type"} & found.keys() and "allocated_storage" not in found:
        # RDS wants the size along with the rest of the storage's description.
        arguments["AllocatedStorage"] = current["allocated_storage"]
    if "monitoring_interval" in found and found["monitoring_interval"] and "monitoring_role_arn" not in found:
        arguments["MonitoringRoleArn"] = current["monitoring_role_arn"]
    if "engine_version" in found and major_upgrade:
        arguments["AllowMajorVersionUpgrade"] = True
    return {key: value for key, value in arguments.items() if value not in ("", {})}


def check(name: str, wanted: Mapping[str, Any]) -> None:
    """Refuse what RDS would refuse minutes later, before anything is changed."""
    replica = bool(wanted.get("source"))
    password = [key for key in ("master_password_secret", "manage_master_user_password") if wanted.get(key)]
    if replica and password:
        raise AnsibleAWSError(
            message=f"instances: {name} is a replica and has its source's users; take {' and '.join(password)} away."
        )
    if len(password) > 1:
        raise AnsibleAWSError(
            message=f"instances: {name} has master_password_secret as well as manage_master_user_password; give one."
        )
    if wanted.get("monitoring_interval") and not wanted.get("monitoring_role_arn"):
        raise AnsibleAWSError(message=f"instances: {name} has a monitoring_interval, but no monitoring_role_arn.")
    limit, size = wanted.get("max_allocated_storage") or 0, wanted.get("allocated_storage") or 0
    if limit and limit <= size:
        raise AnsibleAWSError(
            message=f"instances: the max_allocated_storage of {name}, {limit} GiB, is not more than its "
            f"allocated_storage, {size} GiB; give more, or 0 for no autoscaling."
        )


def check_sources(wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse replicas of an instance that will have no automated backups: RDS cannot make them."""
    for name, options in wanted.items():
        source = wanted.get(options.get("source") or "")
        if source is not None and source.get("backup_retention_period") == 0:
            raise AnsibleAWSError(
                message=f"instances: {name} replicates {options['source']}, whose backup_retention_period is 0; "
                "a replica needs automated backups of its source, so at least 1."
            )


def shown(state: State) -> State:
    """What a module returns of an instance."""
    return {key: value for key, value in state.items() if value is not None}
