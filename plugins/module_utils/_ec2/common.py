# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network modules have in common: how they find, name, tag and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .._core.compare import given, merged
from .._core.errors import aws_call
from .._core.reconcile import Outcome, Resource, State
from .._core.tags import from_tag_list, tag_changes, to_tag_list, wanted_tags
from ..planned import is_planned

Function = TypeVar("Function", bound=Callable[..., Any])

# EC2 is eventually consistent: what one call made, the next may not find for some seconds.
_NOT_YET = [
    "InvalidAllocationID.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidNetworkAclID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidVpcID.NotFound",
    "NatGatewayNotFound",
]


def once_consistent(function: Function) -> Function:
    """Repeat a call for some seconds while EC2 does not know yet what was made just before."""
    return AWSRetry.jittered_backoff(retries=5, delay=1, max_delay=5, catch_extra_error_codes=_NOT_YET)(function)


def once_free(function: Function) -> Function:
    """Repeat a deletion for up to two minutes while AWS still removes the network interfaces that stand in its way."""
    in_use = ["DependencyViolation", "InvalidIPAddress.InUse"]
    return AWSRetry.jittered_backoff(retries=12, delay=2, max_delay=15, catch_extra_error_codes=in_use)(function)


@aws_call("list the {what}")
def describe_all(client: Any, operation: str, key: str, what: str, **arguments: Any) -> list[dict[str, Any]]:
    """All pages of a describe operation."""
    if not client.can_paginate(operation):
        return getattr(client, operation)(**arguments)[key]
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def in_vpc(client: Any, operation: str, key: str, what: str, vpc_id: str) -> list[dict[str, Any]]:
    """All of one kind in a VPC. Nothing is in a VPC that check mode only plans."""
    if is_planned(vpc_id):
        return []
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    argument = "Filter" if operation == "describe_nat_gateways" else "Filters"
    return describe_all(client, operation, key, f"{what} of {vpc_id}", **{argument: filters})


@aws_call("tag {identifier}")
@once_consistent
def _create_tags(client: Any, identifier: str, tags: Mapping[str, str]) -> None:
    client.create_tags(Resources=[identifier], Tags=to_tag_list(tags))


@aws_call("remove tags from {identifier}")
def _delete_tags(client: Any, identifier: str, keys: list[str]) -> None:
    client.delete_tags(Resources=[identifier], Tags=[{"Key": key} for key in keys])


def apply_tags(client: Any, identifier: str, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make a resource's tags what is wanted."""
    to_set, to_remove = tag_changes(current, wanted)
    if to_set:
        _create_tags(client, identifier, to_set)
    if to_remove:
        _delete_tags(client, identifier, to_remove)


def tag_specification(kind: str, tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tags given with a creation: nothing is ever without them, so a broken-off run finds what it made."""
    return [{"ResourceType": kind, "Tags": to_tag_list(tags)}]


COMPONENT = "Component"


class Scope:
    """Which resources a task speaks of, and the tags they have."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.owner_tags = {key: str(value) for key, value in (options.get("owner_tags") or {}).items()}
        self.tags = options.get("tags") or {}
        self.purge_tags = options.get("purge_tags", True)

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether a resource carries all owner tags."""
        return all(tags.get(key) == value for key, value in self.owner_tags.items())

    def wanted(self, item: Mapping[str, Any]) -> dict[str, str]:
        """The tags that an item of the task shall have."""
        name = {"Name": item["name"]} if item.get("name") else {}
        tags = {**name, **self.tags, **(item.get("tags") or {}), **self.owner_tags, COMPONENT: item["component"]}
        return {key: str(value) for key, value in tags.items()}


class NetworkResource(Resource):
    """A kind of EC2 resource that is found by its tag Component among those that carry the owner tags."""

    identifier: str

    def __init__(self, client: Any, scope: Scope) -> None:
        self.client = client
        self.scope = scope

    def differences(self, name: str, current: State, wanted: State) -> State:
        tags = wanted_tags(current.get("tags") or {}, wanted.get("tags"), purge=self.scope.purge_tags)
        return super().differences(name, current, {**wanted, "tags": tags})

    def by_component(self, found: Iterable[tuple[Mapping[str, Any], State]]) -> dict[str, State]:
        """The owned ones among EC2's answers, by the tag Component. C(found) has pairs of answer and state."""
        states: dict[str, State] = {}
        for answer, state in found:
            tags = from_tag_list(answer.get("Tags"))
            component = tags.get(COMPONENT, "")
            if not component or not self.scope.owns(tags):
                continue
            if component in states:
                raise AnsibleAWSError(
                    message=f"Two {self.kind}s carry the tag {COMPONENT}={component}: "
                    f"{states[component][self.identifier]} and {state[self.identifier]}. Remove one, or its tag."
                )
            states[component] = {**state, "tags": tags}
        return states


def wanted_items(
    items: Iterable[Mapping[str, Any]],
    state: str,
    scope: Scope,
    *,
    option: str,
    required: Iterable[str] = (),
    key: str = "component",
    leave_out: Iterable[str] = (),
) -> dict[str, State | None]:
    """A task's items as the reconcile core takes them: by key, with all their tags, or None to be deleted."""
    dropped = {"component", "name", *leave_out}
    wanted: dict[str, State | None] = {}
    for item in items:
        name = item[key]
        if name in wanted:
            raise AnsibleAWSError(message=f"{option}: {key} {name!r} stands twice; each may stand once.")
        if state == "absent":
            wanted[name] = None
            continue
        missing = [field for field in required if item.get(field) in (None, "")]
        if missing:
            raise AnsibleAWSError(
                message=f"{option}: {name!r} has no {', '.join(missing)}, which state=present requires."
            )
        fields = given({field: value for field, value in item.items() if field not in dropped})
        wanted[name] = {**fields, "tags": scope.wanted({**item, "component": item.get("component") or name})}
    return wanted


def surplus(outcome: Outcome, wanted: Mapping[str, Any]) -> list[str]:
    """What is owned, still there and not listed: what a later purge removes."""
    return sorted(name for name in outcome.items if name not in wanted)


def listed(outcome: Outcome, wanted: Mapping[str, Any]) -> dict[str, State]:
    """The states of the listed items, in the task's order."""
    return {name: outcome.items[name] for name in wanted if name in outcome.items}


def combined(*outcomes: Outcome) -> dict[str, Any]:
    """The common part of the result of a module that reconciles in several passes."""
    results = [outcome.as_result() for outcome in outcomes]
    diff: dict[str, dict[str, State]] = {"before": {}, "after": {}}
    for result in results:
        for side, states in diff.items():
            for name, state in result["diff"][side].items():
                states[name] = merged(states.get(name, {}), state)
    return {
        "changed": any(result["changed"] for result in results),
        "actions": [action for result in results for action in result["actions"]],
        "diff": diff,
    }


def refuse_empty_owner(options: Mapping[str, Any]) -> None:
    """Purging without owner tags would remove what others made."""
    if options["purge"] and not options["owner_tags"]:
        raise AnsibleAWSError(
            message="purge: owner_tags is empty, so everything of this kind would be removed; "
            "name the tags of what is yours."
        )


def common_spec(**extra: Any) -> dict[str, Any]:
    """The options that all network modules have."""
    return {
        **extra,
        "owner_tags": {"type": "dict", "default": {}},
        "tags": {"type": "dict", "default": {}},
        "purge_tags": {"type": "bool", "default": True},
        "purge": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
