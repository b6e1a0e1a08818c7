# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: route53_records
version_added: 0.1.0
short_description: Manage the records of a hosted zone
description:
  - Makes a list of records exist as stated. The zone is read once, and everything that differs is changed in one batch,
    which Route 53 applies as a whole or not at all.
  - Unlike M(amazon.aws.route53) it also says in check mode what would happen when the zone does not exist yet.
  - "IAM actions: C(route53:ListHostedZonesByName), C(route53:ListResourceRecordSets),
    C(route53:ChangeResourceRecordSets), and C(route53:GetChange) with O(wait=true)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  zone:
    description: Name of the hosted zone. Needed unless O(zone_id) is given, and for a zone that is only planned.
    type: str
  zone_id:
    description: Identifier of the hosted zone.
    type: str
  private_zone:
    description: Whether O(zone) is a private zone.
    type: bool
    default: false
  records:
    description: The records. Each has O(records[].values) or O(records[].alias).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Full name of the record. An empty name is the zone's own.
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        required: true
        choices: [A, AAAA, CAA, CNAME, DS, HTTPS, MX, NAPTR, NS, PTR, SPF, SRV, SSHFP, SVCB, TLSA, TXT]
      values:
        description: Values of the record. Order has no meaning. Quotes around a text may be left out.
        type: list
        elements: str
      ttl:
        description: Seconds that resolvers keep the record. 300 for a new record.
        type: int
      alias:
        description: Something in AWS that the record leads to.
        type: dict
        suboptions:
          dns_name:
            description: DNS name of the target.
            type: str
            required: true
          zone_id:
            description: Hosted zone of the target.
            type: str
            required: true
          evaluate_target_health:
            description: Whether the record is only answered while its target is healthy.
            type: bool
            default: true
      set_identifier:
        description: What tells apart records of the same name and type.
        type: str
      failover:
        description: Which of two records answers, depending on health.
        type: str
        choices: [PRIMARY, SECONDARY]
      weight:
        description: Share of the answers.
        type: int
      region:
        description: Region whose latency decides.
        type: str
      multivalue:
        description: Whether up to eight healthy records are answered together.
        type: bool
      health_check_id:
        description: Health check that the record stands and falls with.
        type: str
  state:
    description: Whether the listed records shall exist. Absent ones need only name, type and set identifier.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: Whether to delete all other records of the zone, but for its own C(NS) and C(SOA).
    type: bool
    default: false
  wait:
    description: Whether to wait until Route 53's servers all know of the changes.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait. The changes are made in any case.
    type: int
    default: 300
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Lead the names of the payment system to its load balancer
  slipway.aws.route53_records:
    zone: example.com
    records:
      - name: payment.example.com
        type: A
        alias:
          dns_name: "{{ load_balancer.dns_name }}"
          zone_id: "{{ load_balancer.hosted_zone_id }}"
      - name: www.payment.example.com
        type: CNAME
        values: [payment.example.com]
        ttl: 3600
"""

RETURN = r"""
zone_id:
  description: Identifier of the hosted zone; a placeholder when check mode only plans the zone.
  returned: success
  type: str
  sample: Z0123456789ABCDEFGHIJ
zone_name:
  description: Name of the hosted zone.
  returned: success
  type: str
  sample: example.com.
records:
  description: The listed records by name, type and set identifier, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  sample: {"payment.example.com. A": {"name": "payment.example.com.", "type": "A", "values": ["192.0.2.1"], "ttl": 300}}
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    name:
      description: Name, type and set identifier of the record.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned, planned_id
from ansible_collections.slipway.aws.plugins.module_utils.route53 import (
    Records,
    find_zone,
    wait_for_change,
    wanted_record,
)


def _zone_id(module: SlipwayModule, client: Any) -> str:
    options = module.params
    if options["zone_id"]:
        return options["zone_id"].rpartition("/")[2]
    found = find_zone(client, options["zone"], private=options["private_zone"])
    if found:
        return found
    if module.check_mode or (options["state"] == "absent" and not options["purge"]):
        return planned_id("hosted_zone", options["zone"])
    raise AnsibleAWSError(message=f"zone: there is no hosted zone {options['zone']}; create it first, or give zone_id.")


def _wanted(options: dict[str, Any]) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for record in options["records"]:
        key, state = wanted_record(record, options["zone"] or "", present=options["state"] == "present")
        if key in wanted:
            raise AnsibleAWSError(message=f"records: {key} stands twice; each record may stand once.")
        wanted[key] = state
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    client = module.client("route53")
    wanted = _wanted(options)
    zone_id = _zone_id(module, client)
    resource = Records(client, zone_id, planned=is_planned(zone_id))
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    if options["wait"] and resource.change_id:
        wait_for_change(client, resource.change_id, options["wait_timeout"])
    return outcome.as_result(
        zone_id=zone_id,
        zone_name=resource.zone_name or options["zone"] or "",
        records={name: state for name, state in outcome.items.items() if name in wanted},
    )


RECORD: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {
        "type": "str",
        "required": True,
        "choices": [
            *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SPF", "SRV", "SSHFP", "SVCB"),
            *("TLSA", "TXT"),
        ],
    },
    "values": {"type": "list", "elements": "str"},
    "ttl": {"type": "int"},
    "alias": {
        "type": "dict",
        "options": {
            "dns_name": {"type": "str", "required": True},
            "zone_id": {"type": "str", "required": True},
            "evaluate_target_health": {"type": "bool", "default": True},
        },
    },
    "set_identifier": {"type": "str"},
    "failover": {"type": "str", "choices": ["PRIMARY", "SECONDARY"]},
    "weight": {"type": "int"},
    "region": {"type": "str"},
    "multivalue": {"type": "bool"},
    "health_check_id": {"type": "str"},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "zone": {"type": "str"},
            "zone_id": {"type": "str"},
            "private_zone": {"type": "bool", "default": False},
            "records": {"type": "list", "elements": "dict", "default": [], "options": RECORD},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 300},
        },
        required_one_of=[("zone", "zone_id")],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
