# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which Secrets Manager rotates by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..core import given, in_parallel, wait_until
from . import api
from .by_aws import Managed
from .engine import Secret
from .loading import Loader
from .options import (
    rules_differ,
    rules_to_set,
)


class Configurer(Loader):
    """Sets the rules that differ."""

    def _rules(self, name: str) -> dict[str, Any] | None:
        return next(entry["rotation"] for entry in self.options["secrets"] if entry["name"] == name)

    def _differing(self) -> list[str]:
        return [name for name, secret in self.secrets.items() if rules_differ(secret.entry, self._rules(name))]

    def _configure(self) -> None:
        calls = {}
        for name in self._differing():
            secret, strategy = self.secrets[name], self.secrets[name].strategy
            wanted = self._rules(name) or {}
            if wanted and isinstance(strategy, Managed) and secret.wanted and not secret.versions.pending:
                strategy.rules = rules_to_set(secret.entry, wanted)
            else:
                calls[name] = partial(self._set_rules, secret, wanted)
            self.configured.add(name)
            self.actions.append({"action": "configure", "name": secret.name})
        in_parallel(calls)

    def _set_rules(self, secret: Secret, wanted: Mapping[str, Any]) -> None:
        stated = given(wanted)
        if not stated:
            api.switch_off(self.client, secret.arn)
            secret.reload()
            return
        api.configure(self.client, secret.arn, rules_to_set(secret.entry, stated))
        secret.reload()
        if self.wait and secret.versions.pending:
            self._await_trial(secret)

    def _await_trial(self, secret: Secret) -> None:
        """Secrets Manager tries the function with a pending version of its own, which it takes away again."""
        started = time.time()

        def look() -> str:
            secret.reload()
            secret.say("Secrets Manager tries the rotation function")
            return secret.versions.pending

        pending = wait_until(
            look,
            lambda pending: not pending,
            timeout=self.options["wait_timeout"],
            waiting_for=lambda pending: f"the secret {secret.name} has the pending version {pending}",
            first=0.1,
        )
        error = secret.explained(pending, started - 60)
        if error is not None:
            secret.notes.append(f"The rotation function did not pass its test: {error.cause}")
