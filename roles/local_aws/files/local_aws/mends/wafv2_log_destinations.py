# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web ACL logs only to what WAF takes.

AWS: the name of the log group, Firehose stream or bucket begins with aws-waf-logs-, and a log group or stream stands in
the region of the web ACL, us-east-1 for CloudFront (WAFInvalidParameterException; WAF developer guide, Logging
destinations).
moto 5.2.5: takes anything.
Can go when moto looks at the destination.
"""

from __future__ import annotations

import re
from typing import Any

from moto.wafv2.exceptions import WAFv2ClientError
from moto.wafv2.models import WAFV2Backend

from ..clock import Clock


class WAFInvalidParameterException(WAFv2ClientError):
    def __init__(self, destination: str) -> None:
        super().__init__(
            "WAFInvalidParameterException",
            "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information separated "
            f"by colons or slashes., field: LOG_DESTINATION, parameter: {destination}",
        )


def apply(clock: Clock) -> None:
    put = WAFV2Backend.put_logging_configuration

    def mended_put(self: WAFV2Backend, arn: str, log_destination_configs: list[str], *args: Any, **kwargs: Any) -> Any:
        for destination in log_destination_configs:
            named = re.search(r"[:/]aws-waf-logs-[^:/]+(:\*)?$", destination)
            if not named or destination.split(":")[3] not in ("", arn.split(":")[3]):
                raise WAFInvalidParameterException(destination)
        return put(self, arn, log_destination_configs, *args, **kwargs)

    WAFV2Backend.put_logging_configuration = mended_put  # type: ignore[method-assign]
