# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR repositories: what AWS answers, in the words of the module, and the changes between two states."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import (
    Resource,
    State,
    differences,
    given,
    in_parallel,
    merged,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ..planned import MARK, planned_arn
from . import api


def repository_state(repository: Mapping[str, Any]) -> State:
    """A repository as the module speaks of it, from DescribeRepositories; without its policies and tags."""
    encryption = repository.get("encryptionConfiguration", {})
    filters = repository.get("imageTagMutabilityExclusionFilters", [])
    return {
        "arn": repository["repositoryArn"],
        "uri": repository["repositoryUri"],
        "image_tag_mutability": repository.get("imageTagMutability", "MUTABLE"),
        "image_tag_mutability_exclusions": sorted(item["filter"] for item in filters),
        "scan_on_push": repository.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        "encryption_type": encryption.get("encryptionType", "AES256"),
        "kms_key": encryption.get("kmsKey", ""),
    }


def exclusion_filters(patterns: Iterable[str] | None) -> list[dict[str, str]]:
    """ECR's filters for the tags that are excluded from the repository's mutability."""
    return [{"filterType": "WILDCARD", "filter": pattern} for pattern in patterns or []]


def same_key(current: str, wanted: str) -> bool:
    """Whether two names mean one KMS key: ECR answers with the ARN of a key that was given by its id."""
    return current == wanted or current.endswith(f":key/{wanted}")


def encryption(wanted: Mapping[str, Any]) -> dict[str, str] | None:
    """ECR's encryption configuration, or None for its default."""
    fields = given({"encryptionType": wanted.get("encryption_type"), "kmsKey": wanted.get("kms_key") or None})
    return fields or None


def registry_uri(name: str, region: str) -> str:
    """The address that check mode shows for a repository that does not exist yet."""
    return f"000000000000.dkr.ecr.{region}.amazonaws.com/{MARK}-{name}"


class Repository(Resource):
    """All repositories that a task names, and with C(owner) those of the same owner, which it may purge."""

    kind = "ECR repository"
    immutable = frozenset({"encryption_type", "kms_key"})
    policies = frozenset({"repository_policy"})
    unordered = frozenset({"image_tag_mutability_exclusions"})

    def __init__(
        self,
        client: Any,
        names: Iterable[str],
        *,
        region: str = "",
        force: bool = False,
        purge_tags: bool = True,
        prefix: str = "",
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.names = list(names)
        self.region = region
        self.force = force
        self.purge_tags = purge_tags
        self.prefix = prefix
        self.owner = owner or {}

    def describe(self) -> dict[str, State]:
        call = functools.partial
        found = in_parallel({name: call(api.get_repository, self.client, name) for name in self.names})
        if self.owner:
            listed = api.list_repositories(self.client, self.prefix)
            found = {**{item["repositoryName"]: item for item in listed}, **found}
        states = {name: repository_state(item) for name, item in found.items() if item}
        parts: dict[tuple[str, str], Callable[[], Any]] = {}
        for name, state in states.items():
            parts[name, "tags"] = call(api.get_tags, self.client, state["arn"])
            if name in self.names:
                parts[name, "lifecycle_policy"] = call(api.get_lifecycle_policy, self.client, name)
                parts[name, "repository_policy"] = call(api.get_repository_policy, self.client, name)
        for (name, part), value in in_parallel(parts).items():
            states[name][part] = value
        owner = {key: str(value) for key, value in self.owner.items()}
        return {
            name: state
            for name, state in states.items()
            if name in self.names or owner.items() <= state["tags"].items()
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        stated = {**wanted, "tags": wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)}
        changes = differences(current, stated, policies=self.policies, unordered=self.unordered)
        if "kms_key" in changes and same_key(current["kms_key"], changes["kms_key"]):
            del changes["kms_key"]
        return changes

    def create(self, name: str, wanted: State) -> State:
        created = api.create_repository(
            self.client,
            name,
            imageTagMutability=wanted.get("image_tag_mutability"),
            imageTagMutabilityExclusionFilters=exclusion_filters(wanted.get("image_tag_mutability_exclusions")) or None,
            imageScanningConfiguration={"scanOnPush": wanted.get("scan_on_push", False)},
            encryptionConfiguration=encryption(wanted),
            tags=to_tag_list(wanted["tags"]) if wanted.get("tags") else None,
        )
        state = {**repository_state(created), "tags": wanted.get("tags") or {}}
        state |= {"lifecycle_policy": {}, "repository_policy": {}}
        for field, setter in self._policy_setters():
            if wanted.get(field):
                setter(self.client, name, wanted[field])
                state[field] = wanted[field]
        return state

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        after = merged(current, changes)
        if changes.keys() & {"image_tag_mutability", "image_tag_mutability_exclusions"}:
            filters = exclusion_filters(after["image_tag_mutability_exclusions"])
            api.set_mutability(self.client, name, after["image_tag_mutability"], filters)
        if "scan_on_push" in changes:
            api.set_scanning(self.client, name, changes["scan_on_push"])
        for field, setter in self._policy_setters():
            if field in changes:
                setter(self.client, name, changes[field])
        if "tags" in changes:
            api.set_tags(self.client, current["arn"], *tag_changes(current["tags"], changes["tags"]))
        return after

    @staticmethod
    def _policy_setters() -> tuple[tuple[str, Callable[[Any, str, dict[str, Any]], None]], ...]:
        return (("lifecycle_policy", api.set_lifecycle_policy), ("repository_policy", api.set_repository_policy))

    def delete(self, name: str, current: State) -> None:
        api.delete_repository(self.client, name, self.force)

    def planned(self, name: str, wanted: State) -> State:
        defaults = {
            **repository_state(
                {
                    "repositoryArn": planned_arn("ecr", f"repository/{name}", region=self.region),
                    "repositoryUri": registry_uri(name, self.region),
                }
            ),
            "lifecycle_policy": {},
            "repository_policy": {},
            "tags": {},
        }
        return merged(defaults, wanted)
