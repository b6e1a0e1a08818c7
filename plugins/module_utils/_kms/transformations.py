# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants in the words of the module's options, and back: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

State = dict[str, Any]


def alias_name(alias: str) -> str:
    return alias if alias.startswith("alias/") else f"alias/{alias}"


def from_grants(grants: list[Mapping[str, Any]]) -> dict[str, State]:
    """The grants that have a name, by it. AWS's services make some without; those are none of ours."""
    return {grant["Name"]: _from_grant(grant) for grant in grants if grant.get("Name")}


def _from_grant(grant: Mapping[str, Any]) -> State:
    constraints = grant.get("Constraints") or {}
    found = {
        "grantee_principal": grant.get("GranteePrincipal"),
        "operations": sorted(grant.get("Operations") or []),
        "retiring_principal": grant.get("RetiringPrincipal"),
        "encryption_context_equals": constraints.get("EncryptionContextEquals"),
        "encryption_context_subset": constraints.get("EncryptionContextSubset"),
    }
    return {key: value for key, value in found.items() if value}


def stated_grants(grants: list[Mapping[str, Any]]) -> dict[str, State]:
    """The grants that the task states, as C(from_grants) writes them."""
    return {grant["name"]: _stated(grant) for grant in grants}


def _stated(grant: Mapping[str, Any]) -> State:
    found = {key: value for key, value in grant.items() if key != "name" and value}
    found["operations"] = sorted(found.get("operations", []))
    return found


def grant_arguments(name: str, grant: State) -> dict[str, Any]:
    """CreateGrant's arguments."""
    arguments: dict[str, Any] = {
        "Name": name,
        "GranteePrincipal": grant["grantee_principal"],
        "Operations": grant["operations"],
    }
    if grant.get("retiring_principal"):
        arguments["RetiringPrincipal"] = grant["retiring_principal"]
    constraints = {
        "EncryptionContextEquals": grant.get("encryption_context_equals"),
        "EncryptionContextSubset": grant.get("encryption_context_subset"),
    }
    constraints = {key: value for key, value in constraints.items() if value}
    if constraints:
        arguments["Constraints"] = constraints
    return arguments
