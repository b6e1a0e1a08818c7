# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to ask, and in which order: two waves of parallel calls, whatever the size of the environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core import in_parallel
from . import api
from . import transformations as to

# CloudFront, its certificates and web ACLs, and Route 53 live here, whatever the region of the environment.
GLOBAL_REGION = "us-east-1"


# What each section looks up by its tags. Of each page of a hundred resources as few as possible are of no interest.
_TAGGED = {
    "data": ("kms:key", "secretsmanager:secret", "s3", "rds:db", "elasticache:replicationgroup"),
    "compute": ("ecs:cluster", "ecr:repository", "elasticloadbalancing:loadbalancer"),
    "edge": ("acm:certificate", "cloudfront:distribution", "route53:hostedzone", "s3", "wafv2"),
    "monitoring": ("cloudwatch:alarm", "sns"),
}


@dataclass(frozen=True)
class Environment:
    """Which environment is asked for, and how to reach AWS."""

    project: str
    environment: str
    name_prefix: str
    region: str
    client: Callable[..., Any]

    @property
    def tags(self) -> dict[str, str]:
        return {"Project": self.project, "Environment": self.environment}

    @property
    def path(self) -> str:
        return f"/{self.project}/{self.environment}/"


def collect(environment: Environment, sections: list[str]) -> dict[str, Any]:
    """The outputs of the roles in C(sections), as the account has them now."""
    # The tagging API is asked once for all sections that stand on it.
    types = sorted({kind for section in sections for kind in _TAGGED.get(section, ())})
    tagged = to.Tagged(_tagged(environment, types) if types else [])
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "vpc": lambda: _vpc(environment),
        "data": lambda: _data(environment, tagged),
        "compute": lambda: _compute(environment, tagged),
        "edge": lambda: _edge(environment, tagged),
        "monitoring": lambda: _monitoring(environment, tagged),
    }
    # Clients are made here: making one is not safe in threads, and costs more than most calls.
    for service in _clients(sections):
        environment.client(service)
    for region in _regions_of(_rivals(tagged)) if "edge" in sections else ():
        environment.client("acm", region=region)
    return in_parallel({section: parts[section] for section in sections})


def _clients(sections: list[str]) -> set[str]:
    needed = {
        "vpc": {"ec2"},
        "data": {"kms", "rds", "elasticache"},
        "compute": {"ecs", "elbv2", "iam"},
        "edge": {"cloudfront"},
        "monitoring": {"cloudwatch", "logs"},
    }
    return {service for section in sections for service in needed[section]}


def _tagged(environment: Environment, types: list[str]) -> list[dict[str, Any]]:
    regions = sorted({environment.region, GLOBAL_REGION})
    clients = {region: environment.client("resourcegroupstaggingapi", region=region) for region in regions}
    answers = in_parallel(
        {
            region: lambda client=client: api.tagged_resources(client, environment.tags, types)
            for region, client in clients.items()
        }
    )
    # From the global region only what is global: an environment of another region may have a namesake there.
    return [
        item
        for region, items in answers.items()
        for item in items
        if region == environment.region or _is_global(item["ResourceARN"])
    ]


def _is_global(arn: str) -> bool:
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    return service in ("cloudfront", "route53", "acm") or (service == "wafv2" and resource.startswith("global/"))


def _vpc(environment: Environment) -> dict[str, Any]:
    return to.vpc_output(api.network(environment.client("ec2"), environment.tags))


def _data(environment: Environment, tagged: to.Tagged) -> dict[str, Any]:
    key = tagged.first("kms", "key/")
    databases = [to.name_of(arn) for arn in tagged.arns("rds", "db:")]
    group = tagged.first("elasticache", "replicationgroup:")
    answers = in_parallel(
        {
            "aliases": lambda: api.key_aliases(environment.client("kms"), key) if key else [],
            "databases": lambda: api.databases(environment.client("rds"), databases) if databases else [],
            "redis": lambda: (
                api.replication_group(environment.client("elasticache"), to.name_of(group)) if group else {}
            ),
        }
    )
    return to.data_output(tagged, answers["aliases"], answers["databases"], answers["redis"])


def _compute(environment: Environment, tagged: to.Tagged) -> dict[str, Any]:
    elbv2 = environment.client("elbv2")
    cluster = tagged.first("ecs", "cluster/")
    balancer = tagged.first("elasticloadbalancing", "loadbalancer/app/")
    answers = in_parallel(
        {
            "roles": lambda: api.iam_roles(environment.client("iam"), environment.path),
            "balancer": lambda: api.load_balancer(elbv2, balancer) if balancer else {},
            "listeners": lambda: _listeners(elbv2, balancer) if balancer else ([], []),
            "services": lambda: api.services(environment.client("ecs"), cluster) if cluster else [],
        }
    )
    listeners, rules = answers["listeners"]
    roles = to.role_arns(answers["roles"], environment.project, environment.environment)
    return to.compute_output(
        tagged, roles, answers["balancer"], listeners, rules, answers["services"], environment.name_prefix
    )


def _listeners(client: Any, balancer: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The listeners, and the rules of the one that serves: the one for HTTPS where there is one."""
    listeners = api.listeners(client, balancer)
    serving = sorted(listeners, key=lambda listener: listener["Protocol"], reverse=True)[:1]
    return listeners, api.rules(client, serving[0]["ListenerArn"]) if serving else []


def _rivals(tagged: to.Tagged) -> list[str]:
    """Only while a certificate is being replaced are there two for one thing."""
    return to.same_component(tagged, "acm", "certificate/")


def _regions_of(arns: list[str]) -> set[str]:
    return {arn.split(":")[3] for arn in arns}


def _edge(environment: Environment, tagged: to.Tagged) -> dict[str, Any]:
    has_sites = tagged.arns("cloudfront", "distribution/")
    rivals = _rivals(tagged)
    clients = {region: environment.client("acm", region=region) for region in _regions_of(rivals)}
    calls: dict[str, Callable[[], Any]] = {
        arn: lambda arn=arn: api.certificate(clients[arn.split(":")[3]], arn) for arn in rivals
    }
    if has_sites:
        calls["distributions"] = lambda: api.distributions(environment.client("cloudfront"))
    answers = in_parallel(calls)
    distributions = answers.pop("distributions", [])
    return to.edge_output(tagged, distributions, environment.region, GLOBAL_REGION, answers)


def _monitoring(environment: Environment, tagged: to.Tagged) -> dict[str, Any]:
    prefix = environment.name_prefix
    answers = in_parallel(
        {
            "dashboards": lambda: api.dashboards(environment.client("cloudwatch"), prefix),
            "queries": lambda: api.query_definitions(environment.client("logs"), f"{prefix}/"),
        }
    )
    return to.monitoring_output(tagged, answers["dashboards"], answers["queries"])
