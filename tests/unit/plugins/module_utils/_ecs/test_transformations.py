# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.options import RUN_TASK, SERVICE, TASK_DEFINITION
from ansible_collections.slipway.aws.plugins.module_utils._ecs.transformations import (
    cluster_name,
    from_api,
    images,
    is_tag_list,
    options_of,
    overlay,
    registrable,
    revision_name,
    snake_name,
    to_api,
    with_container_changes,
)

MODEL = botocore.session.get_session().get_service_model("ecs")
REGISTER = MODEL.operation_model("RegisterTaskDefinition").input_shape
CREATE = MODEL.operation_model("CreateService").input_shape
RUN = MODEL.operation_model("RunTask").input_shape
TYPES = {"string": "str", "integer": "int", "boolean": "bool", "double": "float", "structure": "dict", "map": "dict"}


def compare_with_model(spec: dict[str, Any], shape: Any, leave_out: set[str], path: str = "") -> None:
    """Every member of a request is an option of the same type, and no option is anything else."""
    assert set(spec) == {snake_name(name) for name in shape.members if name not in leave_out}, path
    for name, member in shape.members.items():
        if name in leave_out:
            continue
        option = spec[snake_name(name)]
        where = f"{path}.{name}"
        if is_tag_list(member):
            assert option["type"] == "dict", where
            continue
        inner = member.member if member.type_name == "list" else member
        if member.type_name == "list":
            assert (option["type"], option["elements"]) == ("list", TYPES[inner.type_name]), where
        else:
            assert option["type"] == TYPES[member.type_name], where
        assert option.get("choices") == (list(inner.enum) if getattr(inner, "enum", None) else None), where
        if inner.type_name == "structure" and not inner.is_document_type:
            compare_with_model(option["options"], inner, leave_out, where)


def test_options_are_the_members_of_the_requests() -> None:
    compare_with_model(TASK_DEFINITION, REGISTER, {"inferenceAccelerators"})
    others = {"cluster", "serviceName", "taskDefinition", "clientToken", "role"}
    compare_with_model({**SERVICE, "tags": {"type": "dict"}}, CREATE, others)
    own = {"cluster", "count", "referenceId", "startedBy", "taskDefinition", "clientToken"}
    compare_with_model({**RUN_TASK, "tags": {"type": "dict"}}, RUN, own | {"inferenceAcceleratorOverrides"})


def test_names_are_those_of_botocore_but_for_what_nobody_can_read() -> None:
    assert snake_name("healthCheckGracePeriodSeconds") == "health_check_grace_period_seconds"
    assert snake_name("enableECSManagedTags") == "enable_ecs_managed_tags"
    assert snake_name("sizeInGiB") == "size_in_gib"


def test_keys_that_are_data_keep_their_case() -> None:
    container = {
        "name": "app",
        "docker_labels": {"com.example.teamName": "x", "snake_case": "y"},
        "environment": [{"name": "apiKey", "value": "a"}],
        "log_configuration": {"log_driver": "awslogs", "options": {"awslogs-group": "g", "max_buffer_size": "1m"}},
    }
    sent = to_api(REGISTER, {"container_definitions": [container], "tags": {"myKey": "v"}})
    assert sent["containerDefinitions"][0] == {
        "name": "app",
        "dockerLabels": {"com.example.teamName": "x", "snake_case": "y"},
        "environment": [{"name": "apiKey", "value": "a"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "max_buffer_size": "1m"}},
    }
    assert sent["tags"] == [{"key": "myKey", "value": "v"}]
    assert from_api(REGISTER, sent) == {"container_definitions": [container], "tags": {"myKey": "v"}}


def test_what_is_none_is_left_out_and_what_is_empty_is_not() -> None:
    sent = to_api(
        REGISTER, {"cpu": None, "volumes": [], "container_definitions": [{"name": "a", "cpu": 0, "user": None}]}
    )
    assert sent == {"volumes": [], "containerDefinitions": [{"name": "a", "cpu": 0}]}


def test_maps_take_texts() -> None:
    labels = REGISTER.members["containerDefinitions"].member.members["dockerLabels"]
    assert to_api(labels, {"a": 1, "b": None}) == {"a": "1"}


def test_documents_pass_as_they_are() -> None:
    hooks = CREATE.members["deploymentConfiguration"].members["lifecycleHooks"]
    hook = {"hook_details": {"camelKey": {"snake_key": [1]}}}
    assert to_api(hooks, [hook]) == [{"hookDetails": {"camelKey": {"snake_key": [1]}}}]


def test_answers_are_json() -> None:
    service = MODEL.shape_for("Service")
    told = from_api(service, {"createdAt": datetime(2026, 1, 2, tzinfo=UTC), "tags": [{"key": "a", "value": "b"}]})
    assert told == {"created_at": "2026-01-02T00:00:00+00:00", "tags": {"a": "b"}}
    assert from_api(service, None) is None


def test_options_of_a_request() -> None:
    options = {"desired_count": 0, "platform_version": None, "cluster": "c", "unknown": 1}
    assert options_of(CREATE, options, frozenset({"cluster"})) == {"desiredCount": 0}


def test_overlay_merges_structures_and_replaces_lists() -> None:
    shape = CREATE.members["deploymentConfiguration"]
    current = {"maximumPercent": 200, "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True}}
    given = {"alarms": {"alarmNames": ["b"]}}
    assert overlay(shape, current, given) == {
        "maximumPercent": 200,
        "alarms": {"alarmNames": ["b"], "enable": True, "rollback": True},
    }
    assert overlay(shape, None, given) == given


def test_container_changes_set_and_remove() -> None:
    containers = [
        {
            "name": "app",
            "image": "a:1",
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "secrets": [{"name": "S", "valueFrom": "arn:s"}],
        },
        {"name": "log", "image": "l:1"},
    ]
    change = {
        "name": "app",
        "image": "a:2",
        "environment": {"A": None, "C": 3},
        "secrets": {"T": "arn:t"},
        "cpu": 5,
        "memory": None,
    }
    changed = with_container_changes(containers, [change])
    assert changed[0] == {
        "name": "app",
        "image": "a:2",
        "cpu": 5,
        "environment": [{"name": "B", "value": "2"}, {"name": "C", "value": "3"}],
        "secrets": [{"name": "S", "valueFrom": "arn:s"}, {"name": "T", "valueFrom": "arn:t"}],
    }
    assert changed[1] == containers[1]
    assert containers[0]["image"] == "a:1"


def test_only_container_needs_no_name() -> None:
    assert with_container_changes([{"name": "app", "image": "1"}], [{"image": "2"}])[0]["image"] == "2"


@pytest.mark.parametrize(
    ("change", "message"), [({"name": "x"}, "no container 'x'"), ({"image": "y"}, "needs the name")]
)
def test_unknown_container_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_container_changes([{"name": "a"}, {"name": "b"}], [change])


def test_described_definition_becomes_a_request() -> None:
    described = {"family": "f", "revision": 3, "status": "ACTIVE", "volumes": [], "cpu": "256", "registeredAt": 1}
    assert registrable(REGISTER, described) == {"family": "f", "cpu": "256"}


def test_names_from_arns() -> None:
    assert cluster_name("arn:aws:ecs:us-east-1:1:cluster/shop") == cluster_name("shop") == "shop"
    assert revision_name("arn:aws:ecs:us-east-1:1:task-definition/app:7") == "app:7"
    assert images({"containerDefinitions": [{"name": "a", "image": "i"}, {"name": "b"}]}) == {"a": "i", "b": ""}
