# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM roles: what AWS answers, in the words of the module, and the changes between two states."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    Resource,
    State,
    differences,
    from_tag_list,
    given,
    in_parallel,
    merged,
    same,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ..planned import planned_arn
from . import api

# IAM's own default, which GetRole leaves out for roles that never had another one.
DEFAULT_SESSION = 3600


def role_state(role: Mapping[str, Any]) -> State:
    """A role as the module speaks of it, from GetRole's answer; without its policies."""
    return {
        "arn": role["Arn"],
        "role_id": role["RoleId"],
        "path": role["Path"],
        "description": role.get("Description", ""),
        "assume_role_policy": role.get("AssumeRolePolicyDocument", {}),
        "max_session_duration": role.get("MaxSessionDuration") or DEFAULT_SESSION,
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "tags": from_tag_list(role.get("Tags")),
    }


def wanted_policies(
    current: Mapping[str, Any], stated: Mapping[str, Any] | None, *, purge: bool
) -> dict[str, Any] | None:
    """The inline policies a role shall have; the current document where the stated one means the same."""
    if stated is None:
        return None
    meant = {
        name: current[name] if name in current and same(current[name], document, policy=True) else document
        for name, document in stated.items()
    }
    return meant if purge else {**current, **meant}


def wanted_attachments(current: Iterable[str], stated: Iterable[str] | None, *, purge: bool) -> list[str] | None:
    """The managed policies a role shall have."""
    if stated is None:
        return None
    return sorted(set(stated) if purge else {*current, *stated})


def carries(tags: Mapping[str, str], owner: Mapping[str, Any]) -> bool:
    """Whether something has all tags of its owner."""
    return all(tags.get(name) == str(value) for name, value in owner.items())


def _require_trust(name: str, wanted: State) -> None:
    if not wanted.get("assume_role_policy"):
        raise AnsibleAWSError(
            message=f"roles: {name} does not exist and has no assume_role_policy; say who may assume it."
        )


class Role(Resource):
    """All roles that a task names, and with C(owner) those of the same owner, which it may purge."""

    kind = "IAM role"
    immutable = frozenset({"path"})
    policies = frozenset({"assume_role_policy"})

    def __init__(
        self,
        client: Any,
        names: Iterable[str],
        *,
        purge_policies: bool = True,
        purge_tags: bool = True,
        path: str = "/",
        prefix: str = "",
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.names = list(names)
        self.purge_policies = purge_policies
        self.purge_tags = purge_tags
        self.path = path
        self.prefix = prefix
        self.owner = owner or {}

    def describe(self) -> dict[str, State]:
        listed_names = api.list_role_names(self.client, self.path, self.prefix) if self.owner else []
        others = set(listed_names) - set(self.names)
        call = functools.partial
        looks: dict[tuple[str, str], Callable[[], Any]] = {}
        # All at once: a role that is not there has no policies.
        for name in [*self.names, *sorted(others)]:
            looks[name, "role"] = call(api.get_role, self.client, name)
            looks[name, "inline"] = call(api.list_inline_policies, self.client, name)
            looks[name, "managed"] = call(api.list_managed_policies, self.client, name)
        listed = in_parallel(looks)
        states = {name: role_state(role) for (name, look), role in listed.items() if look == "role" and role}
        states = {
            name: state for name, state in states.items() if name not in others or carries(state["tags"], self.owner)
        }
        documents = in_parallel(
            {
                (name, policy): call(api.get_inline_policy, self.client, name, policy)
                for name in states
                for policy in listed[name, "inline"]
            }
        )
        for name, state in states.items():
            state["managed_policies"] = listed[name, "managed"]
            state["inline_policies"] = {policy: documents[name, policy] for policy in listed[name, "inline"]}
        return states

    def differences(self, name: str, current: State, wanted: State) -> State:
        inline = wanted_policies(current["inline_policies"], wanted.get("inline_policies"), purge=self.purge_policies)
        attached = wanted_attachments(
            current["managed_policies"], wanted.get("managed_policies"), purge=self.purge_policies
        )
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        stated = {**wanted, "inline_policies": inline, "managed_policies": attached, "tags": tags}
        return differences(current, stated, policies=self.policies)

    def create(self, name: str, wanted: State) -> State:
        _require_trust(name, wanted)
        created = api.create_role(
            self.client,
            name,
            wanted["assume_role_policy"],
            Path=wanted.get("path"),
            Description=wanted.get("description"),
            MaxSessionDuration=wanted.get("max_session_duration"),
            PermissionsBoundary=wanted.get("permissions_boundary") or None,
            Tags=to_tag_list(wanted["tags"]) if wanted.get("tags") else None,
        )
        # CreateRole does not answer with the tags.
        state = {**role_state(created), "tags": wanted.get("tags") or {}, "inline_policies": {}, "managed_policies": []}
        policies = given({key: wanted.get(key) for key in ("inline_policies", "managed_policies")})
        self._policies(name, state, policies)
        # Services that are given the role next must find it: IAM is eventually consistent.
        api.wait_for_role(self.client, name)
        return merged(state, policies)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        after = merged(current, changes)
        if "assume_role_policy" in changes:
            api.update_trust(self.client, name, changes["assume_role_policy"])
        if changes.keys() & {"description", "max_session_duration"}:
            api.update_role(self.client, name, after["description"], after["max_session_duration"])
        if "permissions_boundary" in changes:
            api.set_boundary(self.client, name, changes["permissions_boundary"])
        self._policies(name, current, changes)
        if "tags" in changes:
            api.tag_role(self.client, name, *tag_changes(current["tags"], changes["tags"]))
        return after

    def _policies(self, name: str, current: State, changes: State) -> None:
        # One after another: IAM refuses concurrent changes of one role.
        for policy, document in changes.get("inline_policies", {}).items():
            if not same(current["inline_policies"].get(policy), document, policy=True):
                api.put_inline_policy(self.client, name, policy, document)
        for arn in changes.get("managed_policies", []):
            if arn not in current["managed_policies"]:
                api.attach_policy(self.client, name, arn)
        # What the role may do is widened before it is narrowed, so that a running user of it does not fail in between.
        if "inline_policies" in changes:
            for policy in current["inline_policies"].keys() - changes["inline_policies"].keys():
                api.delete_inline_policy(self.client, name, policy)
        if "managed_policies" in changes:
            for arn in set(current["managed_policies"]) - set(changes["managed_policies"]):
                api.detach_policy(self.client, name, arn)

    def delete(self, name: str, current: State) -> None:
        for policy in current["inline_policies"]:
            api.delete_inline_policy(self.client, name, policy)
        for arn in current["managed_policies"]:
            api.detach_policy(self.client, name, arn)
        api.leave_instance_profiles(self.client, name)
        api.delete_role(self.client, name)

    def planned(self, name: str, wanted: State) -> State:
        _require_trust(name, wanted)
        path = wanted.get("path") or "/"
        defaults = {
            "arn": planned_arn("iam", f"role{path}{name}"),
            "role_id": "",
            "path": path,
            "description": "",
            "max_session_duration": DEFAULT_SESSION,
            "permissions_boundary": "",
            "inline_policies": {},
            "managed_policies": [],
            "tags": {},
        }
        return merged(defaults, wanted)
