# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificates
version_added: 0.1.0
short_description: Manage certificates of ACM that are validated by DNS
description:
  - Requests certificates, returns the records that ACM wants to find in DNS, and waits on demand until they are issued.
    Request early, put the records into Route 53 with M(slipway.aws.route53_records), wait late.
  - What CloudFront uses must be in the region V(us-east-1), whatever the region of everything else.
  - ACM cannot change the names of a certificate. When they change, or when one is expired or has failed, a new one is
    requested beside the old one, which goes on serving; O(purge_superseded) deletes it when nothing uses it any more.
  - ACM renews certificates by itself as long as their records stay in DNS.
  - A run that was killed is taken up again - within an hour the same request is the same certificate.
  - One call and one for each certificate when nothing changes.
  - "IAM actions: C(tag:GetResources), C(acm:DescribeCertificate), C(acm:RequestCertificate),
    C(acm:AddTagsToCertificate), C(acm:RemoveTagsFromCertificate), C(acm:DeleteCertificate)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  certificates:
    description: The certificates.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Becomes the tag C(Name), by which the certificate is found again.
        type: str
        required: true
      domain_name:
        description: The first name, also a wildcard. Needed for a new certificate.
        type: str
      subject_alternative_names:
        description: The further names, all of them.
        type: list
        elements: str
      key_algorithm:
        description: Kind of the key. V(RSA_2048) for a new certificate; CloudFront also takes V(EC_prime256v1).
        type: str
        choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
      tags:
        description: Tags of this certificate, beside O(tags).
        type: dict
  state:
    description: Whether they shall exist. One that is used is not deleted; the error says by what.
    type: str
    choices: [present, absent]
    default: present
  purge_superseded:
    description: Whether former certificates of the same names go when the new one is issued and nothing uses them.
    type: bool
    default: false
  tags:
    description: Tags of all certificates, beside C(Name).
    type: dict
  purge_tags:
    description: Whether tags go that the task leaves out.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until all are issued, which takes minutes after the records are in DNS.
      - With O(state=absent) until ACM knows that what used them is gone.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. A timeout says which records ACM has not found.
    type: int
    default: 1200
  progress_file:
    description: A file to which a line is added for each step while the module waits. Set by the action plugin.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Request the certificate of the sites
  slipway.aws.acm_certificates:
    region: us-east-1
    certificates:
      - name: billpay-prod-sites
        domain_name: billpay.example.com
        subject_alternative_names: ["*.billpay.example.com"]
    tags: {Project: billpay, Environment: prod, Role: edge}
  register: certificates

- name: Show ACM that the names are ours
  slipway.aws.route53_records:
    zone: billpay.example.com
    records: "{{ certificates.validation_records }}"

- name: Wait until it is issued
  slipway.aws.acm_certificates:
    region: us-east-1
    certificates:
      - name: billpay-prod-sites
    wait: true
"""

RETURN = r"""
certificates:
  description: The certificates by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
    arn:
      description: ARN; a placeholder when check mode only plans it.
      type: str
      sample: arn:aws:acm:us-east-1:123456789012:certificate/1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f
    domain_name:
      description: The first name.
      type: str
    subject_alternative_names:
      description: The further names.
      type: list
      elements: str
    key_algorithm:
      description: Kind of the key.
      type: str
    status:
      description: State in ACM's words.
      type: str
      sample: ISSUED
    validation_records:
      description: Records that ACM wants to find, as M(slipway.aws.route53_records) takes them.
      type: list
      elements: dict
    not_after:
      description: When it ends, as ISO 8601; empty until it is issued.
      type: str
    renewal_status:
      description: State of the renewal in ACM's words; empty while none is due.
      type: str
    in_use_by:
      description: ARNs of what uses it.
      type: list
      elements: str
    superseded_arns:
      description: ARNs of former certificates of the same name.
      type: list
      elements: str
    tags:
      description: Its tags.
      type: dict
validation_records:
  description: The records of all of them, each once, as M(slipway.aws.route53_records) takes them.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: _a79865eb4cd1a6ab990a45779b4e0b96.example.com., type: CNAME, ttl: 300, values: [_4e.acm-validations.aws.]}
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
      description: The name.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.acm import Certificates, all_records, wanted_names
from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Progress,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)

CERTIFICATE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "domain_name": {"type": "str"},
    "subject_alternative_names": {"type": "list", "elements": "str"},
    "key_algorithm": {
        "type": "str",
        "choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"],
        "no_log": False,
    },
    "tags": {"type": "dict"},
}


def _wanted(entry: dict[str, Any], tags: dict[str, Any] | None) -> State:
    return given(
        {
            **wanted_names(entry["domain_name"], entry["subject_alternative_names"]),
            "key_algorithm": entry["key_algorithm"],
            "tags": None if tags is None and entry["tags"] is None else {**(tags or {}), **(entry["tags"] or {})},
        }
    )


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    stated: dict[str, State] = {}
    for entry in options["certificates"]:
        if entry["name"] in stated:
            raise AnsibleAWSError(message=f"certificates: {entry['name']} stands twice; each name may stand once.")
        stated[entry["name"]] = _wanted(entry, options["tags"])
    present = options["state"] == "present"
    resource = Certificates(
        module.client("acm"),
        module.client("resourcegroupstaggingapi"),
        stated,
        region=module.region or "",
        purge_tags=options["purge_tags"],
        purge_superseded=options["purge_superseded"],
        timeout=options["wait_timeout"],
        patient=options["wait"],
        say=Progress("certificates", options["progress_file"]).say,
    )
    wanted: dict[str, State | None] = {name: state if present else None for name, state in stated.items()}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    states = outcome.items
    if module.check_mode:
        for step in outcome.steps:
            if step.action == "update":
                states[step.name] = resource.predicted(step.name, states[step.name], step.changes)
    elif options["wait"]:
        states = resource.wait(states)
    return outcome.as_result(
        certificates={name: {"name": name, **state} for name, state in states.items()},
        validation_records=all_records(states.values()),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge_superseded": {"type": "bool", "default": False},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1200},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
