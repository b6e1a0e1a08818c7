# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WAF web ACL with what it protects and where it logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ._cloudfront.api import distributions
from ._wafv2 import api
from ._wafv2 import transformations as to
from .core import (
    AnsibleAWSError,
    Resource,
    State,
    aws_call,
    differences,
    error_code,
    in_parallel,
    merged,
    tag_changes,
    wanted_tags,
)
from .planned import planned_arn, planned_id

__all__ = [
    "RESOURCE_TYPES",
    "WebAcl",
    "check_rules",
    "distributions",
    "loosened",
    "passwords",
    "types_to_look_at",
    "wanted_acl",
    "wanted_logging",
]

check_rules = to.check_rules
loosened = to.loosened
passwords = to.passwords
wanted_acl = to.wanted_acl
wanted_logging = to.wanted_logging

# What a regional web ACL can protect and this module looks at.
RESOURCE_TYPES = ("APPLICATION_LOAD_BALANCER", "API_GATEWAY", "APPSYNC", "COGNITO_USER_POOL", "APP_RUNNER_SERVICE")
_TYPE_OF_SERVICE = {
    "elasticloadbalancing": "APPLICATION_LOAD_BALANCER",
    "apigateway": "API_GATEWAY",
    "appsync": "APPSYNC",
    "cognito-idp": "COGNITO_USER_POOL",
    "apprunner": "APP_RUNNER_SERVICE",
}
_NOT_YET = ("WAFUnavailableEntityException",)
_LOCKED = ("WAFOptimisticLockException",)
_IN_USE = ("WAFAssociatedItemException", "WAFUnavailableEntityException")
_ATTEMPTS = 12
_DEFAULTS: State = {"default_action": {"Allow": {}}, "rules": [], "custom_response_bodies": {}, "description": ""}


def _types(arns: Iterable[str]) -> set[str]:
    return {_TYPE_OF_SERVICE[arn.split(":")[2]] for arn in arns if arn.split(":")[2] in _TYPE_OF_SERVICE}


def _insisting(call: Callable[[], None], codes: tuple[str, ...], pause: float) -> None:
    """Call until AWS no longer answers with one of these codes, or it has been asked often enough."""
    for attempt in range(_ATTEMPTS):
        try:
            return call()
        except ClientError as error:
            if error_code(error) not in codes or attempt == _ATTEMPTS - 1:
                raise
        time.sleep(pause)
    return None


class WebAcl(Resource):
    kind = "web ACL"

    def __init__(
        self,
        client: Any,
        *,
        scope: str,
        name: str,
        region: str,
        purge_tags: bool,
        purge_associations: bool,
        distributions: Callable[[], list[dict[str, Any]]] = list,
        resource_types: Iterable[str] = (),
        patient: Mapping[str, Mapping[str, Any]] | None = None,
        pause: float = 5,
    ) -> None:
        self.client = client
        self.scope = scope
        self.name = name
        self.region = region
        self.purge_tags = purge_tags
        self.purge_associations = purge_associations
        self.distributions = distributions
        self.resource_types = tuple(resource_types)
        # Rules that must not become stricter yet: by name, the header that they ask for. Filled in by what is planned:
        # the names of those that are not as wanted.
        self.patient = patient or {}
        self.deferred: list[str] = []
        self.pause = pause

    def describe(self) -> dict[str, State]:
        summary = api.find(self.client, self.scope, self.name)
        if summary is None:
            return {}
        answer = api.get(self.client, self.scope, self.name, summary["Id"])
        if answer is None:
            return {}
        arn = answer["ARN"]
        calls: dict[str, Callable[[], Any]] = {
            "tags": lambda: api.tags(self.client, arn),
            "logging": lambda: to.logging_state(api.logging(self.client, arn)),
            # What CloudFront distributions use stands in their configurations, not here.
            **(
                {kind: lambda kind=kind: api.protected(self.client, arn, kind) for kind in self.resource_types}
                if self.scope == "REGIONAL"
                else {}
            ),
        }
        found = in_parallel(calls)
        resources = sorted(
            resource for kind in self.resource_types if self.scope == "REGIONAL" for resource in found[kind]
        )
        return {
            self.name: {
                **to.acl_state(answer),
                "tags": found["tags"],
                "logging": found["logging"],
                "resource_arns": resources,
            }
        }

    def _patiently(self, current: State, wanted: State) -> State:
        if not self.patient or "rules" not in wanted:
            return wanted
        rules, self.deferred = to.only_looser(current.get("rules") or [], wanted["rules"], self.patient)
        return {**wanted, "rules": rules}

    def differences(self, name: str, current: State, wanted: State) -> State:
        wanted = self._patiently(current, wanted)
        changes = differences(
            current, {key: value for key, value in wanted.items() if key not in ("tags", "logging", "resource_arns")}
        )
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if tags is not None and tags != current["tags"]:
            changes["tags"] = tags
        logging = wanted.get("logging")
        if logging is not None and not to.same_logging(current["logging"], logging):
            changes["logging"] = logging
        if wanted.get("resource_arns") is not None:
            resources = self._resources(current["resource_arns"], wanted["resource_arns"])
            if resources != current["resource_arns"]:
                changes["resource_arns"] = resources
        return changes

    def _resources(self, current: list[str], wanted: list[str]) -> list[str]:
        return sorted(set(wanted) if self.purge_associations else {*current, *wanted})

    def _complete(self, name: str, wanted: State) -> State:
        state = merged(_DEFAULTS, self._patiently({}, wanted))
        state.setdefault("visibility_config", to.visibility(to.metric_name(name)))
        return state

    def create(self, name: str, wanted: State) -> State:
        state = self._complete(name, wanted)
        summary = api.create(self.client, self.scope, name, to.to_request(state), state.get("tags") or {})
        current: State = {
            **state,
            "arn": summary["ARN"],
            "id": summary["Id"],
            "tags": state.get("tags") or {},
            "logging": {},
            "resource_arns": [],
        }
        self._apply_logging(current, state.get("logging") or None)
        self._apply_resources(current, state.get("resource_arns"))
        return {
            **current,
            "logging": state.get("logging") or {},
            "resource_arns": sorted(state.get("resource_arns") or []),
        }

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        state = merged(current, changes)
        if changes.keys() - {"tags", "logging", "resource_arns"}:
            self._update_acl(name, current["id"], changes)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_set:
                api.tag(self.client, current["arn"], to_set)
            if to_remove:
                api.untag(self.client, current["arn"], to_remove)
        self._apply_logging(current, changes.get("logging"))
        self._apply_resources(current, changes.get("resource_arns"))
        return state

    @aws_call("update the web ACL {name}")
    def _update_acl(self, name: str, identifier: str, changes: State) -> None:
        def once() -> None:
            # Read again at each attempt: the changes go onto what somebody else saved in the meantime.
            answer = api.get(self.client, self.scope, name, identifier) or {}
            arguments = to.to_request(merged(to.acl_state(answer), changes))
            api.update(self.client, self.scope, name, identifier, answer["LockToken"], arguments)

        _insisting(once, (*_LOCKED, *_NOT_YET), self.pause / 5)

    def _apply_logging(self, current: State, wanted: State | None) -> None:
        if wanted is None:
            return
        if wanted:
            api.put_logging(self.client, to.logging_request(current["arn"], wanted))
        elif current["logging"]:
            api.delete_logging(self.client, current["arn"])

    def _apply_resources(self, current: State, wanted: list[str] | None) -> None:
        if wanted is None:
            return
        for resource in sorted(set(wanted) - set(current["resource_arns"])):
            self._associate(current["arn"], resource)
        for resource in sorted(set(current["resource_arns"]) - set(wanted)):
            api.disassociate(self.client, resource)

    @aws_call("protect {resource_arn} with {arn}")
    def _associate(self, arn: str, resource_arn: str) -> None:
        _insisting(lambda: api.associate(self.client, arn, resource_arn), _NOT_YET, self.pause)

    def delete(self, name: str, current: State) -> None:
        self._apply_resources(current, [])
        self._apply_logging(current, {})
        self._delete_acl(name, current["id"], current["arn"])

    @aws_call("delete the web ACL {name}")
    def _delete_acl(self, name: str, identifier: str, arn: str) -> None:
        def once() -> None:
            answer = api.get(self.client, self.scope, name, identifier)
            if answer is None:
                return
            try:
                api.delete(self.client, self.scope, name, identifier, answer["LockToken"])
            except ClientError as error:
                if error_code(error) == "WAFAssociatedItemException":
                    self._refuse_used(name, arn)
                raise

        # WAF takes a while to notice that nothing is protected any more.
        _insisting(once, (*_LOCKED, *_IN_USE), self.pause)

    def _refuse_used(self, name: str, arn: str) -> None:
        """What a distribution protects itself with cannot be taken from it here."""
        if self.scope != "CLOUDFRONT":
            return
        users = [item["Id"] for item in self.distributions() if item.get("WebACLId") == arn]
        if users:
            raise AnsibleAWSError(
                message=f"The web ACL {name} protects {', '.join(users)}; give the distributions another web_acl_arn, "
                "or delete them, and run again."
            )

    def planned(self, name: str, wanted: State) -> State:
        place = "global" if self.scope == "CLOUDFRONT" else "regional"
        return {
            **self._complete(name, wanted),
            "arn": planned_arn("wafv2", f"{place}/webacl/{name}", region=self.region),
            "id": planned_id("web_acl", name),
            "tags": wanted.get("tags") or {},
            "logging": wanted.get("logging") or {},
            "resource_arns": sorted(wanted.get("resource_arns") or []),
        }


def types_to_look_at(resource_arns: list[str] | None, *, everything: bool) -> tuple[str, ...]:
    """The resource types whose associations matter: those that the task names; all where nothing shall be protected."""
    if everything or resource_arns == []:
        return RESOURCE_TYPES
    return tuple(sorted(_types(resource_arns or [])))
