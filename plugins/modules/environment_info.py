# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: environment_info
version_added: 0.1.0
short_description: Find everything that belongs to a project and environment
description:
  - Finds what the roles of this collection made for one project and environment, by the tags C(Project),
    C(Environment), C(Role), C(Component) and C(Service), and returns it in one structure. Each key is the output of
    the role of that name.
  - One process, two waves of parallel calls. The number of calls does not grow with the number of resources, but for
    one call per ten services and one per task definition.
  - Works on an empty account. What does not exist is an empty string, list or dictionary, and every key is always
    there.
  - "IAM actions: C(tag:GetResources), C(ec2:Describe*) for VPCs, subnets, gateways, route tables, network ACLs,
    security groups, endpoints and flow logs, C(iam:ListRoles), C(kms:ListAliases), C(rds:DescribeDBInstances),
    C(elasticache:DescribeReplicationGroups), C(ecs:ListServices), C(ecs:DescribeServices),
    C(ecs:DescribeTaskDefinition), C(elasticloadbalancing:DescribeLoadBalancers),
    C(elasticloadbalancing:DescribeListeners), C(elasticloadbalancing:DescribeRules), C(cloudfront:ListDistributions),
    C(acm:DescribeCertificate), C(cloudwatch:ListDashboards), C(logs:DescribeQueryDefinitions)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  project:
    description: Value of the tag C(Project).
    type: str
    required: true
  environment:
    description: Value of the tag C(Environment).
    type: str
    required: true
  name_prefix:
    description:
      - How the names of dashboards and saved queries begin, which AWS cannot tag.
      - The default is the project and the environment joined by a hyphen.
    type: str
  sections:
    description: Which outputs to gather. Ask only for what is needed.
    type: list
    elements: str
    choices: [vpc, data, compute, edge, monitoring]
    default: [vpc, data, compute, edge, monitoring]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes.info
"""

EXAMPLES = r"""
- name: Find what exists of the production environment
  slipway.aws.environment_info:
    project: uex
    environment: prod
  register: found

- name: Show the services and how many tasks run
  ansible.builtin.debug:
    msg: "{{ item.key }}: {{ item.value.running_count }}/{{ item.value.desired_count }}"
  loop: "{{ found.compute.services | dict2items }}"

- name: Find only the network
  slipway.aws.environment_info:
    project: uex
    environment: prod
    sections: [vpc]
  register: found
"""

RETURN = r"""
vpc:
  description: What the role C(vpc) publishes.
  returned: when asked for
  type: dict
  contains:
    vpc_id:
      description: Identifier of the VPC.
      type: str
      sample: vpc-0a1b2c3d4e5f60718
    cidr_block:
      description: The VPC's primary IPv4 range.
      type: str
      sample: 10.0.0.0/16
    availability_zones:
      description: The zones that have subnets.
      type: list
      elements: str
      sample: [eu-west-1a, eu-west-1b, eu-west-1c]
    subnet_ids:
      description: Subnet identifiers by tier (V(public), V(app), V(data)), in the order of the zones.
      type: dict
    internet_gateway_id:
      description: Identifier of the internet gateway.
      type: str
    nat_gateway_ids:
      description: Identifiers of the NAT gateways that exist or are being made.
      type: list
      elements: str
    nat_public_ips:
      description: The addresses under which the environment reaches the internet.
      type: list
      elements: str
    route_table_ids:
      description: Route table identifiers by component.
      type: dict
    network_acl_ids:
      description: Network ACL identifiers by tier.
      type: dict
    security_group_ids:
      description: Security group identifiers by component (V(alb), V(app), V(rds), V(redis), V(endpoints)).
      type: dict
    endpoint_ids:
      description: VPC endpoint identifiers by service.
      type: dict
    flow_log_id:
      description: Identifier of the VPC's flow log.
      type: str
    flow_log_group:
      description: Log group that receives the flow log.
      type: str
data:
  description: What the role C(data) publishes.
  returned: when asked for
  type: dict
  contains:
    kms_key_arn:
      description: ARN of the environment's key.
      type: str
    kms_key_alias:
      description: The key's alias.
      type: str
      sample: alias/uex-prod
    secret_arns:
      description: ARNs of the secrets by their logical name. Never their values.
      type: dict
    database:
      description:
        - The primary database with RV(data.database.endpoint), RV(data.database.port) and its replicas.
      type: dict
      contains:
        identifier: {description: Name of the primary., type: str}
        arn: {description: ARN of the primary., type: str}
        resource_id: {description: Identifier that log groups and IAM policies use., type: str}
        endpoint: {description: Host name of the primary., type: str}
        port: {description: Port of the primary., type: int}
        name: {description: Name of the database in it., type: str}
        replica_identifiers: {description: Names of the read replicas., type: list, elements: str}
        replica_endpoints: {description: Host names of the read replicas., type: list, elements: str}
        status: {description: State of the primary in RDS's words., type: str, sample: available}
    redis:
      description: The replication group.
      type: dict
      contains:
        replication_group_id: {description: Name of the group., type: str}
        arn: {description: ARN of the group., type: str}
        primary_endpoint: {description: Host name for writing; empty in cluster mode., type: str}
        reader_endpoint: {description: Host name for reading; empty in cluster mode., type: str}
        configuration_endpoint: {description: Host name in cluster mode., type: str}
        port: {description: Port., type: int}
        member_ids: {description: Names of the nodes., type: list, elements: str}
        status: {description: State in ElastiCache's words., type: str, sample: available}
    buckets:
      description: Bucket names by component (V(backups), V(alb_logs), V(app_logs)).
      type: dict
compute:
  description: What the role C(compute) publishes.
  returned: when asked for
  type: dict
  contains:
    cluster_name: {description: Name of the ECS cluster., type: str}
    cluster_arn: {description: ARN of the ECS cluster., type: str}
    repository_urls: {description: Addresses of the ECR repositories by service., type: dict}
    execution_role_arn: {description: Role with which ECS starts tasks., type: str}
    task_role_arns: {description: Roles of the running tasks by service., type: dict}
    load_balancer:
      description: The application load balancer.
      type: dict
      contains:
        name: {description: Name., type: str}
        arn: {description: ARN., type: str}
        full_name: {description: Name as CloudWatch's dimension has it., type: str, sample: app/uex-prod/50dc6c}
        dns_name: {description: Host name., type: str}
        hosted_zone_id: {description: Zone for alias records., type: str}
        url: {description: Address at which the services are reached., type: str}
    listener_arns: {description: "Listener ARNs by protocol (V(http), V(https)).", type: dict}
    services:
      description: The ECS services by the tag C(Service), else by name.
      type: dict
      sample:
        uex-backend:
          alternate_target_group_full_name: ""
          arn: arn:aws:ecs:eu-west-1:123456789012:service/uex-prod/uex-backend
          cluster_name: uex-prod
          desired_count: 5
          image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/uex-prod/uex-backend:1.4.2
          log_group: /ecs/uex-prod/uex-backend
          pending_count: 0
          rollout_state: COMPLETED
          deployment_controller: ECS
          running_count: 5
          service_name: uex-backend
          target_group_arn: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/uex-backend/73e2d6bc24d8a067
          target_group_full_name: targetgroup/uex-backend/73e2d6bc24d8a067
          task_definition_arn: arn:aws:ecs:eu-west-1:123456789012:task-definition/uex-prod-uex-backend:14
          url: https://api.example.com/api/uex/
edge:
  description: What the role C(edge) publishes.
  returned: when asked for
  type: dict
  contains:
    web_acl: {description: Name and ARN of the web ACL in front of the load balancer., type: dict}
    sites_web_acl: {description: Name and ARN of the web ACL in front of the sites., type: dict}
    sites_log_bucket: {description: Bucket with the access logs of the sites., type: str}
    certificate_arns: {description: ARNs of the region's certificates by component., type: dict}
    sites_certificate_arns:
      description: ARNs of the certificates in V(us-east-1), where those of sites are, by component.
      type: dict
    hosted_zone_id: {description: Identifier of the Route 53 zone., type: str}
    sites:
      description:
        - Static sites by name, each with its bucket, distribution and its status, domain name, aliases, address, web
          ACL, certificate and origin access controls.
      type: dict
monitoring:
  description: What the role C(monitoring) publishes.
  returned: when asked for
  type: dict
  contains:
    topic_arns: {description: 'SNS topics by severity (V(critical), V(warning), V(info)).', type: dict}
    alarm_names: {description: Names of the alarms., type: list, elements: str}
    dashboard_name: {description: Name of the dashboard., type: str}
    query_definition_ids: {description: Identifiers of the saved queries by name., type: dict}
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.environment import Environment, collect

SECTIONS = ["vpc", "data", "compute", "edge", "monitoring"]


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    environment = Environment(
        project=options["project"],
        environment=options["environment"],
        name_prefix=options["name_prefix"] or f"{options['project']}-{options['environment']}",
        region=module.region,
        client=module.client,
    )
    return {"changed": False, **collect(environment, options["sections"])}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "name_prefix": {"type": "str"},
            "sections": {"type": "list", "elements": "str", "choices": SECTIONS, "default": SECTIONS},
        },
        supports_check_mode=True,
    )
    if not module.region:
        module.fail_json(msg="region is not set: give region, AWS_REGION, or a profile with a region.")
    run(module, _run)


if __name__ == "__main__":
    main()
