# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every status of a service deployment, for every strategy, on the wire: what does the module make of it?

An endpoint that answers with one state for ever stands in for AWS, because a live one passes through most states too
fast to be asked in them. The service's counts always look like a success, so that whoever counts tasks is wrong.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .harness import execute

PREFIX = "arn:aws:ecs:us-east-1:111122223333"
CREATED = 1767225600.0
OLD, NEW = "1000", "2000"


def revision_arn(number: str) -> str:
    return f"{PREFIX}:service-revision/shop/backend/{number}"


class Frozen:
    """What the endpoint answers: a service that takes an update, and its deployment in one state for ever."""

    def __init__(self, status: str, strategy: str, target: str) -> None:
        self.status = status
        self.strategy = strategy
        self.target = target
        self.definition = f"{PREFIX}:task-definition/shop-backend:1"
        self.deployment = OLD
        self.calls: list[str] = []

    def answer(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(action)
        return getattr(self, action)(request)

    def service(self) -> dict[str, Any]:
        entry = {
            "id": f"ecs-svc/{self.deployment}",
            "status": "PRIMARY",
            "taskDefinition": self.definition,
            "desiredCount": 2,
            "runningCount": 2,
            "pendingCount": 0,
            "rolloutState": "COMPLETED",
            "createdAt": CREATED,
        }
        return {
            "serviceArn": f"{PREFIX}:service/shop/backend",
            "serviceName": "backend",
            "clusterArn": f"{PREFIX}:cluster/shop",
            "status": "ACTIVE",
            "desiredCount": 2,
            "runningCount": 2,
            "pendingCount": 0,
            "taskDefinition": self.definition,
            "deployments": [entry],
            "deploymentConfiguration": {"strategy": self.strategy},
            "events": [],
        }

    def DescribeServices(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"services": [self.service()], "failures": []}

    def DescribeTaskDefinition(self, request: dict[str, Any]) -> dict[str, Any]:
        tag = "new" if request["taskDefinition"].endswith(":2") else "old"
        container = {"name": "app", "image": f"app:{tag}", "memory": 64, "essential": True}
        arn = f"{PREFIX}:task-definition/shop-backend:{2 if tag == 'new' else 1}"
        body = {
            "taskDefinitionArn": arn,
            "family": "shop-backend",
            "status": "ACTIVE",
            "containerDefinitions": [container],
        }
        return {"taskDefinition": body, "tags": []}

    def RegisterTaskDefinition(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"taskDefinition": {"taskDefinitionArn": f"{PREFIX}:task-definition/shop-backend:2"}}

    def UpdateService(self, request: dict[str, Any]) -> dict[str, Any]:
        self.definition = request.get("taskDefinition", self.definition)
        self.deployment = NEW
        return {"service": self.service()}

    def ListServiceDeployments(self, request: dict[str, Any]) -> dict[str, Any]:
        listed = {
            "serviceDeploymentArn": f"{PREFIX}:service-deployment/shop/backend/d2",
            "targetServiceRevisionArn": revision_arn(NEW),
            "createdAt": CREATED,
            "status": self.status,
        }
        return {"serviceDeployments": [listed]}

    def DescribeServiceDeployments(self, request: dict[str, Any]) -> dict[str, Any]:
        target = {
            "arn": revision_arn(self.target),
            "requestedTaskCount": 2,
            "runningTaskCount": 2,
            "pendingTaskCount": 0,
        }
        described = {
            "serviceDeploymentArn": request["serviceDeploymentArns"][0],
            "createdAt": CREATED,
            "status": self.status,
            "targetServiceRevision": target,
            "deploymentConfiguration": {"strategy": self.strategy},
        }
        return {"serviceDeployments": [described], "failures": []}

    def ListTasks(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"taskArns": []}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            text = json.dumps(server.frozen.answer(action, body)).encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def roll_out(
    endpoint: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, frozen: Frozen, options: dict[str, Any]
) -> dict[str, Any]:
    endpoint.frozen = frozen  # type: ignore[attr-defined]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{endpoint.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return execute("ecs_service_rollout", {"cluster": "shop", "name": "backend", "wait_timeout": 0, **options})


STATUSES = {
    "PENDING": "not_ended",
    "IN_PROGRESS": "not_ended",
    "SUCCESSFUL": "successful",
    "STOP_REQUESTED": "not_ended",
    "STOPPED": "failed",
    "ROLLBACK_REQUESTED": "not_ended",
    "ROLLBACK_IN_PROGRESS": "not_ended",
    "ROLLBACK_SUCCESSFUL": "failed",
    "ROLLBACK_FAILED": "failed",
}
CHANGES = {
    "new task definition": {"containers": [{"image": "app:new"}]},
    "forced with the same one": {"force_new_deployment": True},
}


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("status", STATUSES)
def test_verdict(
    endpoint: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, status: str, change: str, strategy: str
) -> None:
    result = roll_out(endpoint, monkeypatch, Frozen(status, strategy, NEW), CHANGES[change])
    assert result["rollout"]["verdict"] == STATUSES[status]
    assert bool(result.get("failed")) is (status != "SUCCESSFUL")
    assert result["rollout"]["judged_by"] == "service_deployment"
    assert result["rollout"]["target_service_revision_arn"] == revision_arn(NEW)


@pytest.mark.parametrize("change", CHANGES)
def test_success_of_another_target_is_a_failure(
    endpoint: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    result = roll_out(endpoint, monkeypatch, Frozen("SUCCESSFUL", "ROLLING", OLD), CHANGES[change])
    assert result["failed"]
    assert "successful for another service revision" in result["msg"]
