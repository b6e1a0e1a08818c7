# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS on the operator's own machine: moto's server, its errors mended, and a deployment engine for ECS."""

from __future__ import annotations

__version__ = "0.1.0"
