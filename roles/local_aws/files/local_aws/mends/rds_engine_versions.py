# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DescribeDBEngineVersions, of PostgreSQL.

AWS: lists the versions of an engine with their parameter-group family, log types and features; DefaultOnly answers with
the default one; a major version stands for all its minors (RDS API reference).
moto 5.2.5: does not implement it. Here each major version has one minor.
Can go when moto implements it.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from ..clock import Clock
from .rds_instances import DEFAULT_MAJOR, LATEST_MINOR

ENGINE = "postgres"


def _version(major: str, minor: str) -> dict[str, Any]:
    return {
        "Engine": ENGINE,
        "EngineVersion": minor,
        "MajorEngineVersion": major,
        "DBParameterGroupFamily": f"{ENGINE}{major}",
        "DBEngineDescription": "PostgreSQL",
        "DBEngineVersionDescription": f"PostgreSQL {minor}-R1",
        "ExportableLogTypes": ["postgresql", "upgrade", "iam-db-auth-error"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": True,
        "Status": "available",
        "ValidUpgradeTarget": [
            {"Engine": ENGINE, "EngineVersion": later, "AutoUpgrade": False, "IsMajorVersionUpgrade": True}
            for newer, later in LATEST_MINOR.items()
            if int(newer) > int(major)
        ],
    }


def _describe(self: RDSResponse) -> ActionResult:
    engine, wanted = self.params.get("Engine"), self.params.get("EngineVersion")
    family = self.params.get("DBParameterGroupFamily")
    if engine not in (None, ENGINE):
        raise NotImplementedError(f"The versions of {engine}")
    listed = [
        _version(major, minor)
        for major, minor in LATEST_MINOR.items()
        if (wanted in (None, major, minor))
        and (family in (None, f"{ENGINE}{major}"))
        and (not self.params.get("DefaultOnly") or wanted or major == DEFAULT_MAJOR)
    ]
    if wanted and not listed:
        raise RDSClientError("InvalidParameterCombination", f"Cannot find version {wanted} for {ENGINE}")
    return ActionResult({"DBEngineVersions": listed})


def apply(clock: Clock) -> None:
    RDSResponse.describe_db_engine_versions = _describe
