# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection builds on. The private package behind it is split by job."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._core.caller import caller_arn
from ._core.compare import differences, given, merged, same
from ._core.errors import aws_call, error_code, next_step
from ._core.module import SlipwayModule, fail, run
from ._core.parallel import chunks, in_parallel
from ._core.polling import wait_until
from ._core.progress import Progress, elapsed
from ._core.reconcile import Outcome, Resource, State, Step, reconcile
from ._core.tags import from_tag_list, tag_changes, tag_filters, to_tag_list, wanted_tags
from ._core.waiters import get_waiter, waiter_config

__all__ = [
    "AnsibleAWSError",
    "Outcome",
    "Progress",
    "Resource",
    "SlipwayModule",
    "State",
    "Step",
    "aws_call",
    "caller_arn",
    "chunks",
    "differences",
    "elapsed",
    "error_code",
    "fail",
    "from_tag_list",
    "get_waiter",
    "given",
    "in_parallel",
    "merged",
    "next_step",
    "reconcile",
    "run",
    "same",
    "tag_changes",
    "tag_filters",
    "to_tag_list",
    "wait_until",
    "waiter_config",
    "wanted_tags",
]
