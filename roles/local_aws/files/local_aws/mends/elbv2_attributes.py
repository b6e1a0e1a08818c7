# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers, target groups and listeners have all their attributes from the start, with AWS's defaults.

AWS: DescribeLoadBalancerAttributes, DescribeTargetGroupAttributes and DescribeListenerAttributes return every attribute
that applies to the type, as a string (Elastic Load Balancing API reference, LoadBalancerAttribute, TargetGroupAttribute
and ListenerAttribute).
moto 5.2.5: leaves out most load-balancer attributes until they are set, gives an application load balancer
``load_balancing.cross_zone.enabled=false`` (it is always true there), listeners the attribute of a TCP listener, target
groups ``waf.fail_open.enabled``; ModifyTargetGroupAttributes returns only what was sent.
Can go when moto's defaults are AWS's.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.models import FakeListener, FakeLoadBalancer, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from ..clock import Clock

ALL_TYPES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "zonal_shift.config.enabled": "false",
}
APPLICATION = {
    **ALL_TYPES,
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}
NETWORK = {
    **ALL_TYPES,
    "load_balancing.cross_zone.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "secondary_ips.auto_assigned.per_subnet": "0",
}
TARGET_GROUP = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "stickiness.enabled": "false",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
HTTP_TARGET_GROUP = {
    **TARGET_GROUP,
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
}
NETWORK_TARGET_GROUP = {
    **TARGET_GROUP,
    "deregistration_delay.connection_termination.enabled": "false",
    "preserve_client_ip.enabled": "true",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.type": "source_ip",
    "target_health_state.unhealthy.connection_termination.enabled": "true",
    "target_health_state.unhealthy.draining_interval_seconds": "0",
}
LAMBDA_TARGET_GROUP = {
    "lambda.multi_value_headers.enabled": "false",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
}
REQUEST_HEADERS = [
    f"routing.http.request.x_amzn_{name}.header_name"
    for name in (
        "mtls_clientcert",
        "mtls_clientcert_issuer",
        "mtls_clientcert_leaf",
        "mtls_clientcert_serial_number",
        "mtls_clientcert_subject",
        "mtls_clientcert_validity",
        "tls_cipher_suite",
        "tls_version",
    )
]
RESPONSE_HEADERS = [
    f"routing.http.response.{name}.header_value"
    for name in (
        "access_control_allow_credentials",
        "access_control_allow_headers",
        "access_control_allow_methods",
        "access_control_allow_origin",
        "access_control_expose_headers",
        "access_control_max_age",
        "content_security_policy",
        "strict_transport_security",
        "x_content_type_options",
        "x_frame_options",
    )
]
HTTP_LISTENER = {"routing.http.response.server.enabled": "true", **dict.fromkeys(RESPONSE_HEADERS, "")}
HTTPS_LISTENER = {**HTTP_LISTENER, **dict.fromkeys(REQUEST_HEADERS, "")}


def listener_attributes(protocol: str) -> dict[str, str]:
    if protocol == "HTTP":
        return dict(HTTP_LISTENER)
    return dict(HTTPS_LISTENER) if protocol == "HTTPS" else {"tcp.idle_timeout.seconds": "350"}


def target_group_attributes(target_type: str, protocol: str | None) -> dict[str, str]:
    if target_type == "lambda":
        return dict(LAMBDA_TARGET_GROUP)
    return dict(HTTP_TARGET_GROUP if protocol in ("HTTP", "HTTPS") else NETWORK_TARGET_GROUP)


def _after_init(kind: type, set_attributes: Any) -> None:
    init = kind.__init__

    @functools.wraps(init)
    def mended(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        set_attributes(self)

    kind.__init__ = mended  # type: ignore[misc]


def _modify_target_group_attributes(self: ELBV2Response) -> ActionResult:
    arn = self._get_param("TargetGroupArn")
    sent = {attribute["Key"]: attribute["Value"] for attribute in self._get_param("Attributes", [])}
    self.elbv2_backend.modify_target_group_attributes(arn, sent)
    return ActionResult({"Attributes": self.elbv2_backend.target_groups[arn].attributes})


def apply(clock: Clock) -> None:
    def of_load_balancer(balancer: FakeLoadBalancer) -> None:
        balancer.attrs = dict(APPLICATION if balancer.type == "application" else NETWORK)

    def of_target_group(group: FakeTargetGroup) -> None:
        group.attributes = target_group_attributes(group.target_type, group.protocol)

    def of_listener(listener: FakeListener) -> None:
        listener.attributes = listener_attributes(listener.protocol)

    FakeLoadBalancer.VALID_ATTRS = {*FakeLoadBalancer.VALID_ATTRS, *APPLICATION, *NETWORK}
    _after_init(FakeLoadBalancer, of_load_balancer)
    _after_init(FakeTargetGroup, of_target_group)
    _after_init(FakeListener, of_listener)
    ELBV2Response.modify_target_group_attributes = _modify_target_group_attributes
