# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server itself: control routes, request log, audit, unimplemented actions."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import FILES, Server, run_module, start, stop


def test_health_says_who_answers(server: Server) -> None:
    health = server.control("health", method="GET")
    assert health["status"] == "ok"
    assert health["account_id"] == "123456789012"
    assert health["state_dir"] == str(server.state_dir)
    assert Path(f"/proc/{health['pid']}").exists()
    assert (server.state_dir / "local-aws.pid").read_text(encoding="utf-8").strip() == str(health["pid"])


def test_it_listens_on_the_loopback_interface_only(server: Server) -> None:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]]
    listening = [fields[1] for fields in sockets if fields[3] == "0A" and fields[1].endswith(f":{server.port:04X}")]
    assert listening == [f"0100007F:{server.port:04X}"]


def test_the_simulated_clock_runs(server: Server) -> None:
    first = server.control("health", method="GET")["clock"]
    assert server.control("health", method="GET")["clock"] > first


def test_a_connection_stays_open_for_the_next_request(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.connect()
    socket = connection.sock
    for method, path, status in (
        ("HEAD", "/no-such-bucket", 404),
        ("GET", "/local-aws/nonsense", 404),
        ("POST", "/local-aws/mark", 400),
        ("GET", "/local-aws/health", 200),
    ):
        connection.request(method, path, body=b'{"a": 1}' if method == "POST" else None)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert connection.sock is socket
    connection.close()


def test_an_unknown_control_route_is_an_error(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.control("nonsense")


def test_reset_empties_the_account(server: Server, aws: Callable[..., Any]) -> None:
    sns = aws("sns")
    sns.create_topic(Name="critical")
    assert sns.list_topics()["Topics"]
    server.control("reset")
    assert sns.list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("service", "method", "arguments", "action", "mutating"),
    [
        ("ec2", "describe_vpcs", {}, "DescribeVpcs", False),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "CreateVpc", True),
        ("s3", "list_buckets", {}, "ListBuckets", False),
        ("s3", "create_bucket", {"Bucket": "some-bucket"}, "CreateBucket", True),
        ("cloudfront", "list_distributions", {}, "ListDistributions", False),
        ("route53", "create_hosted_zone", {"Name": "example.com", "CallerReference": "1"}, "CreateHostedZone", True),
        ("ecs", "list_clusters", {}, "ListClusters", False),
        ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
        ("elb", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
        ("cloudwatch", "list_dashboards", {}, "ListDashboards", False),
        ("resourcegroupstaggingapi", "get_resources", {}, "GetResources", False),
        ("lambda", "list_functions", {}, "ListFunctions", False),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity", False),
    ],
)
def test_the_log_names_the_operation(
    server: Server,
    aws: Callable[..., Any],
    service: str,
    method: str,
    arguments: dict[str, Any],
    action: str,
    mutating: bool,
) -> None:
    getattr(aws(service), method)(**arguments)
    entry = server.requests()[-1]
    assert (entry["service"], entry["action"], entry["mutating"]) == (service, action, mutating)
    assert (entry["status"] // 100, entry["error"], entry["region"]) == (2, None, "us-east-1")


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code"),
    [
        ("ec2", "describe_vpcs", {"VpcIds": ["vpc-0123456789abcdef0"]}, "InvalidVpcID.NotFound"),
        ("iam", "get_role", {"RoleName": "nobody"}, "NoSuchEntity"),
        ("secretsmanager", "describe_secret", {"SecretId": "nothing"}, "ResourceNotFoundException"),
        ("cloudfront", "get_distribution", {"Id": "E123"}, "NoSuchDistribution"),
    ],
)
def test_the_log_names_the_error(
    server: Server, aws: Callable[..., Any], service: str, method: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws(service), method)(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert server.requests()[-1]["error"] == code


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("autoscaling", "start_instance_refresh", {"AutoScalingGroupName": "x"}),  # query
        ("ec2", "describe_fast_launch_images", {}),  # ec2
        (
            "ce",
            "create_anomaly_monitor",
            {"AnomalyMonitor": {"MonitorName": "x", "MonitorType": "DIMENSIONAL"}},
        ),  # json
        ("eks", "list_addons", {"clusterName": "x"}),  # rest-json
        ("cloudfront", "list_streaming_distributions", {}),  # rest-xml
    ],
)
def test_an_unimplemented_action_is_an_error_that_the_audit_finds(
    spoiled_server: Server, service: str, method: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(spoiled_server.client(service), method)(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    entry = spoiled_server.requests()[-1]
    assert entry["status"] == 501
    name = f"{service}:{entry['action']}"
    assert f"NOT IMPLEMENTED: {name}" in (spoiled_server.state_dir / "server.log").read_text(encoding="utf-8")
    audit = run_module("local_aws.audit", str(spoiled_server.state_dir))
    assert audit.returncode == 1
    assert f"{name} answered 501" in audit.stderr


def test_the_audit_finds_mutations_after_a_mark(own_server: Server) -> None:
    sns = own_server.client("sns")
    sns.create_topic(Name="before")
    own_server.control("mark?name=plan")
    sns.list_topics()
    state_dir = str(own_server.state_dir)
    assert run_module("local_aws.audit", state_dir).returncode == 0
    assert run_module("local_aws.audit", state_dir, "--no-mutations", "--since=plan").returncode == 0
    without_mark = run_module("local_aws.audit", state_dir, "--no-mutations")
    assert without_mark.returncode == 1
    assert "sns:CreateTopic may change something" in without_mark.stderr
    sns.create_topic(Name="after")
    assert run_module("local_aws.audit", state_dir, "--no-mutations", "--since=plan").returncode == 1
    unknown = run_module("local_aws.audit", state_dir, "--since=other")
    assert unknown.returncode == 2
    assert "no mark named 'other'" in unknown.stderr


def test_latency_delays_answers(server: Server, aws: Callable[..., Any]) -> None:
    try:
        server.control("latency", {"latency_ms": 150})
        sns = aws("sns")
        sns.list_topics()
        started = time.monotonic()
        sns.list_topics()
        assert time.monotonic() - started >= 0.15
    finally:
        server.control("latency", {"latency_ms": 0})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        server.control("latency", {"latency_ms": "much"})


def test_the_account_is_a_parameter(tmp_path: Path) -> None:
    server = start(tmp_path, "--account-id=210987654321")
    try:
        assert server.client("sts").get_caller_identity()["Account"] == "210987654321"
    finally:
        stop(server)


def test_a_taken_port_is_refused(server: Server, tmp_path: Path) -> None:
    done = run_module("local_aws", "--detach", f"--port={server.port}", f"--state-dir={tmp_path}")
    assert done.returncode == 1
    assert f"port {server.port} is taken" in done.stderr
    assert server.control("health", method="GET")["status"] == "ok"


def test_stop_leaves_another_ones_server_alone(server: Server, tmp_path: Path) -> None:
    done = run_module("local_aws", "--stop", f"--port={server.port}", f"--state-dir={tmp_path}")
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert server.control("health", method="GET")["status"] == "ok"


def test_stop_is_idempotent(tmp_path: Path) -> None:
    server = start(tmp_path)
    pid = server.control("health", method="GET")["pid"]
    arguments = ("--stop", f"--port={server.port}", f"--state-dir={tmp_path}")
    assert run_module("local_aws", *arguments).stdout == "stopped\n"
    # Whoever told it to stop may use the port and the directory at once: no process is left that runs.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        assert Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    assert run_module("local_aws", *arguments).stdout == "not running\n"
    assert not (tmp_path / "local-aws.pid").exists()


def test_a_new_start_begins_new_logs(tmp_path: Path) -> None:
    server = start(tmp_path)
    with pytest.raises(ClientError):
        server.client("cloudfront").list_streaming_distributions()
    stop(server)
    assert len(server.requests()) == 1
    again = start(tmp_path)
    assert again.requests() == []
    assert "NOT IMPLEMENTED" not in (tmp_path / "server.log").read_text(encoding="utf-8")
    stop(again)


def test_without_moto_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("raise ModuleNotFoundError('No module', name='moto')\n")
    done = subprocess.run(
        [sys.executable, "-m", "local_aws", "--detach", f"--state-dir={tmp_path / 'state'}", "--port=1"],
        env={"PYTHONPATH": f"{tmp_path}:{FILES}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "the Python package 'moto' is missing" in done.stderr
    assert "pip install 'moto[server]'" in done.stderr


def test_parallel_requests_do_not_get_in_each_others_way(server: Server, aws: Callable[..., Any]) -> None:
    ec2 = aws("ec2")

    def make(number: int) -> str:
        return ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(24)))
    assert len(set(made)) == 24
    known = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    assert set(made) <= known
