# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS. The private package behind it is split by job."""

from __future__ import annotations

from ._kms import api
from ._kms.transformations import alias_name, from_grants, grant_arguments, stated_grants

__all__ = ["alias_name", "api", "from_grants", "grant_arguments", "stated_grants"]
