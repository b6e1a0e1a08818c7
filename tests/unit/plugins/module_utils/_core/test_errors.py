# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._core.errors import aws_call, error_code, next_step
from botocore.exceptions import ClientError, EndpointConnectionError


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "in AWS's words"}}, "DoIt")


@aws_call("delete the topic {name}", missing=["NotFound"], default="gone")
def call(error: Exception | None, name: str = "critical") -> str:
    if error:
        raise error
    return "done"


def test_success_is_passed_on() -> None:
    assert call(None) == "done"


def test_what_is_missing_gives_the_default() -> None:
    assert call(client_error("NotFound")) == "gone"


def test_an_error_names_the_resource_the_cause_and_the_next_step() -> None:
    with pytest.raises(AnsibleAWSError) as caught:
        call(client_error("AccessDeniedException"), name="warning")
    assert "Failed to delete the topic warning" in str(caught.value)
    assert "in AWS's words" in str(caught.value)
    assert "Grant the caller the action" in str(caught.value)


def test_an_endpoint_that_cannot_be_reached_is_such_an_error_too() -> None:
    with pytest.raises(AnsibleAWSError, match="Failed to delete the topic critical: Could not connect"):
        call(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))


def test_other_exceptions_are_bugs_and_stay_what_they_are() -> None:
    with pytest.raises(KeyError):
        call(KeyError("x"))


def test_no_advice_for_an_unknown_code() -> None:
    assert next_step("Unheard.Of") == ""
    assert error_code(KeyError("x")) == ""


def test_a_call_may_know_more_than_the_code_alone_says() -> None:
    @aws_call("invalidate", next_steps={"TooManyInvalidationsInProgress": "Run again."})
    def invalidate(code: str) -> None:
        raise client_error(code)

    with pytest.raises(AnsibleAWSError, match=r"Failed to invalidate \(Run again\.\)"):
        invalidate("TooManyInvalidationsInProgress")
    with pytest.raises(AnsibleAWSError, match=r"Failed to invalidate \(A service quota is used up"):
        invalidate("TooManyDistributions")
    assert next_step("TooManyRequestsException").startswith("AWS asks for fewer calls")
