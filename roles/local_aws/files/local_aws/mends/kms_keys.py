# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys are enabled, disabled, scheduled for deletion and kept by ARN too; rotation has a period.

AWS: KeyId takes the key id or the key's ARN; ScheduleKeyDeletion answers with the ARN, the state and the waiting
period; a key that is pending deletion can be neither scheduled again, enabled nor disabled (KMSInvalidStateException);
CancelKeyDeletion leaves it disabled; EnableKeyRotation takes a period, 365 days without one, and GetKeyRotationStatus
tells it while rotation is on; ListGrants of an unknown key is a NotFoundException (KMS API reference).
moto 5.2.5: an ARN makes these four fail with a KeyError, an unknown key ListGrants; the answers have what was sent and
no state; there is no period.
Can go when moto resolves the ARN.
"""

from __future__ import annotations

import json

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.models import Key
from moto.kms.responses import KmsResponse

from ..clock import Clock

PENDING = "PendingDeletion"


def _key(self: KmsResponse) -> Key:
    asked_for = self._get_param("KeyId")
    self._validate_cmk_id(asked_for)
    return self.kms_backend.keys[self.kms_backend.get_key_id(asked_for)]


def _refuse(key: Key, pending: bool) -> None:
    if (key.key_state == PENDING) == pending:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is {'' if pending else 'not '}pending deletion.")


def _schedule_key_deletion(self: KmsResponse) -> str:
    key, days = _key(self), self._get_param("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise ValidationException(f"PendingWindowInDays must be between 7 and 30, not {days}.")
    _refuse(key, pending=True)
    date = self.kms_backend.schedule_key_deletion(key.id, days)
    return json.dumps({"KeyId": key.arn, "DeletionDate": date, "KeyState": PENDING, "PendingWindowInDays": days})


def _cancel_key_deletion(self: KmsResponse) -> str:
    key = _key(self)
    _refuse(key, pending=False)
    self.kms_backend.cancel_key_deletion(key.id)
    return json.dumps({"KeyId": key.arn})


def _enable_key(self: KmsResponse) -> str:
    key = _key(self)
    _refuse(key, pending=True)
    self.kms_backend.enable_key(key.id)
    return "{}"


def _disable_key(self: KmsResponse) -> str:
    key = _key(self)
    _refuse(key, pending=True)
    self.kms_backend.disable_key(key.id)
    return "{}"


def _enable_key_rotation(self: KmsResponse) -> str:
    key, days = _key(self), self._get_param("RotationPeriodInDays", 365)
    _refuse(key, pending=True)
    self.kms_backend.enable_key_rotation(key.id)
    key.rotation_period_days = days  # type: ignore[attr-defined]
    return "{}"


def _get_key_rotation_status(self: KmsResponse) -> str:
    key = _key(self)
    if not self.kms_backend.get_key_rotation_status(key.id):
        return json.dumps({"KeyId": key.arn, "KeyRotationEnabled": False})
    days = getattr(key, "rotation_period_days", 365)
    return json.dumps({"KeyId": key.arn, "KeyRotationEnabled": True, "RotationPeriodInDays": days})


def _list_grants(self: KmsResponse) -> str:
    grants = _key(self).list_grants(self._get_param("GrantId"))
    return json.dumps({"Grants": [grant.to_json() for grant in grants], "GrantCount": len(grants), "Truncated": False})


def apply(clock: Clock) -> None:
    KmsResponse.schedule_key_deletion = _schedule_key_deletion  # type: ignore[method-assign]
    KmsResponse.cancel_key_deletion = _cancel_key_deletion  # type: ignore[method-assign]
    KmsResponse.enable_key_rotation = _enable_key_rotation  # type: ignore[method-assign]
    KmsResponse.get_key_rotation_status = _get_key_rotation_status  # type: ignore[method-assign]
    KmsResponse.enable_key = _enable_key  # type: ignore[method-assign]
    KmsResponse.disable_key = _disable_key  # type: ignore[method-assign]
    KmsResponse.list_grants = _list_grants  # type: ignore[method-assign]
