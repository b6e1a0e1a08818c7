# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret values: generated, put into JSON, and never given a way out of the process but the call to Secrets Manager."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# Named alphabets. What a service does not take is left out, so that no value has to be thrown away later.
ALPHABETS: dict[str, str] = {
    "alphanumeric": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "urlsafe": string.ascii_letters + string.digits + "-_",
    # RDS refuses / @ " and space in a master password; ' and \ and $ are left out because shells and URLs mangle them.
    "database": string.ascii_letters + string.digits + "!#%&()*+,-.:;<=>?[]^_{|}~",
    # ElastiCache allows only these symbols in an AUTH token.
    "redis": string.ascii_letters + string.digits + "!&#$^<>-",
}

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)

# Tokens are derived with this, so it must never change: a re-run recognises the version that a killed run has made.
_NAMESPACE = uuid.UUID("5a1bd0f6-5c39-5a52-8f5e-3a4c3b8b6c55")


def alphabet(recipe: Mapping[str, Any]) -> str:
    """The characters that a recipe allows, each once."""
    characters = recipe.get("characters") or ALPHABETS[recipe.get("alphabet") or "alphanumeric"]
    return "".join(dict.fromkeys(characters))


def generate(length: int, characters: str, choose: Callable[[str], str] = secrets.choice) -> str:
    """A random string with at least one character of each class (lower, upper, digit, symbol) that the alphabet has."""
    symbols = "".join(c for c in characters if not c.isalnum())
    classes = [
        group for group in (*("".join(c for c in characters if c in known) for known in _CLASSES), symbols) if group
    ]
    needed = classes if length >= len(classes) else []
    while True:
        value = "".join(choose(characters) for _position in range(length))
        # Drawing again keeps all acceptable values equally likely; putting missing characters in would not.
        if all(any(c in group for c in value) for group in needed):
            return value


def build(secret: Mapping[str, Any], make: Callable[[int, str], str] = generate) -> str:
    """The value of a new secret: as given, generated, or a JSON object of fixed and generated fields."""
    if secret.get("value") is not None:
        return secret["value"]
    recipes = secret.get("generate") or []
    generated = {recipe.get("field"): make(recipe["length"], alphabet(recipe)) for recipe in recipes}
    if None in generated:
        return generated[None]
    return json.dumps({**(secret.get("fields") or {}), **generated})


def check_recipe(name: str, secret: Mapping[str, Any]) -> None:
    """Refuse what does not say clearly what the value is, before anything is created."""
    recipes = secret.get("generate") or []
    names = [recipe.get("field") for recipe in recipes]
    given = secret.get("value") is not None
    fields = secret.get("fields") or {}
    if given and (recipes or fields):
        raise AnsibleAWSError(message=f"secrets: {name} has a value as well as generate or fields; give one of them.")
    if None in names and (len(names) > 1 or fields):
        raise AnsibleAWSError(
            message=f"secrets: {name} generates one whole value and JSON fields; "
            "give every entry of generate a field, or keep only the one without."
        )
    twice = sorted({str(field) for field in names if names.count(field) > 1 or field in fields})
    if twice:
        raise AnsibleAWSError(message=f"secrets: {name} says twice what the field {', '.join(twice)} is.")
    for recipe in recipes:
        if recipe["length"] < 1 or len(alphabet(recipe)) < 2:
            raise AnsibleAWSError(
                message=f"secrets: {name} generates {recipe['length']} characters out of {len(alphabet(recipe))}; "
                "at least 1 out of 2 is needed."
            )


def has_recipe(secret: Mapping[str, Any]) -> bool:
    """Whether the task says what the value of a new secret is."""
    return secret.get("value") is not None or bool(secret.get("generate")) or bool(secret.get("fields"))


def request_token(*parts: Any) -> str:
    """A ClientRequestToken that is the same whenever the inputs are: made of what is not secret only."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts, sort_keys=True)))


def replacement_token(name: str, secret: Mapping[str, Any]) -> str:
    """The version that replaces a value with a generated one, named by the inputs."""
    return request_token(
        "replace", name, secret.get("generate"), secret.get("fields"), secret.get("replacement_id") or ""
    )


def field_of(secret_string: str, field: str | None, secret_id: str) -> str:
    """One field of a JSON secret, or the whole value. An error tells the field, never the value."""
    if not field:
        return secret_string
    try:
        value = json.loads(secret_string)[field]
    except (ValueError, TypeError, KeyError):
        # `from None`: the JSON error would carry the value into a traceback.
        raise AnsibleAWSError(message=f"The secret {secret_id} is no JSON object with the field {field}.") from None
    return str(value)
