# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetResources of the Resource Groups Tagging API finds every kind of resource, in its region, page by page.

AWS: returns every tagged resource of the services that support the API, among them elastic IPs, VPC endpoints, flow
logs, network ACLs, launch templates, listeners and rules, ECR repositories, all groups of RDS and ElastiCache, web
ACLs, trails, hosted zones, IAM policies and OIDC providers; resources of global services belong to us-east-1, buckets
to their own region; ResourceTypeFilters are compared with the ARN (``ec2:natgateway``, ``elasticloadbalancing``);
resources that never had a tag are not returned; a page has 50 resources, or as many as ResourcesPerPage says, and
what is asked for by ResourceARNList is one page (Resource Groups Tagging API reference; "Services that support the
Resource Groups Tagging API").
moto 5.2.5: leaves most of these out, has other names in some ARNs (``flow-logs``), returns some untagged resources,
returns buckets and distributions in every region, pages through a generator that a change in between breaks, ends a
page after a hundred tags without being asked to, and pages what is asked for by ARN, too.
Can go when moto's backends list all their kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.core.resource_tagging import TaggedResource, iter_taggable_backends, make_tag_matcher
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.elasticache.models import elasticache_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.route53.models import route53_backends
from moto.s3.models import s3_backends
from moto.servicediscovery.models import servicediscovery_backends
from moto.wafv2.models import wafv2_backends

from ..clock import Clock
from .elasticache_parameter_groups import groups as cache_parameter_groups

GLOBAL_REGION = "us-east-1"
#: Services whose resources are listed here; moto's own lists of them are left aside.
OURS = ("ec2", "elbv2", "rds", "elasticache", "s3")
#: Services of moto's lists whose resources are global.
GLOBAL = ("cloudfront",)

Found = Iterator[tuple[str, dict[str, str]]]


def _pairs(tags: Any) -> dict[str, str]:
    """Tags as a dict, from any of moto's ways to keep them."""
    if isinstance(tags, dict) and all(isinstance(value, dict) for value in tags.values()):
        tags = list(tags.values())
    if isinstance(tags, dict):
        return {str(key): value or "" for key, value in tags.items()}
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) or "" for tag in tags or []}


def _ec2(account: str, region: str) -> Found:
    backend = ec2_backends[account][region]
    kinds: dict[str, Iterable[Any]] = {
        "customer-gateway": backend.customer_gateways.values(),
        "dhcp-options": backend.dhcp_options_sets.values(),
        "egress-only-internet-gateway": backend.egress_only_internet_gateways.values(),
        "elastic-ip": backend.addresses,
        "image": backend.amis.values(),
        "instance": (instance for reservation in backend.reservations.values() for instance in reservation.instances),
        "internet-gateway": backend.internet_gateways.values(),
        "launch-template": backend.launch_templates.values(),
        "natgateway": backend.nat_gateways.values(),
        "network-acl": backend.network_acls.values(),
        "network-interface": backend.enis.values(),
        "prefix-list": backend.managed_prefix_lists.values(),
        "route-table": backend.route_tables.values(),
        "security-group": (group for groups in backend.groups.values() for group in groups.values()),
        "snapshot": backend.snapshots.values(),
        "subnet": (subnet for subnets in backend.subnets.values() for subnet in subnets.values()),
        "transit-gateway": backend.transit_gateways.values(),
        "transit-gateway-attachment": backend.transit_gateway_attachments.values(),
        "volume": backend.volumes.values(),
        "vpc": backend.vpcs.values(),
        "vpc-endpoint": backend.vpc_end_points.values(),
        "vpc-flow-log": backend.flow_logs.values(),
        "vpc-peering-connection": backend.vpc_pcxs.values(),
        "vpn-connection": backend.vpn_connections.values(),
    }
    for kind, resources in kinds.items():
        for resource in resources:
            identifier = getattr(resource, "allocation_id", None) or resource.id
            if getattr(resource, "state", None) in ("deleting", "deleted"):
                continue
            arn = f"arn:aws:ec2:{region}:{account}:{kind}/{identifier}"
            yield arn, dict(backend.tags.get(identifier, {}))


def _elbv2(account: str, region: str) -> Found:
    backend = elbv2_backends[account][region]
    arns = [*backend.target_groups]
    for balancer in backend.load_balancers.values():
        arns.append(balancer.arn)
        for listener in balancer.listeners.values():
            arns.append(listener.arn)
            arns.extend(rule.arn for rule in listener.rules.values())
    for arn in arns:
        yield arn, backend.tagging_service.get_tag_dict_for_resource(arn)


def _rds(account: str, region: str) -> Found:
    backend = rds_backends[account][region]
    for resources in (
        backend.databases,
        backend.clusters,
        backend.database_snapshots,
        backend.cluster_snapshots,
        backend.subnet_groups,
        backend.db_parameter_groups,
        backend.db_cluster_parameter_groups,
        backend.option_groups,
        backend.event_subscriptions,
        backend.db_proxies,
    ):
        for resource in resources.values():  # type: ignore[attr-defined]
            yield resource.arn, _pairs(resource.get_tags())


def _elasticache(account: str, region: str) -> Found:
    backend = elasticache_backends[account][region]
    for resources in (
        backend.replication_groups,
        backend.cache_clusters,
        backend.cache_subnet_groups,
        cache_parameter_groups(backend),
        backend.snapshots,
        backend.users,
    ):
        for resource in resources.values():  # type: ignore[attr-defined]
            yield resource.arn, backend.tagging_service.get_tag_dict_for_resource(resource.arn)


def _s3(account: str, region: str) -> Found:
    backend = s3_backends[account]["aws"]
    for bucket in backend.buckets.values():
        if bucket.region_name == region:
            yield bucket.arn, backend.tagger.get_tag_dict_for_resource(bucket.arn)


def _ecr(account: str, region: str) -> Found:
    backend = ecr_backends[account][region]
    for repository in backend.repositories.values():
        yield repository.arn, backend.tagger.get_tag_dict_for_resource(repository.arn)


def _wafv2(account: str, region: str) -> Found:
    scopes = [wafv2_backends[account][region]]
    if region == GLOBAL_REGION:
        scopes.append(wafv2_backends[account]["aws"])
    for backend in scopes:
        for resources in (backend.wacls, backend.ip_sets, backend.rule_groups):
            for arn in resources:  # type: ignore[attr-defined]
                yield arn, backend.tagging_service.get_tag_dict_for_resource(arn)


def _cloudtrail(account: str, region: str) -> Found:
    backend = cloudtrail_backends[account][region]
    for trail in backend.trails.values():
        yield trail.arn, backend.tagging_service.get_tag_dict_for_resource(trail.arn)


def _servicediscovery(account: str, region: str) -> Found:
    backend = servicediscovery_backends[account][region]
    for resource in (*backend.namespaces.values(), *backend.services.values()):
        yield resource.arn, backend.tagger.get_tag_dict_for_resource(resource.arn)


def _route53(account: str, region: str) -> Found:
    backend = route53_backends[account]["aws"]
    for kind, resources in (("hostedzone", backend.zones), ("healthcheck", backend.health_checks)):
        for identifier in resources:  # type: ignore[attr-defined]
            yield f"arn:aws:route53:::{kind}/{identifier}", _pairs(backend.resource_tags.get(identifier, {}))


def _iam(account: str, region: str) -> Found:
    backend = iam_backends[account]["aws"]
    for policy in backend.managed_policies.values():
        if policy.arn.split(":")[4] == account:
            yield policy.arn, _pairs(policy.tags)
    for profile in backend.instance_profiles.values():
        yield profile.arn, _pairs(profile.tags)
    for provider in backend.open_id_providers.values():
        yield provider.arn, _pairs(provider.tags)


REGIONAL_LISTS = (_ec2, _elbv2, _rds, _elasticache, _s3, _ecr, _wafv2, _cloudtrail, _servicediscovery)
GLOBAL_LISTS = (_route53, _iam)


def resources(account: str, region: str) -> list[TaggedResource]:
    """Every tagged resource of an account that belongs to a region."""
    found = []
    for backend in iter_taggable_backends(account, region):
        service = type(backend).__module__.split(".")[1]
        if service in OURS or (service in GLOBAL and region != GLOBAL_REGION):
            continue
        found += [resource for resource in backend.iter_tagged_resources() if resource.tags]
    for listing in REGIONAL_LISTS + (GLOBAL_LISTS if region == GLOBAL_REGION else ()):
        found += [TaggedResource(arn, tags, "") for arn, tags in listing(account, region) if tags]
    return found


def matches_type(arn: str, filters: list[str] | None) -> bool:
    """Whether an ARN is of one of the types ``service`` or ``service:type``."""
    if not filters:
        return True
    _arn, _partition, service, _region, _account, name = arn.split(":", 5)
    for wanted in filters:
        wanted_service, _colon, kind = wanted.partition(":")
        if wanted_service != service:
            continue
        if (
            not kind
            or name == kind
            or name.startswith((f"{kind}/", f"{kind}:"))
            or (service == "s3" and kind == "bucket")
        ):
            return True
    return False


def _page_of(resources: list[TaggedResource], most: int, most_tags: int | None) -> list[TaggedResource]:
    """The beginning of a list that fits a page: the first resource whatever it has, and no more tags than asked for."""
    page: list[TaggedResource] = []
    tags = 0
    for resource in resources[:most]:
        tags += len(resource.tags)
        if most_tags is not None and page and tags > most_tags:
            break
        page.append(resource)
    return page


def _found(self: ResourceGroupsTaggingAPIResponse) -> list[TaggedResource]:
    """What a request asks for, or what an earlier one has left."""
    backend, token = self.backend, self._get_param("PaginationToken")
    if token:
        left = backend._pages.pop(token, None)
        if left is None:
            raise ResourceGroupsTaggingAPIError("PaginationTokenExpiredException", "Token does not exist")
        return left
    matcher = make_tag_matcher(self._get_param("TagFilters", []))
    types, arns = self._get_param("ResourceTypeFilters", []), self._get_param("ResourceARNList", [])
    return [
        resource
        for resource in resources(backend.account_id, backend.region_name)
        if matcher(resource.tags) and matches_type(resource.arn, types) and (not arns or resource.arn in arns)
    ]


def get_resources(self: ResourceGroupsTaggingAPIResponse) -> ActionResult:
    most, most_tags = self._get_int_param("ResourcesPerPage", 50), self._get_int_param("TagsPerPage")
    for name, value, limits in (("ResourcesPerPage", most, (1, 100)), ("TagsPerPage", most_tags, (100, 500))):
        if value is not None and not limits[0] <= value <= limits[1]:
            raise ResourceGroupsTaggingAPIError(
                "InvalidParameterException", f"{name} must be between {limits[0]} and {limits[1]}"
            )
    found = _found(self)
    page = found if self._get_param("ResourceARNList") else _page_of(found, most, most_tags)
    rest, token = found[len(page) :], ""
    if rest:
        token = f"page-{len(self.backend._pages)}-{len(rest)}-{id(rest):x}"
        self.backend._pages[token] = rest
    listed = [
        {"ResourceARN": resource.arn, "Tags": [{"Key": key, "Value": value} for key, value in resource.tags.items()]}
        for resource in page
    ]
    return ActionResult({"ResourceTagMappingList": listed, "PaginationToken": token})


def apply(clock: Clock) -> None:
    ResourceGroupsTaggingAPIResponse.get_resources = get_resources  # type: ignore[method-assign]
    ResourceGroupsTaggingAPIBackend._get_resources_generator = (  # type: ignore[method-assign]
        lambda self, **_filters: iter(resources(self.account_id, self.region_name))
    )
