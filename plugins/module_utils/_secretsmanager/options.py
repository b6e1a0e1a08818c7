# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules have alike."""

from __future__ import annotations

from typing import Any

# What is drawn, of which alphabet of C(values.ALPHABETS).
GENERATE: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "field": {"type": "str"},
        "length": {"type": "int", "default": 32},
        "alphabet": {
            "type": "str",
            "choices": ["alphanumeric", "hex", "urlsafe", "database", "redis"],
            "default": "alphanumeric",
        },
        "characters": {"type": "str"},
    },
}

# The rule by which Secrets Manager rotates by itself.
ROTATION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "lambda_arn": {"type": "str"},
        "automatically_after_days": {"type": "int"},
        "schedule_expression": {"type": "str"},
        "duration": {"type": "str"},
        "role_arn": {"type": "str"},
        "metadata": {"type": "dict"},
    },
}
