# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow the deployments of many services to their verdicts: one look at all of them is one or two calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import AnsibleAWSError, Progress, SlipwayModule, chunks, in_parallel
from . import api
from . import codedeploy_api as deploy
from .codedeploy_verdict import (
    code_deploy_line,
    expects_rollback,
    judge_code_deploy,
    revision_hash,
    rollback_of,
)
from .codedeploy_verdict import described as in_words_of_ecs
from .codedeploy_watch import ROLLBACK_SHOWS_WITHIN
from .info import DEPLOYMENTS_A_CALL, SERVICES_A_CALL, describe_services
from .outcome import Judge
from .progress import deployment_line, rollout_state_line
from .report import summary
from .transformations import cluster_name
from .verdict import (
    Verdict,
    controller_of,
    has_failed,
    is_rolling_out,
    judge,
    judge_rollout_state,
    primary_deployment,
    revision_number,
    target_of,
)
from .waiters import Followed, Watcher, is_throttling

NOTHING_RUNS = Verdict("idle", "No deployment is under way.")
LEFT_FAILED = Verdict("failed", "Its last deployment failed and was not rolled back.")


@dataclass
class Awaited:
    """One service and the deployment of it that is waited for."""

    name: str
    progress: Progress
    service: dict[str, Any] = field(default_factory=dict)
    followed: Followed = field(default_factory=lambda: Followed("", ""))
    verdict: Verdict = field(default_factory=Verdict)
    # How many more times to look for the rollback of a failed deployment.
    patience: int = ROLLBACK_SHOWS_WITHIN


class OneOf:
    """The module as it would be for one service."""

    def __init__(self, module: SlipwayModule, name: str) -> None:
        self._module = module
        self.params = {**module.params, "name": name}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class GroupWait:
    """One run of the module."""

    def __init__(self, module: SlipwayModule) -> None:
        self.module = module
        self.options: dict[str, Any] = module.params
        self.client = module.client("ecs")
        self.cluster: str = self.options["cluster"]
        self.watcher = Watcher(self.client, self.cluster, "", self.options["wait_timeout"], Progress("", None))
        self.given = {item["name"]: item for item in self.options["services"]}
        self.awaited = {name: Awaited(name, Progress(name, self.options["progress_file"])) for name in self.given}

    def run(self) -> dict[str, Any]:
        self._describe(list(self.awaited.values()))
        missing = [item.name for item in self.awaited.values() if item.service.get("status") in (None, "INACTIVE")]
        if missing and not self.module.check_mode:
            raise AnsibleAWSError(
                message=f"services: there is no service {', '.join(missing)} in the cluster {self.cluster}."
            )
        self._choose_all()
        for pauses in self.watcher.looks():
            try:
                self._look()
            except AnsibleAWSError as error:
                if not is_throttling(error):
                    raise
                pauses.slow_down()
                continue
            if self.module.check_mode or not self._open():
                break
        return self._told()

    def _open(self) -> list[Awaited]:
        return [item for item in self.awaited.values() if not item.verdict.reached]

    # Which deployment

    def _choose_all(self) -> None:
        """Find the service deployments: most are their services' current ones, twenty of which take one call."""
        for item in self.awaited.values():
            self._choose(item)
        self._choose_code_deploy()
        unknown = {
            arn: item
            for item in self._open()
            if not item.followed.arn and (arn := item.service.get("currentServiceDeployment"))
        }
        try:
            for arns in chunks(list(unknown), DEPLOYMENTS_A_CALL):
                for described in api.describe_service_deployments(self.client, arns):
                    item = unknown[described["serviceDeploymentArn"]]
                    if same_target(described, item.followed.deployment_id):
                        item.followed.arn = described["serviceDeploymentArn"]
        except api.NoServiceDeployments:
            pass
        others = [item for item in self._open() if not item.followed.arn and item.followed.judged_by != "code_deploy"]
        in_parallel({item.name: lambda item=item: self._search(item) for item in others})

    def _describe(self, awaited: list[Awaited]) -> None:
        batches = chunks([item.name for item in awaited], SERVICES_A_CALL)
        answers = in_parallel(
            {
                number: lambda batch=batch: describe_services(self.client, self.cluster, batch)
                for number, batch in enumerate(batches)
            }
        )
        found = {service["serviceName"]: service for answer in answers.values() for service in answer}
        for item in awaited:
            item.service = found.get(item.name, item.service)

    def _choose(self, item: Awaited) -> None:
        given, service = self.given[item.name], item.service
        if controller_of(service) == "CODE_DEPLOY":
            number = given["deployment_id"] or ""
            item.followed = Followed(number, service.get("taskDefinition", ""), resumed=True, service=service)
            item.followed.judged_by = "code_deploy"
            return
        deployment_id = given["deployment_id"] or primary_deployment(service).get("id", "")
        item.followed = Followed(deployment_id, service.get("taskDefinition", ""), resumed=True, service=service)
        item.followed.arn = given["service_deployment_arn"] or ""
        item.followed.target = given["target_service_revision_arn"] or revision_arn(service, deployment_id)
        if not item.followed.arn and not given["deployment_id"] and not is_rolling_out(service):
            item.verdict = LEFT_FAILED if has_failed(service) else NOTHING_RUNS

    def _choose_code_deploy(self) -> None:
        """The deployments of CodeDeploy that nobody names: those under way, or what has left a second task set behind.

        A deployment that has just begun has no task set yet: CodeDeploy is asked, once for all services.
        """
        unnamed = [
            item
            for item in self.awaited.values()
            if item.followed.judged_by == "code_deploy" and not item.followed.deployment_id
        ]
        begun = deploy.under_way_by_service(self.module.client("codedeploy")) if unnamed else {}
        for item in unnamed:
            sets = sorted(item.service.get("taskSets") or [], key=lambda one: one.get("createdAt") or 0)
            left = sets[-1].get("externalId") if len(sets) > 1 else ""
            item.followed.deployment_id = begun.get((cluster_name(self.cluster), item.name)) or left or ""
            if not item.followed.deployment_id:
                item.verdict = NOTHING_RUNS

    def _look_at_code_deploy(self, items: list[Awaited]) -> None:
        client = self.module.client("codedeploy")
        infos = {
            info["deploymentId"]: info
            for info in deploy.get_deployments(client, [item.followed.deployment_id for item in items])
        }
        back = [rollback_of(info) for info in infos.values() if rollback_of(info)]
        rollbacks = {info["deploymentId"]: info for info in deploy.get_deployments(client, back)}
        for item in items:
            number = item.followed.deployment_id
            info = infos.get(number)
            if info is None:
                item.verdict = Verdict("failed", f"CodeDeploy knows no deployment {number}.")
                continue
            rollback = rollbacks.get(rollback_of(info), {})
            item.followed.described = in_words_of_ecs(info, {}, {})
            item.progress.say(code_deploy_line(info, {}, rollback))
            item.patience -= 1 if expects_rollback(info) else 0
            if item.patience <= 0 or not expects_rollback(info):
                item.verdict = judge_code_deploy(info, {}, rollback, revision_hash(info))

    def _search(self, item: Awaited) -> None:
        followed = item.followed
        try:
            listed = api.list_service_deployments(self.client, self.cluster, item.name) if item.service else []
        except api.NoServiceDeployments as error:
            followed.why_not = str(error)
            listed = []
        same = [one for one in listed if same_target(one, followed.deployment_id)]
        followed.arn = same[0]["serviceDeploymentArn"] if same else ""
        if not followed.arn:
            followed.judged_by = "rollout_state"
            followed.why_not = followed.why_not or "The endpoint lists no service deployment."

    # Looking

    def _look(self) -> None:
        still_open = self._open()
        by_state = [item for item in still_open if item.followed.judged_by == "rollout_state"]
        self._describe(by_state)
        for item in by_state:
            item.followed.service = item.service
            item.progress.say(rollout_state_line(primary_deployment(item.service)))
            item.verdict = judge_rollout_state(item.service, item.followed.deployment_id)
        by_code_deploy = [item for item in still_open if item.followed.judged_by == "code_deploy"]
        if by_code_deploy:
            self._look_at_code_deploy(by_code_deploy)
        by_arn = {item.followed.arn: item for item in still_open if item.followed.judged_by == "service_deployment"}
        for arns in chunks(list(by_arn), DEPLOYMENTS_A_CALL):
            for described in api.describe_service_deployments(self.client, arns):
                item = by_arn[described["serviceDeploymentArn"]]
                item.followed.described = described
                item.progress.say(deployment_line(described))
                item.verdict = judge(described, item.followed.target)

    # What it says

    def _told(self) -> dict[str, Any]:
        self._describe([item for item in self.awaited.values() if item.verdict.outcome == "successful"])
        told = {item.name: self._told_of(item) for item in self.awaited.values()}
        problems = [f"{name}: {entry['sentence']}" for name, entry in told.items() if entry["verdict"] == "failed"]
        late = [item.name for item in self._open()]
        if late and not self.module.check_mode:
            problems.append(
                f"{', '.join(late)}: not ended within {self.options['wait_timeout']} seconds (wait_timeout). "
                "It goes on: run again to go on waiting."
            )
        result = {"changed": False, "services": told}
        if problems and not self.module.check_mode:
            raise AnsibleAWSError(message=" ".join(problems), **result)
        return result

    def _told_of(self, item: Awaited) -> dict[str, Any]:
        followed, verdict = item.followed, item.verdict
        told = {
            "verdict": verdict.outcome or "not_ended",
            "sentence": verdict.sentence,
            "judged_by": followed.judged_by,
            "status": followed.described.get("status")
            or primary_deployment(item.service).get("rolloutState")
            or item.service.get("status", ""),
            "service_deployment_arn": followed.arn,
            "target_service_revision_arn": followed.target,
            "deployment_id": followed.deployment_id,
            "running_count": item.service.get("runningCount", 0),
            "desired_count": item.service.get("desiredCount", 0),
            "seconds": item.progress.seconds,
        }
        if verdict.failed:
            judge_of_one = Judge(OneOf(self.module, item.name))  # type: ignore[arg-type]
            if followed.judged_by == "code_deploy":
                sets = [
                    one
                    for one in item.service.get("taskSets") or []
                    if one.get("externalId") == item.followed.deployment_id
                ]
                followed = replace(followed, deployment_id=next((one["id"] for one in sets), ""))
            failure = judge_of_one.failure(item.service, followed)
            told |= {"failure": failure, "sentence": f"{verdict.sentence} {summary(failure)}".strip()}
        return told


def same_target(deployment: Mapping[str, Any], deployment_id: str) -> bool:
    """Whether a service deployment, described or listed, is the deployment of this id."""
    return revision_number(target_of(deployment)) == revision_number(deployment_id)


def revision_arn(service: Mapping[str, Any], deployment_id: str) -> str:
    """The ARN of the service revision that a deployment of the service brings out: they share a number."""
    arn = service.get("serviceArn", "")
    return f"{arn.replace(':service/', ':service-revision/', 1)}/{revision_number(deployment_id)}" if arn else ""


def wait_for_services(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    return GroupWait(module).run()
