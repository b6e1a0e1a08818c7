# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's calls, one function each, errors by decorator."""

from __future__ import annotations

import json
from typing import Any

from ..core import aws_call, given, to_tag_list

_MISSING = ["NoSuchEntity"]


@aws_call("read the IAM role {name}", missing=_MISSING)
def get_role(client: Any, name: str) -> dict[str, Any] | None:
    return client.get_role(RoleName=name)["Role"]


@aws_call("list the IAM roles below {path}")
def list_role_names(client: Any, path: str, prefix: str) -> list[str]:
    pages = client.get_paginator("list_roles").paginate(PathPrefix=path)
    return [role["RoleName"] for page in pages for role in page["Roles"] if role["RoleName"].startswith(prefix)]


@aws_call("list the inline policies of the IAM role {name}", missing=_MISSING, default=[])
def list_inline_policies(client: Any, name: str) -> list[str]:
    pages = client.get_paginator("list_role_policies").paginate(RoleName=name)
    return [policy for page in pages for policy in page["PolicyNames"]]


@aws_call("read the inline policy {policy} of the IAM role {name}", missing=_MISSING, default={})
def get_inline_policy(client: Any, name: str, policy: str) -> dict[str, Any]:
    return client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


@aws_call("list the managed policies of the IAM role {name}", missing=_MISSING, default=[])
def list_managed_policies(client: Any, name: str) -> list[str]:
    pages = client.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    return sorted(policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"])


@aws_call("create the IAM role {name}")
def create_role(client: Any, name: str, trust: dict[str, Any], **fields: Any) -> dict[str, Any]:
    arguments = given({"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust), **fields})
    return client.create_role(**arguments)["Role"]


@aws_call("wait for the IAM role {name} to be visible")
def wait_for_role(client: Any, name: str) -> None:
    client.get_waiter("role_exists").wait(RoleName=name)


@aws_call("update the IAM role {name}")
def update_role(client: Any, name: str, description: str, max_session_duration: int) -> None:
    client.update_role(RoleName=name, Description=description, MaxSessionDuration=max_session_duration)


@aws_call("change the trust policy of the IAM role {name}")
def update_trust(client: Any, name: str, trust: dict[str, Any]) -> None:
    client.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


@aws_call("put the inline policy {policy} on the IAM role {name}")
def put_inline_policy(client: Any, name: str, policy: str, document: dict[str, Any]) -> None:
    client.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


@aws_call("delete the inline policy {policy} of the IAM role {name}", missing=_MISSING)
def delete_inline_policy(client: Any, name: str, policy: str) -> None:
    client.delete_role_policy(RoleName=name, PolicyName=policy)


@aws_call("attach the policy {arn} to the IAM role {name}")
def attach_policy(client: Any, name: str, arn: str) -> None:
    client.attach_role_policy(RoleName=name, PolicyArn=arn)


@aws_call("detach the policy {arn} from the IAM role {name}", missing=_MISSING)
def detach_policy(client: Any, name: str, arn: str) -> None:
    client.detach_role_policy(RoleName=name, PolicyArn=arn)


@aws_call("set the permissions boundary of the IAM role {name}")
def set_boundary(client: Any, name: str, arn: str) -> None:
    if arn:
        client.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    else:
        client.delete_role_permissions_boundary(RoleName=name)


@aws_call("tag the IAM role {name}")
def tag_role(client: Any, name: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_remove:
        client.untag_role(RoleName=name, TagKeys=to_remove)
    if to_set:
        client.tag_role(RoleName=name, Tags=to_tag_list(to_set))


@aws_call("take the IAM role {name} out of its instance profiles", missing=_MISSING)
def leave_instance_profiles(client: Any, name: str) -> None:
    pages = client.get_paginator("list_instance_profiles_for_role").paginate(RoleName=name)
    for profile in [profile["InstanceProfileName"] for page in pages for profile in page["InstanceProfiles"]]:
        client.remove_role_from_instance_profile(RoleName=name, InstanceProfileName=profile)


@aws_call("delete the IAM role {name}", missing=_MISSING)
def delete_role(client: Any, name: str) -> None:
    client.delete_role(RoleName=name)


@aws_call("list the OIDC providers of the account")
def list_oidc_providers(client: Any) -> list[str]:
    return [provider["Arn"] for provider in client.list_open_id_connect_providers()["OpenIDConnectProviderList"]]


@aws_call("read the OIDC provider {arn}", missing=_MISSING)
def get_oidc_provider(client: Any, arn: str) -> dict[str, Any] | None:
    return client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@aws_call("create the OIDC provider {url}")
def create_oidc_provider(client: Any, url: str, **fields: Any) -> str:
    return client.create_open_id_connect_provider(Url=url, **given(fields))["OpenIDConnectProviderArn"]


@aws_call("allow {client_id} at the OIDC provider {arn}")
def add_oidc_client(client: Any, arn: str, client_id: str) -> None:
    client.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client_id)


@aws_call("no longer allow {client_id} at the OIDC provider {arn}", missing=_MISSING)
def remove_oidc_client(client: Any, arn: str, client_id: str) -> None:
    client.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client_id)


@aws_call("change the thumbprints of the OIDC provider {arn}")
def update_oidc_thumbprints(client: Any, arn: str, thumbprints: list[str]) -> None:
    client.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=thumbprints)


@aws_call("tag the OIDC provider {arn}")
def tag_oidc_provider(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_remove:
        client.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=to_remove)
    if to_set:
        client.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=to_tag_list(to_set))


@aws_call("delete the OIDC provider {arn}", missing=_MISSING)
def delete_oidc_provider(client: Any, arn: str) -> None:
    client.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
