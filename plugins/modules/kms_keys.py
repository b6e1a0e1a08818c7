# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kms_keys
version_added: 0.1.0
short_description: Manage customer-managed KMS keys with alias, policy, rotation and grants
description:
  - Makes a list of symmetric keys exist as stated. Only what the task states is read, and only what differs is changed.
  - A key that is scheduled for deletion and wanted again is kept and enabled; everything that it encrypts can be read
    again. RV(restored) and a warning say so.
  - M(amazon.aws.kms_key) fails as soon as a grant without a name is on the key, as services of AWS make them, has no
    ARN in check mode, and makes a second key after a run that was killed before the alias was there.
  - "IAM actions: C(kms:DescribeKey), C(kms:GetKeyPolicy), C(kms:GetKeyRotationStatus), C(kms:ListGrants),
    C(kms:ListResourceTags), C(kms:CreateKey), C(kms:CreateAlias), C(kms:UpdateKeyDescription), C(kms:PutKeyPolicy),
    C(kms:EnableKeyRotation), C(kms:DisableKeyRotation), C(kms:EnableKey), C(kms:DisableKey), C(kms:TagResource),
    C(kms:UntagResource), C(kms:CreateGrant), C(kms:RevokeGrant), C(kms:CancelKeyDeletion),
    C(kms:ScheduleKeyDeletion)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  keys:
    description: The keys.
    type: list
    elements: dict
    required: true
    suboptions:
      alias:
        description: Alias of the key, by which it is found, with or without C(alias/).
        type: str
        required: true
      key_id:
        description:
          - Id or ARN of the key, used when the alias does not exist; the alias is then created.
          - With it a key is found again that a killed run left without an alias, for example by its tags.
          - An empty string and a placeholder of check mode mean that nobody knows of such a key.
        type: str
      description:
        description: What the key is for.
        type: str
      policy:
        description: The key policy. KMS gives a new key one that lets the account manage it through IAM.
        type: json
      enabled:
        description: Whether the key can be used.
        type: bool
        default: true
      rotation:
        description: Whether KMS rotates the key's material.
        type: bool
      rotation_period_days:
        description: Days between two rotations, 90 to 2560. KMS takes 365 when it is not stated.
        type: int
      grants:
        description: The grants, by their names. Others on the key are left alone.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the grant.
            type: str
            required: true
          grantee_principal:
            description: Who gets it, as ARN.
            type: str
            required: true
          operations:
            description: What it allows, such as V(Decrypt).
            type: list
            elements: str
            required: true
          retiring_principal:
            description: Who may give it back.
            type: str
          encryption_context_equals:
            description: The encryption context that a call must have.
            type: dict
          encryption_context_subset:
            description: What the encryption context of a call must contain.
            type: dict
      tags:
        description: The tags.
        type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed.
    type: bool
    default: true
  pending_window_days:
    description: With O(state=absent), days until the keys are gone for good, 7 to 30.
    type: int
    default: 30
  state:
    description:
      - Whether the keys shall exist.
      - With V(absent) they are scheduled for deletion. KMS takes their aliases away when they are gone.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Make the key of the environment
  slipway.aws.kms_keys:
    keys:
      - alias: uex-prod
        description: Encrypts the data of uex-prod
        rotation: true
        grants:
          - name: backup
            grantee_principal: arn:aws:iam::123456789012:role/backup
            operations: [Decrypt, DescribeKey]
        tags:
          Project: uex

- name: Delete it in a week
  slipway.aws.kms_keys:
    keys:
      - alias: uex-prod
    pending_window_days: 7
    state: absent
"""

RETURN = r"""
kms_keys:
  description: The keys by alias (without C(alias/)), with what the task states about them.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the key; in check mode a placeholder for one that does not exist yet.
      type: str
    key_id:
      description: Id of the key.
      type: str
    status:
      description: State in KMS's words, such as V(Enabled).
      type: str
restored:
  description: Aliases of the keys whose deletion was, or in check mode would be, called off.
  returned: success
  type: list
  elements: str
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    name:
      description: Alias of the key.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

import json
from functools import partial
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    from_tag_list,
    in_parallel,
    merged,
    reconcile,
    run,
    same,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.kms import (
    alias_name,
    api,
    from_grants,
    grant_arguments,
    stated_grants,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned, planned_arn, planned_id

_PENDING = "PendingDeletion"


class Key(Resource):
    kind = "KMS key"

    def __init__(self, module: SlipwayModule, known_ids: dict[str, str], wanted: dict[str, State | None]) -> None:
        self.client = module.client("kms")
        self.known_ids = known_ids
        self.wanted = wanted
        self.purge_tags: bool = module.params["purge_tags"]
        self.window: int = module.params["pending_window_days"]
        self.pending: set[str] = set()

    def describe(self) -> dict[str, State]:
        looked_at = in_parallel({name: partial(self._look, name) for name in self.wanted})
        return {name: state for name, state in looked_at.items() if state is not None}

    def _look(self, name: str) -> State | None:
        wanted = self.wanted[name]
        known = api.describe(self.client, alias_name(name))
        has_alias = known is not None
        if known is None and self.known_ids[name]:
            known = api.describe(self.client, self.known_ids[name])
        if known is None or (wanted is None and known["KeyState"] == _PENDING):
            return None
        key = known["KeyId"]
        state: State = {
            "arn": known["Arn"],
            "key_id": key,
            "status": known["KeyState"],
            "alias": alias_name(name) if has_alias else "",
            # Neither on nor off while it is scheduled for deletion, so that it is a change either way.
            "enabled": None if known["KeyState"] == _PENDING else known["KeyState"] == "Enabled",
            "description": known.get("Description") or "",
        }
        if wanted is None:
            return state
        rotates = wanted.keys() & {"rotation", "rotation_period_days"} and known["KeyState"] != _PENDING
        looks = {
            "policy": api.policy if "policy" in wanted else None,
            "rotation": api.rotation if rotates else None,
            "grants": api.grants if "grants" in wanted else None,
            "tags": api.tags if "tags" in wanted else None,
        }
        found = in_parallel({part: partial(look, self.client, key) for part, look in looks.items() if look})
        if "policy" in found:
            state["policy"] = found["policy"]
        if "rotation" in found:
            state["rotation"] = bool(found["rotation"].get("KeyRotationEnabled"))
            state["rotation_period_days"] = found["rotation"].get("RotationPeriodInDays")
        if "grants" in found:
            state["grants"] = from_grants(found["grants"])
            state["grant_ids"] = {grant["Name"]: grant["GrantId"] for grant in found["grants"] if grant.get("Name")}
        if "tags" in found:
            state["tags"] = from_tag_list(found["tags"])
        return state

    def differences(self, name: str, current: State, wanted: State) -> State:
        if current["status"] == _PENDING:
            self.pending.add(name)
        found = {key: value for key, value in wanted.items() if not self._same(key, current, value, wanted)}
        if "tags" in found:
            found["tags"] = wanted_tags(current["tags"], wanted["tags"], purge=self.purge_tags)
        return found

    def _same(self, key: str, current: State, value: Any, wanted: State) -> bool:
        if key == "policy":
            return same(current.get("policy"), value, policy=True)
        if key == "tags":
            return current["tags"] == wanted_tags(current["tags"], value, purge=self.purge_tags)
        if key == "grants":
            return all(current["grants"].get(name) == grant for name, grant in value.items())
        if key == "rotation_period_days" and not wanted.get("rotation", True):
            return True
        return current.get(key) == value

    def planned(self, name: str, wanted: State) -> State:
        return merged(
            {
                "arn": planned_arn("kms", f"key/{name}"),
                "key_id": planned_id("key", name),
                "status": "planned",
                "description": "",
            },
            wanted,
        )

    def create(self, name: str, wanted: State) -> State:
        arguments: dict[str, Any] = {"Tags": to_tag_list(wanted.get("tags") or {}, key="TagKey", value="TagValue")}
        if wanted.get("description"):
            arguments["Description"] = wanted["description"]
        if wanted.get("policy"):
            arguments["Policy"] = json.dumps(wanted["policy"])
        made = api.create(self.client, name, arguments)
        current: State = {
            "arn": made["Arn"],
            "key_id": made["KeyId"],
            "status": made["KeyState"],
            "alias": "",
            "enabled": True,
            "description": wanted.get("description", ""),
            "policy": wanted.get("policy"),
            "rotation": False,
            "rotation_period_days": None,
            "grants": {},
            "grant_ids": {},
            "tags": wanted.get("tags") or {},
        }
        return self.update(name, current, self.differences(name, current, wanted), wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        key = current["key_id"]
        if "alias" in changes:
            # First of all: by its alias even a half-made key is found again.
            api.create_alias(self.client, changes["alias"], key)
        if current["status"] == _PENDING:
            api.cancel_deletion(self.client, key)
        if "enabled" in changes:
            api.enable(self.client, key, changes["enabled"])
        if "description" in changes:
            api.set_description(self.client, key, changes["description"])
        if "policy" in changes:
            api.set_policy(self.client, key, changes["policy"])
        if changes.keys() & {"rotation", "rotation_period_days"}:
            on = wanted.get("rotation", current.get("rotation", False))
            api.set_rotation(self.client, key, on, wanted.get("rotation_period_days"))
        if "grants" in changes:
            self._update_grants(key, current, changes["grants"])
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                api.untag(self.client, key, to_remove)
            if to_set:
                api.tag(self.client, key, to_tag_list(to_set, key="TagKey", value="TagValue"))
        return merged(current, {**changes, "status": "Enabled" if wanted["enabled"] else "Disabled"})

    def _update_grants(self, key: str, current: State, wanted: dict[str, State]) -> None:
        for name, grant in wanted.items():
            if current["grants"].get(name) == grant:
                continue
            # The new one first, so that nobody is without in between.
            api.create_grant(self.client, key, grant_arguments(name, grant))
            if name in current["grant_ids"]:
                api.revoke_grant(self.client, key, current["grant_ids"][name])

    def delete(self, name: str, current: State) -> None:
        api.schedule_deletion(self.client, current["key_id"], self.window)


def _wanted(key: dict[str, Any]) -> State:
    fields: State = {"alias": alias_name(key["alias"]), "enabled": key["enabled"]}
    for option in ("description", "rotation", "rotation_period_days"):
        if key[option] is not None:
            fields[option] = key[option]
    if key["policy"] is not None:
        fields["policy"] = json.loads(key["policy"]) if isinstance(key["policy"], str) else key["policy"]
    if key["grants"] is not None:
        fields["grants"] = stated_grants(key["grants"])
    if key["tags"] is not None:
        fields["tags"] = {name: str(value) for name, value in key["tags"].items()}
    return fields


def _run(module: SlipwayModule) -> dict[str, Any]:
    present = module.params["state"] == "present"
    window = module.params["pending_window_days"]
    if not 7 <= window <= 30:
        raise AnsibleAWSError(message=f"pending_window_days: {window} is not between 7 and 30.")
    wanted: dict[str, State | None] = {}
    known_ids: dict[str, str] = {}
    for key in module.params["keys"]:
        name = key["alias"].removeprefix("alias/")
        if name in wanted:
            raise AnsibleAWSError(message=f"keys: the alias {name} stands twice; it may stand once.")
        wanted[name] = _wanted(key) if present else None
        known_ids[name] = "" if is_planned(key["key_id"]) else key["key_id"] or ""
    resource = Key(module, known_ids, wanted)
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    restored = sorted(resource.pending)
    for name in restored:
        verb = "would be" if module.check_mode else "was"
        module.warn(f"The KMS key {name} was scheduled for deletion; that {verb} called off.")
    shown = {
        name: {key: value for key, value in state.items() if key != "grant_ids"}
        for name, state in outcome.items.items()
        if present
    }
    return outcome.as_result(kms_keys=shown, restored=restored)


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "keys": {
                "type": "list",
                "elements": "dict",
                "required": True,
                # Names and settings of keys; no key material can be in it.
                "no_log": False,
                "options": {
                    "alias": {"type": "str", "required": True},
                    "key_id": {"type": "str"},
                    "description": {"type": "str"},
                    "policy": {"type": "json"},
                    "enabled": {"type": "bool", "default": True},
                    "rotation": {"type": "bool"},
                    "rotation_period_days": {"type": "int"},
                    "grants": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "name": {"type": "str", "required": True},
                            "grantee_principal": {"type": "str", "required": True},
                            "operations": {"type": "list", "elements": "str", "required": True},
                            "retiring_principal": {"type": "str"},
                            "encryption_context_equals": {"type": "dict"},
                            "encryption_context_subset": {"type": "dict"},
                        },
                    },
                    "tags": {"type": "dict"},
                },
            },
            "purge_tags": {"type": "bool", "default": True},
            "pending_window_days": {"type": "int", "default": 30},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
