# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(random): a new value for a secret that only applications read, such as the key that signs their tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._secretsmanager.values import alphabet, generate
from .strategy import RotationError, Strategy, strategy


def renewed(current: str, recipes: list[Mapping[str, Any]], fields: Mapping[str, Any] | None = None) -> str:
    """The current value with what is generated drawn anew. Fields that no recipe names stay as they are."""
    drawn = {recipe.get("field"): generate(recipe["length"], alphabet(recipe)) for recipe in recipes}
    if None in drawn:
        return drawn[None]
    try:
        kept = json.loads(current)
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        # `from None` is not enough: the JSON error would still be the context of a traceback.
        raise RotationError(
            "create",
            "the current value is no JSON object, and generate names fields of one",
            "Give one entry of generate without field to replace the whole value.",
        )
    return json.dumps({**kept, **(fields or {}), **drawn})


@strategy("random")
class Random(Strategy):
    """Nothing is to be told anywhere: the new value holds as soon as applications read it."""

    takes = frozenset({"generate", "fields"})
    needs = frozenset({"generate"})
    two_valid = True
    target = False

    def create(self, current: str) -> str:
        return renewed(current, self.options["generate"], self.options.get("fields"))
