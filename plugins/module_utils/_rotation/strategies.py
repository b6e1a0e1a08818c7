# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All strategies: importing a module registers what it holds. Imports are plain, so that Ansible packs them along."""

from __future__ import annotations

from . import by_aws, postgres, random_value, rds_master_user, redis_acl_user, redis_auth
from .strategy import STRATEGIES

# One entry a module, so that linters see that the imports are meant.
MODULES = (by_aws, postgres, random_value, rds_master_user, redis_acl_user, redis_auth)

__all__ = ["MODULES", "STRATEGIES"]
