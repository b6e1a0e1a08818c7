# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: deploy UEX payments dev on a local AWS, show that a second run changes nothing, and say what exists.

``run`` starts afresh each time, whatever an earlier or interrupted demo left. ``stop`` ends the local AWS.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import demo_database

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "demo"
STATE_DIR = BUILD / "local-aws"
PORT_FILE = BUILD / "port"
DATABASE_DIR = BUILD / "database"
build_site = runpy.run_path(str(ROOT / "tools" / "demo_site" / "build.py"))["build"]
ENVIRONMENT_FILE = BUILD / "env"
INVENTORY = "inventories/dev"
# A site for it, built by the project, and where its database is.
SITE_INVENTORY = "tools/demo_site/inventory.yml"
SITE = BUILD / "site"
CHANGED_PAGE = "guide/index.html"
USUAL_PORT = 4566

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:slipway\.aws\.(?P<role>\w+) : )?(?P<task>.*?)\] \**")
PLAY = re.compile(r"^PLAY \[(?P<play>.*?)\] \**")
RECAP = re.compile(r"^(?P<host>\S+)\s+: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)\s+unreachable=\d+\s+failed=\d+")


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass
class Run:
    """What one run of a playbook did, read from its output while it runs."""

    seconds: dict[str, float] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    changed_tasks: list[str] = field(default_factory=list)
    _play: str = ""
    _task: str = ""
    _part: str = ""
    _since: float = 0

    def read(self, line: str, now: float) -> str | None:
        """Take in a line; return the part of the run that begins with it, if one does."""
        if match := PLAY.match(line):
            self._play = match["play"]
        elif match := TASK.match(line):
            self._task = f"{match['role'] or self._play} : {match['task']}"
            part = match["role"] or self._part or self._play
            if part == "compute" and "services" in self._play:
                part = "services"
            if part == "edge" and "sites" in self._play:
                part = "sites"
            self.close(now)
            self._since = now
            if part != self._part:
                self._part = part
                return part
        elif line.startswith("changed: ["):
            self.changed_tasks.append(self._task)
        elif line.startswith("PLAY RECAP"):
            self.close(now)
            self._part = ""
        elif match := RECAP.match(line):
            self.changed[match["host"]] = int(match["changed"])
        return None

    def close(self, now: float) -> None:
        """Book the time since the last task began."""
        if self._part:
            self.seconds[self._part] = self.seconds.get(self._part, 0) + now - self._since


def free_port() -> int:
    """The port that AWS emulators usually have, or any other when it is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            # As the server does: connections of the demo before may still be closing.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No free port was found on 127.0.0.1.")


def local_aws(state: str, port: int) -> None:
    """Start or stop the local AWS by its role."""
    variables = {"local_aws_state": state, "local_aws_port": port, "local_aws_state_dir": str(STATE_DIR)}
    log = BUILD / f"local-aws-{state}.log"
    with log.open("w", encoding="utf-8") as stream:
        done = subprocess.run(
            ["ansible-playbook", "playbooks/local_aws.yml", "--extra-vars", json.dumps(variables)],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise DemoError(f"The local AWS could not be {state}:\n{tail(log)}")


def real_database(port: int, about: dict[str, Any]) -> dict[str, str]:
    """Put a PostgreSQL behind the environment's database; environment variables that say where it is.

    Without one everything else works: then nobody can log in, and no users are made.
    """
    try:
        server = demo_database.started(DATABASE_DIR)
    except demo_database.NoDatabase as error:
        print(f"No PostgreSQL could be started here, so the database has no users: {error}", flush=True)
        return {}
    told = {
        "db_instance": f"{about['stack_project']}-{about['stack_environment']}-postgres",
        "account": str(about["stack_account_id"]),
        "region": about["stack_region"],
        **{key: server[key] for key in ("host", "port", "admin")},
    }
    address = f"http://127.0.0.1:{port}/local-aws/servers"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data=json.dumps(told).encode(), method="POST", headers=headers)
    urllib.request.urlopen(request, timeout=30).close()
    return {"DEMO_DATABASE_PORT": str(server["port"]), "PGSSLROOTCERT": server["admin"]["ca_file"]}


def tail(log: Path, lines: int = 40) -> str:
    """The end of a log, with its place."""
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(["  " + line for line in text[-lines:]] + [f"(the whole log: {log.relative_to(ROOT)})"])


def stack() -> dict[str, Any]:
    """What the inventory says of the environment."""
    listed = subprocess.run(
        ["ansible-inventory", "-i", INVENTORY, "--list", "--playbook-dir", "playbooks"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    inventory = json.loads(listed)
    host = inventory["environment"]["hosts"][0]
    return {**inventory["_meta"]["hostvars"][host], "host": host}


def play(name: str, log: Path, environment: dict[str, str], show: bool = True) -> tuple[Run, float]:
    """Run a playbook, showing which role is at work; return what it did and how long it took."""
    run = Run()
    started = time.monotonic()
    process = subprocess.Popen(
        ["ansible-playbook", f"playbooks/{name}.yml", "-i", INVENTORY, "-i", SITE_INVENTORY],
        cwd=ROOT,
        env={**environment, "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with log.open("w", encoding="utf-8") as stream:
        for line in process.stdout:
            stream.write(line)
            if (part := run.read(line, time.monotonic())) and show:
                print(f"  {time.monotonic() - started:5.0f} s  {part}", flush=True)
    if process.wait():
        raise DemoError(f"{name}.yml failed:\n{tail(log)}")
    return run, time.monotonic() - started


def deploy(number: int, environment: dict[str, str]) -> tuple[Run, float]:
    """Run site.yml."""
    return play("site", BUILD / f"run-{number}.log", environment)


def publish(number: int, environment: dict[str, str]) -> tuple[str, int]:
    """Publish the site; what was uploaded, deleted and invalidated, and how many tasks changed anything."""
    since = len(requests())
    run, seconds = play("publish", BUILD / f"publish-{number}.log", environment, show=False)
    made = [entry for entry in requests()[since:] if entry.get("mutating")]
    invalidations = [entry for entry in made if entry["action"] == "CreateInvalidation"]
    counts = f"{len(made)} writing calls" + f", {len(invalidations)} of them an invalidation" * bool(invalidations)
    return f"  {seconds:5.0f} s  done, {counts}", sum(run.changed.values())


def requests() -> list[dict[str, Any]]:
    """What the local AWS was asked so far."""
    return [json.loads(line) for line in (STATE_DIR / "requests.jsonl").read_text(encoding="utf-8").splitlines()]


def site_is_published(environment: dict[str, str]) -> None:
    """Show that a publish touches what changed: nothing at first, then one page."""
    print("\nPublishing the site again: ansible-playbook playbooks/publish.yml", flush=True)
    told, changes = publish(1, environment)
    print(told, flush=True)
    if changes:
        raise DemoError("The second publish changed something.")
    page = SITE / CHANGED_PAGE
    page.write_text(page.read_text(encoding="utf-8").replace("Guide", "Manual"), encoding="utf-8")
    print(f"Once more, with {CHANGED_PAGE} changed", flush=True)
    told, changes = publish(2, environment)
    print(told, flush=True)
    for line in progress(BUILD / "publish-2.log"):
        print(f"           {line}")


def progress(log: Path) -> Iterator[str]:
    """What a publish told while it was at work."""
    for line in log.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\s+\[(\w+)\] [^:]*: (.*) \(\d+s\)$", line):
            yield match[2]


def ask(module: str, arguments: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    """The result of one module."""
    done = subprocess.run(
        ["ansible", "localhost", "-c", "local", "-m", module, "-a", json.dumps(arguments)],
        cwd=ROOT,
        env={
            **environment,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"][0]["hosts"][
        "localhost"
    ]
    if result.get("failed"):
        raise DemoError(f"{module}: {result.get('msg')}")
    return result


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows with their columns under each other."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def describe(info: dict[str, Any]) -> Iterator[str]:
    """What exists, from the structure that environment_info returns."""
    vpc, data, compute, edge, monitoring = (info[key] for key in ("vpc", "data", "compute", "edge", "monitoring"))
    subnets = ", ".join(f"{len(ids)} {tier}" for tier, ids in vpc["subnet_ids"].items())
    rows = [
        ("network", f"{vpc['vpc_id']} {vpc['cidr_block']}: {subnets}; {len(vpc['nat_gateway_ids'])} NAT gateways"),
        ("database", f"{data['database']['identifier']} {data['database']['endpoint']}:{data['database']['port']}"),
        (
            "redis",
            f"{data['redis']['replication_group_id']} {data['redis']['primary_endpoint']}:{data['redis']['port']}",
        ),
        ("secrets", ", ".join(data["secret_arns"])),
        ("buckets", ", ".join(data["buckets"].values())),
        ("cluster", compute["cluster_name"]),
        ("load balancer", compute["load_balancer"]["url"]),
        ("firewall", edge["web_acl"]["name"]),
        ("alarms", f"{len(monitoring['alarm_names'])}, topics {', '.join(monitoring['topic_arns'])}"),
        ("dashboard", monitoring["dashboard_name"]),
        *((f"site {name}", site["url"]) for name, site in edge["sites"].items()),
    ]
    yield from table(rows)
    yield ""
    yield "Services"
    yield from table(
        (name, f"{service['running_count']}/{service['desired_count']} running", service["url"])
        for name, service in compute["services"].items()
    )


def audit() -> str:
    """The verdict on the local AWS's request log: a call that it does not implement fails the demo."""
    done = subprocess.run(
        [sys.executable, "-m", "local_aws.audit", str(STATE_DIR)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "roles" / "local_aws" / "files")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"The local AWS met calls that it cannot answer:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def stop() -> bool:
    """End the local AWS of an earlier demo, if there was one."""
    if not PORT_FILE.exists():
        return False
    local_aws("stopped", int(PORT_FILE.read_text(encoding="utf-8")))
    demo_database.stopped(DATABASE_DIR)
    PORT_FILE.unlink()
    return True


def run() -> None:
    """The whole demo."""
    BUILD.mkdir(parents=True, exist_ok=True)
    stop()
    port = free_port()
    PORT_FILE.write_text(str(port), encoding="utf-8")
    print(f"Starting a local AWS on 127.0.0.1:{port}", flush=True)
    local_aws("started", port)
    about = stack()
    project, name = about["stack_project"], about["stack_environment"]
    access = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        # On the local AWS an access key of twelve digits is the number of the account.
        "AWS_ACCESS_KEY_ID": str(about["stack_account_id"]),
        "AWS_SECRET_ACCESS_KEY": "rehearsal-secret-key",
        "AWS_REGION": about["stack_region"],
        **real_database(port, about),
    }
    ENVIRONMENT_FILE.write_text(
        "".join(f"export {key}={shlex.quote(value)}\n" for key, value in access.items()), encoding="utf-8"
    )
    others = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment = {**others, **access}

    build_site(SITE)
    print(
        f"\nDeploying {project} {name}: ansible-playbook playbooks/site.yml -i {INVENTORY} -i {SITE_INVENTORY}",
        flush=True,
    )
    first, first_seconds = deploy(1, environment)
    print(f"  {first_seconds:5.0f} s  done, {sum(first.changed.values())} changes")
    print("\nOnce more, to show that nothing changes", flush=True)
    second, second_seconds = deploy(2, environment)
    changes = sum(second.changed.values())
    print(f"  {second_seconds:5.0f} s  done, {changes} changes")
    if changes:
        raise DemoError("The second run changed something:\n" + "\n".join(f"  {task}" for task in second.changed_tasks))

    site_is_published(environment)
    info = ask("slipway.aws.environment_info", {"project": project, "environment": name}, environment)
    verdict = audit()
    inventories = f"-i {INVENTORY} -i {SITE_INVENTORY}"
    print(f"\n{project} {name} in account {about['stack_account_id']}, {about['stack_region']}\n")
    print("\n".join(describe(info)))
    print("\nTime of each role, first and second run")
    parts = list(dict.fromkeys([*first.seconds, *second.seconds]))
    rows = [(part, f"{first.seconds.get(part, 0):6.1f} s", f"{second.seconds.get(part, 0):6.1f} s") for part in parts]
    print("\n".join(table([*rows, ("total", f"{first_seconds:6.1f} s", f"{second_seconds:6.1f} s")])))
    print(f"\n{verdict}")
    print(f"""
To explore, in this directory:
  . .venv/bin/activate && . {ENVIRONMENT_FILE.relative_to(ROOT)}
  ansible-playbook playbooks/site.yml {inventories} --check --diff   # what would change: nothing
  ansible-playbook playbooks/status.yml {inventories}
  ansible-playbook playbooks/deploy.yml {inventories} -e image_tag=1.4.2 -e smoke_tests=false
  ansible-playbook playbooks/deploy.yml {inventories} --limit presentation -e image_tag=1.4.3-crash -e smoke_tests=false
                                                # its tasks end with an error: what is told, and what runs afterwards
  ansible-playbook playbooks/rotate.yml {inventories} -e secrets=app-database,database
  ansible-playbook playbooks/publish.yml {inventories} -e release=previous   # back
  ansible-playbook playbooks/site.yml {inventories} --tags monitoring    # one role alone
  ansible-playbook playbooks/destroy.yml {inventories}    # asks for the name, {name}; then all is gone
  aws ecs list-services --cluster {info["compute"]["cluster_name"]}    # or any AWS tool that you have
What the runs printed is in {BUILD.relative_to(ROOT)}/run-1.log and run-2.log; the requests they made are in
{(STATE_DIR / "requests.jsonl").relative_to(ROOT)}. The database is a PostgreSQL on this machine, in which the services'
user was made; the other host names are such as AWS would give, and nothing answers there: hence no smoke tests.

To stop the local AWS: make demo-stop""")


def main() -> int:
    """Run or stop the demo."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if sys.argv[1:] == ["stop"]:
            print("The local AWS has stopped." if stop() else "No demo is running.")
        elif sys.argv[1:] == ["run"]:
            run()
        else:
            print("usage: demo.py run|stop", file=sys.stderr)
            return 2
    except KeyboardInterrupt:
        print("\nInterrupted. `make demo` starts afresh; `make demo-stop` stops the local AWS.", file=sys.stderr)
        return 130
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
