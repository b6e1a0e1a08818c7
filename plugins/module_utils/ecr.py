# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR: repositories. The private package behind it is split by job."""

from __future__ import annotations

from ._ecr.repositories import Repository, encryption, exclusion_filters, registry_uri, repository_state, same_key

__all__ = ["Repository", "encryption", "exclusion_filters", "registry_uri", "repository_state", "same_key"]
