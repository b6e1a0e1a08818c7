# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch's calls: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

from typing import Any

from ..core import aws_call, from_tag_list, to_tag_list

_TYPES = ["MetricAlarm", "CompositeAlarm"]


def _alarms(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]


@aws_call("describe the alarms {names}")
def alarms_named(client: Any, names: list[str]) -> list[dict[str, Any]]:
    return _alarms(client.describe_alarms(AlarmNames=names, AlarmTypes=_TYPES, MaxRecords=100))


@aws_call("describe the alarms named {prefix}*")
def alarms_with_prefix(client: Any, prefix: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, AlarmTypes=_TYPES, MaxRecords=100)
    return [alarm for page in pages for alarm in _alarms(page)]


@aws_call("look up the tags of alarms", missing=["AccessDeniedException", "AccessDenied"], default={})
def looked_up_tags(client: Any, arns: list[str]) -> dict[str, dict[str, str]]:
    """The tags of up to 100 alarms in one call, as the tagging API has them: perhaps not yet the newest."""
    found: dict[str, dict[str, str]] = {}
    for page in client.get_paginator("get_resources").paginate(ResourceARNList=arns):
        for item in page["ResourceTagMappingList"]:
            found[item["ResourceARN"]] = from_tag_list(item["Tags"])
    return found


@aws_call("list the tags of {arn}", missing=["ResourceNotFoundException", "ResourceNotFound"], default={})
def tags(client: Any, arn: str) -> dict[str, str]:
    return from_tag_list(client.list_tags_for_resource(ResourceARN=arn)["Tags"])


@aws_call("save the alarm {name}")
def put_metric_alarm(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.put_metric_alarm(**arguments)


@aws_call("save the composite alarm {name}")
def put_composite_alarm(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.put_composite_alarm(**arguments)


@aws_call("tag {arn}")
def tag(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(ResourceARN=arn, Tags=to_tag_list(tags))


@aws_call("remove tags of {arn}")
def untag(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(ResourceARN=arn, TagKeys=keys)


@aws_call("delete the alarms {names}", missing=["ResourceNotFound", "ResourceNotFoundException"])
def delete_alarms(client: Any, names: list[str]) -> None:
    client.delete_alarms(AlarmNames=names)


@aws_call("read the dashboard {name}", missing=["ResourceNotFound", "ResourceNotFoundException"])
def dashboard(client: Any, name: str) -> dict[str, Any] | None:
    return client.get_dashboard(DashboardName=name)


@aws_call("save the dashboard {name}")
def put_dashboard(client: Any, name: str, body: str) -> list[dict[str, str]]:
    return client.put_dashboard(DashboardName=name, DashboardBody=body).get("DashboardValidationMessages", [])


@aws_call("delete the dashboard {name}", missing=["ResourceNotFound", "ResourceNotFoundException"])
def delete_dashboard(client: Any, name: str) -> None:
    client.delete_dashboards(DashboardNames=[name])
