# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application Auto Scaling: scalable targets with what hangs on them. The private package behind it is split by job."""

from __future__ import annotations

from ._application_autoscaling.targets import ScalableTarget
from ._application_autoscaling.transformations import wanted_policy, wanted_scheduled_action

__all__ = ["ScalableTarget", "wanted_policy", "wanted_scheduled_action"]
