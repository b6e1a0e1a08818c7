# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/deploy.yml and its neighbours, on three services: api (with a migration) first, then web and worker."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from .ecs import behave, control
from .harness import ROOT, Aws, Server, start_server, stop_server
from .plays import Play, run_play, succeeded

CLUSTER = "shop-test"


class Site:
    """What the load balancer would answer: the smoke tests ask it instead."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {"/api/health": (200, '{"status": "ok"}'), "/web/": (302, "")}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = site.answers.get(self.path, (404, "nothing here"))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def inventory(aws: Aws, site: Site) -> dict[str, Any]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for index, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="app", Description="app", VpcId=vpc)["GroupId"]
    network = {
        "compute_vpc_id": vpc,
        "compute_public_subnet_ids": subnets,
        "compute_app_subnet_ids": subnets,
        "compute_alb_security_group_ids": [group],
        "compute_app_security_group_ids": [group],
    }
    api = {
        "compute_service_name": "api",
        "compute_service_port": 8080,
        "compute_service_path_patterns": ["/api/*"],
        "compute_migration_command": ["migrate", "--now"],
        "compute_smoke_tests": [{"path": "/api/health", "body": '"status": *"ok"'}],
    }
    web = {
        "compute_service_name": "web",
        "compute_service_deploy_wave": 1,
        "compute_service_port": 8081,
        "compute_service_path_patterns": ["/web/*"],
        "compute_smoke_tests": [{"path": "/web/", "status": [301, 302]}],
    }
    services = {
        **network,
        "compute_service_image_tag": "{{ image_tag | default('1.0.0') }}",
        "compute_service_desired_count": 1,
        "compute_smoke_test_url": site.url,
        "compute_smoke_test_retries": 1,
        "compute_smoke_test_delay": 0,
    }
    shared = {
        "stack_project": "shop",
        "stack_environment": "test",
        "stack_region": "us-east-1",
        "stack_account_id": aws.account_id,
        "stack_protected": False,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    worker = {"compute_service_name": "worker", "compute_service_deploy_wave": 1}
    # Variables of hosts: those of groups that stand in the same file count less than the playbooks' own.
    hosts = {"web": web, "api": api, "worker": worker}
    return {
        "all": {"vars": shared},
        "environment": {"hosts": {"test": network}},
        "services": {"hosts": {name: {**services, **variables} for name, variables in hosts.items()}},
    }


class Shop:
    """The environment, and what one does with it."""

    def __init__(self, aws: Aws, site: Site, folder: Path) -> None:
        self.aws = aws
        self.site = site
        self.hosts = folder / "hosts.yml"
        self.hosts.write_text(yaml.safe_dump(inventory(aws, site)))

    def arguments(self, tag: str, *arguments: str) -> tuple[str, ...]:
        return ("-i", str(self.hosts), "-e", f"image_tag={tag}", *arguments)

    def play(self, playbook: str, tag: str, *arguments: str) -> Play:
        self.aws.mark()
        return run_play(playbook, *self.arguments(tag, *arguments), environment=self.aws.environment())

    def deploy(self, tag: str, *arguments: str) -> Play:
        return self.play("deploy.yml", tag, *arguments)

    def running(self) -> dict[str, str]:
        """Service → tag of the image that its tasks run, told by the digest."""
        ecs = self.aws.client("ecs")
        found = {}
        for service in ecs.describe_services(cluster=CLUSTER, services=["api", "web", "worker"])["services"]:
            name = service["serviceName"]
            tags = {}
            deployments = ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]
            targets = [item["targetServiceRevisionArn"] for item in deployments][:20]
            for revision in ecs.describe_service_revisions(serviceRevisionArns=targets)["serviceRevisions"]:
                for image in revision["containerImages"]:
                    if "@" not in image["image"]:
                        tags[image["imageDigest"]] = image["image"].rpartition(":")[2]
            arns = ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]
            tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
            (digest,) = {task["containers"][0]["imageDigest"] for task in tasks if task["lastStatus"] == "RUNNING"}
            found[name] = tags[digest]
        return found

    def checkpoints(self) -> list[str]:
        services = self.aws.client("ecs").describe_services(
            cluster=CLUSTER, services=["api", "web", "worker"], include=["TAGS"]
        )["services"]
        return [item["serviceName"] for item in services for tag in item["tags"] if tag["key"] == "slipway:checkpoint"]

    def maintenance_rules(self) -> list[dict[str, Any]]:
        elbv2 = self.aws.client("elbv2")
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        return [rule for rule in rules if rule["Actions"][0]["Type"] == "fixed-response" and not rule["IsDefault"]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    server: Server = start_server(tmp_path_factory.mktemp("deploy-aws"), second_ms=2)
    site = Site()
    with pytest.MonkeyPatch.context() as monkeypatch:
        shop = Shop(Aws(server, monkeypatch), site, tmp_path_factory.mktemp("deploy"))
        succeeded(shop.play("site.yml", "1.0.0", "--tags", "compute"))
        yield shop
    site.server.shutdown()
    stop_server(server)


def table(play: Play) -> dict[str, list[str]]:
    """The rows of the summary: service → its other cells."""
    rows = re.findall(r"^ +(api|web|worker) {2,}(.*)$", play.output, re.MULTILINE)
    return {name: re.split(r" {2,}", cells.strip()) for name, cells in rows}


def order(shop: Shop) -> list[str]:
    """The mutating calls since the last play began, without those to neighbours of ECS, ELB."""
    actions = [call.partition(":")[2] for call in shop.aws.mutations()]
    return [action for action in actions if action in STEPS]


def tell(shop: Shop, image: str, **behaviour: Any) -> None:
    """Say what the tasks of a service do, but not those that migrate with its image."""
    match = {"image": f"*/{image}", "service": "?*", "account": shop.aws.account_id}
    control(shop.aws, "ecs/scenarios", match=match, behaviour=behaviour)


CRASHES = {"exit_code": 9, "exit_after": 1, "exit_log_lines": ["no such table"]}
STEPS = ("CreateRule", "RunTask", "UpdateService", "DeleteRule", "StopServiceDeployment")


def test_deploys_in_waves_behind_a_migration_and_in_maintenance(shop: Shop) -> None:
    check = succeeded(shop.deploy("1.1.0", "--check"))
    assert shop.aws.mutations() == []
    assert {name: cells[:3] for name, cells in table(check).items()} == {
        name: ["1.0.0 → 1.1.0", "1 → new", "would deploy"] for name in ("api", "web", "worker")
    }

    behave(shop.aws, "1.1.0", log_lines=["migrating"], exit_log_lines=["3 migrations applied"])
    play = succeeded(shop.deploy("1.1.0", "-e", "maintenance=true"))
    assert order(shop) == ["CreateRule", "RunTask", "UpdateService", "UpdateService", "UpdateService", "DeleteRule"]
    assert "3 migrations applied" in play.output
    assert {name: [*cells[:3], cells[4]] for name, cells in table(play).items()} == {
        name: ["1.0.0 → 1.1.0", "1 → 2", "deployed", "1/1"] for name in ("api", "web", "worker")
    }
    waves = re.findall(r"^  \[(api|web|worker)\] (?:api|web|worker): .*SUCCESSFUL", play.output, re.MULTILINE)
    assert waves[0] == "api", "web and worker wait for the wave before theirs"
    assert shop.running() == dict.fromkeys(("api", "web", "worker"), "1.1.0")
    assert (shop.maintenance_rules(), shop.checkpoints()) == ([], [])

    again = succeeded(shop.deploy("1.1.0", "-e", "maintenance=true"))
    assert (again.changed, shop.aws.mutations()) == ({}, [])
    assert {cells[2] for cells in table(again).values()} == {"unchanged"}


def test_failed_migration_stops_everything(shop: Shop) -> None:
    before = shop.running()
    behave(shop.aws, "2.0.0", exit_code=3, exit_after=1, exit_log_lines=["column users.name is missing"])
    play = shop.deploy("2.0.0", "-e", "maintenance=true")
    assert play.returncode == 2
    assert order(shop) == ["CreateRule", "RunTask", "DeleteRule"]
    assert "column users.name is missing" in play.output
    assert "migration failed" in table(play)["api"]
    assert "api: the migration failed" in play.output.partition("Fail when anything went wrong")[2]
    assert (shop.running(), shop.maintenance_rules()) == (before, [])
    # By itself it fails alike, and is tried again: nobody has to wait until ECS forgets the task that failed.
    assert shop.play("migrate.yml", "2.0.0", "--limit", "api").returncode == 2
    assert order(shop) == ["RunTask"]


def test_failed_service_takes_back_what_the_run_has_changed(shop: Shop) -> None:
    """web crashes, and ECS takes that back; worker goes back; api may not, because its migration is not reversible."""
    before = shop.running()
    tell(shop, "web:3.0.0", **CRASHES)
    play = shop.deploy("3.0.0", "-e", "compute_migration_reversible=false")
    assert play.returncode == 2
    assert {name: cells[2] for name, cells in table(play).items()} == {
        "api": "deployed, NOT rolled back",
        "web": "failed, rolled back by ECS",
        "worker": "deployed, rolled back",
    }
    said = play.output.partition("Fail when anything went wrong")[2]
    assert "exit code 9" in said
    assert "api was not rolled back" in said
    assert "no such table" in play.output
    assert shop.running() == {**before, "api": "3.0.0"}

    # Half of a wave may fail: the others stay, and the run has failed all the same.
    tolerant = shop.deploy("3.0.0", "-e", "compute_deploy_max_fail_percentage=50")
    assert tolerant.returncode == 2
    assert shop.running() == {"api": "3.0.0", "web": before["web"], "worker": "3.0.0"}
    assert shop.checkpoints() == []
    # Somebody who knows better goes back behind the migration.
    succeeded(shop.play("rollback.yml", "3.0.0", "--limit", "api", "-e", "force=true"))
    assert shop.running()["api"] == before["api"]


def test_killed_run_goes_on_and_takes_back_all_of_it_when_a_smoke_test_fails(shop: Shop) -> None:
    before = shop.running()
    shop.site.answers["/web/"] = (500, "")
    # Whatever the speed of this machine, the run cannot come to its end before it is killed.
    tell(shop, "web:4.0.0", pull_seconds=200_000)
    command = ["ansible-playbook", str(ROOT / "playbooks" / "deploy.yml"), *shop.arguments("4.0.0")]
    shop.aws.mark()
    killed = subprocess.Popen(
        [*command, "-e", "maintenance=true"],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **shop.aws.environment()},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while shop.aws.mutations().count("ecs:UpdateService") < 3:
        assert killed.poll() is None, "the run has ended by itself"
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert shop.checkpoints() == ["api", "web", "worker"]
    control(shop.aws, "ecs/clock", advance=200_000)
    assert len(shop.maintenance_rules()) == 1
    assert "Maintenance mode is ON" in succeeded(shop.play("status.yml", "4.0.0")).output

    play = shop.deploy("4.0.0", "-e", "maintenance=true")
    assert play.returncode == 2
    assert "GET " + shop.site.url + "/web/ answered 500, expected 301 or 302" in play.output
    assert "api: unchanged" not in play.output
    assert "RunTask" not in str(shop.aws.mutations()), "the migration is done"
    assert shop.running() == before
    assert (shop.maintenance_rules(), shop.checkpoints()) == ([], [])
    shop.site.answers["/web/"] = (302, "")


def test_failure_of_a_wave_keeps_the_next_one_back_and_maintenance_that_stays_on_is_said(shop: Shop) -> None:
    before = shop.running()
    refused = {"service": "elbv2", "times": 1, "code": "OperationNotPermitted"}
    control(shop.aws, "ecs/refusals", operation="CreateRule", **refused)
    stopped = shop.deploy("5.0.0", "-e", "maintenance=true")
    assert stopped.returncode == 2
    assert (order(shop), "Nothing was deployed" in stopped.output) == (["CreateRule"], True)

    tell(shop, "api:5.0.0", **CRASHES)
    control(shop.aws, "ecs/refusals", operation="DeleteRule", **refused)
    play = shop.deploy("5.0.0", "-e", "maintenance=true")
    assert play.returncode == 2
    assert {name: cells[2] for name, cells in table(play).items()} == {
        "api": "failed, rolled back by ECS",
        "web": "not deployed",
        "worker": "not deployed",
    }
    assert order(shop) == ["CreateRule", "RunTask", "UpdateService", "DeleteRule"]
    assert "STILL ON" in play.output.partition("Fail when anything went wrong")[2]
    assert "Maintenance mode is ON" in play.output
    assert (shop.running(), len(shop.maintenance_rules())) == (before, 1)
    succeeded(shop.play("maintenance.yml", "5.0.0", "-e", "maintenance=false"))
    assert shop.maintenance_rules() == []
