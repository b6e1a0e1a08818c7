# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service_rollout
version_added: 0.1.0
short_description: Roll out an ECS service and tell the truth about how it went
description:
  - Makes an ECS service and its task definition be as stated, waits for the service deployment that this starts, and
    fails when that deployment does not bring out what was asked for.
  - A task definition is compared field by field with the one that the service runs, with ECS's defaults left out. Only
    a difference registers a revision. Options of the service that are not given stay as they are, the desired count
    above all.
  - The verdict comes from the service deployment's ARN and its target revision, never from task counts. A rollback, a
    stop and a deployment that succeeded for something else are failures. Where the endpoint knows no service
    deployments, the id of the deployment and its C(rolloutState) decide, and the result says so.
  - Killed at any moment, a second run attaches to the deployment that is under way and starts no other one.
  - A service with O(deployment_controller.type=CODE_DEPLOY) is rolled out by a deployment of CodeDeploy, whose AppSpec
    this module makes. ECS still takes the desired count and what else concerns no task. The verdict then comes from the
    id of that deployment, its status and the hash of its AppSpec; a failed deployment is followed until CodeDeploy has
    taken it back. The first task set of a new service is made by ECS, without a deployment. AWS keeps no digests of
    what such deployments ran, so O(state=rolled_back) goes back to the revision and configuration alone.
  - "IAM actions: C(ecs:DescribeServices), C(ecs:DescribeTaskDefinition), C(ecs:RegisterTaskDefinition),
    C(ecs:CreateService), C(ecs:UpdateService), C(ecs:DeleteService), C(ecs:ListServiceDeployments),
    C(ecs:DescribeServiceDeployments), C(ecs:DescribeServiceRevisions), C(ecs:StopServiceDeployment),
    C(ecs:ContinueServiceDeployment), C(ecs:ListTasks), C(ecs:DescribeTasks), C(ecs:TagResource),
    C(ecs:UntagResource), C(ecs:ListTaskDefinitions), C(ecs:DeregisterTaskDefinition),
    C(ecs:DeleteTaskDefinitions), C(iam:PassRole),
    C(elasticloadbalancing:DescribeTargetHealth), C(logs:GetLogEvents). A service with
    O(deployment_controller.type=CODE_DEPLOY) needs C(codedeploy:CreateDeployment), C(codedeploy:GetDeployment),
    C(codedeploy:BatchGetDeployments), C(codedeploy:GetDeploymentTarget), C(codedeploy:ListDeployments),
    C(codedeploy:StopDeployment), C(codedeploy:ContinueDeployment), C(codedeploy:GetDeploymentConfig),
    C(codedeploy:RegisterApplicationRevision) and C(codedeploy:GetApplicationRevision), and to find a deployment group
    that nobody names C(codedeploy:ListApplications), C(codedeploy:BatchGetApplications),
    C(codedeploy:ListDeploymentGroups) and C(codedeploy:BatchGetDeploymentGroups).
    O(pin_digest) needs C(ecr:BatchGetImage).
    O(verify) needs C(iam:GetRole), C(secretsmanager:DescribeSecret), C(secretsmanager:GetSecretValue),
    C(ssm:GetParameters), C(ecr:BatchGetImage), C(logs:DescribeLogGroups),
    C(elasticloadbalancing:DescribeTargetGroups), C(elasticloadbalancing:DescribeRules),
    C(elasticloadbalancing:DescribeListeners), C(lambda:GetFunctionConfiguration), C(ec2:DescribeSubnets) and
    C(ec2:DescribeSecurityGroups)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  name:
    description: Name of the service.
    type: str
    required: true
  state:
    description:
      - V(present) makes the service be as stated.
      - V(absent) takes it down, waits until its tasks have gone, and deregisters and deletes the revisions of its task
        definition.
      - V(rolled_back) brings back the last service revision that a deployment brought out with success before the
        current one, by its configuration and the digests of its images. A deployment that is under way is rolled back
        instead.
      - V(released) gives up the checkpoint that O(checkpoint) has set, because what came after it is good.
      - V(approved) lets a deployment that a PAUSE hook holds go on; V(rejected) rolls it back. Where none is held,
        nothing changes. With CodeDeploy it is a deployment that waits for the traffic to be rerouted.
    type: str
    choices: [present, absent, rolled_back, released, approved, rejected]
    default: present
  task_definition_arn:
    description:
      - An existing revision to run, as ARN or C(family:revision).
      - Excludes O(task_definition) and O(containers).
    type: str
  containers:
    description:
      - Changes to single containers of the task definition that the service runs. What is not named stays.
      - Excludes O(task_definition) and O(task_definition_arn).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the container. Can be left out when the task definition has only one.
        type: str
      image:
        description: Image to run.
        type: str
      environment:
        description: Environment variables to set. A variable whose value is null is removed.
        type: dict
      secrets:
        description: Secrets to set, each the ARN to read it from. A secret whose value is null is removed.
        type: dict
      command:
        description: Command to run.
        type: list
        elements: str
      cpu:
        description: CPU units of the container.
        type: int
      memory:
        description: Hard memory limit of the container in MiB.
        type: int
      memory_reservation:
        description: Soft memory limit of the container in MiB.
        type: int
  code_deploy:
    description:
      - How CodeDeploy deploys a service with O(deployment_controller.type=CODE_DEPLOY). It concerns deployments that
        this task starts; a change of it alone starts none.
      - The deployment group says the rest, such as target groups, listeners and how long the original task set stays.
        It can be made with M(slipway.aws.codedeploy_ecs_deployment_groups).
    type: dict
    suboptions:
      application_name:
        description:
          - Name of the CodeDeploy application. Without it that of the last deployment, and before the first one
            C(AppECS-<cluster>-<service>), or else that of the deployment group that names the service.
        type: str
      deployment_group_name:
        description:
          - Name of the deployment group. Without it that of the last deployment, and before the first one
            C(DgpECS-<cluster>-<service>), or else the one that names the service.
        type: str
      deployment_config_name:
        description:
          - Name of the configuration that says how traffic is shifted, such as
            V(CodeDeployDefault.ECSCanary10Percent5Minutes). Without it that of the deployment group.
        type: str
      description:
        description: A comment about the deployments.
        type: str
      auto_rollback_configuration:
        description: When CodeDeploy takes a deployment back. Without it the deployment group's.
        type: dict
        suboptions:
          enabled:
            description: Whether it does so at all.
            type: bool
            required: true
          events:
            description: What makes it do so.
            type: list
            elements: str
            choices: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM, DEPLOYMENT_STOP_ON_REQUEST]
      override_alarm_configuration:
        description: The alarms that stop a deployment, instead of the deployment group's.
        type: dict
        suboptions:
          enabled:
            description: Whether alarms stop it.
            type: bool
            required: true
          ignore_poll_alarm_failure:
            description: Whether a deployment goes on when the state of the alarms cannot be read.
            type: bool
          alarms:
            description: The alarms.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the alarm.
                type: str
                required: true
      hooks:
        description:
          - The Lambda functions that decide over a deployment, by name or ARN, for each lifecycle event.
          - They are of one deployment only, so a task that leaves them out has none.
        type: dict
        suboptions:
          before_install:
            description: Before the replacement task set is made.
            type: str
          after_install:
            description: When the replacement task set is up.
            type: str
          after_allow_test_traffic:
            description: When the test listener leads to it.
            type: str
          before_allow_traffic:
            description: Before it gets production traffic.
            type: str
          after_allow_traffic:
            description: When it has all production traffic.
            type: str
  tags:
    description:
      - Tags of the service.
      - Other tags are removed, unless O(purge_tags=false).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags), and O(task_definition.tags) for the task definition, leave out.
    type: bool
    default: true
  initial_desired_count:
    description:
      - How many tasks a new service starts with where O(desired_count) is not given, because autoscaling owns it later.
    type: int
    default: 1
  force_new_deployment:
    description:
      - Whether to start a deployment also when nothing differs, for example to read changed secrets.
      - A deployment of the same revision that is under way counts as the one asked for, with
        O(on_running_deployment=resume).
    type: bool
    default: false
  pin_digest:
    description:
      - Whether an image tag that now points at another digest in ECR counts as a change.
      - The digests that the service runs are compared with those in ECR; a difference starts a deployment.
    type: bool
    default: false
  wait:
    description: Whether to wait for the deployment and judge it.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. The deployment goes on when they are over; run again to go on waiting.
    type: int
    default: 1800
  wait_until:
    description:
      - Until when to wait. V(stable) is the end of the deployment, V(paused) its first PAUSE hook.
      - Otherwise the lifecycle stage that the deployment must reach. A deployment that ends before is judged as with
        V(stable).
      - With CodeDeploy, V(stable) includes the end of the original task set and V(paused) is the wait for the traffic
        to be rerouted; the stages are CodeDeploy's lifecycle events, from V(BeforeInstall) to V(AfterAllowTraffic), and
        V(TERMINATION_WAIT), when all has gone well and only the original task set still waits for its end.
    type: str
    choices:
      - stable
      - paused
      - PRE_SCALE_UP
      - SCALE_UP
      - POST_SCALE_UP
      - TEST_TRAFFIC_SHIFT
      - POST_TEST_TRAFFIC_SHIFT
      - PRE_PRODUCTION_TRAFFIC_SHIFT
      - PRODUCTION_TRAFFIC_SHIFT
      - POST_PRODUCTION_TRAFFIC_SHIFT
      - BAKE_TIME
      - CLEAN_UP
      - BeforeInstall
      - Install
      - AfterInstall
      - AllowTestTraffic
      - AfterAllowTestTraffic
      - BeforeAllowTraffic
      - AllowTraffic
      - AfterAllowTraffic
      - TERMINATION_WAIT
    default: stable
  on_running_deployment:
    description:
      - What to do when a deployment is under way.
      - V(resume) attaches to it when it brings out what the task asks for, and else waits for its end before anything
        changes. V(wait) always waits for its end first.
      - V(fail) fails before anything changes. V(supersede) replaces it at once. CodeDeploy makes one deployment of a
        group at a time, so it is stopped and taken back first.
    type: str
    choices: [resume, wait, fail, supersede]
    default: resume
  reversible:
    description:
      - Whether the deployment can be rolled back later on request. V(false) marks it, as after a migration that the
        old version could not run with; V(rolled_back) then refuses to go behind it.
      - The mark is a tag of the service.
    type: bool
    default: true
  checkpoint:
    description:
      - Whether to remember, before a deployment starts, what the service runs, so that O(rollback_to=checkpoint) can
        bring exactly that back, whatever has been deployed since and whoever was killed meanwhile.
      - A checkpoint that is there stays until O(state=released), a rollback, or a deployment without this option.
      - The checkpoint is a tag of the service. A service that does not exist yet gets none.
    type: bool
    default: false
  rollback_to:
    description:
      - Where O(state=rolled_back) goes. V(last_successful) is what ran with success before the current revision.
      - V(checkpoint) is what O(checkpoint) has remembered. Where there is no checkpoint, or the service runs that
        again already, nothing changes.
    type: str
    choices: [last_successful, checkpoint]
    default: last_successful
  force_rollback:
    description: Whether O(state=rolled_back) goes behind a deployment that is marked as not reversible.
    type: bool
    default: false
  verify:
    description:
      - Whether to check first that what the service needs is there, such as its roles, secrets and their JSON keys,
        images, log groups, target groups with their ports, protocols and VPC, listener rules, the functions of
        lifecycle hooks, subnets and security groups.
      - Everything that is wrong is reported at once, before anything changes. Checked only when something changes.
    type: bool
    default: false
  log_lines:
    description: How many of the last log lines of a failed task the report holds.
    type: int
    default: 20
  deregister:
    description: Whether O(state=absent) deregisters and deletes the revisions that were registered for this service.
    type: bool
    default: true
  keep_revisions:
    description:
      - How many revisions of the task definition's family stay registered. Older ones that this module registered for
        this service are deregistered once the service runs as asked; the one that it runs never is.
      - Deregistered revisions still run where they run, and O(state=rolled_back) can still go back to them.
      - Without it nothing is deregistered.
    type: int
  on_interrupt:
    description:
      - What becomes of the deployment when the run is stopped while it waits (SIGINT, SIGTERM, SIGHUP).
      - With V(leave) it goes on, and the next run attaches to it. With V(roll_back) ECS is asked to roll it back,
        unless it is marked as not reversible.
    type: str
    choices: [leave, roll_back]
    default: leave
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module waits.
    type: path
extends_documentation_fragment:
  - slipway.aws.ecs.task_definition
  - slipway.aws.ecs.service
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Roll out the backend on Fargate, and roll back when its tasks do not get healthy
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: uex-backend
    task_definition:
      family: uex-prod-uex-backend
      requires_compatibilities: [FARGATE]
      network_mode: awsvpc
      cpu: "1024"
      memory: "2048"
      execution_role_arn: "{{ compute_output.execution_role_arn }}"
      task_role_arn: "{{ compute_output.task_role_arns['uex-backend'] }}"
      container_definitions:
        - name: uex-backend
          image: "{{ compute_output.repository_urls['uex-backend'] }}:1.4.2"
          port_mappings:
            - container_port: 3903
          environment:
            - name: LOG_LEVEL
              value: info
          secrets:
            - name: DATABASE_URL
              value_from: "{{ data_output.secret_arns.database }}:url::"
          log_configuration:
            log_driver: awslogs
            options:
              awslogs-group: /ecs/uex-prod/uex-backend
              awslogs-region: us-east-1
              awslogs-stream-prefix: ecs
    launch_type: FARGATE
    load_balancers:
      - target_group_arn: "{{ target_group_arn }}"
        container_name: uex-backend
        container_port: 3903
    network_configuration:
      awsvpc_configuration:
        subnets: "{{ vpc_output.subnet_ids.app }}"
        security_groups: ["{{ vpc_output.security_group_ids.app }}"]
    deployment_configuration:
      minimum_healthy_percent: 100
      maximum_percent: 200
      deployment_circuit_breaker:
        enable: true
        rollback: true
    tags:
      Project: uex
      Environment: prod

- name: Deploy a new image and leave everything else as it is
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: uex-backend
    containers:
      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/uex-backend:1.4.3

- name: Restart the service's tasks, one after the other
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: uex-backend
    force_new_deployment: true

- name: Go back to what ran before
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: uex-backend
    state: rolled_back

- name: Let CodeDeploy bring out a new image, a tenth of the traffic first, if a function finds it good
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: presentation
    containers:
      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/presentation:1.4.3
    code_deploy:
      deployment_config_name: CodeDeployDefault.ECSCanary10Percent5Minutes
      auto_rollback_configuration:
        enabled: true
        events: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_REQUEST]
      hooks:
        after_allow_test_traffic: uex-prod-smoke-test
    wait_until: TERMINATION_WAIT

- name: Deploy two services, of which both or none shall be new
  block:
    - name: Deploy
      slipway.aws.ecs_service_rollout:
        cluster: uex-prod
        name: "{{ item }}"
        checkpoint: true
        containers:
          - image: "{{ registry }}/{{ item }}:1.4.3"
      loop: [uex-backend, presentation]

    - name: Keep them
      slipway.aws.ecs_service_rollout:
        cluster: uex-prod
        name: "{{ item }}"
        state: released
      loop: [uex-backend, presentation]
  rescue:
    - name: Take both back
      slipway.aws.ecs_service_rollout:
        cluster: uex-prod
        name: "{{ item }}"
        state: rolled_back
        rollback_to: checkpoint
      loop: [uex-backend, presentation]
"""

RETURN = r"""
service:
  description: The service as it is now, with the names of ECS's API in snake case. In check mode as it would be.
    Empty when it does not exist.
  returned: success
  type: dict
  contains:
    service_arn:
      description: ARN of the service. In check mode a placeholder when it does not exist yet.
      type: str
    service_name:
      description: Name of the service.
      type: str
    cluster_arn:
      description: ARN of the cluster.
      type: str
    cluster_name:
      description: Name of the cluster.
      type: str
    status:
      description: V(ACTIVE), V(DRAINING) or V(INACTIVE); V(PLANNED) in check mode for a service that does not exist.
      type: str
    task_definition:
      description: ARN of the task definition that the service runs.
      type: str
    desired_count:
      description: How many tasks shall run.
      type: int
    running_count:
      description: How many tasks run.
      type: int
    pending_count:
      description: How many tasks are starting.
      type: int
    tags:
      description: Tags of the service.
      type: dict
task_definition:
  description: The task definition that the service runs, with the names of ECS's API in snake case.
  returned: success
  type: dict
images:
  description: The image of each container by the container's name.
  returned: success
  type: dict
  sample: {uex-backend: "123456789012.dkr.ecr.us-east-1.amazonaws.com/uex-backend:1.4.2"}
changes:
  description: The fields that change.
  returned: success
  type: list
  elements: dict
  contains:
    field:
      description: The field, such as C(task_definition.container_definitions.uex-backend.image).
      type: str
    before:
      description: Its value before.
      type: raw
    after:
      description: Its value afterwards.
      type: raw
    starts_deployment:
      description: Whether a change of this field starts a deployment.
      type: bool
will_start_deployment:
  description: Whether the run has started a deployment, or in check mode would start one.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
checkpoint:
  description: What O(rollback_to=checkpoint) would bring back. Empty when there is no checkpoint.
  returned: success, and when a deployment failed
  type: str
  sample: "4980306466373577095"
rollout:
  description: The deployment and its verdict. Empty when there was none to judge.
  returned: always, when there was one
  type: dict
  contains:
    verdict:
      description: V(successful), V(failed), V(paused), V(reached) (the stage of O(wait_until)), V(not_awaited), or
        V(not_ended) when O(wait_timeout) is over.
      type: str
    judged_by:
      description:
        - V(service_deployment), or V(rollout_state) on an endpoint without service deployments.
        - V(code_deploy) for a deployment of CodeDeploy; V(task_set) for the first task set of a service that CodeDeploy
          deploys later.
      type: str
    why_not_service_deployment:
      description: Why it was judged by C(rolloutState).
      returned: with RV(rollout.judged_by=rollout_state)
      type: str
    resumed:
      description: Whether the deployment was under way already and the run attached to it.
      type: bool
    status:
      description: Status of the service deployment, or C(rolloutState) of the deployment.
      type: str
    status_reason:
      description: ECS's reason for the status.
      type: str
    service_deployment_arn:
      description: ARN of the service deployment.
      type: str
    target_service_revision_arn:
      description: ARN of the service revision that it brings out.
      type: str
    deployment_id:
      description: Id of the deployment among the service's deployments, or of the CodeDeploy deployment.
      type: str
    code_deploy:
      description: What CodeDeploy tells of its deployment.
      returned: when CodeDeploy made the deployment
      type: dict
      contains:
        application_name:
          description: Name of the application.
          type: str
        deployment_group_name:
          description: Name of the deployment group.
          type: str
        deployment_config_name:
          description: Name of the configuration by which traffic is shifted.
          type: str
        app_spec_sha256:
          description: Hash of the AppSpec that the deployment brings out.
          type: str
        rollback_deployment_id:
          description: Id of the deployment that took it back, empty when none did.
          type: str
        rollback_status:
          description: Status of the deployment that took it back, such as V(Succeeded), empty when none did.
          type: str
        traffic_weight:
          description: Percentage of the production traffic that the replacement task set has.
          type: float
        lifecycle_events:
          description: The lifecycle events with their C(name), C(status), C(function) and what that says (C(message)).
          type: list
          elements: dict
    task_definition:
      description: ARN of the task definition that the deployment brings out.
      type: str
    lifecycle_stage:
      description: Stage that the deployment has reached.
      type: str
    seconds:
      description: How long the run has waited.
      type: float
failure:
  description: Why the deployment failed.
  returned: when a deployment failed
  type: dict
  contains:
    likely_cause:
      description: A sentence that says what most probably went wrong and what to do.
      type: str
    status_reason:
      description: What ECS or CodeDeploy says of it.
      type: str
    stopped_tasks:
      description: The reasons for which tasks of the deployment stopped, with exit codes, counted.
      type: list
      elements: dict
    log_tail:
      description: The last log lines of a failed task.
      type: list
      elements: str
    unhealthy_targets:
      description: Targets of the service that are not healthy, with the load balancer's reason.
      type: list
      elements: dict
    triggered_alarms:
      description: Names of the alarms that made the deployment fail.
      type: list
      elements: str
    circuit_breaker:
      description: Failures that the circuit breaker counted, and its threshold.
      type: dict
    hooks:
      description: Lifecycle hooks of the deployment and their status.
      type: list
      elements: dict
    lifecycle_events:
      description: The lifecycle events of a CodeDeploy deployment, as in RV(rollout.code_deploy).
      returned: when CodeDeploy made the deployment
      type: list
      elements: dict
    events:
      description: Events of the service since the deployment began, the newest first.
      type: list
      elements: str
    rollback:
      description: What ECS rolled back to, and why.
      type: dict
"""

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.ecs import CODE_DEPLOY, SERVICE, TASK_DEFINITION, rollout

STAGES = (
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
# CodeDeploy's lifecycle events, and the wait after the last of them.
CODE_DEPLOY_STAGES = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
    "TERMINATION_WAIT",
)

ARGUMENTS = {
    "cluster": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "state": {
        "type": "str",
        "choices": ["present", "absent", "rolled_back", "released", "approved", "rejected"],
        "default": "present",
    },
    "task_definition": {"type": "dict", "options": TASK_DEFINITION},
    "task_definition_arn": {"type": "str"},
    "containers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "image": {"type": "str"},
            "environment": {"type": "dict"},
            "secrets": {"type": "dict", "no_log": False},
            "command": {"type": "list", "elements": "str"},
            "cpu": {"type": "int"},
            "memory": {"type": "int"},
            "memory_reservation": {"type": "int"},
        },
    },
    **SERVICE,
    "code_deploy": {"type": "dict", "options": CODE_DEPLOY},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": True},
    "initial_desired_count": {"type": "int", "default": 1},
    "force_new_deployment": {"type": "bool", "default": False},
    "pin_digest": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 1800},
    "wait_until": {
        "type": "str",
        "choices": ["stable", "paused", *STAGES, *CODE_DEPLOY_STAGES],
        "default": "stable",
    },
    "on_running_deployment": {
        "type": "str",
        "choices": ["resume", "wait", "fail", "supersede"],
        "default": "resume",
    },
    "reversible": {"type": "bool", "default": True},
    "checkpoint": {"type": "bool", "default": False},
    "rollback_to": {"type": "str", "choices": ["last_successful", "checkpoint"], "default": "last_successful"},
    "force_rollback": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": False},
    "log_lines": {"type": "int", "default": 20},
    "deregister": {"type": "bool", "default": True},
    "keep_revisions": {"type": "int"},
    "on_interrupt": {"type": "str", "choices": ["leave", "roll_back"], "default": "leave"},
    "progress_file": {"type": "path"},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=[
            ["task_definition", "task_definition_arn", "containers"],
            ["launch_type", "capacity_provider_strategy"],
        ],
        supports_check_mode=True,
    )
    run(module, rollout)


if __name__ == "__main__":
    main()
