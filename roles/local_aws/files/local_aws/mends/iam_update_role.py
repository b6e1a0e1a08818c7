# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UpdateRole leaves alone what the request does not name.

AWS: Description and MaxSessionDuration are both optional; "if you do not specify a value for this setting, the default
value of one hour is applied" holds for CreateRole only (IAM API reference, UpdateRole).
moto 5.2.5: an absent description becomes None, an absent duration 3600.
Can go when moto's UpdateRole keeps absent fields.
"""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.responses import IamResponse

from ..clock import Clock


def _update_role(self: IamResponse) -> ActionResult:
    role = self.backend.get_role(self._get_param("RoleName"))
    description = self._get_param("Description")
    if description is not None:
        role.description = description
    duration = self._get_param("MaxSessionDuration")
    if duration is not None:
        role.max_session_duration = duration
    return EmptyResult()


def apply(clock: Clock) -> None:
    IamResponse.update_role = _update_role
