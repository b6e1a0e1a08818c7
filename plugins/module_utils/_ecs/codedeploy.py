# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service whose deployments CodeDeploy makes: ECS keeps the count, CodeDeploy brings out what shall run.

The verdict comes from the id of the CodeDeploy deployment, its status and its AppSpec's hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import AnsibleAWSError, SlipwayModule, error_code, in_parallel
from ..planned import is_planned
from . import api
from . import codedeploy_api as deploy
from .appspec import (
    BY_CODE_DEPLOY,
    BY_ECS,
    appspec,
    exposed,
    fields_of,
    hooks_of,
    problems_of_code_deploy,
    same_workload,
    sha256_of,
)
from .checkpoint import NOTHING, Checkpointed, sibling
from .codedeploy_verdict import code_deploy_line, events_told, green, revision_hash, rollback_of
from .codedeploy_watch import CodeDeployWatcher, FollowedCodeDeploy
from .comparison import Change, canonical_task_definition
from .outcome import Verdict
from .planning import IRREVERSIBLE_TAG, ROLLED_BACK_TAG, Found, Plan, tag_pairs
from .preflight import check_function
from .report import deployment_tasks, failed_tasks, unhealthy_targets
from .transformations import cluster_name, options_of, registrable, revision_name, snake_name
from .verdict import irreversible, primary_task_set

# What ran before the first deployment of CodeDeploy, which no deployment tells.
FIRST_TAG = "slipway:before-code-deploy"
# Among how many successful deployments the one before is looked for.
_LATEST = 25


class CodeDeployed(Checkpointed):
    """A rollout by CodeDeploy."""

    controller = "CODE_DEPLOY"
    starts_deployment = BY_CODE_DEPLOY

    def __init__(self, module: SlipwayModule) -> None:
        super().__init__(module)
        self.deploy = module.client("codedeploy")
        self.request_shape = self.deploy.meta.service_model.operation_model("CreateDeployment").input_shape
        self.code_deploy: dict[str, Any] = self.options.get("code_deploy") or {}
        self.watcher = CodeDeployWatcher(
            self.deploy,
            f"{cluster_name(self.cluster)}:{self.name}",
            self.client,
            self.cluster,
            self.name,
            self.options["wait_timeout"],
            self.progress,
        )
        self.present_now = Found()
        self.started = ""
        self.running: dict[str, Any] = {}
        self._names: tuple[str, str] = ("", "")

    # What the options say, and what there is

    def check_options(self) -> None:
        fields = {**self.given_fields(), **self.fixed_fields()}
        self.refuse_problems(problems_of_code_deploy(fields, self.options["wait_until"], complete=False))
        super().check_options()

    def find(self) -> Found:
        self.present_now = super().find()
        if self.present_now.service is not None and self.options["state"] == "rolled_back":
            self.running = self._ongoing(must_exist=True)
            if not self.running:
                # What has ended between the two looks shows now.
                self.present_now = super().find()
        return self.present_now

    def names(self) -> tuple[str, str]:
        """The application and its deployment group: as given, as the last deployment says, or as the console names.

        Where there are none of these names, C(_listed) looks for them.
        """
        if not self._names[0]:
            application = self.code_deploy.get("application_name")
            group = self.code_deploy.get("deployment_group_name")
            sets = (self.present_now.service or {}).get("taskSets") or []
            number = next((item["externalId"] for item in sets if item.get("externalId")), "")
            last = deploy.get_deployment(self.deploy, number) if number and not (application and group) else {}
            own = f"{cluster_name(self.cluster)}-{self.name}"
            self._names = (
                application or last.get("applicationName") or f"AppECS-{own}",
                group or last.get("deploymentGroupName") or f"DgpECS-{own}",
            )
        return self._names

    # What has to be done

    def _problems_of_wait(self) -> list[str]:
        return []  # Told before any call.

    def _complete_new_service(self, plan: Plan) -> None:
        if (plan.fields.get("deploymentController") or {}).get("type") != self.controller:
            raise AnsibleAWSError(
                message=f"code_deploy: there is no service {self.name} in the cluster {self.cluster}; to make one of "
                "which CodeDeploy makes the deployments, give deployment_controller.type CODE_DEPLOY."
            )
        self.refuse_problems(problems_of_code_deploy(plan.fields, self.options["wait_until"], complete=True))
        super()._complete_new_service(plan)

    def _plan_fields(self, found: Found, given: dict[str, Any], plan: Plan) -> None:
        super()._plan_fields(found, given, plan)
        fixed = sorted(snake_name(name) for name in plan.fields if name not in BY_CODE_DEPLOY | BY_ECS)
        if fixed:
            raise AnsibleAWSError(
                message=f"{', '.join(fixed)}: neither ECS nor CodeDeploy can change it on a service with the "
                "deployment controller CODE_DEPLOY. Keep the value, or delete the service first."
            )

    def _wanted_field(self, name: str, current: Any, value: Any) -> Any:
        if name == "loadBalancers":
            # The two target groups of the deployment group take turns: the task's is that of a new service alone.
            return current if exposed(current) == exposed(value) else [{**(current or [{}])[0], **_port(value)}]
        return super()._wanted_field(name, current, value)

    def _plan_force(self, found: Found, plan: Plan) -> None:
        sets = (found.service or {}).get("taskSets") or []
        number = primary_task_set(found.service or {}).get("externalId")
        if number and len(sets) > 1 and not plan.starts_deployment:
            info = deploy.get_deployment(self.deploy, number)
            if info.get("status") in ("Failed", "Stopped") and not rollback_of(info):
                plan.force = True
                plan.changes.append(Change("deployment", info["status"].upper(), "a new one", True))
        super()._plan_force(found, plan)

    def _counts_as_forced(self, found: Found) -> bool:
        return False  # What is under way is looked at later.

    def _moved_images(self, found: Found) -> list[Change]:
        """Images whose tag points at another digest than the one that the tasks run: there is no service revision."""
        arns = api.list_task_arns(self.client, self.cluster, self.name)
        seen = {
            (item.get("name", ""), item.get("image", "")): item.get("imageDigest")
            for task in api.describe_tasks(self.client, self.cluster, arns)
            if task.get("taskDefinitionArn") == (found.service or {}).get("taskDefinition")
            for item in task.get("containers") or []
        }
        changes = []
        for (name, image), running in seen.items():
            digest = api.image_digest(self.module.client, image)
            if running and digest and running != digest:
                changes.append(Change(f"task_definition.images.{name}.digest", running, digest, True))
        return changes

    def _problems_of_surroundings(self, found: Found, plan: Plan) -> list[str]:
        hooks = {option: name for option, name in (self.code_deploy.get("hooks") or {}).items() if name}
        found_wrong = in_parallel(
            {
                option: lambda option=option, name=name: check_function(
                    self.module.client("lambda"), f"code_deploy.hooks.{option}", name
                )
                for option, name in hooks.items()
                if not is_planned(name)
            }
        )
        problems = super()._problems_of_surroundings(found, plan)
        return [*problems, *(problem for wrong in found_wrong.values() for problem in wrong)]

    # What is under way

    def under_way(self, service: Mapping[str, Any], plan: Plan | None = None) -> bool:
        """Ask CodeDeploy, where it matters: an unchanged service with one task set needs no call."""
        if plan is None:
            return bool(self.running)
        policy = self.options["on_running_deployment"]
        several = len(service.get("taskSets") or []) > 1
        if not (plan.starts_deployment or several or policy in ("wait", "fail")):
            return False
        self.running = self._ongoing(must_exist=plan.starts_deployment)
        if self.running or not plan.starts_deployment:
            return bool(self.running)
        # What a killed run has started may have ended between the look at the service and that at its deployments.
        now = api.describe_service(self.client, self.cluster, self.name) or {}
        self.waited_for_other = primary_task_set(now).get("id") != primary_task_set(service).get("id")
        return self.waited_for_other

    def _listed(self, statuses: tuple[str, ...], most: int = 0) -> list[str]:
        """The ids of the deployments of the service's group, which is looked for when its name was but a guess."""
        try:
            return deploy.list_deployments(self.deploy, *self.names(), statuses, most)
        except deploy.NoDeploymentGroup:
            stated = self.code_deploy.get("application_name") or self.code_deploy.get("deployment_group_name")
            found = None if stated else deploy.group_of(self.deploy, cluster_name(self.cluster), self.name)
            if found is None:
                raise
            self._names = found
            return deploy.list_deployments(self.deploy, *found, statuses, most)

    def _ongoing(self, *, must_exist: bool) -> dict[str, Any]:
        try:
            numbers = self._listed(deploy.ONGOING)
        except deploy.NoDeploymentGroup as error:
            if not must_exist:
                return {}
            application, group = self.names()
            raise AnsibleAWSError(
                message=f"code_deploy: CodeDeploy has no deployment group {group} of an application {application} "
                f"({error}). Make it with slipway.aws.codedeploy_ecs_deployment_groups, or name the one that there is."
            ) from None
        found = deploy.get_deployments(self.deploy, numbers[: deploy.DEPLOYMENTS_A_CALL])
        return next(iter(found), {})

    def _content(self, info: Mapping[str, Any]) -> str:
        revision = info.get("revision")
        return deploy.get_content(self.deploy, info["applicationName"], revision) if revision else ""

    def _of_rollback(self, info: dict[str, Any]) -> dict[str, Any]:
        """The deployment that this one takes back, or itself."""
        failed = (info.get("rollbackInfo") or {}).get("rollbackTriggeringDeploymentId")
        return deploy.get_deployment(self.deploy, failed) if failed else info

    def _meet_running(self, found: Found, plan: Plan) -> None:
        if not self.running:
            return
        policy, number = self.options["on_running_deployment"], self.running["deploymentId"]
        if policy == "fail":
            raise AnsibleAWSError(
                message=f"A deployment of the service {self.name} is running ({number}), and on_running_deployment is "
                "fail. Nothing was changed."
            )
        if policy == "wait":
            self._wait_for(number)
            return
        info = self._of_rollback(self.running)
        if self._brings_out(info, found, plan):
            self._resume(plan, info)
        elif policy == "supersede":
            self._supersede(number)
        else:
            self._wait_for(number)

    def _wait_for(self, number: str) -> None:
        self.running = {}
        if not self.check:
            self.watcher.until_ended(number)
            self.waited_for_other = True

    def _supersede(self, number: str) -> None:
        """CodeDeploy starts no second deployment of a group: the first one must be stopped and taken back."""
        self.actions.append({"action": "stop_deployment", "name": number})
        if not self.check:
            deploy.stop_deployment(self.deploy, number)
        self._wait_for(number)

    def _brings_out(self, info: Mapping[str, Any], found: Found, plan: Plan) -> bool:
        """Whether a deployment brings out what the task asks for: a killed run has started it."""
        fields = fields_of(self._content(info))
        if not fields or not same_workload(fields, {**found.fields, **plan.fields}):
            return False
        wanted = plan.definition_arn or (found.service or {}).get("taskDefinition", "")
        if not plan.register:
            return revision_name(fields["taskDefinition"]) == revision_name(wanted)
        definition, _tags = api.describe_task_definition(self.client, fields["taskDefinition"])
        request = registrable(self.register_shape, definition)
        return canonical_task_definition(request) == canonical_task_definition(plan.definition or {})

    def _resume(self, plan: Plan, info: dict[str, Any]) -> None:
        """What is under way already is no change of this run's."""
        self.running = info
        plan.register = plan.force = False
        plan.definition, plan.definition_arn, plan.definition_tags = None, "", None
        plan.fields = {name: value for name, value in plan.fields.items() if name not in BY_CODE_DEPLOY}
        plan.changes = [change for change in plan.changes if not change.starts_deployment]

    # What is done

    def _update(self, service: dict[str, Any], plan: Plan) -> dict[str, Any]:
        own = Plan(fields={name: value for name, value in plan.fields.items() if name not in BY_CODE_DEPLOY})
        if own.fields:
            service = super()._update(service, own)
        if plan.starts_deployment:
            self._remember_first(service)
            self._deploy(service, plan)
        return service

    def _remember_first(self, service: Mapping[str, Any]) -> None:
        """The first task set is no deployment's: without a note nothing would lead back to it."""
        first = revision_name(service.get("taskDefinition", ""))
        noted = {tag["key"]: tag["value"] for tag in service.get("tags") or []}.get(FIRST_TAG)
        if not primary_task_set(service).get("externalId") and noted != first:
            api.tag_resource(self.client, service["serviceArn"], tag_pairs({FIRST_TAG: first}))

    def _deploy(self, service: Mapping[str, Any], plan: Plan) -> None:
        application, group = self.names()
        fields = {**self.present_now.fields, **plan.fields}
        definition = plan.definition_arn or service["taskDefinition"]
        content = appspec(fields, definition, self.code_deploy.get("hooks"))
        settings = {
            name: value for name, value in self.code_deploy.items() if name not in ("hooks", "application_name")
        }
        request = options_of(self.request_shape, settings, frozenset({"applicationName", "deploymentGroupName"}))
        request["revision"] = {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": content, "sha256": sha256_of(content)},
        }
        try:
            self.started = deploy.create_deployment(self.deploy, application, group, request)
        except AnsibleAWSError as error:
            if error.exception is None or error_code(error.exception) != "DeploymentLimitExceededException":
                raise
            # The request of a killed run may have come through only now.
            self.running = self._ongoing(must_exist=True)
            if not self.running or not self._brings_out(self.running, self.present_now, plan):
                raise
            return
        self.running = {
            "deploymentId": self.started,
            "applicationName": application,
            "revision": request["revision"],
            "taskDefinition": definition,
        }
        self.actions.append({"action": "deploy", "name": self.started, "fields": [f"{application}/{group}"]})

    def _predict_actions(self, found: Found, plan: Plan) -> None:
        if found.service is None or not plan.starts_deployment:
            super()._predict_actions(found, plan)
            return
        fields = sorted({change.field.partition(".")[0] for change in plan.changes if not change.starts_deployment})
        if fields:
            self.actions.append({"action": "update", "name": self.name, "fields": fields})
        self.actions.append({"action": "deploy", "name": self.name, "fields": ["/".join(self.names())]})

    # How it went

    def _attach(self, found: Found, plan: Plan, service: dict[str, Any], before: str) -> dict[str, Any]:
        if self.running:
            return self._follow(found, plan, service, self.running)
        first = primary_task_set(service)
        begins = not first.get("externalId") and first.get("stabilityStatus") == "STABILIZING"
        if found.service is not None and not begins:
            return self._settle(found, plan, service)
        followed = FollowedCodeDeploy(
            first.get("id", ""), service.get("taskDefinition", ""), resumed=found.service is not None
        )
        followed.judged_by = "task_set"
        if not self.options["wait"]:
            return self.result(plan, service, self._told(followed, Verdict("not_awaited", "")))
        return self.judge(found, plan, followed)

    def _follow(
        self, found: Found, plan: Plan, service: dict[str, Any], info: Mapping[str, Any], *, back: bool = False
    ) -> dict[str, Any]:
        content = self._content(info)
        followed = FollowedCodeDeploy(
            info["deploymentId"],
            fields_of(content).get("taskDefinition", ""),
            target=revision_hash(info),
            resumed=info["deploymentId"] != self.started,
            hooks=hooks_of(content),
        )
        if not self.options["wait"]:
            return self.result(plan, service, self._told(followed, Verdict("not_awaited", "")))
        return self.judge(found, plan, followed, rollback_wanted=back)

    def _told(self, followed: Any, verdict: Verdict) -> dict[str, Any]:
        told = super()._told(followed, verdict)
        info, target = followed.described.get("info") or {}, followed.described.get("target") or {}
        if followed.judged_by == "task_set":
            return {**told, "status": primary_task_set(followed.service).get("stabilityStatus") or ""}
        application, group = self.names()
        return {
            **told,
            "target_service_revision_arn": "",
            "code_deploy": {
                "application_name": info.get("applicationName") or application,
                "deployment_group_name": info.get("deploymentGroupName") or group,
                "deployment_config_name": info.get("deploymentConfigName") or "",
                "app_spec_sha256": followed.target,
                "rollback_deployment_id": rollback_of(info),
                "rollback_status": followed.rollback.get("status") or "",
                "traffic_weight": green(target).get("trafficWeight"),
                "lifecycle_events": events_told(target, followed.hooks),
            },
        }

    def failure(self, service: dict[str, Any], followed: Any) -> dict[str, Any]:
        report = super().failure(service, followed)
        events = events_told(followed.described.get("target") or {}, getattr(followed, "hooks", {}))
        failed = next((item for item in events if item["status"] == "Failed"), None)
        if failed and failed["function"] and not report["triggered_alarms"]:
            said = f" It says: {failed['message']}" if failed["message"] else ""
            report["likely_cause"] = f"The hook {failed['name']} ({failed['function']}) failed.{said}"
        return {**report, "lifecycle_events": events}

    def _failed_tasks(self, followed: Any) -> list[Mapping[str, Any]]:
        tasks = api.stopped_tasks(self.client, self.cluster, self.name)
        number = green(followed.described.get("target") or {}).get("identifer") or followed.deployment_id
        return failed_tasks(deployment_tasks(tasks, number, followed.task_definition))

    def _unhealthy(self, service: Mapping[str, Any]) -> list[dict[str, Any]]:
        balancers = [balancer for item in service.get("taskSets") or [] for balancer in item.get("loadBalancers") or []]
        found: list[dict[str, Any]] = []
        for arn in dict.fromkeys(item["targetGroupArn"] for item in balancers if item.get("targetGroupArn")):
            found += unhealthy_targets(arn, api.target_health(self.module.client("elbv2"), arn))
        return found

    def _call_off(self, followed: Any) -> str:
        service = api.describe_service(self.client, self.cluster, self.name) or {}
        if not self.options["reversible"] or self._is_irreversible(
            {**service, "taskDefinition": followed.task_definition}
        ):
            return "It goes on: it is marked as not reversible. Run again to go on waiting."
        if followed.judged_by == "task_set":
            return "It goes on: there is nothing to go back to. Run again to go on waiting."
        status = deploy.get_deployment(self.deploy, followed.deployment_id).get("status")
        if status not in deploy.ONGOING:
            return f"It is not rolled back: its status is {status or 'not known'}."
        deploy.stop_deployment(self.deploy, followed.deployment_id)
        return f"CodeDeploy rolls it back, as on_interrupt says ({followed.deployment_id})."

    # Going back, and answering

    def _here(self, service: Mapping[str, Any]) -> str:
        return revision_name(service.get("taskDefinition", "")) or NOTHING

    def _roll_back_running(self, found: Found) -> dict[str, Any]:
        service, plan = found.service or {}, Plan()
        info = self._of_rollback(self.running)
        content = self._content(info)
        target = revision_name(fields_of(content).get("taskDefinition", ""))
        if found.tags.get(ROLLED_BACK_TAG) == target:
            # A killed run has begun to go back.
            return self.result(plan, service, {}) if self.check else self._follow(found, plan, service, info)
        if irreversible(found.tags.get(IRREVERSIBLE_TAG, ""), target, revision_name(service["taskDefinition"])):
            self._refuse_irreversible(
                Found({**service, "taskDefinition": target}, tags=found.tags), revision_name(service["taskDefinition"])
            )
        if info is self.running:
            number = info["deploymentId"]
            plan.changes.append(Change("deployment", info["status"].upper(), "rolled back", False))
            self.actions.append({"action": "roll_back", "name": number})
            if not self.check:
                deploy.stop_deployment(self.deploy, number)
        self.running = {}
        return self.result(plan, service, {}) if self.check else self._follow(found, plan, service, info, back=True)

    def _rollback_target(self, service: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the last deployment that was successful before the current one has brought out, where it differs."""
        current = primary_task_set(service)
        if current.get("externalId"):
            numbers = self._listed(("Succeeded",), most=_LATEST)
            infos = deploy.get_deployments(self.deploy, numbers[:_LATEST])
            now = next((info for info in infos if info["deploymentId"] == current["externalId"]), None)
            now = now or deploy.get_deployment(self.deploy, current["externalId"])
            for info in infos:
                earlier = now.get("createTime") is not None and info["createTime"] < now["createTime"]
                if (
                    not earlier
                    or info.get("creator") == "codeDeployRollback"
                    or revision_hash(info) == revision_hash(now)
                ):
                    continue
                fields = fields_of(self._content(info))
                if fields and not self._runs(service, fields):
                    return {**fields, "loadBalancers": _with_group(service, fields)}
            first = self._first(service)
            if first and revision_name(service["taskDefinition"]) != first:
                return {"taskDefinition": sibling(service["taskDefinition"], first)}
        raise AnsibleAWSError(
            message=f"state: there is no earlier deployment of {self.name} that CodeDeploy brought out with success "
            "and that differs from the current one."
        )

    def _runs(self, service: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
        same = revision_name(service["taskDefinition"]) == revision_name(fields["taskDefinition"])
        return same and same_workload(fields, service)

    def _first(self, service: Mapping[str, Any]) -> str:
        return {tag["key"]: tag["value"] for tag in service.get("tags") or []}.get(FIRST_TAG, "")

    def answered(self, action: str) -> dict[str, Any]:
        """Let a deployment go on that waits to reroute the traffic, or stop it and take it back."""
        found = self._existing()
        service, plan = found.service or {}, Plan()
        self.running = self._ongoing(must_exist=True)
        info = self._of_rollback(self.running) if self.running else {}
        rejecting = action == "ROLLBACK"
        waits = info.get("status") == "Ready"
        if waits:
            word, number = "rejected" if rejecting else "approved", info["deploymentId"]
            plan.changes.append(Change("deployment", code_deploy_line(info, {}, {}), word, False))
            self.actions.append({"action": word, "name": number})
            if not self.check:
                (deploy.stop_deployment if rejecting else deploy.continue_deployment)(self.deploy, number)
        taken_back = info is not self.running
        if self.check or not info or (rejecting and not waits and not taken_back):
            return self.result(plan, service, {})
        return self._follow(found, plan, service, info, back=rejecting)


def _port(balancers: list[dict[str, Any]]) -> dict[str, Any]:
    """The container and port of the first load balancer."""
    given = next(iter(balancers), {})
    return {name: given[name] for name in ("containerName", "containerPort") if name in given}


def _with_group(service: Mapping[str, Any], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The load balancers of an AppSpec with the target group that the service has now, which is not compared."""
    return [{**(service.get("loadBalancers") or [{}])[0], **_port(fields["loadBalancers"])}]
