# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module of ours can promise about check mode, diff and repetition."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Makes no mutating call and predicts exactly what the run would do, also on an empty account.
    support: full
  diff_mode:
    description: Shows the fields that change, before and after.
    support: full
  idempotent:
    description: A second run with the same options changes nothing and says so.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  idempotent:
    description: Only reads.
    support: full
"""
