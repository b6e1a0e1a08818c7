# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CloudFront lists with its whole configuration and knows by a unique name: policies, origin access controls."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import Resource, State, aws_call, error_code, merged
from ..planned import planned_id
from . import api
from .changes import behaviours, in_use, onto_newest
from .policies import Kind


class Words:
    """How one kind speaks: its state in the words of the options, and CloudFront's configuration."""

    kind: Kind
    # What a new one gets where the task says nothing.
    new: ClassVar[Mapping[str, Any]] = {}
    unordered: frozenset[str] = frozenset()

    def listing(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Identifier and configuration of all that are one's own."""
        return [(policy["Id"], policy[self.kind.config]) for policy in api.policies(client, self.kind, "custom")]

    def state(self, config: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def config(self, state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
        """The whole configuration for CloudFront; what the state does not speak of stays."""
        raise NotImplementedError

    def used(self, distribution: Mapping[str, Any], identifier: str) -> bool:
        """Whether a distribution's configuration refers to it."""
        member = f"{self.kind.shape}Id"
        return any(behaviour.get(member) == identifier for behaviour in behaviours(distribution))


class Named(Resource):
    """All of one kind in the account, by their names."""

    def __init__(self, client: Any, words: Words) -> None:
        self.client = client
        self.words = words
        self.kind = words.kind.words
        self.unordered = words.unordered

    def describe(self) -> dict[str, State]:
        return {
            config["Name"]: {"id": identifier, **self.words.state(config)}
            for identifier, config in self.words.listing(self.client)
        }

    def planned(self, name: str, wanted: State) -> State:
        return {"id": planned_id(self.words.kind.option, name), **merged(self.words.new, wanted)}

    @aws_call("create the {self.kind} {name}")
    def create(self, name: str, wanted: State) -> State:
        state = merged(self.words.new, wanted)
        config = {"Name": name, **self.words.config(state, {})}
        kind = self.words.kind
        answer = getattr(self.client, f"create_{kind.operation}")(**{kind.config: config})
        return {"id": answer[kind.shape]["Id"], **state}

    @aws_call("update the {self.kind} {name}")
    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        kind = self.words.kind

        def change() -> State:
            config, etag = self._read(current["id"])
            now = self.words.state(config)
            state = merged(now, self.differences(name, now, wanted))
            sent = {**self.words.config(state, config), "Name": name}
            getattr(self.client, f"update_{kind.operation}")(Id=current["id"], IfMatch=etag, **{kind.config: sent})
            return {"id": current["id"], **state}

        return onto_newest(change)

    def _read(self, identifier: str) -> tuple[dict[str, Any], str]:
        answer = getattr(self.client, f"get_{self.words.kind.operation}_config")(Id=identifier)
        return copy.deepcopy(answer[self.words.kind.config]), answer["ETag"]

    @aws_call("delete the {self.kind} {name}")
    def delete(self, name: str, current: State) -> None:
        kind = self.words.kind
        try:
            _config, etag = self._read(current["id"])
            getattr(self.client, f"delete_{kind.operation}")(Id=current["id"], IfMatch=etag)
        except ClientError as error:
            if error_code(error) == f"NoSuch{kind.shape}":
                return
            if error_code(error) == f"{kind.shape}InUse":
                what = f"{kind.words} {name}"
                raise in_use(self.client, what, lambda item: self.words.used(item, current["id"])) from error
            raise
