# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who logs in where, by a secret's value and the task's options: pure functions, for every kind of database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from .random_value import renewed
from .strategy import RotationError

# How people name things in the JSON of a secret; the first is what AWS's own functions use.
USERNAME_FIELDS = ("username", "user")
PASSWORD_FIELDS = ("password", "auth_token", "token")
HOST_FIELDS = ("host", "hostname", "endpoint")
DATABASE_FIELDS = ("dbname", "database", "db_name")

# The options that say where and how to log in.
OPTIONS = frozenset({"host", "port", "ca_file", "tls", "generate"})

# A shorter password is part of too many words to be searched for.
_SEARCHABLE = 8


@dataclass(frozen=True)
class Login:
    """A user and the password; never in a repr, which ends in tracebacks."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """A server."""

    host: str
    port: int
    database: str = ""


@dataclass(frozen=True)
class Tls:
    """How much of TLS is asked for."""

    mode: str = "verify"
    ca_file: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Tls:
        """What the options ask for: everything, unless they say otherwise."""
        return cls(options.get("tls") or "verify", options.get("ca_file") or "")


def fields_of(value: str) -> dict[str, Any] | None:
    """The fields of a secret that is a JSON object; None when it is something else."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def first_of(found: Mapping[str, Any] | None, names: tuple[str, ...]) -> str:
    """The name of the first of some fields that has a value; empty when none has."""
    return next((name for name in names if (found or {}).get(name) not in (None, "")), "")


def password_field(value: str) -> str | None:
    """The field that the password is in; None when the whole value is the password."""
    found = fields_of(value)
    return None if found is None else first_of(found, PASSWORD_FIELDS) or PASSWORD_FIELDS[0]


def password_of(value: str, step: str) -> str:
    """The password in a secret."""
    found, name = fields_of(value), password_field(value)
    if found is None or name is None:
        return value
    if not isinstance(found.get(name), str) or not found[name]:
        raise RotationError(
            step,
            f"the secret is a JSON object without a password in {' or '.join(PASSWORD_FIELDS)}",
            "Put the password into the field password.",
        )
    return found[name]


def login_of(value: str, options: Mapping[str, Any], step: str) -> Login:
    """The user and the password in a secret; a user that the secret does not name is the option's."""
    found = fields_of(value)
    username = (found or {}).get(first_of(found, USERNAME_FIELDS)) or options.get("username")
    if not isinstance(username, str):
        raise RotationError(
            step, "the secret names no user", "Give the option username, or put the user into the field username."
        )
    return Login(username, password_of(value, step))


def target_of(value: str, options: Mapping[str, Any], step: str, *, port: int, database: str = "") -> Target:
    """The server: as the options say, else as the secret says."""
    found = fields_of(value) or {}
    host = options.get("host") or found.get(first_of(found, HOST_FIELDS))
    if not host:
        raise RotationError(step, "neither the task nor the secret names a host", "Give the option host.")
    number = options.get("port") or found.get("port") or port
    try:
        number = int(number)
    except (TypeError, ValueError):
        raise RotationError(step, "the field port of the secret is no number", "Give the option port.") from None
    name = options.get("database") or found.get(first_of(found, DATABASE_FIELDS)) or database
    return Target(str(host), number, str(name))


def with_new_password(value: str, options: Mapping[str, Any], *, alphabet: str, length: int, username: str = "") -> str:
    """The value with another password, by the recipes of the task or a usual one, also where a URL holds it.

    With C(username) it is another user's.
    """
    old = password_of(value, "create")
    recipes = options.get("generate") or [{"field": password_field(value), "length": length, "alphabet": alphabet}]
    drawn = renewed(value, recipes)
    new = password_of(drawn, "create")
    if new == old:
        raise RotationError(
            "create",
            "generate has no entry for the password",
            f"Give it one with field: {password_field(value)}, or leave generate out.",
        )
    return with_login(drawn, old, Login(username, new))


def with_login(value: str, old_password: str, new: Login) -> str:
    """The value with another password, and another user if C(new) names one, wherever it has them."""
    found = fields_of(value)
    if found is None:
        return new.password
    changed = {**found, password_field(value) or PASSWORD_FIELDS[0]: new.password}
    if new.username:
        changed[first_of(found, USERNAME_FIELDS) or USERNAME_FIELDS[0]] = new.username
    for name, part in found.items():
        if isinstance(part, str) and "://" in part:
            changed[name] = url_with_login(part, old_password, new)
    stale = [name for name, part in changed.items() if _holds(part, old_password) and name in found]
    if stale:
        raise RotationError(
            "create",
            f"the field {', '.join(sorted(stale))} of the secret repeats the old password in a form that is not known",
            "Take it out of the secret, or give it as a URL (scheme://user:password@host/...).",
        )
    return json.dumps(changed)


def _holds(part: Any, password: str) -> bool:
    spellings = {password, quote(password, safe="")}
    return isinstance(part, str) and len(password) >= _SEARCHABLE and any(spelling in part for spelling in spellings)


def url_with_login(url: str, old_password: str, new: Login) -> str:
    """A URL with another password, if the old one is in it; other URLs stay as they are."""
    try:
        parts = urlsplit(url)
        password, username = parts.password, parts.username
    except ValueError:
        return url
    if password is None or unquote(password) != old_password:
        return url
    user = quote(new.username, safe="") if new.username else username or ""
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(new.password, safe='')}@{place}"))


def problems_of(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with the options that say where and how to log in."""
    found = []
    ca_file, tls = options.get("ca_file"), options.get("tls") or "verify"
    if ca_file and tls != "verify":
        found.append(f"ca_file: with tls {tls} no certificate is verified; leave one of the two out.")
    if ca_file and ca_file != "system" and not Path(ca_file).is_file():
        found.append(f"ca_file: there is no file {ca_file}.")
    return found


@contextmanager
def as_admin(secret: str) -> Iterator[None]:
    """Say of what goes wrong inside that it is the login of another secret's user, not of the one that is rotated."""
    failed = None
    try:
        yield
    except RotationError as error:
        failed = error
    if failed is not None:
        advice = failed.advice or f"Check the user and the password in {secret}."
        raise RotationError(failed.step, f"its admin_secret {secret} cannot log in: {failed.cause}", advice)


def one_line(error: object) -> str:
    """What a server or a library says, on one line."""
    return re.sub(r"\s+", " ", str(error)).strip()
