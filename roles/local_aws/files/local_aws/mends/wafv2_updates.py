# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an update of a web ACL leaves out.

AWS: UpdateWebACL completely replaces what can be changed of the web ACL with what the call says (WAFV2 API reference):
without rules it has none, without a description an empty one.
moto 5.2.5: keeps what the call leaves out, and the rules also when it gives an empty list.
Can go when moto's FakeWebACL.update replaces everything.
"""

from __future__ import annotations

from typing import Any

from moto.wafv2.models import FakeWebACL

from ..clock import Clock


def update(
    self: FakeWebACL,
    default_action: dict[str, Any] | None,
    rules: list[Any] | None,
    description: str | None,
    visibility_config: dict[str, Any] | None,
    custom_response_bodies: dict[str, Any] | None,
    captcha_config: dict[str, Any] | None,
    challenge_config: dict[str, Any] | None,
    token_domains: list[str] | None,
    association_config: dict[str, Any] | None,
) -> None:
    self.default_action = default_action or self.default_action
    self.rules = rules or []
    self.description = description or ""
    self.visibility_config = visibility_config or self.visibility_config
    self.custom_response_bodies = custom_response_bodies
    self.captcha_config = captcha_config
    self.challenge_config = challenge_config
    self.token_domains = token_domains
    self.association_config = association_config
    self.lock_token = self._generate_lock_token()


def apply(clock: Clock) -> None:
    FakeWebACL.update = update
