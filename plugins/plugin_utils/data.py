# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role data makes of its inputs: pure functions, no calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.slipway.aws.plugins.module_utils._rds import postgres_users

Plan = dict[str, Any]

#: RDS PostgreSQL refuses these as the master user's name.
RESERVED_USERS = frozenset({"admin", "administrator", "postgres", "rdsadmin", "root", "user"})
_MAX_REPLICAS = 15

_NUMBERS = (
    *("data_database_allocated_storage", "data_database_max_allocated_storage", "data_database_iops"),
    *("data_database_storage_throughput", "data_database_port", "data_database_replicas", "data_database_backup_days"),
    *("data_database_monitoring_interval", "data_database_performance_insights_days", "data_redis_replicas"),
    *("data_redis_shards", "data_redis_port", "data_redis_snapshot_days"),
)
_SWITCHES = (
    *("data_deletion_protection", "data_database_enabled", "data_database_auto_minor_version_upgrade"),
    *("data_database_multi_az", "data_database_performance_insights", "data_database_iam_authentication"),
    *("data_redis_enabled", "data_redis_auto_minor_version_upgrade", "data_redis_multi_az"),
    *("data_redis_cluster_mode", "data_redis_transit_encryption", "data_buckets_enabled"),
)

# What a secret of a known component is made of, unless its entry says otherwise.
_REDIS_TOKEN = [{"length": 64, "alphabet": "redis"}]
_PASSWORD = {"field": "password", "length": 40, "alphabet": "database"}
#: How a user of the database rotates that the role makes: two take turns, so that nobody is locked out.
ALTERNATING = "postgres_alternating_users"
_LONGEST_USER = 63 - len("_clone")


def plan(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> Plan:
    """The arguments of the modules that the role calls.

    C(known) is what exists by now: C(account_id), C(partition), C(kms_key_arn), C(monitoring_role_arn).
    """
    inputs = typed(inputs)
    return {
        "key_policy": key_policy(inputs, known),
        "secrets": secrets(inputs, known),
        "instances": instances(inputs, known) if inputs["data_database_enabled"] else [],
        "replication_group": replication_group(inputs, known) if inputs["data_redis_enabled"] else {},
        "buckets": buckets(inputs, known) if inputs["data_buckets_enabled"] else [],
        "bucket_names": {
            bucket["component"]: bucket_name(inputs, bucket, known)
            for bucket in (inputs["data_buckets"] if inputs["data_buckets_enabled"] else [])
        },
        "secret_names": secret_names(inputs),
        "database_users": database_users(inputs) if inputs["data_database_enabled"] else [],
        "database_family": database_family(inputs),
        "database_major_version": _major(inputs["data_database_engine_version"]),
        "redis_family": redis_family(inputs),
        "redis_parameters": redis_parameters(inputs),
    }


def typed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with numbers as numbers: `-e` and templates of older Ansible make text of them."""
    numbers = {name: int(inputs[name]) for name in _NUMBERS if name in inputs}
    switches = {name: boolean(inputs[name]) for name in _SWITCHES if name in inputs}
    return {**inputs, **numbers, **switches}


def tags(inputs: Mapping[str, Any], **further: str) -> dict[str, str]:
    """The tags of a resource of the role. Nobody can take away those by which it is found again."""
    owner = {"Project": inputs["data_project"], "Environment": inputs["data_environment"], "Role": "data"}
    return {**{key: str(value) for key, value in inputs["data_tags"].items()}, **further, **owner}


def _named(inputs: Mapping[str, Any], suffix: str) -> str:
    return f"{inputs['data_name_prefix']}-{suffix}"


# The key


def key_policy(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> Plan:
    """The account manages the key through IAM; further statements are the inventory's."""
    account = {
        "Sid": "AccountManagesTheKey",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{known.get('partition') or 'aws'}:iam::{known['account_id']}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [account, *inputs["data_kms_policy_statements"]]}


# The secrets


def secret_entries(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stated secrets, and those that the database and the cache need in any case."""
    stated = [dict(entry) for entry in inputs["data_secrets"]]
    components = {entry["component"] for entry in stated}
    needed = []
    if inputs["data_database_enabled"] and "database" not in components:
        needed.append({"component": "database"})
    if inputs["data_redis_enabled"] and inputs["data_redis_transit_encryption"] and "redis" not in components:
        needed.append({"component": "redis"})
    return [_completed(inputs, entry) for entry in [*needed, *stated]]


def _completed(inputs: Mapping[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    says_what = any(entry.get(key) is not None for key in ("generate", "fields", "value"))
    if entry["component"] == "database" and inputs["data_database_enabled"] and not says_what:
        return {
            "description": "Master user of the database",
            **entry,
            # No host: a secret's value is never changed once it exists, and a restored database has another host.
            "fields": {
                "engine": inputs["data_database_engine"],
                "port": inputs["data_database_port"],
                "dbname": inputs["data_database_name"],
                "username": inputs["data_database_username"],
            },
            "generate": [_PASSWORD],
        }
    if entry["component"] == "redis" and inputs["data_redis_enabled"] and not says_what:
        return {"description": "AUTH token of the cache", **entry, "generate": _REDIS_TOKEN}
    if entry.get("database_user") and not says_what:
        return _of_user(inputs, entry)
    return entry


def _of_user(inputs: Mapping[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The secret of a user of the database, which the master user makes and whose password it may change."""
    user = entry["database_user"]
    rotation = {"strategy": ALTERNATING, **(entry.get("rotation") or {})}
    if rotation["strategy"].startswith("postgres_"):
        rotation = {"admin_component": "database", **rotation}
    return {
        "description": f"User {user['name']} of the database",
        **entry,
        "fields": {
            "engine": inputs["data_database_engine"],
            "port": inputs["data_database_port"],
            "dbname": user.get("database") or inputs["data_database_name"],
            "username": user["name"],
        },
        "generate": [_PASSWORD],
        "rotation": rotation,
    }


def secret_name(inputs: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    return entry.get("name") or f"{inputs['data_name_prefix']}/{entry['component']}"


def secret_names(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Component → name."""
    return {entry["component"]: secret_name(inputs, entry) for entry in secret_entries(inputs)}


def database_users(inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """The users that rds_postgres_users makes, with the names of their secrets."""
    return [
        {
            "name": entry["database_user"]["name"],
            "secret": secret_name(inputs, entry),
            "database": entry["database_user"].get("database") or inputs["data_database_name"],
        }
        for entry in secret_entries(inputs)
        if entry.get("database_user")
    ]


def users_due(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The users of the database that are still to be made, as far as the tags of the primary tell."""
    plans: Plan = results["plan"]
    if not plans["database_users"]:
        return []
    made, arns = results.get("instances") or {}, results.get("secrets") or {}
    primary = made.get(plans["instances"][0]["identifier"], {})
    users = [{**user, "secret": arns.get(user["secret"], {}).get("arn", "")} for user in plans["database_users"]]
    return postgres_users.due(users, primary.get("tags") or {}, primary.get("resource_id") or "")


def secrets(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> list[Plan]:
    """The list that secretsmanager_secrets takes."""
    return [_secret(inputs, entry, known) for entry in secret_entries(inputs)]


def _secret(inputs: Mapping[str, Any], entry: Mapping[str, Any], known: Mapping[str, Any]) -> Plan:
    rotation = entry.get("rotation") or {}
    further = {"Component": entry["component"]}
    if rotation.get("strategy"):
        further["RotationStrategy"] = rotation["strategy"]
    if rotation.get("max_age_days"):
        further["RotationMaxAgeDays"] = str(rotation["max_age_days"])
    taken = ("description", "generate", "fields", "value", "replicas", "policy", "on_existing", "replacement_id")
    secret = {key: entry[key] for key in taken if entry.get(key) is not None}
    secret["name"] = secret_name(inputs, entry)
    secret["kms_key_id"] = entry.get("kms_key_id") or known.get("kms_key_arn") or ""
    secret["tags"] = {**tags(inputs, **further), **{k: str(v) for k, v in (entry.get("tags") or {}).items()}}
    if rotation.get("lambda_arn"):
        when = ("lambda_arn", "automatically_after_days", "schedule_expression", "duration")
        secret["rotation"] = {key: rotation[key] for key in when if rotation.get(key)}
        if not secret["rotation"].keys() & {"automatically_after_days", "schedule_expression"}:
            secret["rotation"]["automatically_after_days"] = rotation.get("max_age_days") or 90
    return secret


# The database


def _major(version: str) -> str:
    return str(version).split(".", maxsplit=1)[0]


def database_family(inputs: Mapping[str, Any]) -> str:
    return f"{inputs['data_database_engine']}{_major(inputs['data_database_engine_version'])}"


def instances(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> list[Plan]:
    """The primary and its replicas, as rds_instances takes them."""
    group = _named(inputs, "postgres")
    both: Plan = {
        "instance_class": inputs["data_database_instance_class"],
        "storage_type": inputs["data_database_storage_type"],
        "iops": inputs["data_database_iops"] or None,
        "storage_throughput": inputs["data_database_storage_throughput"] or None,
        "max_allocated_storage": inputs["data_database_max_allocated_storage"],
        "port": inputs["data_database_port"],
        "security_group_ids": inputs["data_rds_security_group_ids"],
        "parameter_group": group,
        "option_group": group,
        "publicly_accessible": False,
        "auto_minor_version_upgrade": inputs["data_database_auto_minor_version_upgrade"],
        "copy_tags_to_snapshot": True,
        "iam_authentication": inputs["data_database_iam_authentication"],
        "ca_certificate": inputs["data_database_ca_certificate"],
        "deletion_protection": inputs["data_deletion_protection"],
        "log_exports": inputs["data_database_log_exports"],
        "monitoring_interval": inputs["data_database_monitoring_interval"],
        "monitoring_role_arn": known.get("monitoring_role_arn") or "",
        "performance_insights": inputs["data_database_performance_insights"],
    }
    if inputs["data_database_performance_insights"]:
        both["performance_insights_retention"] = inputs["data_database_performance_insights_days"]
        both["performance_insights_kms_key_id"] = known.get("kms_key_arn") or ""
    primary = {
        **both,
        "identifier": inputs["data_database_identifier"],
        "engine": inputs["data_database_engine"],
        "engine_version": str(inputs["data_database_engine_version"]),
        "allocated_storage": inputs["data_database_allocated_storage"],
        "storage_encrypted": True,
        "kms_key_id": known.get("kms_key_arn") or "",
        "db_name": inputs["data_database_name"],
        "master_username": inputs["data_database_username"],
        "master_password_secret": {
            "secret_id": secret_names(inputs)["database"],
            "field": "password",
        },
        "subnet_group": group,
        "multi_az": inputs["data_database_multi_az"],
        "backup_retention_period": inputs["data_database_backup_days"],
        "backup_window": inputs["data_database_backup_window"],
        "maintenance_window": inputs["data_database_maintenance_window"],
        "tags": tags(inputs, Name=inputs["data_database_identifier"], Component="database"),
    }
    return [primary, *(_replica(inputs, both, number) for number in range(1, inputs["data_database_replicas"] + 1))]


def _replica(inputs: Mapping[str, Any], both: Plan, number: int) -> Plan:
    name = f"{inputs['data_database_identifier']}-replica-{number}"
    return {
        **both,
        "identifier": name,
        "source": inputs["data_database_identifier"],
        "instance_class": inputs["data_database_replica_instance_class"] or inputs["data_database_instance_class"],
        "tags": tags(inputs, Name=name, Component="database-replica"),
    }


# The cache


def redis_family(inputs: Mapping[str, Any]) -> str:
    return f"{inputs['data_redis_engine']}{_major(inputs['data_redis_engine_version'])}"


def redis_parameters(inputs: Mapping[str, Any]) -> dict[str, Any]:
    parameters = dict(inputs["data_redis_parameters"])
    if inputs["data_redis_cluster_mode"]:
        parameters["cluster-enabled"] = "yes"
    return parameters


def replication_group(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> Plan:
    """What elasticache_replication_group takes."""
    name = inputs["data_redis_replication_group_id"]
    clustered = bool(inputs["data_redis_cluster_mode"])
    group: Plan = {
        "name": name,
        "description": f"Cache of {inputs['data_name_prefix']}",
        "engine": inputs["data_redis_engine"],
        "engine_version": str(inputs["data_redis_engine_version"]),
        "node_type": inputs["data_redis_node_type"],
        "replicas_per_shard": inputs["data_redis_replicas"],
        "num_shards": inputs["data_redis_shards"] if clustered else 1,
        "cluster_mode": "enabled" if clustered else "disabled",
        "automatic_failover": clustered or inputs["data_redis_replicas"] > 0,
        "multi_az": bool(inputs["data_redis_multi_az"]) and inputs["data_redis_replicas"] > 0,
        "port": inputs["data_redis_port"],
        "subnet_group": _named(inputs, "redis"),
        "parameter_group": _named(inputs, "redis"),
        "security_group_ids": inputs["data_redis_security_group_ids"],
        "at_rest_encryption": True,
        "kms_key_id": known.get("kms_key_arn") or "",
        "transit_encryption": inputs["data_redis_transit_encryption"],
        "snapshot_retention": inputs["data_redis_snapshot_days"],
        "snapshot_window": inputs["data_redis_snapshot_window"],
        "maintenance_window": inputs["data_redis_maintenance_window"],
        "notification_topic_arn": inputs["data_redis_notification_topic_arn"],
        "auto_minor_version_upgrade": inputs["data_redis_auto_minor_version_upgrade"],
        "log_delivery": inputs["data_redis_log_delivery"],
        "tags": tags(inputs, Name=name, Component="redis"),
    }
    if inputs["data_redis_transit_encryption"]:
        group["auth_token_secret"] = {"secret_id": secret_names(inputs)["redis"]}
    return group


# The buckets


def bucket_name(inputs: Mapping[str, Any], bucket: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Names are unique in the whole world; the account's number makes them so."""
    own = f"{inputs['data_name_prefix']}-{bucket['component'].replace('_', '-')}-{known['account_id']}"
    return bucket.get("name") or own


def buckets(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> list[Plan]:
    """The list that s3_buckets takes. What keeps a bucket private is not up to an entry."""
    return [_bucket(inputs, bucket, known) for bucket in inputs["data_buckets"]]


def _bucket(inputs: Mapping[str, Any], bucket: Mapping[str, Any], known: Mapping[str, Any]) -> Plan:
    key = known.get("kms_key_arn")
    # Load balancers cannot log into a bucket that is encrypted with a KMS key.
    by_kms = bool(key) and bucket.get("alb_logs") is None and bucket.get("encryption", "kms") == "kms"
    taken = ("versioning", "alb_logs", "statements", "lifecycle_rules", "logging")
    name = bucket_name(inputs, bucket, known)
    return {
        "versioning": True,
        **{option: bucket[option] for option in taken if bucket.get(option) is not None},
        "name": name,
        "encryption": {"algorithm": "aws:kms", "kms_key_id": key} if by_kms else {"algorithm": "AES256"},
        "block_public_access": True,
        "ownership": "BucketOwnerEnforced",
        "tls_only": True,
        "tags": tags(inputs, Name=name, Component=bucket["component"]),
    }


# Problems


def problems(inputs: Mapping[str, Any]) -> list[str]:
    """What cannot work, in sentences that name the variable, the value and what is allowed."""
    inputs = typed(inputs)
    found: list[str] = []
    for part, groups in (("database", "data_rds_security_group_ids"), ("redis", "data_redis_security_group_ids")):
        if not inputs[f"data_{part}_enabled"]:
            continue
        if len(inputs["data_subnet_ids"]) < (2 if part == "database" else 1):
            found.append(
                f"data_subnet_ids is {inputs['data_subnet_ids']!r}: the {part} needs subnets in at least "
                f"{'2 zones' if part == 'database' else '1 zone'} (the vpc role's output subnet_ids.data)."
            )
        if not inputs[groups]:
            found.append(f"{groups} is empty: the {part} needs a security group (the vpc role's output).")
    if inputs["data_database_enabled"]:
        found += _database_problems(inputs)
    if inputs["data_redis_enabled"]:
        found += _redis_problems(inputs)
    found += _user_problems(inputs)
    found += _twice("data_secrets", [entry["component"] for entry in inputs["data_secrets"]])
    found += _twice("data_buckets", [entry["component"] for entry in inputs["data_buckets"]])
    return found


def _twice(variable: str, components: list[str]) -> list[str]:
    twice = sorted({component for component in components if components.count(component) > 1})
    return [f"{variable}: the component {component} stands twice; it may stand once." for component in twice]


def _user_problems(inputs: Mapping[str, Any]) -> list[str]:
    found = []
    users = [entry["database_user"] for entry in inputs["data_secrets"] if entry.get("database_user")]
    names = [user["name"] for user in users]
    if users and not inputs["data_database_enabled"]:
        found.append("data_secrets: database_user names users of a database, but data_database_enabled is false.")
    for name in names:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) or len(name) > _LONGEST_USER or name in RESERVED_USERS:
            found.append(
                f"data_secrets: database_user.name is {name!r}: take lower-case letters, digits and _, at most "
                f"{_LONGEST_USER} of them, and no name that RDS reserves."
            )
        if name == inputs["data_database_username"]:
            found.append(f"data_secrets: database_user.name is {name!r}, which is the master user's.")
    found += [
        f"data_secrets: the database_user {name} stands twice." for name in sorted(names) if names.count(name) > 1
    ]
    return list(dict.fromkeys(found))


def _database_problems(inputs: Mapping[str, Any]) -> list[str]:
    found = []
    identifier, name = inputs["data_database_identifier"], inputs["data_database_name"]
    user, replicas = inputs["data_database_username"], inputs["data_database_replicas"]
    if not re.fullmatch(r"[a-z](-?[a-z0-9])*", identifier) or len(identifier) > 63 - len("-replica-10"):
        found.append(
            f"data_database_identifier is {identifier!r}: RDS takes lower-case letters, digits and single hyphens, "
            "beginning with a letter, at most 52 characters."
        )
    for variable, value in (("data_database_name", name), ("data_database_username", user)):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", value):
            found.append(f"{variable} is {value!r}: RDS takes letters, digits and _, beginning with a letter.")
    if user.lower() in RESERVED_USERS:
        found.append(f"data_database_username is {user!r}, which RDS reserves; take another name.")
    if not 0 <= replicas <= _MAX_REPLICAS:
        found.append(f"data_database_replicas is {replicas}: 0 to {_MAX_REPLICAS} are allowed.")
    if replicas and not inputs["data_database_backup_days"]:
        found.append("data_database_backup_days is 0: replicas need automated backups of the primary, at least 1 day.")
    if not 0 <= inputs["data_database_backup_days"] <= 35:
        found.append(f"data_database_backup_days is {inputs['data_database_backup_days']}: 0 to 35 are allowed.")
    return found


def _redis_problems(inputs: Mapping[str, Any]) -> list[str]:
    found = []
    name, replicas = inputs["data_redis_replication_group_id"], inputs["data_redis_replicas"]
    if not re.fullmatch(r"[a-z](-?[a-z0-9])*", name) or len(name) > 40:
        found.append(
            f"data_redis_replication_group_id is {name!r}: ElastiCache takes lower-case letters, digits and single "
            "hyphens, beginning with a letter, at most 40 characters."
        )
    if not 0 <= replicas <= 5:
        found.append(f"data_redis_replicas is {replicas}: 0 to 5 are allowed.")
    if inputs["data_redis_cluster_mode"] and inputs["data_redis_shards"] < 1:
        found.append(f"data_redis_shards is {inputs['data_redis_shards']}: at least 1 is needed.")
    return found


# The end


def doomed(inputs: Mapping[str, Any], found: Mapping[str, Any], account_id: str) -> Plan:
    """What the entry point absent removes: what the inputs name, and what carries the role's tags.

    A part that is switched off is removed as well, for it may have been on before.
    """
    inputs = typed({**inputs, "data_database_enabled": True, "data_redis_enabled": True, "data_buckets_enabled": True})
    known = {"account_id": account_id}
    databases = {entry["identifier"] for entry in instances(inputs, known)}
    databases |= {found["database"]["identifier"], *found["database"]["replica_identifiers"]} - {""}
    names = {*secret_names(inputs).values(), *(_secret_of(arn) for arn in found["secret_arns"].values())}
    stores = {bucket["name"] for bucket in buckets(inputs, known)} | {*found["buckets"].values()}
    groups = {inputs["data_redis_replication_group_id"], found["redis"]["replication_group_id"]} - {""}
    return {
        "instances": [{"identifier": identifier} for identifier in sorted(databases)],
        "replication_groups": sorted(groups),
        "secrets": [{"name": name} for name in sorted(names)],
        "buckets": [{"name": name} for name in sorted(stores)],
        "log_groups": [
            {"name": f"/aws/rds/instance/{identifier}/{kind}"}
            for identifier in sorted(databases)
            for kind in inputs["data_database_log_exports"]
        ],
    }


def _secret_of(arn: str) -> str:
    """A secret's name from its ARN, which ends with the name, a hyphen and six random characters."""
    return arn.partition(":secret:")[2].rpartition("-")[0]


# The output


def settled(results: Mapping[str, Any]) -> bool:
    """Whether the database, its replicas and the cache are all there, as wanted, and at rest."""
    plans: Plan = results["plan"]
    made = results.get("instances") or {}
    states = [made.get(entry["identifier"], {}) for entry in plans["instances"]]
    if plans["replication_group"]:
        states.append(results.get("replication_group") or {})
    return not results["unfinished"] and all(state.get("status") == "available" for state in states)


def output(results: Mapping[str, Any]) -> Plan:
    """The fact data_output, from what the modules returned. Absent things are empty; every key is always there.

    Only what the plan names counts: a play may run the role for several environments, one after the other.
    """
    plans: Plan = results["plan"]
    made = results.get("secrets") or {}
    named = {entry["identifier"] for entry in plans["instances"]}
    states = {name: state for name, state in (results.get("instances") or {}).items() if name in named}
    primaries = [(name, state) for name, state in states.items() if not state.get("source")]
    name, primary = primaries[0] if primaries else ("", {})
    replicas = sorted((replica, state) for replica, state in states.items() if state.get("source"))
    group = results.get("replication_group") or {}
    if group.get("name") != plans["replication_group"].get("name"):
        group = {}
    return {
        "kms_key_arn": results.get("kms_key_arn") or "",
        "kms_key_alias": results.get("kms_key_alias") or "",
        "secret_arns": {
            component: made[secret]["arn"] for component, secret in plans["secret_names"].items() if secret in made
        },
        "database": {
            "identifier": name,
            "arn": primary.get("arn", ""),
            "resource_id": primary.get("resource_id", ""),
            "endpoint": primary.get("endpoint", ""),
            "port": primary.get("port") or "",
            "name": primary.get("db_name", ""),
            "replica_identifiers": [replica for replica, _state in replicas],
            "replica_endpoints": [state["endpoint"] for _replica, state in replicas if state.get("endpoint")],
            "status": primary.get("status", ""),
        },
        "redis": {
            "replication_group_id": group.get("name", ""),
            "arn": group.get("arn", ""),
            "primary_endpoint": group.get("primary_endpoint", ""),
            "reader_endpoint": group.get("reader_endpoint", ""),
            "configuration_endpoint": group.get("configuration_endpoint", ""),
            "port": group.get("port") or "",
            "member_ids": sorted(group.get("member_ids", [])),
            "status": group.get("status", ""),
        },
        "buckets": dict(plans["bucket_names"]),
    }
