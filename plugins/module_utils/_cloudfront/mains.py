# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules for lists of named things at CloudFront have in common: options, and C(main)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ..core import AnsibleAWSError, Resource, SlipwayModule, State, given, reconcile, run
from .api import GLOBAL_REGION
from .named import Named, Words


def manage_named(
    option: str, entry: dict[str, Any], words: Words, wanted: Callable[[dict[str, Any]], State] = dict
) -> NoReturn:
    """C(main) of a module for policies or origin access controls."""
    manage(option, entry, lambda client, _entries: Named(client, words), wanted)


def manage(
    option: str,
    entry: dict[str, Any],
    resource: Callable[[Any, list[dict[str, Any]]], Resource],
    wanted: Callable[[dict[str, Any]], State],
    shown: Callable[[State], State] = dict,
) -> NoReturn:
    """C(main) of a module that manages a list of named things.

    C(option) is the list, and the key of the result; C(entry) are the options of an item. C(resource) makes of a client
    and the items what is managed, C(wanted) of an item without its name a state, and C(shown) of a state a result.
    """
    module = SlipwayModule(
        argument_spec={
            option: {"type": "list", "elements": "dict", "required": True, "options": entry},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )

    def work(module: SlipwayModule) -> dict[str, Any]:
        entries = module.params[option]
        present = module.params["state"] == "present"
        states: dict[str, State | None] = {}
        for item in entries:
            name = item["name"]
            if name in states:
                raise AnsibleAWSError(message=f"{option}: {name} stands twice; each name may stand once.")
            fields = {key: value for key, value in item.items() if key != "name"}
            states[name] = given(wanted(fields)) if present else None
        client = module.client("cloudfront", region=GLOBAL_REGION)
        outcome = reconcile(resource(client, entries), states, check_mode=module.check_mode)
        found = {name: {"name": name, **shown(state)} for name, state in outcome.items.items() if name in states}
        return outcome.as_result(**{option: found})

    run(module, work)


def selection_options(**behaviors: list[str]) -> dict[str, Any]:
    """The options of what a policy selects (headers, cookies, query strings) by how each can be selected."""
    return {
        option: {
            "type": "dict",
            "options": {
                "behavior": {"type": "str", "choices": choices, "required": True},
                "names": {"type": "list", "elements": "str"},
            },
        }
        for option, choices in behaviors.items()
    }
