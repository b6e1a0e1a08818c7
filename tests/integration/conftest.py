# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Aws, Server, start_server, stop_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("local-aws"))
    yield server
    stop_server(server)


@pytest.fixture
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> Aws:
    return Aws(server, monkeypatch)
