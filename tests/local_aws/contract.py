# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold each answer of the local AWS against the operation's output shape in botocore's models.

``watch(session)`` makes every client of a boto3 session raise ContractError when an answer lacks a required member, has
a value of another type or outside its enumeration, or, in the JSON protocols, a member that the shape does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
from botocore.model import OperationModel, Shape

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "boolean": (bool,),
    "timestamp": (datetime,),
    "blob": (bytes,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}

#: Values that the model's own documentation names and its enumeration lacks.
DOCUMENTED: dict[str, tuple[str, ...]] = {"ServiceDeploymentLifecycleStage": ("PRE_PRODUCTION_TRAFFIC_SHIFT",)}


class ContractError(AssertionError):
    """An answer does not have the shape that the service's model promises."""


def watch(session: boto3.Session) -> None:
    """Check every answer to every client that the session makes from now on."""
    session.events.register("after-call", _after_call)


def _after_call(http_response: Any, parsed: dict[str, Any], model: OperationModel, **_kwargs: Any) -> None:
    if http_response.status_code >= 300 or model.output_shape is None:
        return
    raw = None
    if model.service_model.resolved_protocol in ("json", "rest-json") and not model.has_streaming_output:
        raw = json.loads(http_response.content or b"{}")
    found = violations(model, parsed, raw)
    if found:
        name = f"{model.service_model.service_name}:{model.name}"
        raise ContractError(f"{name} breaks the contract:\n  " + "\n  ".join(found))


def violations(model: OperationModel, parsed: dict[str, Any], raw: Any = None) -> list[str]:
    """What is wrong with an answer: parsed by botocore and, for a JSON protocol, as it came."""
    shape = model.output_shape
    answer = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    found = list(_check(shape, answer, shape.name))
    if raw is not None and "payload" not in shape.serialization:
        found += _unknown(shape, raw, shape.name)
    return found


def _check(shape: Shape, value: Any, where: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False) or getattr(shape, "is_eventstream", False):
        return
    if shape.name == "policyDocumentType" and isinstance(value, dict):
        return  # botocore itself decodes IAM's policy documents
    if shape.name == "BucketLocationConstraint" and value is None:
        return  # and answers with None for a bucket in us-east-1
    expected = PYTHON_TYPES[shape.type_name]
    # A streamed body is a file-like object, not bytes.
    if not isinstance(value, expected) and not (shape.type_name == "blob" and hasattr(value, "read")):
        yield f"{where} is {value!r}, not a {shape.type_name}"
    elif shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{where} lacks its required member {name}"
        for name, item in value.items():
            if name == "SDK_UNKNOWN_MEMBER":
                yield f"{where} has the unknown member {item['name']}"
            elif name in shape.members:
                yield from _check(shape.members[name], item, f"{where}.{name}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _check(shape.member, item, f"{where}[{index}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _check(shape.key, key, f"{where} key")
            yield from _check(shape.value, item, f"{where}[{key!r}]")
    elif shape.type_name == "string" and getattr(shape, "enum", None) and not _in_enum(shape, value):
        yield f"{where} is {value!r}, not one of {', '.join(shape.enum)}"


# An endpoint's state: the model says Available, AWS's documentation and answers say available.
ENUMS_OF_ANY_CASE = {"State"}


def _in_enum(shape: Shape, value: str) -> bool:
    if shape.name in ENUMS_OF_ANY_CASE:
        return value.lower() in {item.lower() for item in shape.enum}
    return value in (*shape.enum, *DOCUMENTED.get(shape.name, ()))


def _unknown(shape: Shape, raw: Any, where: str) -> Iterator[str]:
    if raw is None or getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure" and isinstance(raw, dict):
        if "jsonvalue" in shape.serialization:
            return
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, item in raw.items():
            if name == "__type":
                continue
            if name in members:
                yield from _unknown(members[name], item, f"{where}.{name}")
            else:
                yield f"{where} has the unknown member {name}"
    elif shape.type_name == "list" and isinstance(raw, list):
        for index, item in enumerate(raw):
            yield from _unknown(shape.member, item, f"{where}[{index}]")
    elif shape.type_name == "map" and isinstance(raw, dict):
        for key, item in raw.items():
            yield from _unknown(shape.value, item, f"{where}[{key!r}]")
