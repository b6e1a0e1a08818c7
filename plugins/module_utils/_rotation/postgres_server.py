# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PostgreSQL, and the few statements that a rotation needs.

A password is sent in no other form than the server keeps it in: libpq makes the SCRAM verifier on this side, so that no
statement log, C(pg_stat_activity) or extension of the server ever sees the password.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .logins import Login, Target, Tls, one_line
from .strategy import RotationError

# PostgreSQL cuts longer names off, silently.
LONGEST_NAME = 63

_SSL_MODES = {"verify": "verify-full", "unverified": "require", "off": "disable"}

# A server that starts, fails over or is full answers in a moment.
_PAUSES = (0.5, 1.0, 2.0)
_TRANSIENT = ("starting up", "shutting down", "too many", "remaining connection slots", "terminating connection")
_FINAL = ("fatal", "certificate", "root certificate", "could not translate host name", "SSL negotiation")

# How long a statement waits for another session that is changing the same user.
LOCK_TIMEOUT = "30s"
# A server that has gone without a word is given up in a minute, whether it is asked something or to answer.
_GIVING_UP = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
_ADVICE = {
    # insufficient_privilege
    "42501": "Grant the user that changes passwords what it lacks, then run again.",
    # lock_not_available
    "55P03": "Another session is changing this user, such as one of a run that was cut off: end it (pg_stat_activity "
    "shows it), or wait; then run again.",
}

# What is settled for the first user and does not follow from being a member of it.
_SETTINGS = """
    SELECT coalesce(d.datname, '') AS database, c.setting AS setting
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
     CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
     WHERE r.rolname = %s
"""


def library_problems() -> list[str]:
    """What is missing on this side."""
    if importlib.util.find_spec("psycopg") is None:
        return ["strategy: it needs the Python library psycopg where the task runs: pip install 'psycopg[binary]'."]
    return []


def is_transient(message: str) -> bool:
    """Whether it may be better in a moment: nobody answered, or a server that is not ready."""
    text = message.lower()
    return any(part in text for part in _TRANSIENT) or not any(part.lower() in text for part in _FINAL)


def connect(target: Target, login: Login, tls: Tls, step: str, sleep: Callable[[float], None]) -> Any:
    """A connection in autocommit mode; a server that is not ready is asked a few times."""
    import psycopg

    arguments: dict[str, Any] = {
        "host": target.host,
        "port": target.port,
        "dbname": target.database,
        "user": login.username,
        "password": login.password,
        "sslmode": _SSL_MODES[tls.mode],
        # Encryption by GSSAPI would take the place of TLS, and of looking at the certificate.
        "gssencmode": "disable",
        "connect_timeout": 10,
        **_GIVING_UP,
        "application_name": "slipway.aws rotation",
    }
    if tls.mode != "verify" and psycopg.pq.version() >= 160000:
        # Whoever answers may be anybody, and is not told the password itself.
        arguments["require_auth"] = "!password"
    if tls.ca_file:
        arguments["sslrootcert"] = tls.ca_file
    for pause in (*_PAUSES, 0.0):
        try:
            return psycopg.connect(autocommit=True, **arguments)
        except psycopg.Error as error:
            cause = one_line(error)
        if not pause or not is_transient(cause):
            break
        sleep(pause)
    # Raised out here, so that no traceback has the arguments' frame as its context.
    raise RotationError(step, cause, _advice(cause))


def _advice(cause: str) -> str:
    text = cause.lower()
    if "root certificate" in text or "certificate verify failed" in text:
        return (
            "Give ca_file: the file of certificates that are trusted; for RDS that is AWS's global-bundle.pem. "
            "Or tls: unverified, if the network between is yours alone."
        )
    if "does not match host name" in text:
        return "Give host as the certificate has it; for RDS that is the endpoint, not an alias."
    if "fatal" not in text:
        return "Check host and port, and that this machine may reach them."
    return ""


@contextmanager
def told(step: str) -> Iterator[None]:
    """Turn what the server refuses into an error of the rotation, in the server's words."""
    import psycopg

    cause = advice = ""
    try:
        yield
    except psycopg.Error as error:
        parts = [error.diag.message_primary or one_line(error), error.diag.message_detail, error.diag.message_hint]
        cause, advice = ". ".join(part.rstrip(".") for part in parts if part), _ADVICE.get(error.sqlstate or "", "")
    if cause:
        raise RotationError(step, cause, advice)


def verifier(connection: Any, login: Login) -> str:
    """The password as the server keeps it, by the method that the server is set to."""
    return connection.pgconn.encrypt_password(login.password.encode(), login.username.encode()).decode()


def set_password(connection: Any, login: Login) -> None:
    """Give a user that exists another password; anybody may do that for oneself."""
    from psycopg import sql

    # Both in one message to the server.
    statement = sql.SQL("SET lock_timeout = {}; ALTER ROLE {} PASSWORD {}")
    password = sql.Literal(verifier(connection, login))
    connection.execute(statement.format(sql.Literal(LOCK_TIMEOUT), sql.Identifier(login.username), password))


def exists(connection: Any, username: str) -> bool:
    """Whether there is such a user."""
    row = connection.execute("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", [username]).fetchone()
    return row is not None


def barred(connection: Any, username: str) -> str:
    """Why a user cannot log in, whatever the password; empty when nothing bars it."""
    statement = """
        SELECT rolcanlogin, rolvaliduntil <= pg_catalog.now(), rolvaliduntil::text
          FROM pg_catalog.pg_roles WHERE rolname = %s
    """
    row = connection.execute(statement, [username]).fetchone()
    if row is None or not row[0]:
        return f"the user {username} may not log in (NOLOGIN)"
    return f"the password of the user {username} is valid until {row[2]} only (VALID UNTIL)" if row[1] else ""


def is_member(connection: Any, username: str, of: str) -> bool:
    """Whether a user has what another one has."""
    row = connection.execute("SELECT pg_catalog.pg_has_role(%s, %s, 'MEMBER')", [username, of]).fetchone()
    return bool(row[0])


def make_twin(connection: Any, first: str, login: Login) -> None:
    """Make the second user. It acts as the first one: what either makes belongs to the first and is open to both."""
    from psycopg import sql

    twin, of = sql.Identifier(login.username), sql.Identifier(first)
    limit = connection.execute("SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = %s", [first]).fetchone()
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN INHERIT CONNECTION LIMIT {} PASSWORD {}").format(
            twin, sql.Literal(limit[0]), sql.Literal(verifier(connection, login))
        )
    )
    connection.execute(sql.SQL("GRANT {} TO {}").format(of, twin))
    connection.execute(sql.SQL("ALTER ROLE {} SET role = {}").format(twin, of))


def settings_of(connection: Any, username: str) -> dict[tuple[str, str], str]:
    """What is set for a user, by database (empty: all) and name."""
    rows = connection.execute(_SETTINGS, [username]).fetchall()
    return {(database, setting.partition("=")[0]): setting.partition("=")[2] for database, setting in rows}


def settings_to_change(
    first: dict[tuple[str, str], str], second: dict[tuple[str, str], str]
) -> dict[tuple[str, str], str | None]:
    """What the second user has to get, or with None to lose, to have the first one's settings. Its role stays."""
    wanted = {key: value for key, value in first.items() if key[1] != "role"}
    lost: dict[tuple[str, str], str | None] = {key: None for key in second if key[1] != "role" and key not in wanted}
    return {**lost, **{key: value for key, value in wanted.items() if second.get(key) != value}}


def copy_settings(connection: Any, first: str, second: str) -> list[str]:
    """Give the second user the settings of the first. Names of those that only a superuser may give."""
    import psycopg
    from psycopg import sql

    refused = []
    changes = settings_to_change(settings_of(connection, first), settings_of(connection, second))
    for (database, name), value in changes.items():
        where = sql.SQL("IN DATABASE {} ").format(sql.Identifier(database)) if database else sql.SQL("")
        setting = sql.SQL(".").join(sql.Identifier(part) for part in name.split("."))
        how = sql.SQL("RESET {}" if value is None else "SET {} FROM CURRENT").format(setting)
        try:
            with connection.transaction():
                if value is not None:
                    # The kept value is in the form that is read back; no quoting of ours could be wrong then.
                    connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", [name, value])
                connection.execute(sql.SQL("ALTER ROLE {} {}{}").format(sql.Identifier(second), where, how))
        except psycopg.errors.InsufficientPrivilege:
            refused.append(name)
    return refused
