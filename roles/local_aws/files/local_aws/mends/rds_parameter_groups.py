# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DB parameter groups of PostgreSQL: what is missing is an error, and every parameter of the family is listed.

AWS: DescribeDBParameterGroups of an unknown name is DBParameterGroupNotFound; DescribeDBParameters lists every
parameter of the family with its source, type, range and apply type, filtered by Source, a hundred at a time;
ModifyDBParameterGroup refuses unknown or fixed parameters, values out of range, and the method ``immediate`` for a
static parameter; ResetDBParameterGroup gives defaults back; a group in use, or a default one, is not deleted
(RDS API reference).
moto 5.2.5: answers an unknown name with an empty list, lists only what was modified, validates nothing, has no reset.
Can go when moto knows the engine's default parameters.
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBParameterGroupNotFoundError, RDSClientError
from moto.rds.models import DBParameterGroup, RDSBackend
from moto.rds.responses import RDSResponse

from ..clock import Clock
from ._postgres_parameters import Parameter, of_family

PAGE = 100


def _described(entry: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "ParameterName": entry.name,
        "Source": "engine-default" if entry.value is None else "system",
        "ApplyType": entry.apply_type,
        "DataType": entry.data_type,
        "IsModifiable": entry.modifiable,
        "ApplyMethod": "pending-reboot",
    }
    if entry.allowed:
        described["AllowedValues"] = entry.allowed
    if entry.value is not None:
        described["ParameterValue"] = entry.value
    return described


def parameters(family: str, modified: dict[str, Any]) -> list[dict[str, Any]]:
    """What DescribeDBParameters lists for a group."""
    listed = {name: _described(entry) for name, entry in of_family(family).items()}
    for name, values in modified.items():
        listed[name] = {**listed.get(name, {"ParameterName": name, "IsModifiable": True}), "Source": "user"}
        listed[name]["ParameterValue"] = values.get("ParameterValue")
        listed[name]["ApplyMethod"] = values.get("ApplyMethod", "pending-reboot")
    return [listed[name] for name in sorted(listed)]


def _allowed(entry: Parameter, value: str) -> bool:
    """Whether a value is within a parameter's range; formulas are taken on trust."""
    if not entry.allowed or "{" in value:
        return True
    limits = re.fullmatch(r"(-?[\d.]+)-(-?[\d.e+]+)", entry.allowed)
    if limits:
        try:
            return float(limits[1]) <= float(value) <= float(limits[2])
        except ValueError:
            return False
    choices = entry.allowed.split(",")
    if entry.data_type == "list":
        return all(item.strip() in choices for item in value.split(",") if item.strip())
    return value in choices


def check(family: str, changes: list[dict[str, Any]]) -> None:
    """Refuse what AWS refuses."""
    known = of_family(family)
    if not known:
        return
    for change in changes:
        name, value = change["ParameterName"], str(change.get("ParameterValue", ""))
        entry = known.get(name)
        if entry is None:
            raise RDSClientError("InvalidParameterValue", f"Could not find parameter with name: {name}")
        if not entry.modifiable:
            raise RDSClientError("InvalidParameterValue", f"The parameter {name} cannot be modified.")
        if entry.apply_type == "static" and change.get("ApplyMethod") == "immediate":
            raise RDSClientError(
                "InvalidParameterCombination", f"cannot use immediate apply method for static parameter: {name}"
            )
        if not _allowed(entry, value):
            raise RDSClientError(
                "InvalidParameterValue",
                f"Invalid parameter value: {value} for: {name} allowed values are: {entry.allowed}",
            )


def _default_group(backend: RDSBackend, name: str) -> DBParameterGroup | None:
    if name not in backend.db_parameter_groups and name.startswith("default.") and of_family(name[8:]):
        backend.db_parameter_groups[name] = DBParameterGroup(
            backend=backend,
            db_parameter_group_name=name,
            description=f"Default parameter group for {name[8:]}",
            db_parameter_group_family=name[8:],
            tags=[],
        )
    return backend.db_parameter_groups.get(name)


def _get(backend: RDSBackend, name: str) -> DBParameterGroup:
    group = _default_group(backend, (name or "").lower())
    if group is None:
        raise DBParameterGroupNotFoundError(name)
    return group


def _page(self: RDSResponse, items: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
    start = int(self.params.get("Marker") or 0)
    size = min(int(self.params.get("MaxRecords") or PAGE), PAGE)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def _describe_db_parameters(self: RDSResponse) -> ActionResult:
    group = _get(self.backend, self.params.get("DBParameterGroupName"))
    source = self.params.get("Source")
    listed = [item for item in parameters(group.family or "", group.parameters) if source in (None, item["Source"])]
    page, marker = _page(self, listed)
    return ActionResult({"Parameters": page, "Marker": marker})


def _describe_engine_default_parameters(self: RDSResponse) -> ActionResult:
    family = self.params.get("DBParameterGroupFamily")
    if not of_family(family):
        raise RDSClientError("InvalidParameterValue", f"Invalid DB parameter group family: {family}")
    page, marker = _page(self, parameters(family, {}))
    return ActionResult({"EngineDefaults": {"DBParameterGroupFamily": family, "Parameters": page, "Marker": marker}})


def _reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    group = _get(self.backend, self.params.get("DBParameterGroupName"))
    named = [item["ParameterName"] for item in self.params.get("Parameters") or []]
    for name in list(group.parameters) if self.params.get("ResetAllParameters") else named:
        group.parameters.pop(name, None)
    return ActionResult({"DBParameterGroupName": group.name})


def apply(clock: Clock) -> None:
    create, delete = RDSBackend.create_db_parameter_group, RDSBackend.delete_db_parameter_group
    describe, modify = RDSBackend.describe_db_parameter_groups, RDSBackend.modify_db_parameter_group

    def mended_create(self: RDSBackend, db_parameter_group_kwargs: dict[str, Any]) -> DBParameterGroup:
        kwargs = {
            **db_parameter_group_kwargs,
            "db_parameter_group_name": db_parameter_group_kwargs["db_parameter_group_name"].lower(),
        }
        family = kwargs.get("db_parameter_group_family") or ""
        if family.startswith("postgres") and not of_family(family):
            raise RDSClientError(
                "InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family"
            )
        return create(self, kwargs)

    def mended_describe(self: RDSBackend, db_parameter_group_kwargs: dict[str, Any]) -> list[DBParameterGroup]:
        name = db_parameter_group_kwargs.get("db_parameter_group_name")
        return [_get(self, name)] if name else describe(self, db_parameter_group_kwargs)

    def mended_modify(
        self: RDSBackend, db_parameter_group_name: str, db_parameter_group_parameters: list[dict[str, Any]]
    ) -> DBParameterGroup:
        group = _get(self, db_parameter_group_name)
        if group.name.startswith("default."):
            raise RDSClientError(
                "InvalidDBParameterGroupState", f"Can not modify a default parameter group: {group.name}"
            )
        check(group.family or "", list(db_parameter_group_parameters))
        return modify(self, group.name, db_parameter_group_parameters)

    def mended_delete(self: RDSBackend, db_parameter_group_name: str) -> DBParameterGroup:
        name = db_parameter_group_name.lower()
        if name.startswith("default."):
            raise RDSClientError("InvalidDBParameterGroupState", "Default DBParameterGroup cannot be deleted")
        if any(database.db_parameter_group_name == name for database in self.databases.values()):
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter "
                f"group {name}, so the group cannot be deleted",
            )
        return delete(self, name)

    RDSBackend.create_db_parameter_group = mended_create  # type: ignore[method-assign]
    RDSBackend.describe_db_parameter_groups = mended_describe  # type: ignore[method-assign]
    RDSBackend.modify_db_parameter_group = mended_modify  # type: ignore[method-assign]
    RDSBackend.delete_db_parameter_group = mended_delete  # type: ignore[method-assign]
    RDSResponse.describe_db_parameters = _describe_db_parameters
    RDSResponse.describe_engine_default_parameters = _describe_engine_default_parameters
    RDSResponse.reset_db_parameter_group = _reset_db_parameter_group
