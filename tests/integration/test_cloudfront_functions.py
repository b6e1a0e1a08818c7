# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._cloudfront import api
from ansible_collections.slipway.aws.plugins.modules import cloudfront_functions

from .harness import Aws, ModuleFailed
from .options import leaves, round_trip

MODULE = "cloudfront_functions"
ROUTES = "function handler(event) {\n  return event.request;\n}\n"
OTHER = ROUTES.replace("event.request", "{statusCode: 503}")
ENTRY: dict[str, Any] = {"name": "routes", "code": ROUTES, "comment": "Every route is the page"}
OTHERS = {"code": OTHER, "runtime": "cloudfront-js-1.0", "comment": "other"}


def live(aws: Aws, stage: str = "LIVE") -> str:
    return aws.client("cloudfront").get_function(Name="routes", Stage=stage)["FunctionCode"].read().decode()


def test_a_function_is_written_and_published_once(aws: Aws) -> None:
    arguments = {"functions": [ENTRY]}
    predicted = aws.run_module(MODULE, arguments, check=True)
    made = aws.run_module(MODULE, arguments)
    assert made["actions"] == predicted["actions"]
    assert {**made["functions"]["routes"], "arn": ""} == {**predicted["functions"]["routes"], "arn": ""}
    assert live(aws) == ROUTES
    aws.mark()
    again = aws.run_module(MODULE, arguments)
    assert not again["changed"]
    assert again["functions"] == made["functions"]
    assert sorted(aws.calls()) == ["cloudfront:GetFunction", "cloudfront:ListFunctions", "cloudfront:ListFunctions"]


def test_every_option_round_trips(aws: Aws) -> None:
    # publish says which stage is looked at, and has a test of its own.
    assert set(leaves(cloudfront_functions.FUNCTION, but=("name", "publish"))) == OTHERS.keys()
    arguments = {"functions": [ENTRY]}
    aws.run_module(MODULE, arguments)
    others = {f"functions.{option}": value for option, value in OTHERS.items()}
    round_trip(aws, MODULE, arguments, others, result="functions")
    assert not aws.run_module(MODULE, {"functions": [{"name": "routes"}]})["changed"]


def test_without_publishing_only_development_is_written(aws: Aws) -> None:
    aws.run_module(MODULE, {"functions": [ENTRY]})
    draft = {"functions": [{**ENTRY, "code": OTHER, "publish": False}]}
    predicted = aws.run_module(MODULE, draft, check=True)
    done = aws.run_module(MODULE, draft)
    assert done["functions"] == predicted["functions"]
    assert (live(aws), live(aws, "DEVELOPMENT")) == (ROUTES, OTHER)
    assert not aws.run_module(MODULE, draft)["changed"]
    # What lies at DEVELOPMENT already is only published.
    aws.mark()
    assert aws.run_module(MODULE, {"functions": [{**ENTRY, "code": OTHER}]})["changed"]
    assert aws.mutations() == ["cloudfront:PublishFunction"]
    assert live(aws) == OTHER


def test_a_run_that_was_killed_before_it_published_is_taken_up(aws: Aws) -> None:
    aws.client("cloudfront").create_function(
        Name="routes",
        FunctionConfig={"Comment": ENTRY["comment"], "Runtime": "cloudfront-js-2.0"},
        FunctionCode=ROUTES.encode(),
    )
    predicted = aws.run_module(MODULE, {"functions": [ENTRY]}, check=True)
    aws.mark()
    done = aws.run_module(MODULE, {"functions": [ENTRY]})
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": "routes", "fields": ["published"]}]
    assert aws.mutations() == ["cloudfront:PublishFunction"]
    assert live(aws) == ROUTES


def test_a_conflict_is_resolved(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.run_module(MODULE, {"functions": [ENTRY]})
    read, reads = api.function_code, []

    def late(client: Any, name: str, stage: str) -> str:
        code = read(client, name, stage)
        reads.append(stage)
        if reads.count("DEVELOPMENT") == 1:
            etag = client.describe_function(Name=name)["ETag"]
            config = {"Comment": "somebody else", "Runtime": "cloudfront-js-2.0"}
            client.update_function(Name=name, IfMatch=etag, FunctionConfig=config, FunctionCode=b"somebody else")
        return code

    monkeypatch.setattr(api, "function_code", late)
    aws.run_module(MODULE, {"functions": [{**ENTRY, "code": OTHER}]})
    assert reads.count("DEVELOPMENT") == 2
    assert live(aws) == OTHER


def test_one_that_is_used_is_not_deleted(aws: Aws) -> None:
    arn = aws.run_module(MODULE, {"functions": [ENTRY]})["functions"]["routes"]["arn"]
    site = {
        "name": "site",
        "origins": [{"id": "site", "domain_name": "a.s3.us-east-1.amazonaws.com"}],
        "default_cache_behavior": {"target_origin": "site", "functions": {"viewer-request": "routes"}},
    }
    made = aws.run_module("cloudfront_distribution", site)["distribution"]
    assert made["default_cache_behavior"]["functions"] == {"viewer-request": arn}
    gone = {"functions": [{"name": "routes"}], "state": "absent"}
    with pytest.raises(ModuleFailed, match=f"routes is still used by {made['id']}"):
        aws.run_module(MODULE, gone)
    without = {"name": "site", "default_cache_behavior": {"functions": {}}}
    assert aws.run_module("cloudfront_distribution", without)["changed"]
    assert aws.run_module(MODULE, gone, check=True)["changed"]
    assert aws.run_module(MODULE, gone)["changed"]
    assert not aws.run_module(MODULE, gone)["changed"]


@pytest.mark.parametrize(
    ("functions", "message"),
    [([{"name": "routes"}], "routes is new and needs code"), ([ENTRY, ENTRY], "routes stands twice")],
)
def test_what_cannot_be_meant_is_an_error(aws: Aws, functions: list[dict[str, Any]], message: str) -> None:
    for check in (True, False):
        with pytest.raises(ModuleFailed, match=message):
            aws.run_module(MODULE, {"functions": functions}, check=check)
