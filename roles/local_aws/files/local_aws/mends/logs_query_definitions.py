# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saved queries of CloudWatch Logs Insights: PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition.

AWS: a put without an id makes a new definition, also under a name that is taken; a put with an id replaces the whole
definition, with an unknown id it is ResourceNotFoundException (CloudWatch Logs API reference).
moto 5.2.5: implements none of the three.
Can go when moto implements them.
"""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random

from ..clock import Clock

DEFAULT_PAGE = 1000
_definitions: WeakKeyDictionary[LogsBackend, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def apply(clock: Clock) -> None:
    def definitions(response: LogsResponse) -> dict[str, dict[str, Any]]:
        return _definitions.setdefault(response.logs_backend, {})

    def put(self: LogsResponse) -> str:
        identifier = self._get_param("queryDefinitionId")
        known = definitions(self)
        if identifier and identifier not in known:
            raise ResourceNotFoundException("Query definition does not exist.")
        identifier = identifier or str(mock_random.uuid4())
        known[identifier] = {
            "queryDefinitionId": identifier,
            "queryLanguage": self._get_param("queryLanguage") or "CWLI",
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
            "lastModified": int(clock.now() * 1000),
        }
        return json.dumps({"queryDefinitionId": identifier})

    def describe(self: LogsResponse) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = sorted(
            (item for item in definitions(self).values() if item["name"].startswith(prefix)),
            key=lambda item: (item["name"], item["queryDefinitionId"]),
        )
        size = int(self._get_param("maxResults") or DEFAULT_PAGE)
        start = int(self._get_param("nextToken") or 0)
        answer: dict[str, Any] = {"queryDefinitions": found[start : start + size]}
        if start + size < len(found):
            answer["nextToken"] = str(start + size)
        return json.dumps(answer)

    def delete(self: LogsResponse) -> str:
        removed = definitions(self).pop(self._get_param("queryDefinitionId"), None)
        if removed is None:
            raise ResourceNotFoundException("Query definition does not exist.")
        return json.dumps({"success": True})

    LogsResponse.put_query_definition = put
    LogsResponse.describe_query_definitions = describe
    LogsResponse.delete_query_definition = delete


def reset() -> None:
    _definitions.clear()
