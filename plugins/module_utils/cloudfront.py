# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront. The private package behind it is split by job."""

from __future__ import annotations

from ._cloudfront import paths
from ._cloudfront.api import GLOBAL_REGION
from ._cloudfront.distribution_config import FIELDS
from ._cloudfront.distributions import Distribution
from ._cloudfront.functions import Functions, shown
from ._cloudfront.invalidations import (
    DISTRIBUTION,
    Invalidator,
    Month,
    Target,
    find_targets,
    origin_path_of,
    this_month,
)
from ._cloudfront.mains import manage, manage_named, selection_options
from ._cloudfront.references import References
from ._cloudfront.words import (
    CachePolicies,
    OriginAccessControls,
    OriginRequestPolicies,
    ResponseHeadersPolicies,
    custom_headers,
    wanted_cors,
    wanted_security,
    wanted_selections,
)

__all__ = [
    "DISTRIBUTION",
    "FIELDS",
    "GLOBAL_REGION",
    "CachePolicies",
    "Distribution",
    "Functions",
    "Invalidator",
    "Month",
    "OriginAccessControls",
    "OriginRequestPolicies",
    "References",
    "ResponseHeadersPolicies",
    "Target",
    "custom_headers",
    "find_targets",
    "manage",
    "manage_named",
    "origin_path_of",
    "paths",
    "selection_options",
    "shown",
    "this_month",
    "wanted_cors",
    "wanted_security",
    "wanted_selections",
]
