# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager. The private package behind it is split by job."""

from __future__ import annotations

from typing import Any

from ._secretsmanager import api
from ._secretsmanager.options import GENERATE, ROTATION
from ._secretsmanager.transformations import (
    from_listing,
    name_of,
    replica_changes,
    replicas,
    rotation_arguments,
    same_key,
)
from ._secretsmanager.values import (
    ALPHABETS,
    build,
    check_recipe,
    field_of,
    generate,
    has_recipe,
    replacement_token,
    request_token,
)


def read_field(client: Any, secret_id: str, field: str | None) -> str:
    """One field of a secret's current value, for a module that hands it to AWS: it never passes through Ansible."""
    return field_of(api.current_value(client, secret_id), field, secret_id)


__all__ = [
    "ALPHABETS",
    "GENERATE",
    "ROTATION",
    "api",
    "build",
    "check_recipe",
    "field_of",
    "from_listing",
    "generate",
    "has_recipe",
    "name_of",
    "read_field",
    "replacement_token",
    "replica_changes",
    "replicas",
    "request_token",
    "rotation_arguments",
    "same_key",
]
