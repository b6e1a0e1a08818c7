# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and caches that one can log in to.

AWS: an instance of RDS and a replication group of ElastiCache have an endpoint where a server answers, whose passwords
are those that the API was given; a rotation function changes and tests the password there.
moto 5.2.5: has endpoints where nobody answers.
Can go never: moto simulates no servers. ``/local-aws/servers`` puts a real one in the place of a simulated one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import Clock
from . import _rotation_functions as functions
from ._servers import SERVERS, Server, ServerError, hashes

Answer = tuple[int, dict[str, Any]]

#: What to do with a server when it is attached, by the kind of what it is attached to: see to its passwords.
SYNC: dict[str, Callable[[Server], None]] = {}


def _credentials(fields: dict[str, Any]) -> tuple[str | None, str] | None:
    name, password = fields.get("username"), fields.get("password")
    return None if not isinstance(password, str) else (str(name) if name else None, password)


def _set(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    server, credentials = SERVERS.at(after), _credentials(after)
    if server is None or credentials is None:
        return
    name, password = credentials
    if server.key.kind == "db_instance":
        if name:
            server.set_role(name, password)
    else:
        server.set_acl(name or "default", "on", "resetpass", *hashes([password]))


def _test(fields: dict[str, Any]) -> None:
    server, credentials = SERVERS.at(fields), _credentials(fields)
    if server is None or credentials is None:
        return
    name, password = credentials
    if server.key.kind == "db_instance":
        server.try_role(name or "", password)
    else:
        server.try_acl(name, password)


def apply(clock: Clock) -> None:
    functions.SET.append(_set)
    functions.TEST.append(_test)


def reset() -> None:
    SERVERS.detach()


def routes(clock: Clock) -> dict[str, Callable[[str, dict[str, Any]], Answer]]:
    def servers(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            try:
                server = SERVERS.attach(parameters, clock)
                SYNC[server.key.kind](server)
            except ServerError as error:
                return 400, {"error": str(error)}
            except Exception as error:  # noqa: BLE001 - whatever the server's client raises
                SERVERS.detach(server.key.name)
                return 400, {"error": f"The server cannot be administered: {type(error).__name__}: {error}"}
            return 200, server.describe()
        if method == "DELETE":
            SERVERS.detach(parameters.get("name"))
        return 200, {"servers": SERVERS.describe()}

    return {"servers": servers}
