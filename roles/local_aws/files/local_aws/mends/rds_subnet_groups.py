# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DB subnet groups survive being modified, have unique names, and are not deleted while in use.

AWS: ModifyDBSubnetGroup changes the group in place; names are lower case and unique (DBSubnetGroupAlreadyExists); a
group with an instance in it is not deleted (InvalidDBSubnetGroupStateFault); a group needs subnets in two availability
zones (DBSubnetGroupDoesNotCoverEnoughAZs) (RDS API reference).
moto 5.2.5: ModifyDBSubnetGroup removes the group; create replaces one of the same name; delete never refuses.
Can go when moto's modify_db_subnet_group keeps the group.
"""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import DBSubnetGroup, RDSBackend

from ..clock import Clock


def _check_zones(subnets: list[Any]) -> None:
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(sorted({subnet.availability_zone for subnet in subnets}))}. "
            "Add subnets to cover at least 2 AZs.",
        )


def apply(clock: Clock) -> None:
    create, describe = RDSBackend.create_subnet_group, RDSBackend.describe_db_subnet_groups
    delete = RDSBackend.delete_subnet_group

    def mended_create(self: RDSBackend, subnet_name: str, description: str, subnets: Any, tags: Any) -> DBSubnetGroup:
        if subnet_name.lower() in self.subnet_groups:
            raise RDSClientError(
                "DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name.lower()}' already exists."
            )
        _check_zones(subnets)
        return create(self, subnet_name.lower(), description, subnets, tags)

    def mended_describe(self: RDSBackend, subnet_group_name: str) -> list[DBSubnetGroup]:
        return describe(self, subnet_group_name.lower() if subnet_group_name else subnet_group_name)

    def modify(self: RDSBackend, subnet_name: str, description: str, subnets: Any) -> DBSubnetGroup:
        group = self.subnet_groups.get(subnet_name.lower())
        if group is None:
            raise DBSubnetGroupNotFoundError(subnet_name)
        _check_zones(subnets)
        group.subnets = subnets
        if description is not None:
            group.description = description
        return group

    def mended_delete(self: RDSBackend, subnet_name: str) -> DBSubnetGroup:
        for database in self.databases.values():
            group = getattr(database, "db_subnet_group", None)
            if group is not None and group.name == subnet_name.lower():
                raise RDSClientError(
                    "InvalidDBSubnetGroupStateFault",
                    f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: "
                    f"{database.db_instance_identifier} is still using it.",
                )
        return delete(self, subnet_name.lower())

    RDSBackend.create_subnet_group = mended_create  # type: ignore[method-assign]
    RDSBackend.describe_db_subnet_groups = mended_describe  # type: ignore[method-assign]
    RDSBackend.modify_db_subnet_group = modify  # type: ignore[method-assign]
    RDSBackend.delete_subnet_group = mended_delete  # type: ignore[method-assign]
