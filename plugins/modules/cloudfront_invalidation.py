# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_invalidation
version_added: 0.1.0
short_description: Invalidate paths and cache tags of CloudFront distributions, at no cost when nothing changed
description:
  - Invalidates paths, wildcards and cache tags of one or several distributions and distribution tenants in one task.
  - The caller reference is made of the paths and of O(content), so a repeated run is the same invalidation. It changes
    nothing, costs nothing, and goes on waiting for the first one.
  - Paths are normalised and encoded by CloudFront's rules, index documents are also invalidated as their directories,
    what a wildcard covers is left out, and many paths are collapsed into few wildcards.
  - A full quota (3,000 paths and 15 wildcards in progress) is waited for.
  - Two calls a target, however many invalidations there were. Check mode also reads those of the newest hundred, to say
    truly whether there is anything to do.
  - "IAM actions: C(cloudfront:CreateInvalidation), C(cloudfront:ListInvalidations), C(cloudfront:GetInvalidation), and
    where asked for C(cloudfront:ListDistributions), C(cloudfront:GetDistributionConfig), C(tag:GetResources); for
    tenants C(cloudfront:CreateInvalidationForDistributionTenant),
    C(cloudfront:ListInvalidationsForDistributionTenant),
    C(cloudfront:GetInvalidationForDistributionTenant); for O(monthly_budget) C(cloudfront:ListDistributionTenants)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  distribution_ids:
    description: Distributions by their identifiers.
    type: list
    elements: str
    default: []
  aliases:
    description: Distributions by one of their alternate domain names. Costs a listing of all distributions.
    type: list
    elements: str
    default: []
  distribution_tags:
    description: Distributions that carry all of these tags.
    type: dict
  tenant_ids:
    description: Distribution tenants by their identifiers.
    type: list
    elements: str
    default: []
  paths:
    description:
      - Paths to invalidate. An asterisk at the end stands for anything.
      - A leading slash may be left out; characters that must be encoded are encoded.
    type: list
    elements: str
    default: []
  cache_tags:
    description: Cache tags to invalidate, with or without their C(#).
    type: list
    elements: str
    default: []
  content:
    description:
      - What tells one state of the content from another, such as a release, a commit or a checksum.
      - With the same paths and the same content it is the same invalidation.
    type: str
  caller_reference:
    description: The caller reference itself, in place of O(content).
    type: str
  index_document:
    description:
      - Object that a request for a directory gets, also the distribution's default root object.
      - V(/docs/index.html) then also invalidates V(/docs/) and V(/docs), and the other way round. An empty string for
        none.
    type: str
    default: index.html
  strip_origin_path:
    description: Whether O(paths) begin with the path of the distribution's origin, which is no part of what is cached.
    type: bool
    default: false
  collapse:
    description: Whether more than O(max_paths) paths become wildcards, the fullest of the deepest directories first.
    type: bool
    default: true
  max_paths:
    description: How many paths and tags one invalidation may have before it is collapsed.
    type: int
    default: 1000
  monthly_budget:
    description:
      - How many paths the account may invalidate in a calendar month; CloudFront gives 1000 for free.
      - CloudFront counts over all distributions and tenants of the account, so each invalidation of this month costs a
        call. What a repeated run wants again is not counted twice.
    type: int
  over_budget:
    description: What happens above O(monthly_budget). V(collapse) uses as few paths as are left, at least one a target.
    type: str
    choices: [refuse, collapse]
    default: refuse
  wait:
    description: Whether to wait until the invalidations are complete.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait, for a full quota and with O(wait=true) for completion.
      - The invalidations go on after it; the same task run again goes on waiting.
    type: int
    default: 900
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module waits.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Invalidate what a release changed, and wait
  slipway.aws.cloudfront_invalidation:
    aliases: [payments.example.com]
    paths:
      - /index.html
      - /docs/*
    content: "{{ release }}"
    wait: true

- name: Invalidate everything about one product on all distributions of an environment
  slipway.aws.cloudfront_invalidation:
    distribution_tags: {Project: billpay, Environment: prod}
    cache_tags: ["#product-4711"]
    content: "{{ product_version }}"
    monthly_budget: 1000
    over_budget: collapse
"""

RETURN = r"""
invalidations:
  description: The invalidations, whether they are new or were there.
  returned: success
  type: list
  elements: dict
  contains:
    target:
      description: Identifier of the distribution or tenant.
      type: str
    kind:
      description: V(distribution) or V(tenant).
      type: str
    id:
      description: Identifier of the invalidation; a placeholder when check mode only plans it.
      type: str
      sample: I1JLWSDAP8FU89
    status:
      description: V(InProgress) or V(Completed).
      type: str
    paths:
      description: Paths and tags, as CloudFront takes them.
      type: list
      elements: str
    caller_reference:
      description: What CloudFront knows the invalidation by.
      type: str
    created:
      description: Whether this run made it, or in check mode would make it.
      type: bool
path_count:
  description: How many paths the new invalidations have, as CloudFront counts them.
  returned: success
  type: int
price_usd:
  description:
    - US dollars for the new paths. Without O(monthly_budget) as if none had been used in this month.
  returned: success
  type: float
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create).
      type: str
    name:
      description: Identifier of the distribution or tenant.
      type: str
    fields:
      description: The paths.
      type: list
      elements: str
"""

from dataclasses import replace
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import (
    DISTRIBUTION,
    GLOBAL_REGION,
    Invalidator,
    Month,
    Target,
    find_targets,
    origin_path_of,
    paths,
    this_month,
)
from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Progress,
    SlipwayModule,
    in_parallel,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned, planned_id

# Of each target the batches.
Plans = list[list[dict[str, Any]]]


def _targets(module: SlipwayModule, client: Any) -> list[Target]:
    options = module.params
    tagging = module.client("resourcegroupstaggingapi", region=GLOBAL_REGION) if options["distribution_tags"] else None
    return find_targets(
        client,
        tagging,
        identifiers=options["distribution_ids"],
        aliases=options["aliases"],
        tags=options["distribution_tags"],
        tenants=options["tenant_ids"],
    )


def _items(options: dict[str, Any], client: Any, targets: list[Target], max_paths: int) -> dict[Target, list[str]]:
    rules = paths.Rules(index_document=options["index_document"], max_paths=max_paths, collapse=options["collapse"])
    origins = in_parallel(
        {
            target: lambda target=target: origin_path_of(client, target.identifier)
            for target in targets
            if options["strip_origin_path"] and target.kind == DISTRIBUTION and not is_planned(target.identifier)
        }
    )
    return {
        target: paths.invalidation_items(
            options["paths"], options["cache_tags"], replace(rules, origin_path=origins.get(target, ""))
        )
        for target in targets
    }


def _plans(options: dict[str, Any], invalidator: Invalidator, items: dict[Target, list[str]]) -> Plans:
    content, reference = options["content"] or "", options["caller_reference"] or ""
    return [invalidator.plan(target, wanted, content, reference) for target, wanted in items.items()]


def _paths_per_target(options: dict[str, Any], month: Month, plans: Plans) -> int:
    """How many paths a target may use now. What was invalidated in this month already costs nothing again."""
    budget, used = options["monthly_budget"], month.paths
    new = [batch for batches in plans for batch in batches if batch["caller_reference"] not in month.references]
    wanted = sum(len(batch["paths"]) for batch in new)
    if budget is None or not wanted or used + wanted <= budget:
        return options["max_paths"]
    if options["over_budget"] == "refuse":
        raise AnsibleAWSError(
            message=f"monthly_budget: {used} paths are used in this month and {wanted} more are wanted, which is above "
            f"{budget}. Raise it, give fewer paths or wildcards, or set over_budget=collapse."
        )
    return max(1, (budget - used) // max(1, len(plans)))


def _planned(invalidator: Invalidator, batch: dict[str, Any]) -> dict[str, Any]:
    found = None if is_planned(batch["target"]) else invalidator.existing(batch)
    if found:
        return {**batch, "id": found["Id"], "status": found["Status"], "created": False}
    return {**batch, "id": planned_id("invalidation", batch["target"]), "status": "InProgress", "created": True}


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    client = module.client("cloudfront", region=GLOBAL_REGION)
    targets = _targets(module, client)
    progress = Progress("invalidation", options["progress_file"])
    invalidator = Invalidator(client, timeout=options["wait_timeout"], progress=progress)
    plans = _plans(options, invalidator, _items(options, client, targets, options["max_paths"]))
    month = Month() if options["monthly_budget"] is None else this_month(client)
    max_paths = _paths_per_target(options, month, plans)
    if max_paths < options["max_paths"]:
        plans = _plans(options, invalidator, _items(options, client, targets, max_paths))
    if module.check_mode:
        made = [_planned(invalidator, batch) for batches in plans for batch in batches]
    else:
        made = invalidator.create(plans)
        if options["wait"]:
            made = invalidator.wait(made)
    new = [batch for batch in made if batch["created"]]
    count = sum(len(batch["paths"]) for batch in new)
    return {
        "changed": bool(new),
        "invalidations": made,
        "path_count": count,
        "price_usd": paths.price(count, month.paths),
        "actions": [{"action": "create", "name": batch["target"], "fields": batch["paths"]} for batch in new],
        "diff": {"before": {}, "after": {batch["target"]: batch["paths"] for batch in new}},
    }


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "distribution_ids": {"type": "list", "elements": "str", "default": []},
            "aliases": {"type": "list", "elements": "str", "default": []},
            "distribution_tags": {"type": "dict"},
            "tenant_ids": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "str", "default": []},
            "cache_tags": {"type": "list", "elements": "str", "default": []},
            "content": {"type": "str"},
            "caller_reference": {"type": "str"},
            "index_document": {"type": "str", "default": "index.html"},
            "strip_origin_path": {"type": "bool", "default": False},
            "collapse": {"type": "bool", "default": True},
            "max_paths": {"type": "int", "default": 1000},
            "monthly_budget": {"type": "int"},
            "over_budget": {"type": "str", "choices": ["refuse", "collapse"], "default": "refuse"},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
            "progress_file": {"type": "path"},
        },
        required_one_of=[("content", "caller_reference")],
        mutually_exclusive=[("content", "caller_reference")],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
