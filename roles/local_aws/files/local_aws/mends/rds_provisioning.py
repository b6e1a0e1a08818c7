# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DB instances take their time to come, to change and to go.

AWS: an instance is ``creating`` for some ten minutes, a replica for some eight, without an endpoint, and then
``available``; a change of its class, storage, version or zones makes it ``modifying``; a deleted one is ``deleting``,
and cannot be deleted again; a replica is made only of an instance that is available (RDS user guide, Viewing DB
instance status).
moto 5.2.5: everything at once. So it is here too, unless provisioning is scaled.
Can go when moto's instances take time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from ..clock import Clock
from .rds_master_passwords import check_available

#: What it takes minutes to change.
SLOW = (
    "db_instance_class",
    "allocated_storage",
    "storage_type",
    "iops",
    "storage_throughput",
    "multi_az",
    "engine_version",
)


def _is_there(instance: DBInstance) -> bool:
    return instance.backend.databases.get(instance.db_instance_identifier) is instance


def apply(clock: Clock) -> None:
    create, create_replica = RDSBackend.create_db_instance, RDSBackend.create_db_instance_read_replica
    modify, delete = RDSBackend.modify_db_instance, RDSBackend.delete_db_instance
    endpoint = DBInstance.endpoint.fget  # type: ignore[attr-defined]

    def be(instance: DBInstance, status: str, kind: str, then: Callable[[], None] | None = None) -> None:
        """Give an instance a status, for as long as it takes."""
        seconds = clock.provisioning.begin(kind, instance.db_instance_identifier)
        if not seconds:
            return
        instance.status = status

        def end() -> None:
            if _is_there(instance) and instance.status == status:
                instance.status = "available"
                if then is not None:
                    then()

        clock.after(seconds, end)

    def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = create(self, db_kwargs)
        if instance.db_cluster_identifier is None:
            be(instance, "creating", "rds_instance")
        return instance

    def create_db_instance_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        check_available(self.find_db_from_id(db_kwargs["source_db_instance_identifier"]))
        replica = create_replica(self, db_kwargs)
        be(replica, "creating", "rds_replica")
        return replica

    def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        found = self.describe_db_instances(db_instance_identifier)[0]
        before = [getattr(found, name, None) for name in SLOW]
        instance = modify(self, db_instance_identifier, db_kwargs)
        if [getattr(instance, name, None) for name in SLOW] != before:
            be(instance, "modifying", "rds_instance_change")
        return instance

    def delete_db_instance(self: RDSBackend, db_instance_identifier: str, *args: Any, **kwargs: Any) -> DBInstance:
        known = self.databases.get(db_instance_identifier)
        if known is not None and known.status == "deleting":
            raise RDSClientError(
                "InvalidDBInstanceState", f"Instance {db_instance_identifier} is already being deleted."
            )
        instance = delete(self, db_instance_identifier, *args, **kwargs)
        seconds = clock.provisioning.begin("rds_instance_deletion", db_instance_identifier)
        if seconds:
            # Nothing more is done with it; it is only still seen.
            instance.deletion_protection = instance.manage_master_user_password = False
            instance.__dict__.pop("master_user_secret", None)
            self.databases[db_instance_identifier] = instance

            def end() -> None:
                if _is_there(instance):
                    del self.databases[db_instance_identifier]

            clock.after(seconds, end)
        return instance

    def mended_endpoint(self: DBInstance) -> dict[str, Any] | None:
        return None if self.status == "creating" else endpoint(self)

    RDSBackend.create_db_instance = create_db_instance  # type: ignore[method-assign]
    RDSBackend.create_db_instance_read_replica = create_db_instance_read_replica  # type: ignore[method-assign]
    RDSBackend.modify_db_instance = modify_db_instance  # type: ignore[method-assign]
    RDSBackend.delete_db_instance = delete_db_instance  # type: ignore[method-assign]
    DBInstance.endpoint = property(mended_endpoint)  # type: ignore[assignment, method-assign]
