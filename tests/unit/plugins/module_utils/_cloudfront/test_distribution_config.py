# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._cloudfront import distribution_config as to

STATED: dict[str, Any] = {
    "origins": [{"id": "site", "domain_name": "a.s3.amazonaws.com", "custom_headers": {"X-A": "one"}}],
    "default_cache_behavior": {"target_origin": "site"},
}


def made(**more: Any) -> dict[str, Any]:
    stated = {**STATED, **more}
    return to.new_config(to.wanted_state(stated, None), "reference", to.header_values(stated["origins"]))


def test_what_is_written_reads_the_same() -> None:
    state = to.config_state(made())
    assert to.changed_fields(state, to.wanted_state(STATED, state)) == {}
    assert to.changed_fields(state, to.wanted_state({}, state)) == {}


def test_members_that_nobody_speaks_of_stay() -> None:
    config = made()
    config["Staging"] = True
    config["Origins"]["Items"][0]["Unknown"] = {"Kept": 1}
    before = copy.deepcopy(config)
    state = to.config_state(config)
    wanted = to.wanted_state({"origins": [{"id": "site", "origin_path": "/v2"}]}, state)
    sent = to.with_changes(config, to.changed_fields(state, wanted), {})
    assert config == before
    origin = sent["Origins"]["Items"][0]
    assert (origin["OriginPath"], origin["Unknown"], sent["Staging"]) == ("/v2", {"Kept": 1}, True)
    # A header's value is known from what there is.
    assert origin["CustomHeaders"]["Items"] == [{"HeaderName": "X-A", "HeaderValue": "one"}]


def test_a_missing_member_means_its_default() -> None:
    config = made()
    for member in ("PriceClass", "HttpVersion", "Aliases", "Logging", "Restrictions", "CustomErrorResponses"):
        config.pop(member, None)
    state = to.config_state(config)
    assert (state["price_class"], state["http_version"], state["aliases"]) == ("PriceClass_All", "http2", [])
    assert to.config_state({**config, "HttpVersion": "HTTP2AND3"})["http_version"] == "http2and3"


def test_another_kind_of_origin_takes_the_place_of_the_first() -> None:
    config = made()
    state = to.config_state(config)
    wanted = to.wanted_state({"origins": [{"id": "site", "custom": {"http_port": 8080}}]}, state)
    sent = to.with_changes(config, to.changed_fields(state, wanted), {})["Origins"]["Items"][0]
    assert "S3OriginConfig" not in sent
    assert (sent["CustomOriginConfig"]["HTTPPort"], sent["CustomOriginConfig"]["HTTPSPort"]) == (8080, 443)


def test_a_value_cannot_be_read_from_its_fingerprint() -> None:
    assert "one" not in to.fingerprint("one")
    assert to.fingerprint("one") != to.fingerprint("two")
