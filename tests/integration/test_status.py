# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/status.yml: text for people, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from .ecs import CLUSTER, SERVICE, Stage
from .harness import Aws
from .plays import run_play, succeeded


@pytest.fixture
def hosts(aws: Aws, tmp_path: Path) -> Path:
    stage = Stage(aws, balanced=True)
    aws.run_module("ecs_service_rollout", stage.service(load_balancers=stage.balancers()))
    shared = {
        "stack_project": "shop",
        "stack_environment": "test",
        "stack_region": "us-east-1",
        "stack_account_id": aws.account_id,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    services = {
        name: {"compute_service_name": name, "compute_service_image_tag": "1", "compute_cluster_name": CLUSTER}
        for name in (SERVICE, "gone")
    }
    path = tmp_path / "hosts.yml"
    path.write_text(
        yaml.safe_dump(
            {"all": {"vars": shared}, "environment": {"hosts": {"test": None}}, "services": {"hosts": services}}
        )
    )
    aws.mark()
    return path


def test_status_is_text_or_json_and_only_reads(aws: Aws, hosts: Path, tmp_path: Path) -> None:
    text = succeeded(run_play("status.yml", "-i", str(hosts), environment=aws.environment()))
    assert text.changed == {}
    assert "Cluster shop: 1 services, 1 steady" in text.output
    assert "backend: steady, 2/2 tasks run, shop-backend:1" in text.output
    assert "2 of 2 healthy" in text.output
    assert "There is no service gone." in text.output

    # The file is meant from where whoever runs it is.
    as_json = ("-e", "status_format=json", "-e", "status_file=status.json", "--limit", SERVICE)
    succeeded(
        run_play("status.yml", "-i", str(hosts), *as_json, environment={**aws.environment(), "PWD": str(tmp_path)})
    )
    status = json.loads((tmp_path / "status.json").read_text())
    assert list(status["services"]) == [SERVICE]
    service = status["services"][SERVICE]
    assert (service["condition"], service["running_count"], len(service["tasks"])) == ("steady", 2, 2)
    assert service["images"][0]["digest"].startswith("sha256:")
    assert {target["state"] for target in service["targets"]} == {"healthy"}
    assert (status["maintenance"], status["missing"]) == (False, [])
    assert aws.mutations() == []
