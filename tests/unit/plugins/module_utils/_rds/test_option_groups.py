# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.slipway.aws.plugins.module_utils._rds import option_groups

AUDIT = {
    "OptionName": "MARIADB_AUDIT_PLUGIN",
    "Port": 0,
    "OptionSettings": [
        {"Name": "SERVER_AUDIT_EVENTS", "Value": "CONNECT"},
        {"Name": "SERVER_AUDIT_FILE_ROTATIONS", "Value": "9"},
    ],
    "VpcSecurityGroupMemberships": [{"VpcSecurityGroupId": "sg-2"}, {"VpcSecurityGroupId": "sg-1"}],
}
GROUP = {"EngineName": "mysql", "MajorEngineVersion": "8.0", "OptionGroupDescription": "d", "Options": [AUDIT]}


def test_a_group_in_the_words_of_the_options() -> None:
    state = option_groups.from_group(GROUP)
    assert state["engine"] == "mysql"
    assert state["options"]["MARIADB_AUDIT_PLUGIN"] == {
        "settings": {"SERVER_AUDIT_EVENTS": "CONNECT", "SERVER_AUDIT_FILE_ROTATIONS": "9"},
        "security_group_ids": ["sg-1", "sg-2"],
    }


def test_only_stated_settings_count() -> None:
    current = option_groups.from_group(GROUP)["options"]
    option = {"name": "MARIADB_AUDIT_PLUGIN", "settings": {"SERVER_AUDIT_FILE_ROTATIONS": 9}, "port": None}
    wanted = {"MARIADB_AUDIT_PLUGIN": option_groups.stated(option)}
    assert option_groups.changes(current, wanted) == ([], [])

    option["settings"] = {"SERVER_AUDIT_FILE_ROTATIONS": 20}
    wanted = {"MARIADB_AUDIT_PLUGIN": option_groups.stated(option), "TIMEZONE": {}}
    include, remove = option_groups.changes(current, wanted)
    assert include == [
        {
            "OptionName": "MARIADB_AUDIT_PLUGIN",
            "OptionSettings": [{"Name": "SERVER_AUDIT_FILE_ROTATIONS", "Value": "20"}],
        },
        {"OptionName": "TIMEZONE"},
    ]
    assert remove == []
    assert option_groups.changes(current, {}) == ([], ["MARIADB_AUDIT_PLUGIN"])


def test_port_version_and_groups_are_passed() -> None:
    stated = option_groups.stated({"name": "X", "version": "1", "port": 11211, "security_group_ids": ["sg-2", "sg-1"]})
    assert option_groups.changes({}, {"X": stated})[0] == [
        {"OptionName": "X", "OptionVersion": "1", "Port": 11211, "VpcSecurityGroupMemberships": ["sg-1", "sg-2"]}
    ]
