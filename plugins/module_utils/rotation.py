# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of secrets. The private package behind it is split by job."""

from __future__ import annotations

from ._rotation.run import rotation
from ._rotation.strategies import STRATEGIES

__all__ = ["STRATEGIES", "rotation"]
