# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the ECS API, in the API's own words."""

from __future__ import annotations


class EcsError(Exception):
    """An error answer: the code of the API's model, and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def invalid_parameter(message: str) -> EcsError:
    return EcsError("InvalidParameterException", message)


def client_error(message: str) -> EcsError:
    return EcsError("ClientException", message)


def cluster_not_found() -> EcsError:
    return EcsError("ClusterNotFoundException", "Cluster not found.")


def cluster_inactive() -> EcsError:
    return EcsError("ClusterNotFoundException", "The referenced cluster was inactive.")


def service_not_found() -> EcsError:
    return EcsError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> EcsError:
    return EcsError("ServiceNotActiveException", "Service was not ACTIVE.")


def deployment_not_found(arn: str) -> EcsError:
    return EcsError("ServiceDeploymentNotFoundException", f"The service deployment {arn} was not found.")
