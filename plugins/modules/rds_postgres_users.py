# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rds_postgres_users
version_added: 0.1.0
short_description: Make the users of applications in a PostgreSQL of RDS, and give them their databases
description:
  - Makes users that log in with what a secret says, and databases that they own, over a connection that verifies the
    server. An application then needs not log in as the master user, whose password cannot change without locking it
    out; with M(slipway.aws.secretsmanager_rotation) its own can.
  - The passwords are read from Secrets Manager by this module itself. They never pass through Ansible, and reach the
    server as SCRAM verifiers, so that no log of the server has them.
  - It remembers what it has made by tags of the instance (C(slipway:user:)). Users that it has made in this instance,
    with this secret and this database, it does not look at again; a run with nothing to make costs one call and no
    connection. An instance that was restored from a snapshot is another one, and is looked at.
  - A user that is there with another password than the secret's current one gets that of the secret. What is in a
    database is not touched; what another user has made there stays that user's.
  - "IAM actions: C(rds:DescribeDBInstances), C(rds:AddTagsToResource), C(secretsmanager:GetSecretValue); with a KMS key
    C(kms:Decrypt)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  db_instance_identifier:
    description: The instance, which is available.
    type: str
    required: true
  admin_secret:
    description:
      - Name or ARN of the secret, with C(username) and C(password), of a user that may make users and databases, such
        as the master user.
    type: str
    required: true
  users:
    description: The users. Others are not touched.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      secret:
        description:
          - Name or ARN of the secret with C(username) and C(password). With the strategy
            V(postgres_alternating_users) its user may be the second of the two, which is made like the first.
        type: str
        required: true
      database:
        description:
          - A database that the user owns. It is made if there is none, and given to the user if another one owns it.
            Without, no database is touched.
        type: str
  verify:
    description: Whether to look at the server also where the tags tell that nothing is left to do.
    type: bool
    default: false
  unreachable:
    description:
      - What follows when the server cannot be reached from here, as is usual for a database in private subnets.
        V(fail) says so and how it could be; V(report) warns, so that a later run makes the users.
      - In check mode, for an instance that does not exist yet, it is foretold that the users are made.
    type: str
    choices: [fail, report]
    default: fail
  host:
    description: The name of the server, if not the instance's endpoint.
    type: str
  port:
    description: Its port, if not the instance's.
    type: int
  ca_file:
    description:
      - File of the certificates that are trusted, such as AWS's C(global-bundle.pem); V(system) trusts those that this
        machine does. If left out, the environment variable C(PGSSLROOTCERT), or what the client library does by
        default.
    type: path
  tls:
    description: Whether the server's certificate is verified, which includes the host's name.
    type: str
    choices: [verify, unverified]
    default: verify
notes:
  - Through a tunnel, set the environment variable C(PGHOSTADDR) to its address, such as V(127.0.0.1), and O(port) to
    its port. The certificate is then still verified for the endpoint's name.
requirements:
  - psycopg >= 3.2
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Make the user of the services, who owns the database
  slipway.aws.rds_postgres_users:
    db_instance_identifier: uex-prod-postgres
    admin_secret: uex-prod/database
    users:
      - name: uex_app
        secret: uex-prod/app-database
        database: uex
    ca_file: /etc/ssl/rds/global-bundle.pem

- name: Look whether everything is still as it was made
  slipway.aws.rds_postgres_users:
    db_instance_identifier: uex-prod-postgres
    admin_secret: uex-prod/database
    users:
      - name: uex_app
        secret: uex-prod/app-database
        database: uex
    verify: true
  check_mode: true
"""

RETURN = r"""
users:
  description: The users that were looked at, in the order of the task.
  returned: success
  type: list
  elements: str
left_out:
  description: The users that are still to be made because the server could not be reached.
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
      description: V(make_user), V(set_password), V(make_database), V(give_database), or V(remember) for the tags.
      type: str
    name:
      description: The user, the database, or for the tags the instance.
      type: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    error_code,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.slipway.aws.plugins.module_utils.rds import api, postgres_users
from ansible_collections.slipway.aws.plugins.module_utils.secretsmanager import api as secretsmanager


def _read(module: SlipwayModule, secret: str) -> str | None:
    """A secret's current value; in check mode None when there is no secret yet."""
    try:
        value = secretsmanager.current_value(module.client("secretsmanager"), secret)
    except AnsibleAWSError as error:
        if module.check_mode and error_code(error.exception) == "ResourceNotFoundException":
            return None
        raise
    postgres_users.Hidden(module._module.no_log_values.add).add(value)
    return value


def _database(module: SlipwayModule, instance: dict[str, Any]) -> postgres_users.Database:
    options, endpoint = module.params, instance.get("Endpoint") or {}
    identifier = options["db_instance_identifier"]
    host, port = options["host"] or endpoint.get("Address"), options["port"] or endpoint.get("Port")
    if not host or not port:
        status = instance.get("DBInstanceStatus")
        raise AnsibleAWSError(message=f"The DB instance {identifier} is {status} and has no endpoint yet; wait for it.")
    value = _read(module, options["admin_secret"])
    if value is None:
        raise AnsibleAWSError(message=f"There is no secret {options['admin_secret']} to open {identifier} with.")
    return postgres_users.administered(value, host, int(port), options, check=module.check_mode)


def _make(module: SlipwayModule, instance: dict[str, Any], users: list[dict[str, Any]]) -> dict[str, Any]:
    options, names = module.params, [user["name"] for user in users]
    database = _database(module, instance)
    where = f"{database.target.host}:{database.target.port}"
    try:
        connection = database.connect()
    except postgres_users.RotationError as error:
        message = f"The users {', '.join(names)} are still to be made in {options['db_instance_identifier']}: {where}: "
        if not postgres_users.is_unreachable(error.cause):
            raise AnsibleAWSError(message=message + postgres_users.sentence(error)) from None
        message += (
            f"{error.cause.rstrip('.?')}. Run again where the database can be reached: inside the VPC, or through a "
            "tunnel with its address in PGHOSTADDR."
        )
        if options["unreachable"] == "fail":
            raise AnsibleAWSError(message=message) from None
        module.warn(message)
        return {"changed": False, "users": [], "left_out": names, "actions": []}
    with connection:
        for user in users:
            database.bring(connection, user, _read(module, user["secret"]))
    wanted = {postgres_users.tag_of(user): postgres_users.mark_of(user, instance["DbiResourceId"]) for user in users}
    tags = from_tag_list(instance.get("TagList"))
    if not wanted.items() <= tags.items():
        if not module.check_mode:
            api.tag(module.client("rds"), instance["DBInstanceArn"], to_tag_list(wanted))
        database.actions.append({"action": "remember", "name": options["db_instance_identifier"]})
    return {"changed": bool(database.actions), "users": names, "left_out": [], "actions": database.actions}


def _run(module: SlipwayModule) -> dict[str, Any]:
    options, users = module.params, module.params["users"]
    identifier = options["db_instance_identifier"]
    found = [*postgres_users.problems(users), *(postgres_users.library_problems() if users else [])]
    if found:
        raise AnsibleAWSError(message="users: " + " ".join(found) + " Nothing was changed.")
    instance = api.instances(module.client("rds"), [identifier]).get(identifier)
    if instance is None and not module.check_mode:
        raise AnsibleAWSError(message=f"There is no DB instance {identifier}; check db_instance_identifier.")
    if instance is None:
        actions = [{"action": "make_user", "name": user["name"]} for user in users]
        actions += [{"action": "give_database", "name": user["database"]} for user in users if user["database"]]
        return {
            "changed": bool(users),
            "users": [user["name"] for user in users],
            "left_out": [],
            "actions": actions,
        }
    if not options["verify"]:
        users = postgres_users.due(users, from_tag_list(instance.get("TagList")), instance["DbiResourceId"])
    if not users:
        return {"changed": False, "users": [], "left_out": [], "actions": []}
    try:
        return _make(module, instance, users)
    except postgres_users.RotationError as error:
        message = f"Failed to {error.step} in {identifier}: {postgres_users.sentence(error)}"
        raise AnsibleAWSError(message=message) from None


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "db_instance_identifier": {"type": "str", "required": True},
            "admin_secret": {"type": "str", "required": True, "no_log": False},
            "users": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "secret": {"type": "str", "required": True, "no_log": False},
                    "database": {"type": "str"},
                },
            },
            "verify": {"type": "bool", "default": False},
            "unreachable": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
            "host": {"type": "str"},
            "port": {"type": "int"},
            "ca_file": {"type": "path"},
            "tls": {"type": "str", "choices": ["verify", "unverified"], "default": "verify"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
