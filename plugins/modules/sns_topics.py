# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topics
version_added: 0.1.0
short_description: Manage SNS topics with their subscriptions
description:
  - Makes a list of topics exist as stated, with policy, encryption, subscriptions and tags. One pass of describe
    calls, then only the calls that differ, topics in parallel.
  - A subscription that waits for its confirmation is left alone, so nobody gets the request for confirmation twice.
  - Other than the module of community.aws it works in check mode for topics that do not exist yet, and manages tags and
    encryption.
  - "IAM actions: C(sns:GetTopicAttributes), C(sns:SetTopicAttributes), C(sns:CreateTopic), C(sns:DeleteTopic),
    C(sns:ListTopics), C(sns:ListSubscriptionsByTopic), C(sns:GetSubscriptionAttributes),
    C(sns:SetSubscriptionAttributes), C(sns:Subscribe), C(sns:Unsubscribe), C(sns:ListTagsForResource),
    C(sns:TagResource), C(sns:UntagResource), C(sts:GetCallerIdentity)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  topics:
    description: The topics.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the topic. The name of a FIFO topic ends with V(.fifo).
        type: str
        required: true
      display_name:
        description: Sender's name in e-mails and text messages.
        type: str
      kms_key_id:
        description:
          - Key that encrypts the messages, as id, ARN or alias. An empty string switches encryption off.
          - The key's policy must allow the publishing services to use it; V(alias/aws/sns) allows no service to
            publish.
        type: str
      policy:
        description: Access policy. Compared by its meaning. Mutually exclusive with O(topics[].allowed_services).
        type: dict
      allowed_services:
        description:
          - Service principals that may publish on behalf of this account, such as V(cloudwatch.amazonaws.com).
          - The module writes the policy, with the account itself as owner.
        type: list
        elements: str
      delivery_policy:
        description: How HTTP and HTTPS deliveries are retried.
        type: dict
      signature_version:
        description: Version of the hash that signs the messages.
        type: str
        choices: ['1', '2']
      tracing_config:
        description: Whether X-Ray traces the messages.
        type: str
        choices: [PassThrough, Active]
      fifo:
        description: Whether a new topic is a FIFO topic.
        type: bool
        default: false
      content_based_deduplication:
        description: Whether a FIFO topic tells duplicates by their content.
        type: bool
      subscriptions:
        description: Who gets the messages.
        type: list
        elements: dict
        suboptions:
          protocol:
            description: How messages are delivered.
            type: str
            required: true
            choices: [email, email-json, sms, http, https, sqs, lambda, firehose, application]
          endpoint:
            description: Address, telephone number (E.164), URL or ARN.
            type: str
            required: true
          raw_message_delivery:
            description: Whether the message is delivered without SNS's envelope.
            type: bool
          filter_policy:
            description: Which messages are delivered.
            type: dict
          filter_policy_scope:
            description: What the filter policy looks at.
            type: str
            choices: [MessageAttributes, MessageBody]
          redrive_policy:
            description: Where undeliverable messages go.
            type: dict
          delivery_policy:
            description: How deliveries of this subscription are retried.
            type: dict
      purge_subscriptions:
        description:
          - Whether to remove confirmed subscriptions that O(topics[].subscriptions) does not list.
          - Pending ones cannot be removed; SNS forgets them by itself.
        type: bool
        default: true
      tags:
        description: Tags of this topic, added to O(tags).
        type: dict
  state:
    description: Whether the listed topics shall exist.
    type: str
    choices: [present, absent]
    default: present
  name_prefix:
    description: All listed topics start with this. Needed with O(purge=true).
    type: str
    default: ''
  purge:
    description: Whether to delete other topics whose name starts with O(name_prefix) and that carry O(purge_tagged).
    type: bool
    default: false
  purge_tagged:
    description: Tags that a topic must carry to be purged, so that a longer prefix of somebody else is safe.
    type: dict
    default: {}
  tags:
    description: Tags of all listed topics.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether to remove tags that are not stated, when tags are stated.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create the topics that alarms publish to
  slipway.aws.sns_topics:
    tags:
      Project: uex
      Environment: prod
    topics:
      - name: uex-prod-critical
        display_name: UEX prod critical
        kms_key_id: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
        allowed_services: [cloudwatch.amazonaws.com]
        subscriptions:
          - protocol: email
            endpoint: oncall@example.com
          - protocol: sms
            endpoint: "+15550100100"

- name: Delete every topic of an environment
  slipway.aws.sns_topics:
    name_prefix: uex-dev-
    purge: true
    purge_tagged:
      Project: uex
      Environment: dev
"""

RETURN = r"""
topics:
  description: The listed topics by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    topic_arn:
      description: ARN of the topic.
      type: str
      sample: arn:aws:sns:us-east-1:123456789012:uex-prod-critical
    display_name:
      description: Sender's name.
      type: str
    kms_key_id:
      description: Key that encrypts the messages.
      type: str
    policy:
      description: Access policy.
      type: dict
    subscriptions:
      description: Who gets the messages.
      type: list
      elements: dict
      contains:
        protocol:
          description: How messages are delivered.
          type: str
        endpoint:
          description: Where messages are delivered.
          type: str
        subscription_arn:
          description: ARN of the subscription, empty while it waits for its confirmation.
          type: str
        confirmed:
          description: Whether the receiver has confirmed the subscription.
          type: bool
    tags:
      description: Tags of the topic.
      type: dict
pending_confirmations:
  description: Subscriptions whose receivers have not confirmed yet, as C(topic protocol:endpoint).
  returned: success
  type: list
  elements: str
  sample: ["uex-prod-critical email:oncall@example.com"]
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
      description: Name of the topic.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, State, caller_arn, reconcile, run
from ansible_collections.slipway.aws.plugins.module_utils.sns import Topic, check_topics


def _topics(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    topics = {}
    for topic in options["topics"]:
        fields = {key: value for key, value in topic.items() if key not in ("name", "tags") and value is not None}
        if options["tags"] is not None or topic["tags"] is not None:
            fields["tags"] = {**(options["tags"] or {}), **(topic["tags"] or {})}
        topics[topic["name"]] = fields
    return topics


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    check_topics(options["topics"], options["name_prefix"])
    topics = _topics(options)
    resource = Topic(
        module.client("sns"),
        caller_arn=caller_arn(module.client("sts")),
        region=module.region,
        topics=topics,
        purge_tags=options["purge_tags"],
        purge_prefix=options["name_prefix"] if options["purge"] else "",
        purge_tagged=options["purge_tagged"],
    )
    present = options["state"] == "present"
    wanted: dict[str, State | None] = {name: resource.wanted(name) if present else None for name in topics}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    items = {name: state for name, state in outcome.items.items() if name in topics}
    pending = [
        f"{name} {item['protocol']}:{item['endpoint']}"
        for name, state in items.items()
        for item in state["subscriptions"]
        if not item["confirmed"]
    ]
    return outcome.as_result(topics=items, pending_confirmations=pending)


SUBSCRIPTION_OPTIONS: dict[str, Any] = {
    "protocol": {
        "type": "str",
        "required": True,
        "choices": ["email", "email-json", "sms", "http", "https", "sqs", "lambda", "firehose", "application"],
    },
    "endpoint": {"type": "str", "required": True},
    "raw_message_delivery": {"type": "bool"},
    "filter_policy": {"type": "dict"},
    "filter_policy_scope": {"type": "str", "choices": ["MessageAttributes", "MessageBody"]},
    "redrive_policy": {"type": "dict"},
    "delivery_policy": {"type": "dict"},
}
TOPIC_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "display_name": {"type": "str"},
    "kms_key_id": {"type": "str"},
    "policy": {"type": "dict"},
    "allowed_services": {"type": "list", "elements": "str"},
    "delivery_policy": {"type": "dict"},
    "signature_version": {"type": "str", "choices": ["1", "2"]},
    "tracing_config": {"type": "str", "choices": ["PassThrough", "Active"]},
    "fifo": {"type": "bool", "default": False},
    "content_based_deduplication": {"type": "bool"},
    "subscriptions": {"type": "list", "elements": "dict", "options": SUBSCRIPTION_OPTIONS},
    "purge_subscriptions": {"type": "bool", "default": True},
    "tags": {"type": "dict"},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "topics": {"type": "list", "elements": "dict", "default": [], "options": TOPIC_OPTIONS},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name_prefix": {"type": "str", "default": ""},
            "purge": {"type": "bool", "default": False},
            "purge_tagged": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["name_prefix"]:
        module.fail_json(msg="purge: name_prefix is empty, so every topic of the account would be looked at; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()
