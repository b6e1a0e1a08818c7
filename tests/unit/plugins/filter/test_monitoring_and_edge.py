# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters add to the pure functions: an error that Ansible shows without a traceback."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.aws.plugins.filter.alarm_table import FilterModule as Alarms
from ansible_collections.slipway.aws.plugins.filter.edge_records import FilterModule as Records
from ansible_collections.slipway.aws.plugins.filter.waf_rules import FilterModule as Rules


def test_alarm_table() -> None:
    alarm_table = Alarms().filters()["alarm_table"]
    assert alarm_table({"redis_member_ids": ["r"]}, "uex", {})[0]["name"] == "uex-redis-cpu-r"
    with pytest.raises(AnsibleFilterError, match="there is no alarm x"):
        alarm_table({}, "uex", {}, overrides={"x": {}})


def test_waf_rules() -> None:
    waf_rules = Rules().filters()["waf_rules"]
    assert waf_rules([], 100)[0]["name"] == "rate-limit"
    with pytest.raises(AnsibleFilterError, match="the rule own has the priority 1"):
        waf_rules([], 0, [{"name": "own", "priority": 1}])


def test_edge_records() -> None:
    edge_records = Records().filters()["edge_records"]
    assert edge_records([], {}, extra=[{"name": "a", "type": "A"}]) == [{"name": "a", "type": "A"}]
    with pytest.raises(AnsibleFilterError, match="shall lead to the load balancer"):
        edge_records(["a"], {})
