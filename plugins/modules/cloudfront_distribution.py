# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_distribution
version_added: 0.1.0
short_description: Manage a CloudFront distribution
description:
  - Makes a distribution exist as stated. What the task leaves out stays as it is, also within an origin or a cache
    behaviour that the task names.
  - An update goes onto the newest configuration. When somebody else saved meanwhile, it is made anew on what they
    saved.
  - Nothing is waited for unless O(wait=true). A run that was killed is taken up again - a distribution is never made
    twice.
  - Two calls when nothing changes, with one more for each function, origin access control or custom policy that is
    given by its name.
  - "IAM actions: C(tag:GetResources), C(cloudfront:GetDistribution), C(cloudfront:CreateDistribution),
    C(cloudfront:UpdateDistribution), C(cloudfront:DeleteDistribution), C(cloudfront:ListDistributions),
    C(cloudfront:TagResource), C(cloudfront:UntagResource), C(cloudfront:ListTagsForResource),
    C(cloudfront:ListCachePolicies), C(cloudfront:ListOriginRequestPolicies),
    C(cloudfront:ListResponseHeadersPolicies), C(cloudfront:ListOriginAccessControls), C(cloudfront:DescribeFunction);
    for a certificate C(acm:DescribeCertificate), for a web ACL C(wafv2:GetWebACL), for logs C(s3:GetBucketAcl) and
    C(s3:PutBucketAcl)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description:
      - Name of the distribution, unique in the account. CloudFront has none - it is kept as the tag C(Name), by which
        the distribution is found again.
    type: str
  distribution_id:
    description: The distribution by its identifier, to take over one that this module did not make.
    type: str
  state:
    description:
      - Whether the distribution shall exist.
      - One that shall not is disabled, waited for, and deleted, which takes minutes. With O(enabled=false) in an
        earlier task it is over sooner.
    type: str
    choices: [present, absent]
    default: present
  enabled:
    description: Whether it answers. A new one does.
    type: bool
  comment:
    description: What it is for, at most 128 characters.
    type: str
  aliases:
    description: Alternate domain names, all of them. They need O(viewer_certificate.acm_certificate_arn).
    type: list
    elements: str
  default_root_object:
    description: The object that a request for the root gets, such as V(index.html).
    type: str
  price_class:
    description: Which of CloudFront's locations are used. A new one uses all of them.
    type: str
    choices: [PriceClass_100, PriceClass_200, PriceClass_All]
  http_version:
    description: The newest version of HTTP that viewers may use. V(http2) for a new one.
    type: str
    choices: [http1.1, http2, http3, http2and3]
  ipv6:
    description: Whether it answers over IPv6. A new one does.
    type: bool
  web_acl_arn:
    description: ARN of a WAF web ACL with the scope V(CLOUDFRONT). An empty string for none.
    type: str
  origins:
    description: Where content comes from. Origins that are not listed are removed.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the origin within the distribution.
        type: str
        required: true
      domain_name:
        description: Host name, such as C(my-bucket.s3.eu-west-1.amazonaws.com). Needed for a new origin.
        type: str
      origin_path:
        description: What is put in front of each path, such as V(/releases/1).
        type: str
      origin_access_control:
        description: Identifier or name of the origin access control with which CloudFront signs its requests.
        type: str
      custom_headers:
        description:
          - Headers of CloudFront's requests. Together with O(origins[].secret_headers) they are all.
          - Results show fingerprints in place of values.
        type: dict
      secret_headers:
        description: Headers whose values nobody may see, such as what a load balancer knows CloudFront by.
        type: dict
      connection_attempts:
        description: How often CloudFront tries to connect, from 1 to 3.
        type: int
      connection_timeout:
        description: Seconds for one attempt, from 1 to 10.
        type: int
      response_completion_timeout:
        description: Seconds until a response must be complete; V(0) for no limit.
        type: int
      origin_shield_region:
        description: Region of an origin shield. An empty string for none.
        type: str
      s3:
        description: An S3 bucket. This is what a new origin is that says nothing else.
        type: dict
        suboptions:
          origin_access_identity:
            description: The predecessor of an origin access control, C(origin-access-identity/cloudfront/ID).
            type: str
          read_timeout:
            description: Seconds without a byte until CloudFront gives up.
            type: int
      custom:
        description: Any HTTP server, such as a load balancer.
        type: dict
        suboptions:
          http_port:
            description: Port for HTTP, 80 for a new origin.
            type: int
          https_port:
            description: Port for HTTPS, 443 for a new origin.
            type: int
          protocol_policy:
            description: How CloudFront connects. V(https-only) for a new origin.
            type: str
            choices: [http-only, https-only, match-viewer]
          ssl_protocols:
            description: Protocols for HTTPS. V(TLSv1.2) for a new origin.
            type: list
            elements: str
            choices: [SSLv3, TLSv1, TLSv1.1, TLSv1.2]
          read_timeout:
            description: Seconds without a byte until CloudFront gives up, 30 for a new origin.
            type: int
          keepalive_timeout:
            description: Seconds for which idle connections are kept, 5 for a new origin.
            type: int
          ip_address_type:
            description: Kind of addresses that CloudFront connects to, V(ipv4) for a new origin.
            type: str
            choices: [ipv4, ipv6, dualstack]
      vpc:
        description: Something in private subnets, by a VPC origin.
        type: dict
        suboptions:
          vpc_origin_id:
            description: Identifier of the VPC origin. Needed for a new origin.
            type: str
          read_timeout:
            description: Seconds without a byte until CloudFront gives up, 30 for a new origin.
            type: int
          keepalive_timeout:
            description: Seconds for which idle connections are kept, 5 for a new origin.
            type: int
  origin_groups:
    description: Pairs of origins of which the second answers when the first fails. All of them.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the group within the distribution.
        type: str
        required: true
      members:
        description: Two origins by their O(origins[].id), the first one first.
        type: list
        elements: str
      status_codes:
        description: Statuses of the first that make the second answer.
        type: list
        elements: int
      selection_criteria:
        description: How the origin is chosen.
        type: str
        choices: [default, media-quality-based]
  default_cache_behavior:
    description: What happens to requests that no path pattern matches. Needed for a new distribution.
    type: dict
    suboptions: &behavior
      target_origin:
        description: The O(origins[].id) or O(origin_groups[].id) that answers. Needed for a new behaviour.
        type: str
      viewer_protocol_policy:
        description: What a request without TLS gets. V(redirect-to-https) for a new behaviour.
        type: str
        choices: [allow-all, https-only, redirect-to-https]
      allowed_methods:
        description: Methods that reach the origin. C(GET) and C(HEAD) for a new behaviour; CloudFront knows three sets.
        type: list
        elements: str
        choices: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE]
      cached_methods:
        description: Methods whose responses are cached. C(GET) and C(HEAD) for a new behaviour.
        type: list
        elements: str
        choices: [GET, HEAD, OPTIONS]
      compress:
        description: Whether CloudFront compresses. A new behaviour does.
        type: bool
      cache_policy:
        description:
          - Name or identifier of the cache policy. V(Managed-CachingOptimized) for a new behaviour.
          - Takes the place of settings from before there were policies.
        type: str
      origin_request_policy:
        description: Name or identifier, such as V(Managed-AllViewerExceptHostHeader). An empty string for none.
        type: str
      response_headers_policy:
        description: Name or identifier, such as V(Managed-SecurityHeadersPolicy). An empty string for none.
        type: str
      functions:
        description:
          - CloudFront functions by event (V(viewer-request), V(viewer-response)), each an ARN, or the name of a
            function that is published.
        type: dict
      lambda_functions:
        description: Functions of Lambda@Edge.
        type: list
        elements: dict
        suboptions:
          event_type:
            description: When the function is called.
            type: str
            choices: [viewer-request, viewer-response, origin-request, origin-response]
            required: true
          arn:
            description: ARN of a version of the function.
            type: str
            required: true
          include_body:
            description: Whether the function gets the request's body.
            type: bool
            default: false
      trusted_key_groups:
        description: Identifiers of the key groups whose signatures are demanded. An empty list for none.
        type: list
        elements: str
      realtime_log_config_arn:
        description: ARN of a configuration of real-time logs. An empty string for none.
        type: str
      field_level_encryption_id:
        description: Identifier of a configuration of field-level encryption. An empty string for none.
        type: str
      smooth_streaming:
        description: Whether Microsoft Smooth Streaming is served.
        type: bool
      grpc:
        description: Whether gRPC reaches the origin. It needs all methods and HTTP/2.
        type: bool
  cache_behaviors:
    description: What happens to requests by their paths, all of them; the first pattern that matches decides.
    type: list
    elements: dict
    suboptions:
      path_pattern:
        description: The pattern, such as V(/api/*).
        type: str
        required: true
      <<: *behavior
  custom_error_responses:
    description: What viewers get in place of errors, all of them.
    type: list
    elements: dict
    suboptions:
      error_code:
        description: Status of the origin, such as V(404).
        type: int
        required: true
      response_code:
        description: Status that the viewer gets. Together with O(custom_error_responses[].response_page_path).
        type: int
      response_page_path:
        description: Page that the viewer gets, such as V(/index.html).
        type: str
      error_caching_min_ttl:
        description: Seconds for which the error is cached, 10 for a new entry.
        type: int
  viewer_certificate:
    description: The certificate that viewers see.
    type: dict
    suboptions:
      acm_certificate_arn:
        description: ARN of an issued certificate in V(us-east-1). An empty string for CloudFront's own.
        type: str
      iam_certificate_id:
        description: Identifier of a certificate that IAM keeps.
        type: str
      minimum_protocol_version:
        description: The oldest TLS that viewers may use. V(TLSv1.2_2021) with a new certificate.
        type: str
        choices:
          - SSLv3
          - TLSv1
          - TLSv1_2016
          - TLSv1.1_2016
          - TLSv1.2_2018
          - TLSv1.2_2019
          - TLSv1.2_2021
          - TLSv1.2_2025
          - TLSv1.3_2025
      ssl_support_method:
        description: How viewers say which certificate they want. V(sni-only) with a new certificate; others cost.
        type: str
        choices: [sni-only, vip, static-ip]
  logging:
    description: Standard logs into a bucket. The bucket must have access lists (C(ownership=BucketOwnerPreferred)).
    type: dict
    suboptions:
      bucket:
        description: Name or domain name of the bucket. An empty string ends logging.
        type: str
      prefix:
        description: What the keys of the logs begin with.
        type: str
      include_cookies:
        description: Whether cookies are logged.
        type: bool
  geo_restriction:
    description: Countries that are let in or kept out.
    type: dict
    suboptions:
      type:
        description: V(whitelist) lets only these countries in, V(blacklist) keeps them out.
        type: str
        choices: [none, blacklist, whitelist]
        required: true
      countries:
        description: Countries by their two letters.
        type: list
        elements: str
  cache_tag_header:
    description:
      - Header of the origin's responses with the cache tags that M(slipway.aws.cloudfront_invalidation) takes.
      - An empty string for none. Needs a botocore that knows C(CacheTagConfig).
    type: str
  tags:
    description: Tags of the distribution, beside C(Name).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags) leaves out.
    type: bool
    default: true
  wait:
    description: Whether to wait until all of CloudFront's locations have the configuration.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. CloudFront goes on by itself.
    type: int
    default: 1800
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
- name: Serve a single-page application from a private bucket, and its API from the load balancer
  slipway.aws.cloudfront_distribution:
    name: billpay-prod-admin
    comment: BillPay admin
    aliases: [admin.billpay.example.com]
    viewer_certificate:
      acm_certificate_arn: "{{ certificates.certificates.admin.arn }}"
    web_acl_arn: "{{ web_acl.arn }}"
    price_class: PriceClass_100
    default_root_object: index.html
    origins:
      - id: site
        domain_name: billpay-prod-admin.s3.eu-west-1.amazonaws.com
        origin_access_control: billpay-prod-admin
      - id: api
        domain_name: "{{ load_balancer.dns_name }}"
        secret_headers: {X-Origin-Verify: "{{ origin_secret }}"}
        custom: {protocol_policy: https-only}
    default_cache_behavior:
      target_origin: site
      cache_policy: Managed-CachingOptimized
      response_headers_policy: Managed-SecurityHeadersPolicy
    cache_behaviors:
      - path_pattern: /api/*
        target_origin: api
        allowed_methods: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE]
        cache_policy: Managed-CachingDisabled
        origin_request_policy: Managed-AllViewerExceptHostHeader
    custom_error_responses:
      - {error_code: 403, response_code: 200, response_page_path: /index.html}
      - {error_code: 404, response_code: 200, response_page_path: /index.html}
    tags: {Project: billpay, Environment: prod, Role: edge, Component: admin}

- name: Wait until it answers everywhere
  slipway.aws.cloudfront_distribution:
    name: billpay-prod-admin
    wait: true

- name: Remove it
  slipway.aws.cloudfront_distribution:
    name: billpay-prod-admin
    state: absent
"""

RETURN = r"""
distribution:
  description: The distribution as it is now, or in check mode as it will be; empty when it does not exist.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the distribution, or its identifier where that was given.
      type: str
    id:
      description: Identifier. In check mode a placeholder when it does not exist yet.
      type: str
      sample: E2QWRUHAPOMQZL
    arn:
      description: ARN, which the policy of a bucket names to let only this distribution in.
      type: str
      sample: arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL
    domain_name:
      description: CloudFront's own name for it, where alias records lead.
      type: str
      sample: d111111abcdef8.cloudfront.net
    hosted_zone_id:
      description: Zone for alias records.
      type: str
      sample: Z2FDTNDATAQYW2
    status:
      description: V(InProgress), or V(Deployed) when all locations have the configuration.
      type: str
    enabled:
      description: Whether it answers.
      type: bool
    comment:
      description: What it is for.
      type: str
    aliases:
      description: Alternate domain names.
      type: list
      elements: str
    default_root_object:
      description: The object that a request for the root gets.
      type: str
    price_class:
      description: Which of CloudFront's locations are used.
      type: str
    http_version:
      description: The newest version of HTTP.
      type: str
    ipv6:
      description: Whether it answers over IPv6.
      type: bool
    web_acl_arn:
      description: ARN of the web ACL, or an empty string.
      type: str
    origins:
      description: The origins in the form of the option, headers with fingerprints in place of values.
      type: list
      elements: dict
    origin_groups:
      description: The origin groups in the form of the option.
      type: list
      elements: dict
    default_cache_behavior:
      description: The default behaviour in the form of the option, policies by their identifiers.
      type: dict
    cache_behaviors:
      description: The behaviours in their order, in the form of the option.
      type: list
      elements: dict
    custom_error_responses:
      description: The error responses in the form of the option.
      type: list
      elements: dict
    viewer_certificate:
      description: The certificate in the form of the option.
      type: dict
    logging:
      description: The logs in the form of the option.
      type: dict
    geo_restriction:
      description: The countries in the form of the option.
      type: dict
    cache_tag_header:
      description: The header with the cache tags, or an empty string.
      type: str
    tags:
      description: Its tags.
      type: dict
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
      description: Name of the distribution.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import (
    FIELDS,
    GLOBAL_REGION,
    Distribution,
    References,
)
from ansible_collections.slipway.aws.plugins.module_utils.core import (
    Progress,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)

LAMBDA_FUNCTION: dict[str, Any] = {
    "event_type": {
        "type": "str",
        "choices": ["viewer-request", "viewer-response", "origin-request", "origin-response"],
        "required": True,
    },
    "arn": {"type": "str", "required": True},
    "include_body": {"type": "bool", "default": False},
}
BEHAVIOR: dict[str, Any] = {
    "target_origin": {"type": "str"},
    "viewer_protocol_policy": {"type": "str", "choices": ["allow-all", "https-only", "redirect-to-https"]},
    "allowed_methods": {
        "type": "list",
        "elements": "str",
        "choices": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
    },
    "cached_methods": {"type": "list", "elements": "str", "choices": ["GET", "HEAD", "OPTIONS"]},
    "compress": {"type": "bool"},
    "cache_policy": {"type": "str"},
    "origin_request_policy": {"type": "str"},
    "response_headers_policy": {"type": "str"},
    "functions": {"type": "dict"},
    "lambda_functions": {"type": "list", "elements": "dict", "options": LAMBDA_FUNCTION},
    # Identifiers of groups of public keys.
    "trusted_key_groups": {"type": "list", "elements": "str", "no_log": False},
    "realtime_log_config_arn": {"type": "str"},
    "field_level_encryption_id": {"type": "str"},
    "smooth_streaming": {"type": "bool"},
    "grpc": {"type": "bool"},
}
ORIGIN: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "domain_name": {"type": "str"},
    "origin_path": {"type": "str"},
    "origin_access_control": {"type": "str"},
    "custom_headers": {"type": "dict"},
    "secret_headers": {"type": "dict", "no_log": True},
    "connection_attempts": {"type": "int"},
    "connection_timeout": {"type": "int"},
    "response_completion_timeout": {"type": "int"},
    "origin_shield_region": {"type": "str"},
    "s3": {
        "type": "dict",
        "options": {"origin_access_identity": {"type": "str"}, "read_timeout": {"type": "int"}},
    },
    "custom": {
        "type": "dict",
        "options": {
            "http_port": {"type": "int"},
            "https_port": {"type": "int"},
            "protocol_policy": {"type": "str", "choices": ["http-only", "https-only", "match-viewer"]},
            "ssl_protocols": {
                "type": "list",
                "elements": "str",
                "choices": ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"],
            },
            "read_timeout": {"type": "int"},
            "keepalive_timeout": {"type": "int", "no_log": False},
            "ip_address_type": {"type": "str", "choices": ["ipv4", "ipv6", "dualstack"]},
        },
    },
    "vpc": {
        "type": "dict",
        "options": {
            "vpc_origin_id": {"type": "str"},
            "read_timeout": {"type": "int"},
            "keepalive_timeout": {"type": "int", "no_log": False},
        },
    },
}
CONFIGURATION: dict[str, Any] = {
    "enabled": {"type": "bool"},
    "comment": {"type": "str"},
    "aliases": {"type": "list", "elements": "str"},
    "default_root_object": {"type": "str"},
    "price_class": {"type": "str", "choices": ["PriceClass_100", "PriceClass_200", "PriceClass_All"]},
    "http_version": {"type": "str", "choices": ["http1.1", "http2", "http3", "http2and3"]},
    "ipv6": {"type": "bool"},
    "web_acl_arn": {"type": "str"},
    "origins": {"type": "list", "elements": "dict", "options": ORIGIN},
    "origin_groups": {
        "type": "list",
        "elements": "dict",
        "options": {
            "id": {"type": "str", "required": True},
            "members": {"type": "list", "elements": "str"},
            "status_codes": {"type": "list", "elements": "int"},
            "selection_criteria": {"type": "str", "choices": ["default", "media-quality-based"]},
        },
    },
    "default_cache_behavior": {"type": "dict", "options": BEHAVIOR},
    "cache_behaviors": {
        "type": "list",
        "elements": "dict",
        "options": {"path_pattern": {"type": "str", "required": True}, **BEHAVIOR},
    },
    "custom_error_responses": {
        "type": "list",
        "elements": "dict",
        "options": {
            "error_code": {"type": "int", "required": True},
            "response_code": {"type": "int"},
            "response_page_path": {"type": "str"},
            "error_caching_min_ttl": {"type": "int"},
        },
    },
    "viewer_certificate": {
        "type": "dict",
        "options": {
            "acm_certificate_arn": {"type": "str"},
            "iam_certificate_id": {"type": "str"},
            "minimum_protocol_version": {
                "type": "str",
                "choices": [
                    *("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019"),
                    *("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
                ],
            },
            "ssl_support_method": {"type": "str", "choices": ["sni-only", "vip", "static-ip"]},
        },
    },
    "logging": {
        "type": "dict",
        "options": {
            "bucket": {"type": "str"},
            "prefix": {"type": "str"},
            "include_cookies": {"type": "bool"},
        },
    },
    "geo_restriction": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["none", "blacklist", "whitelist"], "required": True},
            "countries": {"type": "list", "elements": "str"},
        },
    },
    "cache_tag_header": {"type": "str"},
}


def _wanted(options: dict[str, Any]) -> State:
    return given({field: options[field] for field in (*FIELDS, "tags")})


def _run(module: SlipwayModule) -> dict[str, Any]:
    client = module.client("cloudfront", region=GLOBAL_REGION)
    tagging = None
    if not module.params["distribution_id"]:
        tagging = module.client("resourcegroupstaggingapi", region=GLOBAL_REGION)
    options = module.params
    present = options["state"] == "present"
    if present:
        options = References(client, check_mode=module.check_mode).resolved(options)
    name = options["name"] or options["distribution_id"]
    resource = Distribution(
        client,
        tagging,
        name=options["name"] or "",
        identifier=options["distribution_id"] or "",
        stated=options,
        purge_tags=options["purge_tags"],
        timeout=options["wait_timeout"],
        say=Progress(name, options["progress_file"]).say,
    )
    outcome = reconcile(resource, {name: _wanted(options) if present else None}, check_mode=module.check_mode)
    state = outcome.items.get(name)
    if not state:
        return outcome.as_result(distribution={})
    if module.check_mode and any(step.changes.keys() - {"tags"} for step in outcome.steps):
        state["status"] = "InProgress"
    if options["wait"] and not module.check_mode:
        state["status"] = resource.wait(state["id"])
    return outcome.as_result(distribution={"name": name, **state})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str"},
            "distribution_id": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **CONFIGURATION,
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1800},
            "progress_file": {"type": "path"},
        },
        required_one_of=[("name", "distribution_id")],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
