# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every inventory: its own account, and secrets that are rotated without locking a service out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from ansible_collections.slipway.aws.plugins.module_utils.rotation import STRATEGIES
from content import ROOT

FOLDER = ROOT / "inventories"
INVENTORIES = sorted(
    [str(path.parent.relative_to(FOLDER)) for path in FOLDER.glob("*/hosts.yml")]
    + [str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.yml") if "stack_account_id:" in path.read_text()]
)
#: The five reference stacks and their environments.
STACKS = {
    "uex": {"dev", "staging", "prod"},
    "payment-system": {"staging", "production"},
    "eec-nif": {"staging", "production"},
    "monay": {"dev", "staging", "prod"},
    "billpay": {"dev", "staging", "prod"},
}


class Inventory:
    """The variables as they stand, without templates being worked out."""

    def __init__(self, name: str) -> None:
        loader = DataLoader()
        manager = InventoryManager(loader=loader, sources=[str(FOLDER / name)])
        variables = VariableManager(loader=loader, inventory=manager)
        self.hosts: dict[str, list[dict[str, Any]]] = {
            group: [variables.get_vars(host=host) for host in manager.get_hosts(group)]
            for group in ("environment", "services", "sites")
        }

    @property
    def environment(self) -> dict[str, Any]:
        (host,) = self.hosts["environment"]
        return host

    @property
    def secrets(self) -> dict[str, dict[str, Any]]:
        """Component → entry."""
        return {entry["component"]: entry for entry in self.environment["data_secrets"]}


@pytest.fixture(scope="module")
def inventories() -> dict[str, Inventory]:
    return {name: Inventory(name) for name in INVENTORIES}


def test_the_five_stacks_have_their_environments(inventories: dict[str, Inventory]) -> None:
    environments = [item.environment for item in inventories.values()]
    found = [(variables["stack_project"], variables["stack_environment"]) for variables in environments]
    assert sorted(found) == sorted((stack, name) for stack, names in STACKS.items() for name in names)
    accounts = Counter(variables["stack_account_id"] for variables in environments)
    assert set(accounts.values()) == {1}
    for stack in STACKS:
        assert (FOLDER / stack / "README.md").is_file()


def test_production_is_protected(inventories: dict[str, Inventory]) -> None:
    protected = {name for name, item in inventories.items() if item.environment["stack_protected"] is True}
    assert protected == {name for name in INVENTORIES if Path(name).stem in ("prod", "production")}


@pytest.mark.parametrize("name", INVENTORIES)
def test_every_secret_becomes_90_days_old_at_most(name: str, inventories: dict[str, Inventory]) -> None:
    inventory = inventories[name]
    there = {part for part in ("database", "redis") if inventory.environment.get(f"data_{part}_enabled", True)}
    assert there <= set(inventory.secrets), "how those rotate that are there anyway"
    rotations = {component: entry.get("rotation") or {} for component, entry in inventory.secrets.items()}
    assert {component: rotation.get("max_age_days") for component, rotation in rotations.items()} == dict.fromkeys(
        rotations, 90
    )
    assert {rotation["strategy"] for rotation in rotations.values() if "strategy" in rotation} <= set(STRATEGIES)
    # What is drawn here and valid elsewhere cannot rotate by drawing: only who reads it may know it.
    drawn = {component for component, rotation in rotations.items() if rotation.get("strategy") == "random"}
    assert not drawn & {"database", "redis", "mongodb", "cloudinary"}


@pytest.mark.parametrize("name", INVENTORIES)
def test_a_rotation_locks_no_service_out(name: str, inventories: dict[str, Inventory]) -> None:
    """The services read nothing whose old value dies before they can be restarted."""
    inventory = inventories[name]
    for service in inventory.hosts["services"]:
        for reference in service.get("compute_service_secrets", {}).values():
            entry = inventory.secrets[reference.partition(":")[0]]
            strategy = entry["rotation"].get("strategy")
            assert strategy is None or STRATEGIES[strategy].two_valid, reference
            assert strategy != "postgres_alternating_users" or entry["database_user"]["name"]
