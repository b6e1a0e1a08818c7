# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_rotation
version_added: 0.1.0
short_description: Rotate secrets without an outage, and restart what reads them
description:
  - Rotates a list of secrets, each by its strategy, then rolls every ECS service whose tasks read one of them, each
    once, and waits until it is healthy. If a service does not come up with a new value, the secret goes back to the
    version before and the service is rolled again.
  - A run that is killed anywhere is finished by the next one. The new version is named by the play's inputs
    (O(token), the secret and the version that is replaced), so it is found again and none is made twice. What is stuck
    with C(AWSPENDING) is finished or, where that does not work, undone and discarded.
  - When a step fails, the target is put back, a login with C(AWSCURRENT) is tried, and the failure says the step, the
    cause in the words of AWS or of the server, and what to do next. RV(failures) holds the same.
  - A login with C(AWSCURRENT) works at every moment with V(postgres_alternating_users), V(redis_acl_user) and
    V(redis_auth), however often a run is killed. Where there is one password only, nobody can have that, because a
    database and Secrets Manager cannot change in the same instant. With V(postgres_single_user) the new password waits
    in an open transaction until C(AWSCURRENT) has moved, and is committed then. Whoever is refused with the old
    password finds the new one in C(AWSCURRENT); a run that is killed exactly in between leaves C(AWSPREVIOUS) as the
    password that works, and the next run commits the new one. With V(rds_master_user) C(AWSCURRENT) moves when RDS says
    that it has applied the new password, which then is in C(AWSPENDING). Going back to the only password that there was
    before needs a login with it first, so that C(AWSCURRENT) does not work from there until it moves.
  - No value is ever returned, shown or logged. Check mode makes no mutating call; it says what is due and which
    services would be restarted.
  - Two staging labels of its own tell what AWS's three cannot, C(slipway-rolling) (consumers are still due) and
    C(slipway-rejected) (the last version that was given up or rolled back); on services the tag C(slipway:rotation)
    says for which versions they were rolled.
  - "IAM actions: C(secretsmanager:DescribeSecret), C(secretsmanager:ListSecretVersionIds),
    C(secretsmanager:GetSecretValue), C(secretsmanager:PutSecretValue), C(secretsmanager:UpdateSecretVersionStage); with
    the strategies C(lambda) and C(managed), and to configure, C(secretsmanager:RotateSecret),
    C(secretsmanager:CancelRotateSecret), C(lambda:InvokeFunction), for a partner C(iam:PassRole),
    C(lambda:GetFunctionConfiguration), C(logs:FilterLogEvents); with C(rds_master_user) C(rds:DescribeDBInstances),
    C(rds:ModifyDBInstance), C(rds:AddTagsToResource); with C(redis_auth) C(elasticache:DescribeReplicationGroups),
    C(elasticache:ModifyReplicationGroup); for consumers C(ecs:ListClusters), C(ecs:ListServices),
    C(ecs:DescribeServices), C(ecs:DescribeTaskDefinition), C(ecs:ListTasks), C(ecs:DescribeTasks), C(ecs:TagResource),
    C(ecs:UntagResource), C(ecs:UpdateService), C(ecs:ListServiceDeployments), C(ecs:DescribeServiceDeployments),
    C(ecs:DescribeServiceRevisions), for those that CodeDeploy deploys what M(slipway.aws.ecs_service_rollout) lists
    for it, and to explain a failure C(logs:GetLogEvents),
    C(elasticloadbalancing:DescribeTargetHealth); with a KMS key C(kms:Decrypt), C(kms:GenerateDataKey)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  state:
    description:
      - V(present) sets what O(secrets[].rotation) says and reports; it rotates nothing.
      - V(rotated) also rotates, as O(secrets[].rotate) says, and finishes what an earlier run has begun.
      - V(rolled_back) returns to C(AWSPREVIOUS), once, after its target was put back and a login with it has succeeded.
        A second run changes nothing.
    type: str
    choices: [present, rotated, rolled_back]
    default: present
  secrets:
    description: The secrets. They must exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name or ARN of the secret.
        type: str
        required: true
      strategy:
        description:
          - How it rotates. If left out, the secret's tag C(RotationStrategy) says.
          - V(lambda) has Secrets Manager call the rotation function and waits for the version stages. V(managed) does
            the same for secrets that another service, or Secrets Manager at a partner, rotates without a function.
          - V(random) draws a new value for a secret that only applications read, such as a key that signs tokens.
          - V(postgres_single_user) changes the password of a PostgreSQL user, and V(postgres_alternating_users) that of
            the other one of two users, so that both logins work during the switch. The second user is made when it is
            missing, as a member of the first that acts as the first one, so that what either makes belongs to the
            first; settings of the first hold for it too. The password never reaches the server's log, because its SCRAM
            verifier is made on this side.
          - V(rds_master_user) changes the master password through the RDS API, or tells RDS to when it manages the
            password, for databases that the controller cannot reach.
          - V(redis_auth) changes the AUTH token of an ElastiCache replication group. Both tokens are valid until the
            last task with the old one has stopped. V(redis_acl_user) does the same for a user of Redis itself, in the
            node that O(secrets[].host) names.
          - The secret of a user is a JSON object with C(username) and C(password), or only the password. Where another
            field is a URL with the password in it, the new one is put there too.
        type: str
        choices:
          - lambda
          - managed
          - postgres_alternating_users
          - postgres_single_user
          - random
          - rds_master_user
          - redis_acl_user
          - redis_auth
      rotate:
        description:
          - When to rotate with O(state=rotated). V(due) rotates when the current version is as old as
            O(secrets[].max_age_days) says. V(now) rotates once for each O(token). V(never) leaves the value alone.
        type: str
        choices: [due, now, never]
        default: due
      max_age_days:
        description:
          - The days that a version may become old. An older one is due, and told in RV(findings) as long as it is
            there.
          - If left out, the secret's tag C(RotationMaxAgeDays) says, else C(automatically_after_days) of its rule.
        type: int
      rotation:
        description:
          - The rule by which Secrets Manager itself rotates the secret. Setting it does not rotate. An empty object
            switches rotation off; left out, the rule is not touched.
        type: dict
        suboptions:
          lambda_arn:
            description: The function that rotates. Left out for a secret that another service manages.
            type: str
          automatically_after_days:
            description: Days between two rotations, 1 to 1000.
            type: int
          schedule_expression:
            description: When to rotate, as C(rate\(\)) or C(cron\(\)) in UTC.
            type: str
          duration:
            description: Length of the rotation window, such as V(3h).
            type: str
          role_arn:
            description: For a managed external secret, the role that may change it at the partner.
            type: str
          metadata:
            description: For a managed external secret, what the partner has to know.
            type: dict
      generate:
        description:
          - What is drawn anew, as in M(slipway.aws.secretsmanager_secrets). Fields that are not named stay as they are.
          - Needed with V(random). The other strategies draw a password that their target takes, unless this says
            otherwise.
        type: list
        elements: dict
        suboptions:
          field:
            description: Key in the JSON object; left out, the whole value is drawn.
            type: str
          length:
            description: Number of characters, at least 8.
            type: int
            default: 32
          alphabet:
            description: The characters to draw from, as in M(slipway.aws.secretsmanager_secrets).
            type: str
            choices: [alphanumeric, hex, urlsafe, database, redis]
            default: alphanumeric
          characters:
            description: The characters to draw from, instead of a named alphabet.
            type: str
      fields:
        description: With V(random), keys of the JSON object to set along, which are no secret.
        type: dict
      test_with:
        description:
          - With V(lambda), V(managed) and V(rds_master_user), the strategy whose login tells whether a value works. Its
            options are given beside it. Needed to roll back, and to discard what a function has left half done.
        type: str
        choices: [postgres_alternating_users, postgres_single_user, redis_acl_user, redis_auth]
      two_valid:
        description:
          - With V(lambda) and V(managed), that the old value stays valid, as with a function that alternates between
            two users. Only then can consumers be restarted without an outage, and the secret go back.
        type: bool
      db_instance_identifier:
        description: With V(rds_master_user), the DB instance.
        type: str
      replication_group_id:
        description: With V(redis_auth), the replication group.
        type: str
      host:
        description:
          - The server to log in to. If left out, the secret's field C(host) says.
          - With V(redis_auth), where the controller can reach the group, the new token is tried there before it becomes
            current.
        type: str
      port:
        description: Its port. If left out, the secret's field C(port), else the usual one.
        type: int
      database:
        description: The database to log in to. If left out, the secret's field C(dbname), else V(postgres).
        type: str
      username:
        description:
          - The user, where the secret does not name one.
          - With V(postgres_alternating_users), the first of the two users; needed with O(secrets[].clone_username).
        type: str
      clone_username:
        description: With V(postgres_alternating_users), the second user. By default the first one's with C(_clone).
        type: str
      admin_secret:
        description:
          - Name or ARN of the secret of a user that may change others' passwords. Needed with
            V(postgres_alternating_users). Without, a user changes its own.
          - If it is in the same task, it is rotated, or goes back, before those that name it; all others go on at the
            same time. When it fails, those that name it are not begun unless its login works, nor while AWS still
            rotates it. A circle is refused.
        type: str
      tls:
        description:
          - Whether the connection is encrypted, and the server's certificate verified. By default V(verify), which
            includes the host's name.
          - Without, whoever answers in Redis's place is told the password. PostgreSQL is asked for a proof that does
            not tell it, from libpq 16 on.
        type: str
        choices: [verify, unverified, 'off']
      ca_file:
        description:
          - File of the certificates that are trusted, such as AWS's C(global-bundle.pem); V(system) trusts those that
            this machine does. If left out, what the client library does by default.
        type: path
  token:
    description:
      - The name of this rotation for O(secrets[].rotate=now), such as a date or a ticket. The same token never rotates
        a secret twice, so a task can be run again after it was interrupted.
    type: str
  consumers:
    description: The ECS services whose tasks read the secrets.
    type: dict
    suboptions:
      action:
        description:
          - V(roll) brings out a new deployment of each, once, and waits until it is healthy. V(report) only tells which
            there are. V(ignore) does not look.
          - Where the old value lives on until it is retired (V(redis_auth), V(redis_acl_user)), it does so until a run
            with V(roll).
        type: str
        choices: [roll, report, ignore]
        default: roll
      clusters:
        description: Names or ARNs of the clusters to look in. By default all of the region.
        type: list
        elements: str
      reload:
        description: Services, as C(service) or C(cluster/service), that read the secret again by themselves.
        type: list
        elements: str
      ignore:
        description: Services, as C(service) or C(cluster/service), that are left alone.
        type: list
        elements: str
      wait_timeout:
        description: Seconds to wait for the deployments, and for tasks with the old value to stop.
        type: int
        default: 1800
      log_lines:
        description: Number of log lines of a failed task to show.
        type: int
        default: 20
  on_failure:
    description:
      - When a service does not come up with the new value, V(roll_back) returns its secrets to the version before and
        rolls it again; V(keep) leaves the new value. The task fails either way.
    type: str
    choices: [roll_back, keep]
    default: roll_back
  force:
    description:
      - Rotate although the old value dies before running tasks can be restarted. With O(state=rolled_back), go back
        although no login can be tried.
    type: bool
    default: false
  fail_on_findings:
    description: Whether the task fails when there is a finding, such as an overdue secret.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for rotations that AWS does itself, for replicas, and for the deployments. Without, a rotation
        is over only with a later run that waits.
    type: bool
    default: true
  wait_timeout:
    description: Seconds that each rotation may take, apart from its consumers.
    type: int
    default: 900
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module waits.
    type: path
requirements:
  - psycopg >= 3.2, for the strategies C(postgres_single_user) and C(postgres_alternating_users)
  - redis >= 5, for the strategy C(redis_acl_user), and for C(redis_auth) with O(secrets[].host)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Rotate what is due, each service restarted once
  slipway.aws.secretsmanager_rotation:
    state: rotated
    secrets:
      - name: uex-prod/database
        strategy: postgres_alternating_users
        admin_secret: uex-prod/database-master
        host: uex-prod.abcdefghijkl.us-east-1.rds.amazonaws.com
        ca_file: /etc/ssl/rds/global-bundle.pem
        max_age_days: 90
      - name: uex-prod/redis
        strategy: redis_auth
        replication_group_id: uex-prod-redis
        max_age_days: 90
      - name: uex-prod/app
        strategy: random
        generate:
          - field: jwt_key
            length: 64
        max_age_days: 90
    consumers:
      clusters:
        - uex-prod

- name: Rotate after a leak, at once; the same ticket never rotates twice
  slipway.aws.secretsmanager_rotation:
    state: rotated
    token: SEC-1234
    secrets:
      - name: uex-prod/app
        rotate: now
        strategy: random
        generate:
          - field: jwt_key
            length: 64

- name: Let a function rotate on the first Sunday of each month, and restart the consumers when it is due
  slipway.aws.secretsmanager_rotation:
    state: rotated
    secrets:
      - name: eec-prod/mongodb
        strategy: lambda
        two_valid: true
        rotation:
          lambda_arn: arn:aws:lambda:eu-west-1:123456789012:function:rotate-mongodb
          schedule_expression: cron(0 2 ? * SUN#1 *)
          duration: 3h

- name: Rotate what a partner holds, by Secrets Manager's own integration
  slipway.aws.secretsmanager_rotation:
    state: rotated
    secrets:
      - name: billpay-prod/salesforce
        strategy: managed
        max_age_days: 30
        rotation:
          role_arn: arn:aws:iam::123456789012:role/rotate-salesforce
          metadata:
            apiVersion: v65.0
            adminSecretArn: arn:aws:secretsmanager:us-east-1:123456789012:secret:billpay-prod/salesforce-admin-a1b2c3
          automatically_after_days: 30

- name: Fail when a secret is older than it may be
  slipway.aws.secretsmanager_rotation:
    secrets:
      - name: uex-prod/database
        max_age_days: 90
      - name: uex-prod/redis
        max_age_days: 90
    fail_on_findings: true

- name: Return to the version before
  slipway.aws.secretsmanager_rotation:
    state: rolled_back
    secrets:
      - name: uex-prod/database
        strategy: postgres_alternating_users
        admin_secret: uex-prod/database-master
        host: uex-prod.abcdefghijkl.us-east-1.rds.amazonaws.com
        ca_file: /etc/ssl/rds/global-bundle.pem
"""

RETURN = r"""
secrets:
  description: The secrets by the names that the task gives. Values are never among it.
  returned: always
  type: dict
  contains:
    name:
      description: Name of the secret.
      type: str
    arn:
      description: ARN of the secret.
      type: str
    strategy:
      description: The strategy, as the task or the secret's tag says.
      type: str
    outcome:
      description:
        - V(unchanged), V(rotated), V(resumed) (an earlier run's version was finished), V(rolled_back), V(in_progress)
          (not waited for) or V(failed); in check mode V(would_rotate), V(would_resume), V(would_finish),
          V(would_roll_back) or V(unchanged).
      type: str
    version_id:
      description: The version that is AWSCURRENT.
      type: str
    version_id_before:
      description: The version that was AWSCURRENT when the task began.
      type: str
    previous_version_id:
      description: The version that is AWSPREVIOUS.
      type: str
    pending_version_id:
      description: The version that is AWSPENDING and not current; empty when nothing is pending.
      type: str
    age_days:
      description: Age of the current version in days.
      type: float
    age_days_before:
      description: Age in days of the version that was current when the task began.
      type: float
    max_age_days:
      description: The days that it may become old.
      type: float
    overdue:
      description: Whether it is older than it may be.
      type: bool
    rotation:
      description: The rule by which Secrets Manager itself rotates it; empty when there is none.
      type: dict
    last_rotated_date:
      description: When Secrets Manager last rotated it by itself.
      type: str
    next_rotation_date:
      description: When Secrets Manager will rotate it by itself.
      type: str
    consumers:
      description: The services that refer to it, as C(cluster/service).
      type: list
      elements: str
    seconds:
      description: How long its rotation took, without its consumers.
      type: float
consumers:
  description: The services that refer to a secret that this run was concerned with, and tasks that no service started.
  returned: always
  type: list
  elements: dict
  contains:
    cluster:
      description: Name of the cluster.
      type: str
    service:
      description: Name of the service; empty for tasks that no service started.
      type: str
    task_definition:
      description: The revision that it runs, such as C(backend:7).
      type: str
    tasks:
      description: Number of running tasks.
      type: int
    secrets:
      description: The secrets that it refers to.
      type: list
      elements: str
    references:
      description: Where its task definitions refer to them.
      type: list
      elements: str
    action:
      description:
        - V(rolled), V(already_rolled) (by a run that was interrupted), V(rolled_back) (rolled again after its secret
          went back), V(reloads), V(reported), V(pinned) (it names one version), V(not_running), V(not_restarted)
          (neither ECS nor CodeDeploy deploys it), V(not_a_service), or in check mode V(would_roll).
      type: str
    versions:
      description: The version of each secret that its tasks run with, where this run has rolled it.
      type: dict
    rollout:
      description: The deployment and its verdict, as in M(slipway.aws.ecs_service_rollout).
      type: dict
    failure:
      description: Why it did not come up with the new value.
      type: str
    details:
      description: The same with all its parts, as C(failure) of M(slipway.aws.ecs_service_rollout).
      type: dict
findings:
  description: What somebody should know or do.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the secret.
      type: str
    finding:
      description: V(overdue), V(pending), V(consumers_pending), V(pinned_consumer), V(not_restarted) or V(note).
      type: str
    message:
      description: The finding as a sentence.
      type: str
failures:
  description: What failed, for each secret.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the secret.
      type: str
    step:
      description:
        - The step, such as V(create), V(set), V(test), V(finish), V(switch), V(undo), V(consumers), V(retire),
          V(replicate), or V(admin_secret) where another one's login is missing, so that nothing was begun.
      type: str
    cause:
      description: The cause in the words of AWS or of the server.
      type: str
    advice:
      description: What to do next.
      type: str
    current:
      description: Which version is AWSCURRENT, and whether it works.
      type: str
actions:
  description: What was done, or in check mode would be done.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.rotation import rotation
from ansible_collections.slipway.aws.plugins.module_utils.secretsmanager import GENERATE, ROTATION

STRATEGIES = [
    "lambda",
    "managed",
    "postgres_alternating_users",
    "postgres_single_user",
    "random",
    "rds_master_user",
    "redis_acl_user",
    "redis_auth",
]
LOGINS = ["postgres_alternating_users", "postgres_single_user", "redis_acl_user", "redis_auth"]

SECRET = {
    "name": {"type": "str", "required": True},
    "strategy": {"type": "str", "choices": STRATEGIES},
    "rotate": {"type": "str", "choices": ["due", "now", "never"], "default": "due"},
    "max_age_days": {"type": "int"},
    "rotation": ROTATION,
    "generate": GENERATE,
    "fields": {"type": "dict"},
    "test_with": {"type": "str", "choices": LOGINS},
    "two_valid": {"type": "bool"},
    "db_instance_identifier": {"type": "str"},
    "replication_group_id": {"type": "str"},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "database": {"type": "str"},
    "username": {"type": "str"},
    "clone_username": {"type": "str"},
    # The name of a secret, not its value.
    "admin_secret": {"type": "str", "no_log": False},
    "tls": {"type": "str", "choices": ["verify", "unverified", "off"]},
    "ca_file": {"type": "path"},
}

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "rotated", "rolled_back"], "default": "present"},
    # The list says which secrets there are; no value is in it.
    "secrets": {"type": "list", "elements": "dict", "required": True, "no_log": False, "options": SECRET},
    # The name of a rotation; it opens nothing.
    "token": {"type": "str", "no_log": False},
    "consumers": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "action": {"type": "str", "choices": ["roll", "report", "ignore"], "default": "roll"},
            "clusters": {"type": "list", "elements": "str"},
            "reload": {"type": "list", "elements": "str"},
            "ignore": {"type": "list", "elements": "str"},
            "wait_timeout": {"type": "int", "default": 1800},
            "log_lines": {"type": "int", "default": 20},
        },
    },
    "on_failure": {"type": "str", "choices": ["roll_back", "keep"], "default": "roll_back"},
    "force": {"type": "bool", "default": False},
    "fail_on_findings": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 900},
    "progress_file": {"type": "path"},
}


def main() -> None:
    module = SlipwayModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    run(module, rotation)


if __name__ == "__main__":
    main()
