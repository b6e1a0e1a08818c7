# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to RDS, each with the sentence that its failure says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .._core.errors import aws_call
from .._core.parallel import chunks

_NO_INSTANCE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
_NO_PARAMETER_GROUP = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
_NO_OPTION_GROUP = ("OptionGroupNotFoundFault",)


@aws_call("describe the DB instances")
def instances(client: Any, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """The DB instances of these names, all in one call."""
    found: dict[str, dict[str, Any]] = {}
    for some in chunks(sorted(names), 100):
        pages = client.get_paginator("describe_db_instances").paginate(
            Filters=[{"Name": "db-instance-id", "Values": some}]
        )
        found |= {instance["DBInstanceIdentifier"]: instance for page in pages for instance in page["DBInstances"]}
    return found


@aws_call("create the DB instance {name}")
def create_instance(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.create_db_instance(**arguments)["DBInstance"]


@aws_call("create the read replica {name}")
def create_replica(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.create_db_instance_read_replica(**arguments)["DBInstance"]


@aws_call("modify the DB instance {name}")
def modify_instance(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.modify_db_instance(**arguments)["DBInstance"]


@aws_call("delete the DB instance {name}", missing=_NO_INSTANCE)
def delete_instance(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.delete_db_instance(DBInstanceIdentifier=name, **arguments)


@aws_call("tag {arn}")
def tag(client: Any, arn: str, tags: list[dict[str, str]]) -> None:
    client.add_tags_to_resource(ResourceName=arn, Tags=tags)


@aws_call("remove tags from {arn}")
def untag(client: Any, arn: str, keys: list[str]) -> None:
    client.remove_tags_from_resource(ResourceName=arn, TagKeys=keys)


@aws_call("list the tags of {arn}")
def tags_of(client: Any, arn: str) -> list[dict[str, str]]:
    return client.list_tags_for_resource(ResourceName=arn)["TagList"]


@aws_call("describe the DB parameter group {name}", missing=_NO_PARAMETER_GROUP)
def parameter_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"]
    return found[0] if found else None


@aws_call("list the parameters of the DB parameter group {name}")
def parameters(client: Any, name: str, *, set_by_user: bool = False) -> dict[str, dict[str, Any]]:
    """All parameters of a group, some hundreds; or, in one page, those that somebody has set."""
    which = {"Source": "user"} if set_by_user else {}
    pages = client.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=name, **which)
    return {parameter["ParameterName"]: parameter for page in pages for parameter in page["Parameters"]}


@aws_call("list the parameters of the family {family}")
def default_parameters(client: Any, family: str) -> dict[str, dict[str, Any]]:
    pages = client.get_paginator("describe_engine_default_parameters").paginate(DBParameterGroupFamily=family)
    return {
        parameter["ParameterName"]: parameter
        for page in pages
        for parameter in page["EngineDefaults"].get("Parameters", [])
    }


@aws_call("create the DB parameter group {name}")
def create_parameter_group(
    client: Any, name: str, family: str, description: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    return client.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily=family, Description=description, Tags=tags
    )["DBParameterGroup"]


@aws_call("set parameters of the DB parameter group {name}")
def modify_parameters(client: Any, name: str, settings: list[dict[str, Any]]) -> None:
    # AWS takes twenty at a time.
    for some in chunks(settings, 20):
        client.modify_db_parameter_group(DBParameterGroupName=name, Parameters=some)


@aws_call("reset parameters of the DB parameter group {name}")
def reset_parameters(client: Any, name: str, settings: list[dict[str, Any]]) -> None:
    for some in chunks(settings, 20):
        client.reset_db_parameter_group(DBParameterGroupName=name, ResetAllParameters=False, Parameters=some)


@aws_call("delete the DB parameter group {name}", missing=_NO_PARAMETER_GROUP)
def delete_parameter_group(client: Any, name: str) -> None:
    client.delete_db_parameter_group(DBParameterGroupName=name)


@aws_call("describe the option group {name}", missing=_NO_OPTION_GROUP)
def option_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_option_groups(OptionGroupName=name)["OptionGroupsList"]
    return found[0] if found else None


@aws_call("create the option group {name}")
def create_option_group(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.create_option_group(OptionGroupName=name, **arguments)["OptionGroup"]


@aws_call("change the options of the option group {name}")
def modify_option_group(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.modify_option_group(OptionGroupName=name, **arguments)


@aws_call("delete the option group {name}", missing=_NO_OPTION_GROUP)
def delete_option_group(client: Any, name: str) -> None:
    client.delete_option_group(OptionGroupName=name)
