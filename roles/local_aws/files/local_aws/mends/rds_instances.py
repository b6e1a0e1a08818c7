# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DB instances: gp3 storage, Performance Insights, versions, ids, keys and replicas as AWS returns them.

AWS: gp3 has 3000 IOPS and 125 MiB/s (12000 and 500 from 400 GiB); Performance Insights fields come back as given, with
a retention of 7 days; an engine version of "16" becomes a minor version; each instance has its own DbiResourceId;
KmsKeyId is the key's ARN; MaxAllocatedStorage is absent unless autoscaling is on; a replica has its own lists and no
automated backups or deletion protection unless it asks for them (RDS API reference, DBInstance and
CreateDBInstanceReadReplica).
moto 5.2.5: gives gp3 no IOPS or throughput, leaves out Performance Insights, gives all instances one DbiResourceId,
makes the default groups' names from the minor version, shares lists between a replica and its source.
Can go when moto's DBInstance has these fields.
"""

from __future__ import annotations

import functools
import secrets
import string
from typing import Any

from moto.kms.models import kms_backends
from moto.rds.models import DBInstance, RDSBackend

from ..clock import Clock

LATEST_MINOR = {"13": "13.21", "14": "14.18", "15": "15.13", "16": "16.9", "17": "17.5"}
DEFAULT_MAJOR = "17"
RESOURCE_ID = string.ascii_uppercase + "234567"


def key_arn(account_id: str, region: str, key: str | None, default_alias: str) -> str:
    """The ARN of a key that is named by id, ARN or alias; AWS's own key when none is named."""
    kms = kms_backends[account_id][region]
    return kms.keys[kms.any_id_to_key_id(key or default_alias)].arn if _known(kms, key or default_alias) else str(key)


def _known(kms: Any, key: str) -> bool:
    try:
        return kms.any_id_to_key_id(key) in kms.keys
    except Exception:  # noqa: BLE001 - moto raises its own kind for each kind of id
        return False


def _settle(self: DBInstance) -> None:
    """Fill in what follows from the other fields."""
    if self.db_cluster_identifier is not None:
        return
    if self.storage_type == "gp3":
        large = int(self.allocated_storage) >= 400
        self.iops = int(self.iops) if self.iops else 12000 if large else 3000  # type: ignore[assignment]
        self.storage_throughput = self.storage_throughput or (500 if large else 125)
    elif self.storage_type == "gp2":
        self.iops = None
        self.storage_throughput = None
    enabled = bool(getattr(self, "enable_performance_insights", False))
    self.performance_insights_enabled = enabled  # type: ignore[attr-defined]
    if enabled:
        self.performance_insights_retention_period = (  # type: ignore[attr-defined]
            getattr(self, "performance_insights_retention_period", None) or 7
        )
        self.performance_insights_kms_key_id = key_arn(  # type: ignore[attr-defined]
            self.account_id, self.region, getattr(self, "performance_insights_kms_key_id", None), "alias/aws/rds"
        )
    else:
        self.performance_insights_retention_period = None  # type: ignore[attr-defined]
        self.performance_insights_kms_key_id = None  # type: ignore[attr-defined]
    self.enabled_cloudwatch_logs_exports = list(dict.fromkeys(self.enabled_cloudwatch_logs_exports))
    self.enhanced_monitoring_resource_arn = (  # type: ignore[attr-defined]
        f"arn:aws:logs:{self.region}:{self.account_id}:log-group:RDSOSMetrics:log-stream:{self.dbi_resource_id}"
        if self.monitoring_interval
        else None
    )


def apply(clock: Clock) -> None:
    init, update, create_replica = DBInstance.__init__, DBInstance.update, RDSBackend.create_db_instance_read_replica

    @functools.wraps(init)
    def mended_init(self: DBInstance, backend: RDSBackend, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("engine") == "postgres":
            version = str(kwargs.get("engine_version") or DEFAULT_MAJOR)
            kwargs["engine_version"] = LATEST_MINOR.get(version, version)
            if kwargs.get("license_model") is None:
                kwargs["license_model"] = "postgresql-license"
        for name in ("db_subnet_group_name", "db_parameter_group_name", "option_group_name"):
            if kwargs.get(name):
                kwargs[name] = kwargs[name].lower()
        init(self, backend, *args, **kwargs)
        self.dbi_resource_id = f"db-{''.join(secrets.choice(RESOURCE_ID) for _position in range(26))}"
        if kwargs.get("db_cluster_identifier") is None:
            self.allocated_storage = int(self.allocated_storage)
            for name in (
                "enable_performance_insights",
                "performance_insights_retention_period",
                "performance_insights_kms_key_id",
            ):
                setattr(self, name, kwargs.get(name))
            if self.engine == "postgres" and not kwargs.get("option_group_name"):
                self.option_group_name = f"default:postgres-{self.engine_version.split('.')[0]}"
            if self.storage_encrypted:
                self.kms_key_id = key_arn(self.account_id, self.region, kwargs.get("kms_key_id"), "alias/aws/rds")
            self.max_allocated_storage = kwargs.get("max_allocated_storage")  # type: ignore[assignment]
        _settle(self)

    @functools.wraps(update)
    def mended_update(self: DBInstance, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("storage_type") and kwargs["storage_type"] != self.storage_type:
            self.iops = None
            self.storage_throughput = None
        if kwargs.get("engine") is None and self.engine == "postgres" and kwargs.get("engine_version"):
            kwargs["engine_version"] = LATEST_MINOR.get(kwargs["engine_version"], kwargs["engine_version"])
        update(self, *args, **kwargs)
        _settle(self)

    @functools.wraps(create_replica)
    def mended_create_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        source = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        asked = {
            "multi_az": False,
            "deletion_protection": False,
            "backup_retention_period": 0,
            "tags": [],
            "enable_performance_insights": False,
            "monitoring_interval": 0,
            **{key: value for key, value in db_kwargs.items() if value is not None},
        }
        exports = asked.pop("enable_cloudwatch_logs_exports", None)
        kept = source.enabled_cloudwatch_logs_exports
        # moto copies the source and updates the copy: lists must not be shared while it does.
        source.enabled_cloudwatch_logs_exports = list(exports or [])
        try:
            replica = create_replica(self, asked)
        finally:
            source.enabled_cloudwatch_logs_exports = kept
        replica.vpc_security_group_ids = list(asked.get("vpc_security_group_ids") or source.vpc_security_group_ids)
        replica.dbi_resource_id = f"db-{''.join(secrets.choice(RESOURCE_ID) for _position in range(26))}"
        replica._tags = list(replica._tags)
        replica.db_parameter_group_name = asked.get("db_parameter_group_name") or source.db_parameter_group_name
        _settle(replica)
        return replica

    DBInstance.__init__ = mended_init  # type: ignore[method-assign]
    DBInstance.update = mended_update  # type: ignore[method-assign]
    RDSBackend.create_db_instance_read_replica = mended_create_replica  # type: ignore[method-assign]
    DBInstance.max_allocated_storage = property(  # type: ignore[assignment]
        lambda self: getattr(self, "_max_storage", None), lambda self, value: setattr(self, "_max_storage", value)
    )
