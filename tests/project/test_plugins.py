# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules are documented for the people who call them, and reached by the collection's module_defaults."""

from __future__ import annotations

import fnmatch
import re

import botocore
import botocore.session
import called
import pytest
import write_generated
import yaml
from content import MODULES, ROOT, literals, load

PLUGINS = ROOT / "plugins"


def test_action_group_has_every_module_and_extends_the_one_of_amazon_aws() -> None:
    group = load(ROOT / "meta" / "runtime.yml")["action_groups"]["aws"]
    metadata = [entry["metadata"] for entry in group if isinstance(entry, dict)]
    assert metadata == [{"extend_group": ["amazon.aws.aws"]}]
    assert [entry for entry in group if isinstance(entry, str)] == MODULES


def test_action_group_of_the_roles_has_what_they_call() -> None:
    groups = load(ROOT / "meta" / "runtime.yml")["action_groups"]
    assert groups["roles"] == [*MODULES, *write_generated.called_of_amazon_aws(ROOT)]
    assert "amazon.aws.ec2_vpc_net" in groups["roles"]


def test_generated_files_are_up_to_date() -> None:
    """`make format` writes them."""
    wanted = write_generated.generated(ROOT)
    assert {
        path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    } == set()
    assert write_generated.stale(ROOT) == []


@pytest.mark.parametrize("module", MODULES)
def test_the_design_gives_the_reason_for_each_module(module: str) -> None:
    assert f"`{module}`" in (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_module_is_documented(module: str) -> None:
    texts = literals(PLUGINS / "modules" / f"{module}.py")
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    assert documentation["module"] == module
    examples = yaml.safe_load(texts["EXAMPLES"])
    assert any(f"slipway.aws.{module}" in task for task in examples), "no example calls the module by its full name"
    assert yaml.safe_load(texts["RETURN"])


# How IAM calls what is called otherwise in the API.
PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
ACTIONS = {
    "cloudfront:CreateDistributionWithTags": ["cloudfront:CreateDistribution", "cloudfront:TagResource"],
    "s3:CopyObject": ["s3:GetObject", "s3:PutObject"],
    "s3:DeleteBucketLifecycle": ["s3:PutLifecycleConfiguration"],
    "s3:DeleteBucketTagging": ["s3:PutBucketTagging"],
    "s3:DeleteObjects": ["s3:DeleteObject"],
    "s3:GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
    "s3:GetBucketLifecycleConfiguration": ["s3:GetLifecycleConfiguration"],
    "s3:GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
    "s3:ListBuckets": ["s3:ListAllMyBuckets"],
    "s3:ListObjectVersions": ["s3:ListBucketVersions"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    "s3:PutBucketEncryption": ["s3:PutEncryptionConfiguration"],
    "s3:PutBucketLifecycleConfiguration": ["s3:PutLifecycleConfiguration"],
    "s3:PutPublicAccessBlock": ["s3:PutBucketPublicAccessBlock"],
}
# Its name stands in what they share, which does something else for it.
NAT_GATEWAYS = {"describe_nat_gateways"}
# What a module could come to, and never calls, because of how it uses what it shares.
NEVER_CALLED = {
    "ec2_security_groups": NAT_GATEWAYS,
    "ec2_vpc_endpoints": NAT_GATEWAYS,
    "ec2_vpc_network_acls": NAT_GATEWAYS,
    "ec2_vpc_route_tables": NAT_GATEWAYS,
    "ec2_vpc_subnets": NAT_GATEWAYS,
    # An option.
    "ecs_cluster": {"execute_command"},
    # It has none of the options that are read from a revision.
    "ecs_express_service": {"describe_service_revisions"},
    # It knows no tenants.
    "s3_site": {
        "create_invalidation_for_distribution_tenant",
        "get_invalidation_for_distribution_tenant",
        "list_invalidations_for_distribution_tenant",
    },
    # It restarts services: it neither makes nor removes any, nor verifies or takes back what they run.
    "secretsmanager_rotation": {
        *(
            "batch_get_image",
            "create_service",
            "delete_service",
            "delete_task_definitions",
            "deregister_task_definition",
        ),
        *(
            "describe_listeners",
            "describe_log_groups",
            "describe_rules",
            "describe_security_groups",
            "describe_subnets",
        ),
        *("describe_target_groups", "get_parameters", "get_role", "list_task_definitions", "register_task_definition"),
        "stop_service_deployment",
    },
}


def iam_actions(module: str) -> set[str]:
    """What the documentation says that the module needs; with M(other), also what that one does with more services."""
    documentation = yaml.safe_load(literals(PLUGINS / "modules" / f"{module}.py")["DOCUMENTATION"])
    lines = [*documentation["description"], *documentation.get("notes", [])]
    (needed,) = [line for line in lines if line.startswith("IAM actions:")]
    own = set(re.findall(r"\b[a-z0-9-]+:[A-Z][A-Za-z0-9]+\b\*?", needed))
    services = {action.partition(":")[0] for action in own}
    others = {action for other in re.findall(r"M\(slipway\.aws\.(\w+)\)", needed) for action in iam_actions(other)}
    return own | {action for action in others if action.partition(":")[0] not in services}


@pytest.fixture(scope="module")
def operations() -> dict[str, list[tuple[str, str]]]:
    """Method of a client → service and operation, for the services that modules have clients of."""
    files = [*(PLUGINS / "module_utils").rglob("*.py"), *(PLUGINS / "modules").glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    session, found = botocore.session.get_session(), {}
    # client("ecs"), clients("ecs"), in_region(clients, "ecs", ...)
    named = {name for text in texts for name in re.findall(r'client\w*[^"]{0,40}"([a-z0-9-]+)"', text)}
    services = named & set(session.get_available_services())
    for service in sorted(services):
        for operation in session.get_service_model(service).operation_names:
            found.setdefault(botocore.xform_name(operation), []).append((service, operation))
    return found


@pytest.mark.parametrize("module", MODULES)
def test_module_names_the_iam_actions_of_whatever_it_calls(
    module: str, operations: dict[str, list[tuple[str, str]]]
) -> None:
    named = iam_actions(module)
    words = called.words(PLUGINS / "modules" / f"{module}.py")
    assert named
    missing = {}
    for method in words & operations.keys() - NEVER_CALLED.get(module, set()):
        calls = [f"{PREFIXES.get(service, service)}:{name}" for service, name in operations[method] if service in words]
        # One of them is meant, where several services of the module have a method of that name.
        needed = [ACTIONS.get(call, [call]) for call in calls]
        if needed and not any(all(_allowed(action, named) for action in actions) for actions in needed):
            missing[method] = needed
    assert missing == {}


def _allowed(action: str, named: set[str]) -> bool:
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in named)


@pytest.mark.parametrize("kind", ["filter", "inventory", "callback", "lookup", "test"])
def test_other_plugins_are_documented(kind: str) -> None:
    for path in (PLUGINS / kind).glob("*.py"):
        if path.stem != "__init__":
            texts = literals(path)
            assert yaml.safe_load(texts["DOCUMENTATION"]), path
            assert texts.get("EXAMPLES", "").strip() or kind == "callback", path
