# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from local_aws.clock import Clock
from local_aws.mends import moto_dispatch
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

HOSTS = (
    "s3.us-east-1.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "cloudfront.amazonaws.com",
    "moto_api",
    "dynamodb",
    None,
)


def test_moto_does_not_go_through_its_folder_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    motos = DomainDispatcherApplication.get_backend_for_host
    application = DomainDispatcherApplication(create_backend_app)
    expected = [application.get_backend_for_host(host) for host in HOSTS]
    assert expected[:3] == ["s3", "s3", "cloudfront"]

    # Put back afterwards, whatever the mend puts in its place.
    monkeypatch.setattr(DomainDispatcherApplication, "get_backend_for_host", motos)
    moto_dispatch.apply(Clock(second_ms=1000))
    assert [application.get_backend_for_host(host) for host in HOSTS] == expected
    monkeypatch.setattr(os, "listdir", lambda path: pytest.fail(f"{path} was listed"))
    assert [application.get_backend_for_host(host) for host in HOSTS] == expected
