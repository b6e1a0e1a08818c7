# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control routes of the engine, under ``/local-aws/ecs/``: how tests tell it what shall happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .adapter import Engines
from .faults import FaultError
from .scenarios import ScenarioError

Answer = tuple[int, dict[str, Any]]
Route = Callable[[str, dict[str, Any]], Answer]


def routes(engines: Engines) -> dict[str, Route]:
    """The routes by their names below ``/local-aws/``."""

    def scenarios(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            try:
                return 200, engines.scenarios.add(parameters).describe()
            except ScenarioError as error:
                return 400, {"error": str(error)}
        if method == "DELETE":
            if "id" not in parameters:
                engines.scenarios.clear()
            elif not engines.scenarios.remove(int(parameters["id"])):
                return 404, {"error": f"There is no scenario {parameters['id']}."}
        return 200, {"scenarios": [scenario.describe() for scenario in engines.scenarios.known]}

    def timing(method: str, parameters: dict[str, Any]) -> Answer:
        known = vars(engines.timing)
        if method == "POST":
            unknown = sorted(set(parameters) - set(known))
            wrong = [
                name
                for name, value in parameters.items()
                if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0
            ]
            if unknown or wrong:
                return 400, {"error": f"timing knows {sorted(known)} in seconds, not {unknown or wrong}"}
            for name, value in parameters.items():
                setattr(engines.timing, name, float(value))
        return 200, dict(known)

    def clock(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            seconds, paused = parameters.get("advance", 0), parameters.get("paused")
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
                return 400, {"error": "advance must be a number of seconds"}
            if paused not in (None, True, False):
                return 400, {"error": "paused must be true or false"}
            if paused is not None:
                (engines.clock.pause if paused else engines.clock.resume)()
            engines.clock.advance(seconds)
            engines.advance()
        return 200, {"now": engines.clock.now(), "paused": engines.clock.paused}

    def hooks(method: str, parameters: dict[str, Any]) -> Answer:
        script = engines.script
        if method == "POST":
            answers = parameters.get("answers")
            known = ("SUCCEEDED", "FAILED", "IN_PROGRESS")
            if not isinstance(parameters.get("function"), str) or not isinstance(answers, list) or not answers:
                return 400, {"error": "a hook needs a function (a pattern of its ARN) and a list of answers"}
            if any(answer not in known for answer in answers):
                return 400, {"error": f"answers are {list(known)}, not {answers}"}
            script.hooks.append(
                {
                    "function": parameters["function"],
                    "stage": parameters.get("stage"),
                    "account": parameters.get("account"),
                    "answers": list(answers),
                }
            )
        elif method == "DELETE":
            script.hooks.clear()
            script.hook_calls.clear()
        return 200, {"hooks": script.hooks, "calls": script.hook_calls}

    def alarms(method: str, parameters: dict[str, Any]) -> Answer:
        script = engines.script
        if method == "POST":
            name, state = parameters.get("name"), parameters.get("state", "ALARM")
            if not isinstance(name, str) or state not in ("OK", "ALARM", "INSUFFICIENT_DATA"):
                return 400, {"error": "an alarm needs a name and a state: OK, ALARM or INSUFFICIENT_DATA"}
            engines.advance()
            script.alarms[str(parameters.get("account", "*")), name] = state
        elif method == "DELETE":
            script.alarms.clear()
        told = [{"account": account, "name": name, "state": state} for (account, name), state in script.alarms.items()]
        return 200, {"alarms": told}

    def refusals(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            try:
                return 200, engines.faults.refuse(parameters).describe()
            except FaultError as error:
                return 400, {"error": str(error)}
        if method == "DELETE":
            engines.faults.refusals.clear()
        return 200, {"refusals": [item.describe() for item in engines.faults.refusals]}

    def lag(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            seconds = parameters.get("seconds")
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
                return 400, {"error": "seconds must be a number of seconds"}
            engines.faults.lags[str(parameters.get("account", "*"))] = seconds
        elif method == "DELETE":
            engines.faults.lags.clear()
        return 200, {"lags": engines.faults.lags}

    def reset(method: str, parameters: dict[str, Any]) -> Answer:
        engines.reset()
        return 200, {"status": "ok"}

    def locked(route: Route) -> Route:
        def answer(method: str, parameters: dict[str, Any]) -> Answer:
            with engines.lock:
                return route(method, parameters)

        return answer

    return {
        name: locked(route)
        for name, route in {
            "ecs/scenarios": scenarios,
            "ecs/timing": timing,
            "ecs/clock": clock,
            "ecs/hooks": hooks,
            "ecs/alarms": alarms,
            "ecs/refusals": refusals,
            "ecs/lag": lag,
            "ecs/reset": reset,
            "reset": reset,
        }.items()
    }
