# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Origin access controls and policies in the words of the options and in CloudFront's: pure functions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

from ..core import given
from . import api, policies
from .distribution_config import items, listed
from .named import Words


class OriginAccessControls(Words):
    kind = policies.Kind("origin_access_control", "OriginAccessControl", "origin_access_controls")
    new: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "origin_type": "s3",
        "signing_behavior": "always",
        "signing_protocol": "sigv4",
    }

    _MEMBERS: ClassVar[Mapping[str, str]] = {
        "description": "Description",
        "origin_type": "OriginAccessControlOriginType",
        "signing_behavior": "SigningBehavior",
        "signing_protocol": "SigningProtocol",
    }

    def listing(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        return [(item["Id"], item) for item in api.origin_access_controls(client)]

    def state(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {option: config.get(member) or "" for option, member in self._MEMBERS.items()}

    def config(self, state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
        return {**existing, **{member: state[option] for option, member in self._MEMBERS.items()}}

    def used(self, distribution: Mapping[str, Any], identifier: str) -> bool:
        return any(origin.get("OriginAccessControlId") == identifier for origin in items(distribution["Origins"]))


def _selection_state(config: Mapping[str, Any], what: str, plural: str) -> dict[str, Any]:
    return {"behavior": config[f"{what}Behavior"], "names": sorted(items(config.get(plural)))}


def _selection_config(state: Mapping[str, Any], what: str, plural: str) -> dict[str, Any]:
    names = {plural: listed(state["names"])} if state["names"] else {}
    return {f"{what}Behavior": state["behavior"], **names}


# Option → member, and how CloudFront names what is in it.
_SELECTIONS = {
    "headers": ("HeadersConfig", "Header", "Headers"),
    "cookies": ("CookiesConfig", "Cookie", "Cookies"),
    "query_strings": ("QueryStringsConfig", "QueryString", "QueryStrings"),
}
_NOTHING = {"behavior": "none", "names": []}


def wanted_selections(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a task says of a policy; among headers, cookies and query strings names have no order."""
    selections = given({option: entry[option] for option in _SELECTIONS})
    return {
        **entry,
        **{
            option: {"behavior": stated["behavior"], "names": sorted(set(stated.get("names") or []))}
            for option, stated in selections.items()
        },
    }


def _selections_state(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        option: _selection_state(config[member], what, plural) for option, (member, what, plural) in _SELECTIONS.items()
    }


def _selections_config(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        member: _selection_config(state[option], what, plural) for option, (member, what, plural) in _SELECTIONS.items()
    }


class CachePolicies(Words):
    kind = policies.CACHE
    new: ClassVar[Mapping[str, Any]] = {
        "comment": "",
        "min_ttl": 1,
        "default_ttl": 86400,
        "max_ttl": 31536000,
        "gzip": True,
        "brotli": True,
        **dict.fromkeys(_SELECTIONS, _NOTHING),
    }

    def state(self, config: Mapping[str, Any]) -> dict[str, Any]:
        parameters = config["ParametersInCacheKeyAndForwardedToOrigin"]
        return {
            "comment": config.get("Comment") or "",
            "min_ttl": config["MinTTL"],
            "default_ttl": config.get("DefaultTTL", 86400),
            "max_ttl": config.get("MaxTTL", 31536000),
            "gzip": parameters["EnableAcceptEncodingGzip"],
            "brotli": parameters.get("EnableAcceptEncodingBrotli", False),
            **_selections_state(parameters),
        }

    def config(self, state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **existing,
            "Comment": state["comment"],
            "MinTTL": state["min_ttl"],
            "DefaultTTL": state["default_ttl"],
            "MaxTTL": state["max_ttl"],
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": state["gzip"],
                "EnableAcceptEncodingBrotli": state["brotli"],
                **_selections_config(state),
            },
        }


class OriginRequestPolicies(Words):
    kind = policies.REQUEST
    new: ClassVar[Mapping[str, Any]] = {"comment": "", **dict.fromkeys(_SELECTIONS, _NOTHING)}

    def state(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"comment": config.get("Comment") or "", **_selections_state(config)}

    def config(self, state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
        return {**existing, "Comment": state["comment"], **_selections_config(state)}


_CORS_LISTS = {
    "allow_origins": "AccessControlAllowOrigins",
    "allow_headers": "AccessControlAllowHeaders",
    "allow_methods": "AccessControlAllowMethods",
    "expose_headers": "AccessControlExposeHeaders",
}
NEW_CORS = {
    "allow_origins": ["*"],
    "allow_headers": ["*"],
    "allow_methods": ["GET", "HEAD", "OPTIONS"],
    "expose_headers": [],
    "allow_credentials": False,
    "max_age": 600,
    "override": True,
}
# Header → its member, and option → member and default in that. Every header also has override.
_SECURITY: dict[str, tuple[str, dict[str, tuple[str, Any]]]] = {
    "strict_transport_security": (
        "StrictTransportSecurity",
        {
            "max_age": ("AccessControlMaxAgeSec", 31536000),
            "include_subdomains": ("IncludeSubdomains", False),
            "preload": ("Preload", False),
        },
    ),
    "content_type_options": ("ContentTypeOptions", {}),
    "frame_options": ("FrameOptions", {"value": ("FrameOption", "SAMEORIGIN")}),
    "referrer_policy": ("ReferrerPolicy", {"value": ("ReferrerPolicy", "strict-origin-when-cross-origin")}),
    "content_security_policy": ("ContentSecurityPolicy", {"value": ("ContentSecurityPolicy", "default-src 'self'")}),
    "xss_protection": (
        "XSSProtection",
        {"protection": ("Protection", True), "mode_block": ("ModeBlock", False), "report_uri": ("ReportUri", "")},
    ),
}


def wanted_cors(stated: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A complete answer to other origins; nothing at all for an empty one."""
    if stated is None:
        return None
    stated = given(stated)
    if not stated:
        return {}
    made = {**NEW_CORS, **stated}
    return {key: sorted(set(value)) if key in _CORS_LISTS else value for key, value in made.items()}


def wanted_security(stated: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The security headers that shall be, each complete."""
    if stated is None:
        return None
    return {
        header: {
            "override": True,
            **{option: default for option, (_member, default) in _SECURITY[header][1].items()},
            **given(fields),
        }
        for header, fields in given(stated).items()
    }


class ResponseHeadersPolicies(Words):
    kind = policies.HEADERS
    new: ClassVar[Mapping[str, Any]] = {
        "comment": "",
        "cors": {},
        "security_headers": {},
        "custom_headers": [],
        "remove_headers": [],
        "server_timing_percent": 0.0,
    }

    def state(self, config: Mapping[str, Any]) -> dict[str, Any]:
        cors = config.get("CorsConfig")
        security = config.get("SecurityHeadersConfig") or {}
        timing = config.get("ServerTimingHeadersConfig") or {}
        return {
            "comment": config.get("Comment") or "",
            "cors": {
                **{option: sorted(items(cors.get(member))) for option, member in _CORS_LISTS.items()},
                "allow_credentials": cors["AccessControlAllowCredentials"],
                "max_age": cors.get("AccessControlMaxAgeSec", 600),
                "override": cors["OriginOverride"],
            }
            if cors
            else {},
            "security_headers": {
                header: {
                    "override": security[member]["Override"],
                    **{option: security[member].get(name, default) for option, (name, default) in members.items()},
                }
                for header, (member, members) in _SECURITY.items()
                if member in security
            },
            "custom_headers": custom_headers(
                {"name": item["Header"], "value": item["Value"], "override": item["Override"]}
                for item in items(config.get("CustomHeadersConfig"))
            ),
            "remove_headers": sorted(item["Header"] for item in items(config.get("RemoveHeadersConfig"))),
            "server_timing_percent": float(timing.get("SamplingRate") or 0) if timing.get("Enabled") else 0.0,
        }

    def config(self, state: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
        made = copy.deepcopy(dict(existing))
        made["Comment"] = state["comment"]
        for member in (
            "CorsConfig",
            "SecurityHeadersConfig",
            "CustomHeadersConfig",
            "RemoveHeadersConfig",
            "ServerTimingHeadersConfig",
        ):
            made.pop(member, None)
        cors = state["cors"]
        if cors:
            made["CorsConfig"] = {
                **{
                    member: listed(cors[option])
                    for option, member in _CORS_LISTS.items()
                    if cors[option] or option != "expose_headers"
                },
                "AccessControlAllowCredentials": cors["allow_credentials"],
                "AccessControlMaxAgeSec": cors["max_age"],
                "OriginOverride": cors["override"],
            }
        if state["security_headers"]:
            made["SecurityHeadersConfig"] = {
                _SECURITY[header][0]: {
                    "Override": fields["override"],
                    **{
                        name: fields[option]
                        for option, (name, _default) in _SECURITY[header][1].items()
                        if fields[option] != ""
                    },
                }
                for header, fields in state["security_headers"].items()
            }
        if state["custom_headers"]:
            made["CustomHeadersConfig"] = listed(
                {"Header": item["name"], "Value": item["value"], "Override": item["override"]}
                for item in state["custom_headers"]
            )
        if state["remove_headers"]:
            made["RemoveHeadersConfig"] = listed({"Header": name} for name in state["remove_headers"])
        if state["server_timing_percent"]:
            made["ServerTimingHeadersConfig"] = {"Enabled": True, "SamplingRate": state["server_timing_percent"]}
        return made


def custom_headers(headers: Any) -> list[dict[str, Any]]:
    return sorted((dict(header) for header in headers), key=lambda header: header["name"].lower())
