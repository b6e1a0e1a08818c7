# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups for the PostgreSQL versions of today, the default option groups, and option groups in use.

AWS: an option group can be made for every major version of an engine; PostgreSQL has no options to put in. The default
group of a version is ``default:postgres-16``; it can be described and not deleted; a group in use is not deleted
(InvalidOptionGroupStateFault) (RDS user guide, Working with option groups).
moto 5.2.5: knows PostgreSQL 10 to 13 ("Cannot find major version 16 for postgres") and no default group.
Can go when moto's list of versions has grown and the default groups exist.
"""

from __future__ import annotations

import re
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import OptionGroup, RDSBackend

from ..clock import Clock

MAJOR_VERSIONS = ("14", "15", "16", "17")
DEFAULT = re.compile(r"default:postgres-(\d+)$")


def _default(backend: RDSBackend, name: str) -> None:
    found = DEFAULT.match(name or "")
    if found and name not in backend.option_groups:
        backend.option_groups[name] = OptionGroup(
            backend, name, "postgres", found[1], f"Default option group for postgres {found[1]}", []
        )


def apply(clock: Clock) -> None:
    create, describe, delete = (
        RDSBackend.create_option_group,
        RDSBackend.describe_option_groups,
        RDSBackend.delete_option_group,
    )

    def mended_create(self: RDSBackend, option_group_kwargs: dict[str, Any]) -> OptionGroup:
        kwargs = dict(option_group_kwargs)
        kwargs["option_group_name"] = kwargs["option_group_name"].lower()
        if kwargs.get("engine_name") == "postgres" and kwargs.get("major_engine_version") in MAJOR_VERSIONS:
            version = kwargs["major_engine_version"]
            group = create(self, {**kwargs, "major_engine_version": "13"})  # moto's own checks
            group.major_engine_version = version
        else:
            group = create(self, kwargs)
        group.vpc_and_non_vpc_instance_memberships = True
        return group

    def mended_describe(self: RDSBackend, option_group_kwargs: dict[str, Any]) -> list[OptionGroup]:
        name = (option_group_kwargs.get("option_group_name") or "").lower()
        _default(self, name)
        if not name and not self.option_groups:
            return []
        return describe(self, {**option_group_kwargs, "option_group_name": name or None})

    def mended_delete(self: RDSBackend, option_group_name: str) -> OptionGroup:
        name = option_group_name.lower()
        if name.startswith("default:"):
            raise RDSClientError("InvalidOptionGroupStateFault", f"The default option group {name} cannot be deleted.")
        if any(database.option_group_name == name for database in self.databases.values()):
            raise RDSClientError(
                "InvalidOptionGroupStateFault", f"The option group '{name}' cannot be deleted because it is in use."
            )
        return delete(self, name)

    RDSBackend.create_option_group = mended_create  # type: ignore[method-assign]
    RDSBackend.describe_option_groups = mended_describe  # type: ignore[method-assign]
    RDSBackend.delete_option_group = mended_delete  # type: ignore[method-assign]
