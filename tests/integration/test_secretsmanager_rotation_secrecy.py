# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No value of a secret is anywhere but in Secrets Manager, at any verbosity, with any strategy, also when it fails."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategy import secret_parts, spellings
from real_servers.postgres import Postgres
from real_servers.redis import Redis

from .ecs import control
from .harness import ROOT, Aws, rehearsed
from .rotation_functions import Function, partner_role
from .rotations import MODULE, AclUser, AlternatingUsers, AuthToken, MasterUser, Rotated, SingleUser

#: Symbols that are written differently in JSON, URLs, SQL and shells.
DIFFICULT = "aB3'\"\\&%+ :/?#$<>{}"


class Traces:
    """What is there for a moment: command lines and environments of all processes, files that are removed again."""

    def __init__(self, folder: Path) -> None:
        self.processes: set[bytes] = set()
        self.files: dict[tuple[str, int, int], bytes] = {}
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        known: set[tuple[Path, bytes]] = set()
        while not self._ended.wait(0.02):
            for process in Path("/proc").iterdir():
                if not process.name.isdecimal():
                    continue
                path = process / "cmdline"
                with contextlib.suppress(OSError):
                    line = path.read_bytes()
                    if (path, line) not in known:
                        known.add((path, line))
                        self.processes |= {line, path.with_name("environ").read_bytes()}
            for path in self._files():
                with contextlib.suppress(OSError):
                    state = path.stat()
                    key = (str(path), state.st_mtime_ns, state.st_size)
                    if key not in self.files and path.is_file():
                        self.files[key] = path.read_bytes()

    def _files(self) -> Iterator[Path]:
        """The folder's files. A folder that is removed meanwhile ends a look with `rglob`, but not with `walk`."""
        for folder, _folders, names in os.walk(self._folder):
            yield from (Path(folder, name) for name in names)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def written(self) -> dict[str, str]:
        found = {
            "the list of processes": b"\n".join(self.processes),
            "files of a moment": b"\n".join(self.files.values()),
        }
        return {place: text.decode(errors="replace") for place, text in found.items()}


class World:
    """A secret for each strategy, and all that a run of Ansible and the servers write down."""

    def __init__(self, aws: Aws, postgres: Postgres, redis_server: Redis, folder: Path) -> None:
        self.aws, self.postgres, self.redis, self.folder = aws, postgres, redis_server, folder
        self.rotated: list[Rotated] = [
            *(kind(aws, postgres) for kind in (SingleUser, AlternatingUsers, MasterUser)),
            *(kind(aws, redis_server) for kind in (AclUser, AuthToken)),
        ]
        self.function = Function(aws)
        self.secrets = aws.client("secretsmanager")
        self.plain = f"marker{os.urandom(12).hex()}"
        for name in ("lambda", "random"):
            self.secrets.create_secret(Name=f"uex/{name}", SecretString=json.dumps({"jwt_key": f"{self.plain}{name}"}))
        held = json.dumps({"consumerKey": "key", "consumerSecret": f"{self.plain}partner"})
        self.secrets.create_secret(Name="uex/managed", SecretString=held, Type="SalesforceClientSecret")
        self.role = partner_role(aws)
        database = aws.client("rds").create_db_instance(
            DBInstanceIdentifier="managed",
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="uex",
            ManageMasterUserPassword=True,
        )
        self.of_rds = database["DBInstance"]["MasterUserSecret"]["SecretArn"]
        self.log_began = postgres.log.stat().st_size
        self.output = ""

    def entries(self) -> list[dict[str, Any]]:
        """What the task says of each secret."""
        found = [one.args("x")["secrets"][0] for one in self.rotated]
        for entry in found[:2]:
            entry["generate"] = [{"field": "password", "length": 40, "characters": DIFFICULT}]
        key = {"field": "jwt_key", "length": 40, "characters": DIFFICULT}
        found.append({"name": "uex/random", "strategy": "random", "generate": [key], "rotate": "now"})
        rule = {"lambda_arn": self.function.arn, "automatically_after_days": 30}
        found.append({"name": "uex/lambda", "strategy": "lambda", "rotation": rule, "rotate": "now", "two_valid": True})
        rule = {"role_arn": self.role, "automatically_after_days": 30}
        found.append({"name": "uex/managed", "strategy": "managed", "rotation": rule, "rotate": "now"})
        by_rds = {"strategy": "rds_master_user", "db_instance_identifier": "managed"}
        found.append({"name": self.of_rds, "rotate": "now", **by_rds})
        return found

    def play(self, *tasks: dict[str, Any], direct: bool, arguments: tuple[str, ...] = ()) -> str:
        """Run tasks that may fail, as loudly as Ansible can."""
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "slipway_aws_direct": direct},
            "tasks": [
                {
                    f"slipway.aws.{MODULE}": {"progress_file": str(self.folder / "progress"), **task},
                    "ignore_errors": True,
                }
                for task in tasks
            ],
        }
        playbook = self.folder / "play.yml"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        with rehearsed(self.aws.server.url, arguments):
            completed = subprocess.run(
                ["ansible-playbook", "-vvvv", "--diff", *arguments, str(playbook)],
                cwd=ROOT,
                env={
                    **os.environ,
                    **self.aws.environment(),
                    "TMPDIR": str(self.folder),
                    "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
                    "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
                    "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
                    "ANSIBLE_KEEP_REMOTE_FILES": "1",
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
        output = completed.stdout + completed.stderr
        assert completed.returncode == 0, output[-3000:]
        self.output += output
        return output

    def break_all(self) -> None:
        """Let every strategy fail after it has the new value in its hands; the function even tells it."""
        for one in self.rotated:
            if isinstance(one, (SingleUser, MasterUser)):
                self.postgres.run(f"ALTER ROLE {one.user} VALID UNTIL '2001-01-01'")
            elif isinstance(one, AlternatingUsers):
                self.postgres.run(f"ALTER ROLE {one.user} VALID UNTIL '2001-01-01'")
                self.postgres.run(f"ALTER ROLE {one.user}_clone VALID UNTIL '2001-01-01'")
            elif isinstance(one, AclUser):
                self.redis.run("ACL", "SETUSER", one.user, "off")
        told = self.secrets.get_secret_value(SecretId="uex/lambda")["SecretString"]
        self.function.tell(outcome="fail", step="setSecret", message=f"cannot connect with {told}")
        control(
            self.aws, "secretsmanager/rotations", function="SalesforceClientSecret", outcome="fail", step="setSecret"
        )
        self.secrets.put_secret_value(SecretId="uex/random", SecretString=f'"{self.plain}random is no JSON')
        refusal = {
            "service": "rds",
            "operation": "ModifyDBInstance",
            "percent": 100,
            "code": "KMSKeyNotAccessibleFault",
        }
        control(self.aws, "ecs/refusals", message="The KMS key can't be used.", **refusal)

    def values(self) -> set[str]:
        """Every value of every version that there has been, and the secret parts of it, in all spellings."""
        found = {self.plain}
        for one in self.rotated:
            found |= set(one.markers)
        for secret in self.secrets.list_secrets()["SecretList"]:
            listed = self.secrets.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)
            for version in listed["Versions"]:
                answer = self.secrets.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])
                found |= set(secret_parts(answer["SecretString"]))
        spelled = {spelling for value in found for spelling in spellings(value)}
        return spelled | {base64.b64encode(value.encode()).decode() for value in found}

    def written(self) -> dict[str, str]:
        """All that was written down anywhere, by its place. The playbook's own text holds no value."""
        found = {
            str(path): path.read_text(encoding="utf-8", errors="replace")
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        with self.postgres.log.open("rb") as log:
            log.seek(self.log_began)
            found["PostgreSQL's log"] = log.read().decode(errors="replace")
        found["Redis's log"] = self.redis.log.read_text(encoding="utf-8", errors="replace")
        found["Redis's slow log"] = repr(self.redis.run("SLOWLOG", "GET", "-1"))
        found["the request log"] = self.aws.server.log.read_text(encoding="utf-8")
        found["the local AWS's log"] = (self.aws.server.state_dir / "server.log").read_text(encoding="utf-8")
        found["the output"] = self.output
        return found


@pytest.fixture
def world(aws: Aws, postgres: Postgres, redis_server: Redis, tmp_path: Path) -> Iterator[World]:
    one = World(aws, postgres, redis_server, tmp_path)
    yield one
    control(aws, "secretsmanager/rotations", "DELETE")
    control(aws, "ecs/refusals", "DELETE")
    for rotated in one.rotated:
        rotated.remove()


def test_no_value_of_a_secret_is_written_down_anywhere(world: World) -> None:
    entries = world.entries()
    of_aws = ("uex/lambda", "uex/managed", world.of_rds)
    back = [{**entry, "rotate": "due"} for entry in entries if entry["name"] not in of_aws]
    with Traces(world.folder) as traces:
        world.play({"state": "rotated", "token": "one", "secrets": entries}, direct=True, arguments=("--check",))
        good = world.play(
            {"state": "rotated", "token": "one", "secrets": entries},
            {"state": "rolled_back", "secrets": back},
            {"state": "rotated", "token": "two", "secrets": entries},
            direct=True,
        )
        assert "failed=0" in good
        assert "ignored=0" in good, good[-3000:]
        world.break_all()
        refused = [{"length": 40, "characters": "/@aB3"}]
        broken = [{**entry, "generate": refused} if entry["strategy"] == "redis_auth" else entry for entry in entries]
        bad = world.play(
            {"state": "rotated", "token": "three", "secrets": broken, "wait_timeout": 1},
            {"state": "rolled_back", "secrets": back},
            direct=False,
        )
        assert "ignored=2" in bad
    written = world.written() | traces.written()
    # What is no secret is found there, so what is secret would be.
    for place, sign in {
        "the output": "uex/redis_acl_user",
        "PostgreSQL's log": "SCRAM-SHA-256$",
        "Redis's slow log": "SETUSER",
        "the request log": "PutSecretValue",
        "the list of processes": "ansible-playbook",
        "files of a moment": "_ansiballz",
        str(world.folder / "progress"): "uex/postgres_single_user: set",
        str(world.folder / "ansible.log"): "secretsmanager_rotation",
    }.items():
        assert sign in written[place], place
    assert [path for path in written if "/remote/" in path], "no file of a module was kept"
    for entry in entries:
        assert f"The secret {entry['name']} failed in step" in bad, entry
    values = world.values()
    assert len(values) > 40
    assert sorted(place for place, text in written.items() if any(value in text for value in values)) == []
