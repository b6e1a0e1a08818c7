# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose credentials these are."""

from __future__ import annotations

import functools
from typing import Any

from .errors import aws_call


# A client keeps its credentials, and may serve several modules.
@functools.cache
@aws_call("find out whose account this is")
def caller_arn(client: Any) -> str:
    """The ARN of who calls, from a client of STS; it has the partition and the account."""
    return client.get_caller_identity()["Arn"]
