# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders for what a check-mode run would create.

On an empty account a plan must reach its last task although nothing has an id yet. A placeholder has the shape of the
real identifier (its prefix, or the structure of its ARN) and says C(planned) in the text, so that a plan reads like a
plan and no module can mistake it for something that exists.
"""

from __future__ import annotations

import re

MARK = "planned"

# kind → how an identifier of that kind looks; {name} is what the user calls the resource.
_SHAPES: dict[str, str] = {
    "vpc": "vpc-{mark}-{name}",
    "subnet": "subnet-{mark}-{name}",
    "internet_gateway": "igw-{mark}-{name}",
    "nat_gateway": "nat-{mark}-{name}",
    "elastic_ip": "eipalloc-{mark}-{name}",
    "route_table": "rtb-{mark}-{name}",
    "network_acl": "acl-{mark}-{name}",
    "security_group": "sg-{mark}-{name}",
    "vpc_endpoint": "vpce-{mark}-{name}",
    "flow_log": "fl-{mark}-{name}",
    "hosted_zone": "Z{mark}-{name}",
    "distribution": "E{mark}-{name}",
}

_ARN = "arn:aws:{service}:{region}:{account}:{resource}"
_ACCOUNT = "000000000000"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._/-]+", "-", name).strip("-") or "resource"


def planned_id(kind: str, name: str = "") -> str:
    """A placeholder identifier for a resource of C(kind), for example C(vpc-planned-main)."""
    shape = _SHAPES.get(kind, "{mark}-{name}")
    return shape.format(mark=MARK, name=_slug(name))


def planned_arn(service: str, resource: str, *, region: str = "", account: str = "") -> str:
    """A placeholder ARN, for example C(arn:aws:kms:eu-west-1:000000000000:key/planned-main).

    The last part of C(resource) is marked: C(key/main) becomes C(key/planned-main).
    """
    head, separator, tail = _slug_resource(resource).rpartition("/")
    return _ARN.format(
        service=service,
        region=region,
        account=account or _ACCOUNT,
        resource=f"{head}{separator}{MARK}-{tail}",
    )


def _slug_resource(resource: str) -> str:
    return re.sub(r"[^A-Za-z0-9._/:@-]+", "-", resource)


def is_planned(value: object) -> bool:
    """Whether C(value) is a placeholder: never send one to AWS."""
    return isinstance(value, str) and re.search(rf"(^|[^a-z]|^Z|^E){MARK}-", value) is not None


def without_planned(values: list[str]) -> list[str]:
    """The identifiers in C(values) that exist."""
    return [value for value in values if not is_planned(value)]
