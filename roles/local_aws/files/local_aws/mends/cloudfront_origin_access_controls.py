# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Origin access controls have unique names and versions, and stay while they are used.

AWS: a name that is taken is OriginAccessControlAlreadyExists; an update or deletion needs the current ETag; a control
that a distribution's origin uses is OriginAccessControlInUse; identifiers begin with E (CloudFront API reference).
moto 5.2.5: gives identifiers of any letters, takes the same name twice, ignores ETags and use, and has no route for the
control's configuration alone.
Can go when moto validates these.
"""

from __future__ import annotations

from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult

from ..clock import Clock
from ._cloudfront import check_etag, error, new_id, parameter


def apply(clock: Clock) -> None:
    create, update, delete = (
        CloudFrontResponse.create_origin_access_control,
        CloudFrontResponse.update_origin_access_control,
        CloudFrontResponse.delete_origin_access_control,
    )

    def check_name(self: CloudFrontResponse, but: str | None = None) -> None:
        name = parameter(self, "OriginAccessControlConfig")["Name"]
        for control in self.backend.origin_access_controls.values():
            if control.name == name and control.id != but:
                raise error(
                    "OriginAccessControlAlreadyExists", "An origin access control with this name already exists."
                )

    def mended_create(self: CloudFrontResponse) -> ActionResult:
        check_name(self)
        answer = create(self)
        made = answer.result["OriginAccessControl"]  # type: ignore[index]
        control = self.backend.origin_access_controls.pop(made["Id"])
        control.id = made["Id"] = new_id()
        self.backend.origin_access_controls[control.id] = control
        return answer

    def mended_update(self: CloudFrontResponse) -> ActionResult:
        control = self.backend.get_origin_access_control(self._get_param("Id"))
        check_etag(self, control.etag)
        check_name(self, but=control.id)
        control.etag = new_id()
        return update(self)

    def mended_delete(self: CloudFrontResponse) -> ActionResult:
        control = self.backend.get_origin_access_control(self._get_param("Id"))
        check_etag(self, control.etag)
        for distribution in self.backend.distributions.values():
            origins = distribution.config["Origins"].get("Items") or []  # type: ignore[attr-defined]
            if any(origin["OriginAccessControlId"] == control.id for origin in origins):
                raise error(
                    "OriginAccessControlInUse", "The origin access control is in use by one or more distributions."
                )
        return delete(self)

    def get_config(self: CloudFrontResponse) -> ActionResult:
        control = self.backend.get_origin_access_control(self._get_param("Id"))
        config = {
            "Name": control.name,
            "Description": control.description,
            "SigningProtocol": control.signing_protocol,
            "SigningBehavior": control.signing_behavior,
            "OriginAccessControlOriginType": control.origin_type,
        }
        return ActionResult({"OriginAccessControlConfig": config, "ETag": control.etag})

    CloudFrontResponse.create_origin_access_control = mended_create  # type: ignore[method-assign]
    CloudFrontResponse.update_origin_access_control = mended_update  # type: ignore[method-assign]
    CloudFrontResponse.delete_origin_access_control = mended_delete  # type: ignore[method-assign]
    CloudFrontResponse.get_origin_access_control_config = get_config
