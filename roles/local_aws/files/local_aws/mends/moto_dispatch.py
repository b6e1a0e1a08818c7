# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of moto answers for a host is found once, not once a request.

AWS: has a host name for each service.
moto 5.2.5: for each request goes through its own folder and asks of each of 180 entries whether it is a folder, twice;
a third of what an answer of S3 costs.
Can go when moto keeps what it found.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from ..clock import Clock


def apply(clock: Clock) -> None:
    find = DomainDispatcherApplication.get_backend_for_host
    # Hosts have names of buckets, too: there is no end of them.
    known = functools.lru_cache(maxsize=4096)(find)

    def mended_get_backend_for_host(self: DomainDispatcherApplication, host: str | None) -> Any:
        return known(self, host)

    DomainDispatcherApplication.get_backend_for_host = mended_get_backend_for_host  # type: ignore[method-assign]
