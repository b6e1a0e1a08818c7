# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider.

AWS: both are idempotent: adding a client id that is there, or removing one that is not, succeeds (IAM API reference).
moto 5.2.5: implements neither.
Can go when moto implements them.
"""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.iam.responses import IamResponse

from ..clock import Clock


def _add(self: IamResponse) -> ActionResult:
    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    client_id = self._get_param("ClientID")
    if client_id not in provider.client_id_list:
        provider.client_id_list = [*provider.client_id_list, client_id]
    return EmptyResult()


def _remove(self: IamResponse) -> ActionResult:
    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    client_id = self._get_param("ClientID")
    provider.client_id_list = [known for known in provider.client_id_list if known != client_id]
    return EmptyResult()


def apply(clock: Clock) -> None:
    for action, method in (
        ("AddClientIDToOpenIDConnectProvider", _add),
        ("RemoveClientIDFromOpenIDConnectProvider", _remove),
    ):
        setattr(IamResponse, camelcase_to_underscores(action), method)
