# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront distributions and what they refer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._cloudfront.distribution_config import FIELDS
from ._cloudfront.distributions import Distribution, References
from ._cloudfront.functions import Functions, shown
from ._cloudfront.named import Named, Words
from ._cloudfront.words import (
    CachePolicies,
    OriginAccessControls,
    OriginRequestPolicies,
    ResponseHeadersPolicies,
    custom_headers,
    wanted_cors,
    wanted_security,
    wanted_selection,
)
from .core import AnsibleAWSError, SlipwayModule, State, given, reconcile

__all__ = [
    "FIELDS",
    "GLOBAL_REGION",
    "CachePolicies",
    "Distribution",
    "Functions",
    "OriginAccessControls",
    "OriginRequestPolicies",
    "References",
    "ResponseHeadersPolicies",
    "custom_headers",
    "run_named",
    "shown",
    "wanted_cors",
    "wanted_security",
    "wanted_selection",
]

# CloudFront and what it is tagged with live here, whatever the region of everything else.
GLOBAL_REGION = "us-east-1"


def run_named(
    module: SlipwayModule, option: str, words: Words, wanted: Callable[[dict[str, Any]], State]
) -> dict[str, Any]:
    """The whole work of a module that manages a list of named things: C(option) is the list and the result's key."""
    entries = module.params[option]
    names = [entry["name"] for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise AnsibleAWSError(message=f"{option}: {name} stands twice; each name may stand once.")
    present = module.params["state"] == "present"
    states: dict[str, State | None] = {
        entry["name"]: given(wanted({key: value for key, value in entry.items() if key != "name"})) if present else None
        for entry in entries
    }
    resource = Named(module.client("cloudfront", region=GLOBAL_REGION), words)
    outcome = reconcile(resource, states, check_mode=module.check_mode)
    found = {name: {"name": name, **state} for name, state in outcome.items.items() if name in states}
    return outcome.as_result(**{option: found})
