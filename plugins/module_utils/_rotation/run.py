# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module: all secrets to their new versions, then every consumer once, then the old values' end."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..core import AnsibleAWSError, SlipwayModule, in_parallel
from .engine import Engine, replica_states
from .options import (
    check_secrets,
    current_rules,
)
from .ordering import befores, in_order
from .telling import Teller


class Rotation(Teller):
    """What the module does."""

    def run(self) -> dict[str, Any]:
        check_secrets(self.options["secrets"], self.state, self.options["token"])
        self._load()
        self.rules_before = {name: current_rules(secret.entry) for name, secret in self.secrets.items()}
        self._find_consumers()
        self._refuse_lockouts()
        if not self.check:
            self._configure()
            self._rotate()
            self._consumers()
        self._find()
        result = self._result()
        self._fail(result)
        return result

    def _rotate(self) -> None:
        if self.state == "present":
            return
        engines = {name: Engine(secret) for name, secret in self.secrets.items()}
        work = {
            name: engine.rotate if self.state == "rotated" else engine.roll_back for name, engine in engines.items()
        }
        in_order(work, befores(self.secrets))
        replicated = {
            name: partial(engines[name].await_replicas, replica_states)
            for name, secret in self.secrets.items()
            if secret.outcome in ("rotated", "resumed", "rolled_back")
            and secret.failure is None
            and secret.entry.get("ReplicationStatus")
            and self.wait
        }
        in_parallel(replicated)

    def _fail(self, result: dict[str, Any]) -> None:
        failures = [secret.failure.sentence(name) for name, secret in self.secrets.items() if secret.failure]
        if failures:
            raise AnsibleAWSError(message=" ".join(failures), **result)
        if self.options["fail_on_findings"] and self.findings:
            told = " ".join(str(finding["message"]) for finding in self.findings)
            raise AnsibleAWSError(message=f"fail_on_findings: {told}", **result)


def rotation(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    return Rotation(module).run()
