# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to Redis, and the few commands that a rotation needs.

A user's passwords are sent as SHA-256 digests, which is how Redis keeps them; only the one to log in with goes out as
it is, in AUTH, which Redis shows in no log.
"""

from __future__ import annotations

import hashlib
import importlib.util
import ssl
from collections.abc import Callable
from typing import Any

from .logins import Login, Target, Tls, one_line
from .strategy import RotationError

# A server that starts, fails over or is full answers in a moment.
_PAUSES = (0.5, 1.0, 2.0)


def library_problems() -> list[str]:
    """What is missing on this side."""
    if importlib.util.find_spec("redis") is None:
        return ["strategy: it needs the Python library redis where the task runs: pip install redis."]
    return []


def digest(password: str) -> str:
    """A password as Redis keeps it."""
    return hashlib.sha256(password.encode()).hexdigest()


def context_of(tls: Tls) -> ssl.SSLContext:
    """What a server is judged by. With a file, it is that file alone, not also whatever this machine trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.mode == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_file not in ("", "system"):
        context.load_verify_locations(tls.ca_file)
    else:
        context.load_default_certs()
    return context


def _pool(target: Target, login: Login, tls: Tls) -> Any:
    from redis.backoff import NoBackoff
    from redis.connection import Connection, ConnectionPool, SSLConnection
    from redis.retry import Retry

    class Judged(SSLConnection):
        def _wrap_socket_with_ssl(self, sock: Any) -> Any:
            return context_of(tls).wrap_socket(sock, server_hostname=self.host)

    verified = {"ssl_ca_certs": tls.ca_file} if tls.ca_file not in ("", "system") else {}
    unverified = {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    # redis-py is told the same, should it not ask the method above.
    options = {"verify": verified, "unverified": unverified, "off": {}}[tls.mode]
    return ConnectionPool(
        connection_class=Connection if tls.mode == "off" else Judged,
        host=target.host,
        port=target.port,
        username=login.username or None,
        password=login.password,
        socket_timeout=10,
        socket_connect_timeout=10,
        decode_responses=True,
        # AUTH, and not HELLO, which a user may not be allowed.
        protocol=2,
        # How often is decided here, where it is known what is worth a second try.
        retry=Retry(NoBackoff(), 0),
        **options,
    )


def connect(target: Target, login: Login, tls: Tls, step: str, sleep: Callable[[float], None]) -> Any:
    """A client that has logged in; a server that is not ready is asked a few times."""
    import redis

    for pause in (*_PAUSES, 0.0):
        client = redis.Redis.from_pool(_pool(target, login, tls))
        try:
            client.execute_command("PING")
            return client
        except redis.exceptions.NoPermissionError:
            # It has logged in.
            return client
        except redis.AuthenticationError as error:
            cause, final = one_line(error), True
        except redis.RedisError as error:
            cause, final = one_line(error), "CERTIFICATE" in str(error)
        client.close()
        if final or not pause:
            break
        sleep(pause)
    # Raised out here, so that no traceback has the login's frame as its context.
    raise RotationError(step, cause, _advice(cause))


def _advice(cause: str) -> str:
    if "CERTIFICATE" in cause:
        return (
            "Give ca_file, the file of certificates that are trusted, and host as the certificate has it. "
            "Or tls: unverified, if the network between is yours alone."
        )
    if "WRONGPASS" in cause or "invalid username-password" in cause:
        return ""
    return "Check host, port and tls, and that this machine may reach them."


def command(client: Any, step: str, *words: str) -> Any:
    """Run a command; what Redis refuses becomes an error of the rotation, in its words."""
    import redis

    try:
        return client.execute_command(*words)
    except redis.RedisError as error:
        cause = one_line(error)
    raise RotationError(
        step, f"{words[0]} {words[1]}: {cause}", "Grant the user that changes passwords +acl, then run again."
    )


def user_of(client: Any, username: str, step: str) -> dict[str, Any] | None:
    """A user's flags and the digests of its passwords; None when there is none."""
    answer = command(client, step, "ACL", "GETUSER", username)
    if not answer:
        return None
    found = answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))
    return {"flags": set(found["flags"]), "passwords": set(found["passwords"])}


def change(client: Any, username: str, rules: list[str], step: str) -> str:
    """Change a user, and have Redis keep it. Why it may be forgotten; empty when it is kept."""
    command(client, step, "ACL", "SETUSER", username, *rules)
    try:
        command(client, step, "ACL", "SAVE")
    except RotationError as error:
        return error.cause
    return ""
