# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront functions: written at the stage DEVELOPMENT, published to LIVE."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import AnsibleAWSError, Resource, State, aws_call, error_code, in_parallel, merged
from ..planned import planned_arn
from . import api
from .changes import behaviours, in_use, onto_newest
from .distribution_config import items

DEVELOPMENT, LIVE = "DEVELOPMENT", "LIVE"
_NEW = {"runtime": "cloudfront-js-2.0", "comment": ""}
_WRITTEN = ("code", "runtime", "comment")


def shown(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state for the result: a checksum in place of the code."""
    made = {key: value for key, value in state.items() if key != "code"}
    return {**made, "code_sha256": hashlib.sha256(state["code"].encode()).hexdigest()}


class Functions(Resource):
    """The functions that a task names. A state is that of LIVE where the task publishes, else that of DEVELOPMENT."""

    kind = "function"

    def __init__(self, client: Any, publish: Mapping[str, bool]) -> None:
        self.client = client
        self.publish = publish

    def describe(self) -> dict[str, State]:
        stages = in_parallel(
            {stage: lambda stage=stage: api.functions(self.client, stage) for stage in (DEVELOPMENT, LIVE)}
        )
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, publish in self.publish.items():
            for stage in (LIVE, DEVELOPMENT) if publish else (DEVELOPMENT,):
                if name in stages[stage]:
                    found[name] = (stage, stages[stage][name])
                    break
        calls: dict[str, Callable[[], str]] = {
            name: lambda name=name, stage=stage: api.function_code(self.client, name, stage)
            for name, (stage, _summary) in found.items()
        }
        codes = in_parallel(calls)
        return {
            name: {**_state(summary, codes[name]), "published": name in stages[LIVE] and self.publish[name]}
            for name, (_stage, summary) in found.items()
        }

    def _complete(self, name: str, wanted: State) -> State:
        if not wanted.get("code"):
            raise AnsibleAWSError(message=f"functions: {name} is new and needs code.")
        return {**_NEW, **wanted, "published": self.publish[name]}

    def planned(self, name: str, wanted: State) -> State:
        return {"arn": planned_arn("cloudfront", f"function/{name}"), **self._complete(name, wanted)}

    @aws_call("create the function {name}")
    def create(self, name: str, wanted: State) -> State:
        state = self._complete(name, wanted)
        answer = self.client.create_function(
            Name=name, FunctionConfig=_config(state, {}), FunctionCode=state["code"].encode()
        )
        if self.publish[name]:
            self.client.publish_function(Name=name, IfMatch=answer["ETag"])
        return {"arn": answer["FunctionSummary"]["FunctionMetadata"]["FunctionARN"], **state}

    @aws_call("update the function {name}")
    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        state = merged(current, changes)
        onto_newest(lambda: self._write(name, state))
        return state

    def _write(self, name: str, state: State) -> None:
        summary = self.client.describe_function(Name=name, Stage=DEVELOPMENT)
        etag = summary["ETag"]
        written = _state(summary["FunctionSummary"], api.function_code(self.client, name, DEVELOPMENT))
        # A run that was killed before it published has written already.
        if any(written[field] != state[field] for field in _WRITTEN):
            config = _config(state, summary["FunctionSummary"]["FunctionConfig"])
            etag = self.client.update_function(
                Name=name, IfMatch=etag, FunctionConfig=config, FunctionCode=state["code"].encode()
            )["ETag"]
        if self.publish[name]:
            self.client.publish_function(Name=name, IfMatch=etag)

    @aws_call("delete the function {name}", missing=["NoSuchFunctionExists"])
    def delete(self, name: str, current: State) -> None:
        etag = self.client.describe_function(Name=name, Stage=DEVELOPMENT)["ETag"]
        try:
            self.client.delete_function(Name=name, IfMatch=etag)
        except ClientError as error:
            if error_code(error) != "FunctionInUse":
                raise
            raise in_use(self.client, f"function {name}", lambda item: _uses(item, current["arn"])) from error


def _state(summary: Mapping[str, Any], code: str) -> State:
    return {
        "arn": summary["FunctionMetadata"]["FunctionARN"],
        "code": code,
        "runtime": summary["FunctionConfig"]["Runtime"],
        "comment": summary["FunctionConfig"].get("Comment") or "",
    }


def _config(state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    return {**existing, "Comment": state["comment"], "Runtime": state["runtime"]}


def _uses(distribution: Mapping[str, Any], arn: str) -> bool:
    associations = (items(behaviour.get("FunctionAssociations")) for behaviour in behaviours(distribution))
    return any(item["FunctionARN"] == arn for found in associations for item in found)
