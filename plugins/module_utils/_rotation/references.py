# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task definition or a service refers to a secret: pure functions, no calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# arn:aws:secretsmanager:region:account:secret:name[:json-key:version-stage:version-id]; a name has no colon.
_ARN = re.compile(
    r"^(?P<arn>arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(?P<name>[^:]+))"
    r"(?::(?P<key>[^:]*):(?P<stage>[^:]*):(?P<version>[^:]*))?$"
)
# Parameter Store hands secrets through under this path.
_PARAMETER = re.compile(r"^(?:arn:[^:]+:ssm:[^:]*:[^:]*:parameter)?/aws/reference/secretsmanager/(?P<name>[^:]+)")
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


@dataclass(frozen=True)
class Reference:
    """One place that refers to a secret."""

    where: str
    key: str = ""
    stage: str = ""
    version: str = ""

    @property
    def pinned(self) -> bool:
        """Whether it names one version: a rotation passes it by."""
        return bool(self.version)


def parse(value: str, where: str, arn: str) -> Reference | None:
    """The reference, when a value refers to the secret of this ARN: by its ARN, by that without the suffix, by name."""
    name = name_of(arn)
    parameter = _PARAMETER.match(value)
    if parameter is not None:
        return Reference(where) if parameter["name"] == name else None
    found = _ARN.match(value)
    if found is None:
        return Reference(where) if value == name else None
    if found["arn"] != arn and found["arn"] != _SUFFIX.sub("", arn):
        return None
    return Reference(where, found["key"] or "", found["stage"] or "", found["version"] or "")


def name_of(arn: str) -> str:
    """The secret's name: an ARN ends with the name, a hyphen and six characters."""
    return _SUFFIX.sub("", arn.partition(":secret:")[2]) if ":secret:" in arn else arn


def places(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything in a task definition that may name a secret, with where it stands."""
    for container in definition.get("containerDefinitions") or []:
        where = container.get("name", "")
        for secret in container.get("secrets") or []:
            yield secret.get("valueFrom", ""), f"{where}.secrets.{secret.get('name', '')}"
        for option in (container.get("logConfiguration") or {}).get("secretOptions") or []:
            yield option.get("valueFrom", ""), f"{where}.logConfiguration.{option.get('name', '')}"
        credentials = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
        if credentials:
            yield credentials, f"{where}.repositoryCredentials"
    for volume in definition.get("volumes") or []:
        windows = volume.get("fsxWindowsFileServerVolumeConfiguration") or {}
        credentials = (windows.get("authorizationConfig") or {}).get("credentialsParameter")
        if credentials:
            yield credentials, f"volumes.{volume.get('name', '')}"


def service_places(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a service itself may name: the log of its Service Connect proxy."""
    for deployment in service.get("deployments") or []:
        connect = deployment.get("serviceConnectConfiguration") or {}
        for option in (connect.get("logConfiguration") or {}).get("secretOptions") or []:
            yield option.get("valueFrom", ""), f"serviceConnectConfiguration.{option.get('name', '')}"


def references(found: Iterator[tuple[str, str]], arn: str) -> list[Reference]:
    """The places that refer to a secret."""
    parsed = (parse(value, where, arn) for value, where in found)
    return [reference for reference in parsed if reference is not None]
