# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiters as data: botocore's own waiter machinery over models that botocore does not ship."""

from __future__ import annotations

from typing import Any

try:
    from botocore.waiter import WaiterModel, create_waiter_with_client
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.


def get_waiter(client: Any, name: str, models: dict[str, dict[str, Any]]) -> Any:
    """The waiter C(name): from C(models) (botocore's waiter format, version 2), else botocore's own."""
    if name not in models:
        return client.get_waiter(name)
    return create_waiter_with_client(name, WaiterModel({"version": 2, "waiters": {name: models[name]}}), client)


def waiter_config(timeout: float, delay: float) -> dict[str, Any]:
    """botocore's WaiterConfig for a timeout in seconds."""
    return {"Delay": delay, "MaxAttempts": max(1, int(timeout // delay) + 1)}
