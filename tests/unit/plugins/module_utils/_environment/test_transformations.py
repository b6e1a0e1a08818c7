# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._environment import transformations as to


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def mapping(arn: str, **pairs: str) -> dict[str, Any]:
    return {"ResourceARN": arn, "Tags": tags(**pairs)}


EMPTY_NETWORK: dict[str, list[dict[str, Any]]] = {
    key: []
    for key in (
        *("Vpcs", "Subnets", "InternetGateways", "NatGateways", "RouteTables", "NetworkAcls", "SecurityGroups"),
        *("VpcEndpoints", "FlowLogs"),
    )
}


def test_gateways_and_endpoints_that_are_going_are_gone() -> None:
    network = {
        **EMPTY_NETWORK,
        "NatGateways": [
            {"NatGatewayId": "nat-2", "State": "available", "Tags": tags(Name="b"), "NatGatewayAddresses": []},
            {"NatGatewayId": "nat-0", "State": "deleted", "Tags": tags(Name="0")},
            {
                "NatGatewayId": "nat-1",
                "State": "pending",
                "Tags": tags(Name="a"),
                "NatGatewayAddresses": [{"PublicIp": "1.2.3.4"}, {}],
            },
        ],
        "VpcEndpoints": [
            {"VpcEndpointId": "vpce-1", "State": "available", "Tags": tags(Component="s3")},
            {"VpcEndpointId": "vpce-2", "State": "deleting", "Tags": tags(Component="logs")},
        ],
    }
    found = to.vpc_output(network)
    assert found["nat_gateway_ids"] == ["nat-1", "nat-2"]
    assert found["nat_public_ips"] == ["1.2.3.4"]
    assert found["endpoint_ids"] == {"s3": "vpce-1"}


def test_what_has_no_component_is_not_keyed() -> None:
    network = {**EMPTY_NETWORK, "SecurityGroups": [{"GroupId": "sg-1", "Tags": tags(Name="x")}]}
    assert to.vpc_output(network)["security_group_ids"] == {}


def test_tagged_things_are_found_by_service_resource_and_component() -> None:
    tagged = to.Tagged(
        [
            mapping("arn:aws:sns:eu-west-1:1:uex-critical", Component="critical"),
            mapping("arn:aws:ecs:eu-west-1:1:service/c/api", Component="x"),
            mapping("arn:aws:ecs:eu-west-1:1:cluster/c", Component="cluster"),
            mapping("not an arn"),
        ]
    )
    assert tagged.first("ecs", "cluster/") == "arn:aws:ecs:eu-west-1:1:cluster/c"
    assert tagged.first("ecs", "cluster/", component="other") == ""
    assert tagged.by_component("sns") == {"critical": "arn:aws:sns:eu-west-1:1:uex-critical"}


def test_buckets_belong_to_the_role_that_made_them() -> None:
    tagged = to.Tagged(
        [
            mapping("arn:aws:s3:::one", Component="backups", Role="data"),
            mapping("arn:aws:s3:::two", Component="frontend", Role="edge"),
        ]
    )
    assert to.tagged_buckets(tagged, "data") == {"backups": "one"}
    assert to.tagged_buckets(tagged, "edge") == {"frontend": "two"}


def test_the_primary_and_its_replicas() -> None:
    found = to.database_output(
        [
            {
                "DBInstanceIdentifier": "uex-replica-1",
                "ReadReplicaSourceDBInstanceIdentifier": "uex",
                "Endpoint": {"Address": "replica.example"},
            },
            {"DBInstanceIdentifier": "uex", "DBInstanceStatus": "creating"},
        ]
    )
    assert (found["identifier"], found["endpoint"], found["status"]) == ("uex", "", "creating")
    assert found["replica_endpoints"] == ["replica.example"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({}, ("", "", "")),
        (
            {"NodeGroups": [{"PrimaryEndpoint": {"Address": "p", "Port": 6379}, "ReaderEndpoint": {"Address": "r"}}]},
            ("p", "", 6379),
        ),
        ({"ConfigurationEndpoint": {"Address": "c", "Port": 6380}, "NodeGroups": [{}]}, ("", "c", 6380)),
    ],
)
def test_redis_with_and_without_cluster_mode(group: dict[str, Any], expected: tuple[str, str, Any]) -> None:
    found = to.redis_output(group)
    assert (found["primary_endpoint"], found["configuration_endpoint"], found["port"]) == expected


def test_roles_say_in_their_path_what_they_are_for() -> None:
    roles = [
        {"Path": "/uex/dev/execution/", "Arn": "arn:execution"},
        {"Path": "/uex/dev/task/uex-backend/", "Arn": "arn:task"},
    ]
    found = to.role_arns(roles, "uex", "dev")
    assert found == {"execution": "arn:execution", "task/uex-backend": "arn:task"}
    output = to.compute_output(to.Tagged([]), found, {}, [], [], [])
    assert output["execution_role_arn"] == "arn:execution"
    assert output["task_role_arns"] == {"uex-backend": "arn:task"}


def test_names_as_cloudwatch_has_them() -> None:
    base = "arn:aws:elasticloadbalancing:eu-west-1:1:"
    assert to.full_name(f"{base}loadbalancer/app/uex/50dc") == "app/uex/50dc"
    assert to.full_name(f"{base}targetgroup/uex/73e2") == "targetgroup/uex/73e2"


@pytest.mark.parametrize(
    ("partition", "domain"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"), ("aws-us-gov", "amazonaws.com")]
)
def test_the_address_of_a_repository(partition: str, domain: str) -> None:
    arn = f"arn:{partition}:ecr:eu-west-1:123456789012:repository/uex-dev/backend"
    assert to.repository_url(arn) == f"123456789012.dkr.ecr.eu-west-1.{domain}/uex-dev/backend"


def test_a_path_belongs_to_every_target_group_of_its_rule() -> None:
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*", "/v2/*"]}}
    rules = [
        {"Conditions": [path], "Actions": [{"Type": "forward", "TargetGroupArn": "tg-1"}]},
        {
            "Conditions": [{"Field": "path-pattern", "Values": ["/web/*"]}],
            "Actions": [{"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg-2"}, {"TargetGroupArn": "tg-3"}]}}],
        },
        {"Conditions": [{"Field": "host-header"}], "Actions": [{"TargetGroupArn": "tg-4"}]},
        {"Conditions": [], "Actions": [{"Type": "fixed-response"}]},
    ]
    assert to.paths_by_target_group(rules) == {"tg-1": "/api/", "tg-2": "/web/", "tg-3": "/web/"}


def test_https_is_the_address_where_there_is_a_certificate() -> None:
    balancer = {
        "DNSName": "uex.elb.example",
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/uex/5",
    }
    listeners = [
        {"Protocol": "HTTP", "ListenerArn": "arn:http"},
        {"Protocol": "HTTPS", "ListenerArn": "arn:https"},
    ]
    found = to.compute_output(to.Tagged([]), {}, balancer, listeners, [], [])
    assert found["load_balancer"]["url"] == "https://uex.elb.example"
    assert found["listener_arns"] == {"http": "arn:http", "https": "arn:https"}
    assert to.compute_output(to.Tagged([]), {}, balancer, listeners[:1], [], [])["load_balancer"]["url"].startswith(
        "http://"
    )


def test_a_site_is_reached_by_its_alias() -> None:
    distribution: dict[str, Any] = {
        "Id": "E1",
        "ARN": "arn:d",
        "DomainName": "d1.cloudfront.example",
        "Enabled": True,
        "Status": "Deployed",
    }
    assert to.site_output(distribution, "b")["url"] == "https://d1.cloudfront.example"
    distribution["Aliases"] = {"Quantity": 1, "Items": ["pay.example.com"]}
    assert to.site_output(distribution, "b")["url"] == "https://pay.example.com"


@pytest.mark.parametrize(
    ("controller", "told"), [("ECS", "uex-dev-web-alt"), ("CODE_DEPLOY", "uex-dev-web"), (None, "uex-dev-web-alt")]
)
def test_the_first_target_group_stands_for_both_that_codedeploy_lets_take_turns(
    controller: str | None, told: str
) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{}/0123456789abcdef"
    targets = [{"TargetGroupArn": arn.format(name)} for name in ("other", "uex-dev-web-alt", "uex-dev-web")]
    rules = [{"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}]}]
    service = {"serviceName": "web", "loadBalancers": [{"targetGroupArn": arn.format("uex-dev-web-alt")}]}
    if controller:
        service["deploymentController"] = {"type": controller}
    found = to.with_first_target_group(service, rules, "uex-dev")
    assert found["loadBalancers"][0]["targetGroupArn"] == arn.format(told)


@pytest.mark.parametrize("controller", ["ECS", "CODE_DEPLOY"])
def test_both_target_groups_of_a_service_are_told(controller: str) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{}/0123456789abcdef"
    live, other = arn.format("uex-dev-web"), arn.format("uex-dev-web-alt")
    # CodeDeploy names the live one only.
    balancer = {"targetGroupArn": other if controller == "CODE_DEPLOY" else live}
    if controller == "ECS":
        balancer |= {"advancedConfiguration": {"alternateTargetGroupArn": other}}
    targets = [{"TargetGroupArn": group} for group in (live, other)]
    service = {
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/uex-dev/web",
        "serviceName": "web",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/uex-dev",
        "taskDefinition": "arn:definition:1",
        "task_definition": {},
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "deploymentController": {"type": controller},
        "loadBalancers": [balancer],
    }
    rules = [{"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}]}]
    told = to.service_output(to.with_first_target_group(service, rules, "uex-dev"), "", {})
    assert told["target_group_full_name"] == "targetgroup/uex-dev-web/0123456789abcdef"
    assert told["alternate_target_group_full_name"] == "targetgroup/uex-dev-web-alt/0123456789abcdef"
