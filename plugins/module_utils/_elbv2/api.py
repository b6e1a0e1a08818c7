# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing's calls, one function each, errors by decorator."""

from __future__ import annotations

from typing import Any

from ..core import AnsibleAWSError, aws_call, chunks, error_code, from_tag_list, given, in_parallel, to_tag_list

# DescribeTags takes so many resources a call.
_TAGS_A_CALL = 20


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


@aws_call("list the tags of {arns}", missing=["LoadBalancerNotFound", "TargetGroupNotFound"], default={})
def _some_tags(client: Any, arns: list[str]) -> dict[str, dict[str, str]]:
    found = client.describe_tags(ResourceArns=arns)["TagDescriptions"]
    return {item["ResourceArn"]: from_tag_list(item["Tags"]) for item in found}


def tags(client: Any, arns: list[str]) -> dict[str, dict[str, str]]:
    """The tags of several resources, by their ARNs."""
    batches = chunks(arns, _TAGS_A_CALL)
    found = in_parallel({index: lambda batch=batch: _some_tags(client, batch) for index, batch in enumerate(batches)})
    return {arn: tags for batch in found.values() for arn, tags in batch.items()}


@aws_call("tag {arn}")
def set_tags(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_remove:
        client.remove_tags(ResourceArns=[arn], TagKeys=to_remove)
    if to_set:
        client.add_tags(ResourceArns=[arn], Tags=to_tag_list(to_set))


# Target groups


@aws_call("describe the target group {name}", missing=["TargetGroupNotFound"])
def get_target_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_target_groups(Names=[name])["TargetGroups"]
    return found[0] if found else None


@aws_call("list the target groups")
def list_target_groups(client: Any, prefix: str) -> list[dict[str, Any]]:
    groups = _pages(client, "describe_target_groups", "TargetGroups")
    return [group for group in groups if group["TargetGroupName"].startswith(prefix)]


@aws_call("read the attributes of the target group {arn}", missing=["TargetGroupNotFound"], default={})
def target_group_attributes(client: Any, arn: str) -> dict[str, str]:
    found = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item.get("Value", "") for item in found}


@aws_call("create the target group {name}")
def create_target_group(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    return client.create_target_group(Name=name, **given(fields))["TargetGroups"][0]


@aws_call("change the health check of the target group {arn}")
def modify_target_group(client: Any, arn: str, **fields: Any) -> None:
    client.modify_target_group(TargetGroupArn=arn, **given(fields))


@aws_call("change the attributes of the target group {arn}")
def modify_target_group_attributes(client: Any, arn: str, attributes: dict[str, str]) -> None:
    client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=to_tag_list(attributes))


@aws_call("delete the target group {arn}", missing=["TargetGroupNotFound"])
def delete_target_group(client: Any, arn: str) -> None:
    client.delete_target_group(TargetGroupArn=arn)


# Load balancers and listeners


@aws_call("describe the load balancer {name}", missing=["LoadBalancerNotFound"])
def get_load_balancer(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_load_balancers(Names=[name])["LoadBalancers"]
    return found[0] if found else None


@aws_call("read the attributes of the load balancer {arn}", missing=["LoadBalancerNotFound"], default={})
def load_balancer_attributes(client: Any, arn: str) -> dict[str, str]:
    found = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {item["Key"]: item.get("Value", "") for item in found}


@aws_call("list the listeners of the load balancer {arn}", missing=["LoadBalancerNotFound"], default=[])
def list_listeners(client: Any, arn: str) -> list[dict[str, Any]]:
    return _pages(client, "describe_listeners", "Listeners", LoadBalancerArn=arn)


@aws_call("list the certificates of the listener {arn}", missing=["ListenerNotFound"], default=[])
def listener_certificates(client: Any, arn: str) -> list[str]:
    """The certificates beside the default one."""
    found = _pages(client, "describe_listener_certificates", "Certificates", ListenerArn=arn)
    return sorted(item["CertificateArn"] for item in found if not item.get("IsDefault"))


@aws_call("create the load balancer {name}")
def create_load_balancer(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    return client.create_load_balancer(Name=name, Type="application", **given(fields))["LoadBalancers"][0]


@aws_call("change the attributes of the load balancer {arn}")
def modify_load_balancer_attributes(client: Any, arn: str, attributes: dict[str, str]) -> None:
    client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=to_tag_list(attributes))


@aws_call("change the subnets of the load balancer {arn}")
def set_subnets(client: Any, arn: str, subnets: list[str]) -> None:
    client.set_subnets(LoadBalancerArn=arn, Subnets=subnets)


@aws_call("change the security groups of the load balancer {arn}")
def set_security_groups(client: Any, arn: str, groups: list[str]) -> None:
    client.set_security_groups(LoadBalancerArn=arn, SecurityGroups=groups)


@aws_call("change the address type of the load balancer {arn}")
def set_ip_address_type(client: Any, arn: str, ip_address_type: str) -> None:
    client.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=ip_address_type)


@aws_call("create a listener on the load balancer {arn}")
def create_listener(client: Any, arn: str, **fields: Any) -> dict[str, Any]:
    return client.create_listener(LoadBalancerArn=arn, **given(fields))["Listeners"][0]


@aws_call("change the listener {arn}")
def modify_listener(client: Any, arn: str, **fields: Any) -> None:
    client.modify_listener(ListenerArn=arn, **given(fields))


@aws_call("add certificates to the listener {arn}")
def add_certificates(client: Any, arn: str, certificates: list[str]) -> None:
    for certificate in certificates:
        client.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": certificate}])


@aws_call("remove certificates from the listener {arn}", missing=["ListenerNotFound"])
def remove_certificates(client: Any, arn: str, certificates: list[str]) -> None:
    if certificates:
        client.remove_listener_certificates(
            ListenerArn=arn, Certificates=[{"CertificateArn": certificate} for certificate in certificates]
        )


@aws_call("delete the listener {arn}", missing=["ListenerNotFound"])
def delete_listener(client: Any, arn: str) -> None:
    client.delete_listener(ListenerArn=arn)


@aws_call("delete the load balancer {arn}", missing=["LoadBalancerNotFound"])
def delete_load_balancer(client: Any, arn: str) -> None:
    client.delete_load_balancer(LoadBalancerArn=arn)


@aws_call("wait for the load balancer {arn}")
def wait_for_load_balancer(client: Any, arn: str, waiter: str, config: dict[str, Any]) -> None:
    client.get_waiter(waiter).wait(LoadBalancerArns=[arn], WaiterConfig=config)


# Rules


@aws_call("list the rules of the listener {arn}", missing=["ListenerNotFound"], default=[])
def list_rules(client: Any, arn: str) -> list[dict[str, Any]]:
    return _pages(client, "describe_rules", "Rules", ListenerArn=arn)


@aws_call("create the rule {name}")
def create_rule(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    return client.create_rule(**given(fields))["Rules"][0]


@aws_call("change the rule {name}")
def modify_rule(client: Any, name: str, arn: str, **fields: Any) -> None:
    client.modify_rule(RuleArn=arn, **given(fields))


@aws_call("change the priorities of the rules {priorities}")
def set_priorities(client: Any, priorities: dict[str, int]) -> None:
    client.set_rule_priorities(
        RulePriorities=[{"RuleArn": arn, "Priority": priority} for arn, priority in priorities.items()]
    )


@aws_call("delete the rule {name}", missing=["RuleNotFound"])
def delete_rule(client: Any, name: str, arn: str) -> None:
    client.delete_rule(RuleArn=arn)


def is_priority_taken(error: AnsibleAWSError) -> bool:
    """Whether somebody else took the priority since the rules were listed."""
    return error.exception is not None and error_code(error.exception) == "PriorityInUse"
