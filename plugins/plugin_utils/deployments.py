# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment of several services: in which order, when to stop, what to take back, what to tell. Pure functions.

A host stands for a service. What a host's steps have come to stands in its fact C(compute_output), under C(migration),
C(deployment), C(smoke_test) and C(rollback).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Hosts = Iterable[str]
HostVars = Mapping[str, Mapping[str, Any]]

# The statuses of a deployment that ECS takes back, and those of a rollback by CodeDeploy that has come to nothing.
_ECS_ROLLS_BACK = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL")
_NO_ANSWER = "gave no answer"
_CODE_DEPLOY_GIVES_UP = ("Failed", "Stopped")

STEPS = ("migration", "deployment", "smoke_test", "rollback")
# What the roles' defaults say, which are not among a host's variables.
WAVE, MAX_FAIL_PERCENTAGE = "compute_service_deploy_wave", "compute_deploy_max_fail_percentage"


def wave_of(variables: Mapping[str, Any]) -> int:
    return int(variables.get(WAVE, 0))


def deploy_waves(hosts: Hosts, hostvars: HostVars) -> list[int]:
    """The waves that the services stand in, the first one first."""
    return sorted({wave_of(hostvars[host]) for host in hosts})


# What an image is called


def short_image(image: str) -> str:
    """An image without its registry and path: the tag, or the beginning of the digest."""
    if "@" in image:
        return image.rpartition("@")[2].removeprefix("sha256:")[:12]
    name = image.rpartition("/")[2]
    return name.partition(":")[2] or name


def wanted_image(variables: Mapping[str, Any], repository_urls: Mapping[str, str]) -> str:
    """The image that a host's variables ask for."""
    given = variables.get("compute_service_image")
    if given:
        return str(given)
    url = repository_urls.get(variables["compute_service_name"], "")
    tag = variables.get("compute_service_image_tag")
    return f"{url}:{tag}" if url and tag else ""


def new_images(hosts: Hosts, hostvars: HostVars, found: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The hosts whose service runs another image than it shall, each with both. C(found) is what compute publishes."""
    changed = {}
    for host in hosts:
        variables = hostvars[host]
        before = found["services"].get(variables["compute_service_name"], {}).get("image", "")
        after = wanted_image(variables, found["repository_urls"])
        if after and after != before:
            changed[host] = {"before": before, "after": after}
    return changed


# What became of one service


def revision(arn: str) -> str:
    """The number of a task definition's revision. What check mode makes up has none yet."""
    number = arn.rpartition("/")[2].rpartition(":")[2]
    return number if number.isdigit() else "new"


def _image_before(changes: Iterable[Mapping[str, Any]], service: str) -> str:
    field = f"task_definition.container_definitions.{service}.image"
    return next((str(change["before"] or "") for change in changes if change.get("field") == field), "")


def deployment_record(
    result: Mapping[str, Any],
    service: str,
    before: Mapping[str, Any],
    *,
    failed: bool = False,
    task: str = "",
    rolled_out: Mapping[str, Any] | None = None,
    check: bool = False,
) -> dict[str, Any]:
    """What the rollout of a service came to.

    C(result) is the rollout module's, or with C(failed) that of whichever task C(task) has failed; C(rolled_out) is the
    rollout module's then, when it has come so far. C(before) is the service as it was found before the run; empty when
    it did not exist.
    """
    cause = _cause(result, task) if failed else ""
    result = {**(rolled_out or {}), **result}
    rollout = result.get("rollout") or {}
    deploys = bool(result.get("will_start_deployment") or rollout)
    verdict = "unchanged"
    if failed:
        verdict = "failed"
    elif check and deploys:
        verdict = "would deploy"
    elif deploys:
        verdict = "deployed" if rollout.get("verdict", "successful") == "successful" else str(rollout["verdict"])
    elif result.get("changed"):
        verdict = "would change" if check else "changed"
    changes = result.get("changes") or []
    images = result.get("images") or {}
    arn = (result.get("service") or {}).get("task_definition", "")
    old = before.get("task_definition_arn", "")
    return {
        "service": service,
        "verdict": verdict,
        "failed": failed,
        "image": images.get(service, ""),
        "image_before": _image_before(changes, service) or before.get("image", ""),
        "revision": revision(arn) if arn else "",
        "revision_before": revision(old) if old else "",
        "changes": [change["field"] for change in changes if change.get("starts_deployment")],
        "checkpoint": result.get("checkpoint", ""),
        "rolled_back_by": _rolled_back_by(rollout),
        "rollback_ended": rollout.get("status") == "ROLLBACK_SUCCESSFUL" or _rollback_status(rollout) == "Succeeded",
        "seconds": rollout.get("seconds", 0.0),
        "cause": cause,
        "log_tail": list((result.get("failure") or {}).get("log_tail") or []) if failed else [],
    }


def _rollback_status(rollout: Mapping[str, Any]) -> str:
    """The status of the deployment by which CodeDeploy takes another one back, empty where there is none."""
    return str((rollout.get("code_deploy") or {}).get("rollback_status") or "")


def _rolled_back_by(rollout: Mapping[str, Any]) -> str:
    """Who has given the service back what ran before, or was about to when nobody looked any more. Empty: nobody."""
    if rollout.get("status") in _ECS_ROLLS_BACK:
        return "ECS"
    return "CodeDeploy" if _rollback_status(rollout) not in ("", *_CODE_DEPLOY_GIVES_UP) else ""


def _cause(result: Mapping[str, Any], task: str) -> str:
    said = str(result.get("msg") or "it does not say why").strip()
    return said if result.get("rollout") or not task else f"{task}: {said}"


def smoke_test_problems(failed: Mapping[str, Any]) -> list[str]:
    """What is wrong with the answers of ansible.builtin.uri, a sentence each.

    Each of the C(results) has its test as C(item), as C(smoke_tests) makes it. A result without any is a test that
    could not be asked.
    """
    if "results" not in failed:
        return [str(failed.get("msg", "The smoke tests could not run."))]
    problems = []
    for result in failed["results"]:
        if not result.get("failed"):
            continue
        test, status = result["item"], result.get("status", -1)
        expected = " or ".join(str(code) for code in test["status"])
        if status in test["status"]:
            said = f"answered {status}, but its body does not match {test['body']!r}"
        elif status and status > 0:
            said = f"answered {status}, expected {expected}"
        else:
            said = f"{_NO_ANSWER} ({_no_answer(str(result.get('msg', 'no reason')))})"
        tries = result.get("attempts", 1)
        problems.append(f"{test['method']} {test['url']} {said}" + (f", {tries} times." if tries > 1 else "."))
    return problems


def _no_answer(said: str) -> str:
    """The cause in what ansible.builtin.uri says about a request that was not answered."""
    cause = said.rpartition("Request failed: ")[2].strip()
    return re.sub(r"^<\w+ error (?:\[Errno -?\d+\] )?(.*)>$", r"\1", cause) or said


def migration_record(result: Mapping[str, Any], reversible: bool, *, failed: bool = False) -> dict[str, Any]:
    """What a migration came to. After one that is not reversible, the old version must not come back."""
    return {
        "failed": failed,
        "reversible": bool(reversible),
        "changed": bool(result.get("changed")),
        "exit_codes": result.get("exit_codes") or {},
        "log_tail": list(result.get("log_tail") or []),
        "seconds": result.get("seconds", 0.0),
        "cause": str(result.get("msg", "it does not say why")) if failed else "",
    }


def smoke_tests(tests: Iterable[Mapping[str, Any]], base_url: str) -> list[dict[str, Any]]:
    """The tests of a service with everything filled in. Raises ValueError that names what is wrong."""
    known = {"path", "status", "body", "method", "headers"}
    complete = []
    for test in tests:
        unknown = sorted(set(test) - known)
        path = str(test.get("path", ""))
        if unknown or not path.startswith("/"):
            wrong = f"does not know {', '.join(unknown)}" if unknown else "needs a path that begins with a slash"
            raise ValueError(f"compute_smoke_tests: {dict(test)} {wrong}; a test has {', '.join(sorted(known))}.")
        status = test.get("status", 200)
        complete.append(
            {
                "url": base_url.rstrip("/") + path,
                "status": [int(code) for code in (status if isinstance(status, list) else [status])],
                "body": str(test.get("body", "")),
                "method": str(test.get("method", "GET")).upper(),
                "headers": dict(test.get("headers") or {}),
            }
        )
    return complete


# All services together


def deployments(hosts: Hosts, hostvars: HostVars) -> list[dict[str, Any]]:
    """What each host's steps have come to."""
    gathered = []
    for host in hosts:
        variables = hostvars[host]
        output = variables.get("compute_output") or {}
        gathered.append(
            {
                "host": host,
                "service": variables["compute_service_name"],
                "wave": wave_of(variables),
                "max_fail_percentage": float(variables.get(MAX_FAIL_PERCENTAGE, 0)),
                **{step: output.get(step) or {} for step in STEPS},
            }
        )
    return gathered


def has_failed(item: Mapping[str, Any]) -> bool:
    return any(item[step].get("failed") for step in ("migration", "deployment", "smoke_test"))


def deployments_stopped(items: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing more may be rolled out.

    A failed migration stops everything; as in a play, failed services do when their share of a wave is greater than
    the percentage that may fail.
    """
    waves: dict[int, list[Mapping[str, Any]]] = {}
    for item in items:
        if item["migration"].get("failed"):
            return True
        if item["deployment"]:
            waves.setdefault(item["wave"], []).append(item)
    return any(
        100 * sum(has_failed(item) for item in wave) / len(wave) > min(item["max_fail_percentage"] for item in wave)
        for wave in waves.values()
    )


def deployments_to_undo(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The hosts whose services go back to what they ran before: the failed ones, or all when the run has stopped.

    Only those that have something to take back: a checkpoint is set when a deployment starts, by this run or by an
    interrupted one that it goes on with.
    """
    known = list(items)
    stopped = deployments_stopped(known)
    return [
        item["host"]
        for item in known
        if item["deployment"].get("checkpoint") and not item["rollback"] and (stopped or has_failed(item))
    ]


def deployments_to_keep(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The hosts whose services have come out well and need not go back any more."""
    known = list(items)
    undone = deployments_to_undo(known)
    return [
        item["host"]
        for item in known
        if item["deployment"].get("checkpoint") and not item["rollback"] and item["host"] not in undone
    ]


def _taken_back_by(item: Mapping[str, Any]) -> str:
    """Who, besides this run, has brought back what ran before. A rollback that was under way has been awaited then."""
    deployment, rollback = item["deployment"], item["rollback"]
    ended = deployment.get("rollback_ended") or (rollback and not rollback.get("failed"))
    return str(deployment.get("rolled_back_by", "")) if ended else ""


def verdict(item: Mapping[str, Any]) -> str:
    """What became of a service in the end, in a few words."""
    deployment, rollback = item["deployment"], item["rollback"]
    if item["migration"].get("failed"):
        return "migration failed"
    if not deployment:
        return "not deployed"
    said = str(deployment["verdict"])
    if item["smoke_test"].get("failed"):
        said = "smoke test failed" if said in ("deployed", "unchanged", "changed") else said
    if rollback.get("failed"):
        return f"{said}, NOT rolled back"
    if rollback.get("done"):
        return f"{said}, rolled back"
    by = _taken_back_by(item)
    return f"{said}, rolled back by {by}" if by else said


def problems(items: Iterable[Mapping[str, Any]], lead: Mapping[str, Any] | None = None) -> list[str]:
    """Everything that went wrong, a sentence each.

    C(lead) is the C(compute_output) of the host that has switched maintenance mode for all.
    """
    found = []
    for item in items:
        name = item["service"]
        if item["migration"].get("failed"):
            found.append(f"{name}: the migration failed. {item['migration'].get('cause', '')}".strip())
        if item["deployment"].get("failed"):
            cause = str(item["deployment"].get("cause", ""))
            found.append(cause if cause.startswith(name) else f"{name}: {cause}")
        found += [f"{name}: {problem}" for problem in item["smoke_test"].get("problems", [])]
        if item["rollback"].get("failed"):
            found.append(f"{name} was not rolled back: {item['rollback'].get('cause', '')}")
    if any(_NO_ANSWER in problem for problem in found):
        found.append(
            "Where this machine has no way to the load balancer, ask another address (compute_smoke_test_url), or "
            "nothing (-e smoke_tests=false)."
        )
    maintenance = (lead or {}).get("maintenance") or {}
    if maintenance.get("failed"):
        found.append(
            f"Maintenance mode could not be switched off and is STILL ON: {maintenance.get('cause', '')} "
            "Switch it off with playbooks/maintenance.yml -e maintenance=false."
        )
    return found


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _arrow(before: str, after: str) -> str:
    return f"{before} → {after}" if before and after and before != after else after or before


def summary(items: Iterable[Mapping[str, Any]], status: Mapping[str, Any], maintenance: bool = False) -> str:
    """The table at the end of a run. C(status) is what ecs_services_info tells of the services as they are now."""
    known = sorted(items, key=lambda item: (item["wave"], item["service"]))
    services = status.get("services") or {}
    rows = [["service", "image", "revision", "verdict", "seconds", "tasks"]]
    for item in known:
        deployment = item["deployment"]
        now = services.get(item["service"], {})
        taken_back = bool(item["rollback"].get("done") or _taken_back_by(item))
        running = [found["image"] for found in now.get("images", []) if found["container"] == item["service"]]
        image, number = deployment.get("image", ""), deployment.get("revision", "")
        if taken_back or not deployment or (deployment.get("failed") and running):
            # What runs now, not what was tried.
            image = running[-1] if running else deployment.get("image_before", "")
            number = revision(now.get("task_definition", "")) if now.get("task_definition") else ""
        before = "" if taken_back else deployment.get("image_before", "")
        rows.append(
            [
                item["service"],
                _arrow(short_image(before), short_image(image)),
                _arrow("" if taken_back else deployment.get("revision_before", ""), number),
                verdict(item),
                f"{deployment.get('seconds', 0):.0f}",
                f"{now.get('running_count', 0)}/{now.get('desired_count', 0)}" if now else "-",
            ]
        )
    lines = _columns(rows)
    if maintenance:
        lines.append("Maintenance mode is ON: the load balancer answers instead of the services.")
    return "\n".join(lines)
