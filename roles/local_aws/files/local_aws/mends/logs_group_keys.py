# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key of a log group: AssociateKmsKey and DisassociateKmsKey.

AWS: the first sets or replaces the key of an existing log group, the second takes it away (CloudWatch Logs API
reference).
moto 5.2.5: keeps a key given to CreateLogGroup, and implements neither.
Can go when moto implements them.
"""

from __future__ import annotations

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from ..clock import Clock


def _group(response: LogsResponse) -> LogGroup:
    name = response._get_param("logGroupName") or response._get_param("resourceIdentifier") or ""
    name = name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group


def associate_kms_key(self: LogsResponse) -> str:
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: LogsResponse) -> str:
    _group(self).kms_key_id = None
    return ""


def apply(clock: Clock) -> None:
    LogsResponse.associate_kms_key = associate_kms_key
    LogsResponse.disassociate_kms_key = disassociate_kms_key
