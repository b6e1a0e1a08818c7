# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_secrets
version_added: 0.1.0
short_description: Manage secrets whose values are generated once and never lost
description:
  - Makes a list of secrets exist. A value is generated (or taken from the task) when a secret is created, and from
    then on never overwritten, unless O(secrets[].on_existing=replace).
  - No value is ever returned, shown in a diff, or logged. Check mode makes no mutating call and reads no value.
  - One listing serves up to ten secrets. Only those that seem to differ are described one by one before anything is
    changed, because the listing of Secrets Manager lags behind.
  - A secret that is scheduled for deletion and wanted again is restored with its old value; RV(restored) and a warning
    say so.
  - "IAM actions: C(secretsmanager:ListSecrets), C(secretsmanager:DescribeSecret), C(secretsmanager:CreateSecret),
    C(secretsmanager:UpdateSecret), C(secretsmanager:TagResource), C(secretsmanager:UntagResource),
    C(secretsmanager:DeleteSecret), C(secretsmanager:RestoreSecret); with a policy C(secretsmanager:GetResourcePolicy),
    C(secretsmanager:PutResourcePolicy), C(secretsmanager:DeleteResourcePolicy); with replicas
    C(secretsmanager:ReplicateSecretToRegions), C(secretsmanager:RemoveRegionsFromReplication); with rotation
    C(secretsmanager:RotateSecret), C(secretsmanager:CancelRotateSecret), and at a partner C(iam:PassRole); with
    replacement
    C(secretsmanager:PutSecretValue), C(secretsmanager:ListSecretVersionIds) or, for a given value,
    C(secretsmanager:GetSecretValue); with a KMS key C(kms:GenerateDataKey), C(kms:Decrypt)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  secrets:
    description: The secrets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the secret.
        type: str
        required: true
      description:
        description: What the secret is for.
        type: str
      generate:
        description:
          - What is generated when the secret is created.
          - An entry without O(secrets[].generate[].field) is the whole value. Entries with a field, together with
            O(secrets[].fields), become a JSON object.
        type: list
        elements: dict
        suboptions:
          field:
            description: Key in the JSON object.
            type: str
          length:
            description: Number of characters.
            type: int
            default: 32
          alphabet:
            description:
              - The characters to draw from. At least one lower-case letter, upper-case letter, digit and symbol is in
                the value, where the alphabet has them.
              - V(alphanumeric) is letters and digits, V(hex) lower-case hexadecimal digits, V(urlsafe) letters, digits,
                hyphen and underscore.
              - V(database) is what RDS takes as a master password, V(redis) what ElastiCache takes as an AUTH token.
            type: str
            choices: [alphanumeric, hex, urlsafe, database, redis]
            default: alphanumeric
          characters:
            description: The characters to draw from, instead of a named alphabet.
            type: str
      fields:
        description: Keys of the JSON object with known values that are no secret, such as the user's name.
        type: dict
      value:
        description: The value, where it comes from elsewhere, such as a connection string. Use a vault.
        type: str
      on_existing:
        description:
          - V(keep) never touches an existing value. A secret that exists without any value gets one.
          - V(replace) puts O(secrets[].value) where it differs, or generates the value once more. A re-run, also after
            the run was killed, recognises the version that it made and makes none again;
            O(secrets[].replacement_id) asks for another one.
        type: str
        choices: [keep, replace]
        default: keep
      replacement_id:
        description: With O(secrets[].on_existing=replace), change this to have the value generated yet another time.
        type: str
      kms_key_id:
        description: The KMS key, as ARN, id or alias. A change lets Secrets Manager encrypt the existing versions anew.
        type: str
      type:
        description:
          - For a managed external secret, the exact string by which Secrets Manager knows what a partner holds, such as
            V(SalesforceClientSecret). The value has the fields that the partner prescribes.
          - An existing secret can be given one; where it rotates by a function, switch that off in the same task with
            an empty O(secrets[].rotation). AWS documents no way back.
        type: str
      replicas:
        description: The regions that the secret is replicated to. An empty list removes all replicas.
        type: list
        elements: dict
        suboptions:
          region:
            description: The region.
            type: str
            required: true
          kms_key_id:
            description: The KMS key in that region.
            type: str
      policy:
        description: The resource policy. An empty object removes it. A policy that makes the secret public is refused.
        type: json
      rotation:
        description:
          - The rotation by Lambda, or of a managed external secret by its partner. Configuring it does not rotate. An
            empty object switches it off.
          - Secrets that rotate from the controller carry their strategy in their tags.
        type: dict
        suboptions:
          lambda_arn:
            description: The function that rotates the secret.
            type: str
          automatically_after_days:
            description: Days between two rotations.
            type: int
          schedule_expression:
            description: When to rotate, as C(rate\(\)) or C(cron\(\)) in UTC.
            type: str
          duration:
            description: Length of the rotation window, such as V(3h).
            type: str
          role_arn:
            description: For a managed external secret, instead of a function, the role that Secrets Manager assumes.
            type: str
          metadata:
            description: For a managed external secret, what the partner has to know; AWS's user guide says what.
            type: dict
      tags:
        description: The tags.
        type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed from secrets for which it states tags.
    type: bool
    default: true
  recovery_window_in_days:
    description: Days in which a deleted secret can be restored, 7 to 30. V(0) deletes it for good at once.
    type: int
    default: 30
  state:
    description: Whether the secrets shall exist.
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
- name: Make the secrets of the environment
  slipway.aws.secretsmanager_secrets:
    secrets:
      - name: uex-prod/database
        description: Master user of the database
        fields:
          engine: postgres
          port: 5432
          dbname: uex
          username: uex
        generate:
          - field: password
            length: 40
            alphabet: database
        kms_key_id: alias/uex-prod
        tags:
          RotationStrategy: postgres_alternating_users
          RotationMaxAgeDays: '90'
      - name: uex-prod/redis
        generate:
          - length: 64
            alphabet: redis
        replicas:
          - region: us-west-2

- name: Keep a connection string that somebody else made
  slipway.aws.secretsmanager_secrets:
    secrets:
      - name: eec-nif-production/mongodb
        value: "{{ vault_mongodb_url }}"

- name: Keep the secret of a partner's client, which Secrets Manager rotates there
  slipway.aws.secretsmanager_secrets:
    secrets:
      - name: billpay-prod/salesforce
        type: SalesforceClientSecret
        value: "{{ vault_salesforce_client | to_json }}"
        rotation:
          role_arn: arn:aws:iam::123456789012:role/rotate-salesforce
          metadata:
            apiVersion: v65.0
            adminSecretArn: arn:aws:secretsmanager:us-east-1:123456789012:secret:billpay-prod/salesforce-admin-a1b2c3
          automatically_after_days: 30

- name: Generate a new key for the application, once
  slipway.aws.secretsmanager_secrets:
    secrets:
      - name: uex-prod/app
        generate:
          - field: jwt_key
            length: 64
        on_existing: replace
        replacement_id: leak-2026-11

- name: Remove the secrets; they can be restored for a week
  slipway.aws.secretsmanager_secrets:
    secrets:
      - name: uex-prod/database
      - name: uex-prod/redis
    recovery_window_in_days: 7
    state: absent
"""

RETURN = r"""
secrets:
  description: The secrets by name. Values are never among it.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the secret; in check mode a placeholder for one that does not exist yet.
      type: str
      sample: arn:aws:secretsmanager:us-east-1:123456789012:secret:uex-prod/database-a1b2c3
    description:
      description: What the secret is for.
      type: str
    kms_key_id:
      description: The KMS key; empty for the AWS managed one.
      type: str
    type:
      description: What a partner holds, of a managed external secret; empty for others.
      type: str
    version_id:
      description: The version that AWSCURRENT points to; in check mode empty for one that does not exist yet.
      type: str
    tags:
      description: The tags.
      type: dict
    rotation:
      description: The rotation by Lambda or at a partner; empty when there is none.
      type: dict
    replicas:
      description: The replicas, where the task states some.
      type: list
      elements: dict
    policy:
      description: The resource policy, where the task states one.
      type: dict
restored:
  description: Names of the secrets whose deletion was, or in check mode would be, called off.
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
      description: Name of the secret.
      type: str
    fields:
      description: The fields that change; C(value) stands for a value that is put.
      type: list
      elements: str
"""

import json
import uuid
from functools import partial
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    given,
    in_parallel,
    merged,
    reconcile,
    run,
    same,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn
from ansible_collections.slipway.aws.plugins.module_utils.secretsmanager import (
    GENERATE,
    ROTATION,
    api,
    build,
    check_recipe,
    from_listing,
    has_recipe,
    replacement_token,
    replica_changes,
    replicas,
    request_token,
    rotation_arguments,
    same_key,
)


class Secret(Resource):
    kind = "secret"

    def __init__(
        self,
        client: Any,
        options: dict[str, dict[str, Any]],
        wanted: dict[str, State | None],
        *,
        purge_tags: bool,
        recovery_window: int,
    ) -> None:
        self.client = client
        # The options keep what makes the values. States never hold any, so none can reach a result or a diff.
        self.options = options
        self.wanted = wanted
        self.purge_tags = purge_tags
        self.recovery_window = recovery_window

    def describe(self) -> dict[str, State]:
        listed = api.list_secrets(self.client, list(self.wanted))
        found = {name: from_listing(entry) for name, entry in listed.items()}
        doubtful = [name for name in self.wanted if self._doubtful(name, found)]
        looked_at = {**found, **in_parallel({name: partial(self._look, name) for name in doubtful})}
        return {
            name: state
            for name, state in looked_at.items()
            if state is not None and (self.wanted[name] is not None or self._still_there(state))
        }

    def _doubtful(self, name: str, found: dict[str, State]) -> bool:
        """Whether the listing is not enough: it lags behind, and knows neither replicas nor policies."""
        wanted = self.wanted[name]
        if wanted is None:
            return name in found
        if name not in found or {"policy", "replicas"} & wanted.keys():
            return True
        return bool(self.differences(name, found[name], wanted))

    def _look(self, name: str) -> State | None:
        """The state of one secret, with what only single calls tell, as far as the task asks for it."""
        entry = api.describe_secret(self.client, name)
        if entry is None:
            return None
        state = from_listing(entry)
        wanted = self.wanted[name]
        if wanted is None or "replicas" in wanted:
            state["replicas"] = replicas(entry.get("ReplicationStatus"))
        if wanted is None or state["scheduled_for_deletion"]:
            return state
        if "policy" in wanted:
            state["policy"] = json.loads(api.resource_policy(self.client, name) or "{}")
        if "value" in wanted and state["version_id"]:
            state["value"] = self._value_is_wanted(name)
        return state

    def _value_is_wanted(self, name: str) -> bool:
        """For on_existing=replace: whether the current value is already the one that the task asks for."""
        options = self.options[name]
        if options["value"] is not None:
            return api.current_value(self.client, name) == options["value"]
        return replacement_token(name, options) in api.version_ids(self.client, name)

    def _still_there(self, state: State) -> bool:
        """For state=absent: a secret scheduled for deletion is gone, unless it shall go at once."""
        return not state["scheduled_for_deletion"] or self.recovery_window == 0

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = {key: value for key, value in wanted.items() if not self._same(key, current.get(key), value, current)}
        if not current["version_id"] and not current["scheduled_for_deletion"] and has_recipe(self.options[name]):
            changes["value"] = True
        return changes

    def _same(self, key: str, current: Any, wanted: Any, state: State) -> bool:
        if key == "tags":
            return state["tags"] == wanted_tags(state["tags"], wanted, purge=self.purge_tags)
        if key == "kms_key_id":
            return same_key(current, wanted)
        if key == "policy":
            return same(current, wanted, policy=True) if current and wanted else bool(current) == bool(wanted)
        if key == "replicas":
            return replica_changes(current or [], wanted) == ([], [])
        return current == wanted

    def planned(self, name: str, wanted: State) -> State:
        self._require_recipe(name)
        return merged(
            {
                "arn": planned_arn("secretsmanager", f"secret:{name}"),
                "description": "",
                "kms_key_id": "",
                "type": "",
                "tags": {},
                "rotation": {},
                "version_id": "",
            },
            wanted,
        )

    def create(self, name: str, wanted: State) -> State:
        self._require_recipe(name)
        arguments = given(
            {
                "ClientRequestToken": self._first_token(name),
                "SecretString": build(self.options[name]),
                "Description": wanted.get("description"),
                "KmsKeyId": wanted.get("kms_key_id"),
                "Type": wanted.get("type"),
                "Tags": to_tag_list(wanted["tags"]) if wanted.get("tags") else None,
                "AddReplicaRegions": _regions(wanted["replicas"]) if wanted.get("replicas") else None,
            }
        )
        created = api.create_secret(self.client, name, arguments)
        current = self._look(name)
        if current is None:
            raise AnsibleAWSError(message=f"The secret {name} vanished right after it was created.")
        # Not created: somebody else, or a killed run whose secret the listing did not show yet, was faster. Its value
        # stays unless the task says otherwise.
        rest = wanted if created is None else {key: value for key, value in wanted.items() if key != "value"}
        return self.update(name, current, self.differences(name, current, rest), rest)

    def _require_recipe(self, name: str) -> None:
        if not has_recipe(self.options[name]):
            raise AnsibleAWSError(
                message=f"The secret {name} does not exist, and the task does not say what its value is: "
                "give generate, fields or value."
            )

    def _first_token(self, name: str) -> str:
        """The token of the first version. With on_existing=replace that version counts as the replacement."""
        options = self.options[name]
        if options["on_existing"] == "replace":
            return replacement_token(name, options)
        return request_token("create", name)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if current.get("scheduled_for_deletion"):
            api.restore_secret(self.client, name)
            # Policies and versions cannot be read while a secret is scheduled for deletion.
            current = self._look(name) or current
            changes = self.differences(name, current, wanted)
        if "rotation" in changes and (not changes["rotation"] or ("type" in changes and current["rotation"])):
            # First: AWS gives a type only to secrets that do not rotate by a function.
            api.cancel_rotation(self.client, name)
        basics = given(
            {
                "Description": changes.get("description"),
                "KmsKeyId": changes.get("kms_key_id"),
                "Type": changes.get("type"),
            }
        )
        if basics:
            api.update_secret(self.client, name, basics)
        if "tags" in changes:
            self._update_tags(name, current, changes["tags"])
        if "policy" in changes:
            if changes["policy"]:
                api.put_policy(self.client, name, json.dumps(changes["policy"]))
            else:
                api.delete_policy(self.client, name)
        if "replicas" in changes:
            add, leave = replica_changes(current.get("replicas") or [], changes["replicas"])
            if leave:
                api.remove_replicas(self.client, name, leave)
            if add:
                api.add_replicas(self.client, name, _regions(add))
        if changes.get("rotation"):
            api.configure_rotation(self.client, name, rotation_arguments(changes["rotation"]))
        version = self._put_value(name) if "value" in changes else None
        state = merged(current, {**changes, "version_id": version})
        return merged(state, {"tags": wanted_tags(current["tags"], changes.get("tags"), purge=self.purge_tags)})

    def _update_tags(self, name: str, current: State, stated: dict[str, str]) -> None:
        target = wanted_tags(current["tags"], stated, purge=self.purge_tags) or {}
        to_set, to_remove = tag_changes(current["tags"], target)
        if to_remove:
            api.untag(self.client, name, to_remove)
        if to_set:
            api.tag(self.client, name, to_tag_list(to_set))

    def _put_value(self, name: str) -> str:
        options = self.options[name]
        # A given value is compared before it is put; its token must not be derived from it, for tokens can be read.
        token = replacement_token(name, options) if options["value"] is None else str(uuid.uuid4())
        return api.put_value(self.client, name, build(options), token)

    def delete(self, name: str, current: State) -> None:
        regions = [replica["region"] for replica in current.get("replicas") or []]
        if regions:
            api.remove_replicas(self.client, name, regions)
        how: dict[str, Any] = {"RecoveryWindowInDays": self.recovery_window}
        if self.recovery_window == 0:
            how = {"ForceDeleteWithoutRecovery": True}
        api.delete_secret(self.client, name, how)


def _regions(stated: list[State]) -> list[dict[str, str]]:
    return [given({"Region": replica["region"], "KmsKeyId": replica.get("kms_key_id") or None}) for replica in stated]


def _wanted(secret: dict[str, Any]) -> State:
    """What the task states about a secret, without what makes its value."""
    fields = given(
        {
            "description": secret["description"],
            "kms_key_id": secret["kms_key_id"] or None,
            "type": secret["type"] or None,
        }
    )
    fields["scheduled_for_deletion"] = False
    if secret["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in secret["tags"].items()}
    if secret["policy"] is not None:
        fields["policy"] = json.loads(secret["policy"]) if isinstance(secret["policy"], str) else secret["policy"]
    if secret["replicas"] is not None:
        fields["replicas"] = sorted(
            (
                {"region": replica["region"], "kms_key_id": replica["kms_key_id"] or ""}
                for replica in secret["replicas"]
            ),
            key=lambda replica: replica["region"],
        )
    if secret["rotation"] is not None:
        fields["rotation"] = given(secret["rotation"])
        if "metadata" in fields["rotation"]:
            fields["rotation"]["metadata"] = {key: str(value) for key, value in fields["rotation"]["metadata"].items()}
    if secret["on_existing"] == "replace":
        fields["value"] = True
    return fields


def _checked(secrets: list[dict[str, Any]], present: bool) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {}
    for secret in secrets:
        name = secret["name"]
        if name in options:
            raise AnsibleAWSError(message=f"secrets: the name {name} stands twice; each name may stand once.")
        if present:
            check_recipe(name, secret)
            rotation = given(secret["rotation"] or {})
            if rotation and ("lambda_arn" in rotation) == ("role_arn" in rotation):
                raise AnsibleAWSError(
                    message=f"secrets: the rotation of {name} has no lambda_arn, which does the work, or it has "
                    "role_arn as well; give lambda_arn, or role_arn for a managed external secret."
                )
            if secret["on_existing"] == "replace" and not has_recipe(secret):
                raise AnsibleAWSError(
                    message=f"secrets: {name} has on_existing=replace, but neither generate, fields nor value."
                )
        options[name] = secret
    return options


def _run(module: SlipwayModule) -> dict[str, Any]:
    present = module.params["state"] == "present"
    options = _checked(module.params["secrets"], present)
    window = module.params["recovery_window_in_days"]
    if window != 0 and not 7 <= window <= 30:
        raise AnsibleAWSError(message=f"recovery_window_in_days: {window} is neither 0 nor between 7 and 30.")
    wanted = {name: _wanted(secret) if present else None for name, secret in options.items()}
    resource = Secret(
        module.client("secretsmanager"),
        options,
        wanted,
        purge_tags=module.params["purge_tags"],
        recovery_window=window,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    restored = sorted(
        step.name for step in outcome.steps if step.action == "update" and "scheduled_for_deletion" in step.changes
    )
    for name in restored:
        verb = "would be" if module.check_mode else "was"
        module.warn(f"The secret {name} was scheduled for deletion; it {verb} restored with its old value.")
    shown = {
        name: {key: value for key, value in state.items() if key not in ("scheduled_for_deletion", "value")}
        for name, state in outcome.items.items()
        if present
    }
    return outcome.as_result(secrets=shown, restored=restored)


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "secrets": {
                "type": "list",
                "elements": "dict",
                "required": True,
                # The list says which secrets there are; only `value` in it is secret.
                "no_log": False,
                "options": {
                    "name": {"type": "str", "required": True},
                    "description": {"type": "str"},
                    "generate": GENERATE,
                    "fields": {"type": "dict"},
                    "value": {"type": "str", "no_log": True},
                    "on_existing": {"type": "str", "choices": ["keep", "replace"], "default": "keep"},
                    "replacement_id": {"type": "str"},
                    "kms_key_id": {"type": "str"},
                    "type": {"type": "str"},
                    "replicas": {
                        "type": "list",
                        "elements": "dict",
                        "options": {"region": {"type": "str", "required": True}, "kms_key_id": {"type": "str"}},
                    },
                    "policy": {"type": "json"},
                    "rotation": ROTATION,
                    "tags": {"type": "dict"},
                },
            },
            "purge_tags": {"type": "bool", "default": True},
            "recovery_window_in_days": {"type": "int", "default": 30},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
