# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role data as a play: nothing it knows of a secret comes out of it, whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .harness import ROOT, Aws, rehearsed
from .test_elasticache_groups import subnets

MARKER = "marker-Kq7mZ2rT9vB4xN6c"


class Play:
    """The role, run by ansible-playbook as a person runs it who wants to see everything."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self.aws = aws
        self.folder = folder
        self.log = folder / "ansible.log"
        ids = subnets(aws)
        vpc = aws.client("ec2").describe_subnets(SubnetIds=ids[:1])["Subnets"][0]["VpcId"]
        group = aws.client("ec2").create_security_group(GroupName="data", Description="data", VpcId=vpc)["GroupId"]
        self.inputs: dict[str, Any] = {
            "data_project": "uex",
            "data_environment": "test",
            "data_subnet_ids": ids,
            "data_rds_security_group_ids": [group],
            "data_redis_security_group_ids": [group],
            "data_secrets": [
                {"component": "partner", "value": f"{MARKER}-given"},
                {"component": "app", "generate": [{"field": "jwt_key", "length": 64}, {"field": "salt"}]},
            ],
        }

    def run(self, *arguments: str, entry: str = "main", status: int = 0, **inputs: Any) -> str:
        role = {"import_role": {"name": "slipway.aws.data", "tasks_from": entry}}
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {**self.inputs, **inputs, "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": [role],
        }
        playbook = self.folder / "play.yml"
        playbook.write_text(yaml.safe_dump([play]))
        with rehearsed(self.aws.server.url, arguments):
            completed = subprocess.run(
                ["ansible-playbook", *arguments, str(playbook)],
                cwd=ROOT,
                env={
                    **os.environ,
                    **self.aws.environment(),
                    "ANSIBLE_LOG_PATH": str(self.log),
                    "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
                    "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
                    "ANSIBLE_KEEP_REMOTE_FILES": "1",
                },
                capture_output=True,
                text=True,
                check=False,
            )
        output = completed.stdout + completed.stderr
        assert completed.returncode == status, output[-5000:]
        return output

    def values(self) -> list[str]:
        """Every value that Secrets Manager has, whole and in parts."""
        client = self.aws.client("secretsmanager")
        whole = [
            client.get_secret_value(SecretId=secret["Name"], VersionStage="AWSCURRENT")["SecretString"]
            for secret in client.list_secrets()["SecretList"]
        ]
        generated = ("password", "jwt_key", "salt")
        parts = [json.loads(value).get(key) for value in whole if value.startswith("{") for key in generated]
        return [value for value in [*whole, *parts] if value]

    def traces(self) -> str:
        """What is left of the runs on the disk, but for the playbook that was given the marker."""
        found = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "play.yml"]
        return "\n".join(path.read_text(errors="replace") for path in found)


@pytest.fixture
def play(aws: Aws, tmp_path: Path) -> Play:
    return Play(aws, tmp_path)


def test_no_secret_comes_out_at_any_verbosity(play: Play) -> None:
    everything = ("-vvvv", "--diff")
    outputs = [play.run(*everything, "--check")]
    outputs.append(play.run(*everything))
    values = play.values()
    assert len(values) == 7, "whole: database, redis, partner, app; parts: password, jwt_key, salt"
    # Runs that fail with a secret in their hands: an option that is missing, and a database whose password is none.
    broken = [{"component": "partner", "value": f"{MARKER}-other", "on_existing": "replace", "replicas": [{}]}]
    outputs.append(play.run(*everything, status=2, data_secrets=broken))
    plain = [{"component": "database", "value": f"{MARKER}-plain"}]
    outputs.append(play.run(*everything, status=2, data_environment="broken", data_secrets=plain))
    assert "is no JSON object with the field password" in outputs[-1]

    seen = "\n".join([*outputs, play.traces()])
    assert "uex-test/database" in seen, "the output is the one that was looked for secrets"
    assert MARKER not in seen
    for value in values:
        assert value not in seen


def test_check_mode_on_an_empty_account_reaches_the_end_and_writes_nothing(play: Play) -> None:
    play.aws.mark()

    output = play.run("--check", "--diff")

    assert play.aws.mutations() == []
    assert "planned" in output
    assert "failed=0" in output


def test_what_one_run_started_the_next_one_waits_for(play: Play) -> None:
    play.run(data_wait=False)
    before = play.values()

    play.run(entry="ready")

    assert play.values() == before
    keys = play.aws.client("kms").list_aliases()["Aliases"]
    assert [alias["AliasName"] for alias in keys if not alias["AliasName"].startswith("alias/aws/")] == [
        "alias/uex-test"
    ]
    assert "changed=0 " in play.run()


def test_a_key_that_lost_its_alias_is_found_by_its_tags(play: Play) -> None:
    kms = play.aws.client("kms")
    tags = {"Project": "uex", "Environment": "test", "Role": "data"}
    key = kms.create_key(Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()])["KeyMetadata"]

    play.run(data_database_enabled=False, data_redis_enabled=False)

    targets = [alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]]
    assert key["KeyId"] in targets
    customer = [entry for entry in kms.list_keys()["Keys"] if entry["KeyId"] == key["KeyId"]]
    assert len(customer) == 1


def test_absent_keeps_snapshots_and_the_key_they_need_by_default(play: Play) -> None:
    play.run()
    play.run(entry="absent", data_deletion_protection=False)

    snapshots = play.aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [snapshot["DBInstanceIdentifier"] for snapshot in snapshots] == ["uex-test-postgres"]
    key = play.aws.client("kms").describe_key(KeyId="alias/uex-test")["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    planned = play.aws.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert len(planned) == 4
    assert all("DeletedDate" in secret for secret in planned)

    output = play.run()
    assert output.count("was scheduled for deletion; it was restored") == 4
