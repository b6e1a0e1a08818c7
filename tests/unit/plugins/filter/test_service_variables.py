# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.slipway.aws.plugins.filter.service_variables import service_variables

HOSTVARS = {
    "api": {"compute_service_name": "api", "compute_service_port": 80, "ansible_connection": "local"},
    "web": {"compute_service_name": "web", "stack_project": "uex"},
}


def test_only_what_hosts_say_of_their_services() -> None:
    assert service_variables(["api", "web"], HOSTVARS) == [
        {"compute_service_name": "api", "compute_service_port": 80},
        {"compute_service_name": "web"},
    ]


def test_only_the_inputs_that_are_asked_for() -> None:
    assert service_variables(["api"], HOSTVARS, ["name"]) == [{"compute_service_name": "api"}]
    assert service_variables([], HOSTVARS) == []
