# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take out of a JSON answer what the operation's output shape does not have.

moto adds members of its own models to many answers; SDKs ignore them, so nobody notices, but AWS does not send them.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.model import Shape

from .identify import Operation, service_model

#: Services whose answers are wholly ours: there, a member too many is an error that the contract tests must see.
OURS = frozenset({"ecs"})


def prune(operation: Operation, content: bytes) -> bytes:
    """The answer without unknown members; anything that is not JSON of a known operation stays as it is."""
    model = service_model(operation.service)
    if operation.service in OURS or model is None or operation.action not in model.operation_names:
        return content
    shape = model.operation_model(operation.action).output_shape
    if model.resolved_protocol not in ("json", "rest-json") or shape is None or "payload" in shape.serialization:
        return content
    try:
        answer = json.loads(content)
    except ValueError:
        return content
    pruned = _pruned(shape, answer)
    return content if pruned == answer else json.dumps(pruned).encode()


def _pruned(shape: Shape, value: Any) -> Any:
    if getattr(shape, "is_document_type", False) or "jsonvalue" in shape.serialization:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        return {name: _pruned(members[name], item) for name, item in value.items() if name in members}
    if shape.type_name == "list" and isinstance(value, list):
        return [_pruned(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _pruned(shape.value, item) for key, item in value.items()}
    return value
