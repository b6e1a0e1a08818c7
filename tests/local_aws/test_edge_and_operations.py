# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of ACM, Application Auto Scaling, CloudWatch Logs and Budgets."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Clients = Callable[..., Any]
ACCOUNT = "123456789012"


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


# Certificates


def self_signed(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def test_an_imported_chain_comes_back_as_it_was(aws: Clients) -> None:
    acm = aws("acm")
    certificate, key = self_signed("example.com")
    chain, _key = self_signed("ca.example.com")
    arn = acm.import_certificate(
        Certificate=certificate, PrivateKey=key, CertificateChain=chain, Tags=[{"Key": "Name", "Value": "x"}]
    )["CertificateArn"]
    assert acm.get_certificate(CertificateArn=arn)["CertificateChain"].strip() == chain.decode().strip()
    acm.import_certificate(Certificate=certificate, PrivateKey=key, CertificateArn=arn)
    assert acm.get_certificate(CertificateArn=arn).get("CertificateChain", "") == ""
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "Name", "Value": "x"}]


def test_a_certificate_is_issued_once_its_records_are_there(aws: Clients, advance: Callable[[float], None]) -> None:
    acm, route53 = aws("acm"), aws("route53")
    arn = acm.request_certificate(
        DomainName="example.com", SubjectAlternativeNames=["*.example.com"], ValidationMethod="DNS"
    )["CertificateArn"]

    def described() -> dict[str, Any]:
        return acm.describe_certificate(CertificateArn=arn)["Certificate"]

    advance(150)
    assert described()["Status"] == "PENDING_VALIDATION"
    options = described()["DomainValidationOptions"]
    assert [option["DomainName"] for option in options] == ["example.com", "*.example.com"]
    assert options[0]["ResourceRecord"] == options[1]["ResourceRecord"]
    record = options[0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": record["Name"],
                        "Type": "CNAME",
                        "TTL": 300,
                        "ResourceRecords": [{"Value": record["Value"]}],
                    },
                }
            ]
        },
    )
    assert described()["Status"] == "PENDING_VALIDATION"
    advance(61)
    assert described()["Status"] == "ISSUED"
    assert {option["ValidationStatus"] for option in described()["DomainValidationOptions"]} == {"SUCCESS"}


# Scaling policies


TARGET = {"ServiceNamespace": "dynamodb", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}


def policy(name: str, resource: str = "table/orders", target: float = 70.0) -> dict[str, Any]:
    return {
        **TARGET,
        "PolicyName": name,
        "ResourceId": resource,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    }


@pytest.fixture
def scaling(aws: Clients) -> Any:
    client = aws("application-autoscaling")
    for resource in ("table/orders", "table/orders-2"):
        client.register_scalable_target(**TARGET, ResourceId=resource, MinCapacity=1, MaxCapacity=5)
    return client


def test_policies_are_found_by_name_and_resource(scaling: Any) -> None:
    for name in ("cpu", "memory"):
        scaling.put_scaling_policy(**policy(name))
    scaling.put_scaling_policy(**policy("cpu", "table/orders-2"))

    def names(**options: Any) -> list[tuple[str, str]]:
        found = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", **options)["ScalingPolicies"]
        return sorted((entry["ResourceId"], entry["PolicyName"]) for entry in found)

    assert names(PolicyNames=["memory"]) == [("table/orders", "memory")]
    assert names(ResourceId="table/orders-2") == [("table/orders-2", "cpu")]
    assert names(ResourceId="table/orders", PolicyNames=["cpu"]) == [("table/orders", "cpu")]
    assert len(names()) == 3


def test_a_policy_is_replaced_in_place(aws: Clients, scaling: Any) -> None:
    first = scaling.put_scaling_policy(**policy("cpu"))
    second = scaling.put_scaling_policy(**policy("cpu", target=50.0))
    assert second["PolicyARN"] == first["PolicyARN"]
    alarms = {alarm["AlarmName"] for alarm in aws("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert alarms == {alarm["AlarmName"] for alarm in second["Alarms"]}


def test_policies_need_a_target_and_end_with_it(aws: Clients, scaling: Any) -> None:
    with pytest.raises(ClientError) as caught:
        scaling.put_scaling_policy(**policy("cpu", "table/nothing"))
    assert code_of(caught) == "ObjectNotFoundException"
    scaling.put_scaling_policy(**policy("cpu"))
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=["table/orders"])
    assert targets["ScalableTargets"][0]["SuspendedState"]["DynamicScalingInSuspended"] is False
    scaling.deregister_scalable_target(**TARGET, ResourceId="table/orders")
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert aws("cloudwatch").describe_alarms()["MetricAlarms"] == []
    for call, options in (
        (scaling.deregister_scalable_target, {}),
        (scaling.delete_scaling_policy, {"PolicyName": "cpu"}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**TARGET, ResourceId="table/orders", **options)
        assert code_of(caught) == "ObjectNotFoundException"


# Metric filters


def put_filter(logs: Any, pattern: str, group: str = "/uex/dev") -> None:
    logs.put_metric_filter(
        logGroupName=group,
        filterName="errors",
        filterPattern=pattern,
        metricTransformations=[{"metricName": "Errors", "metricNamespace": "UEX", "metricValue": "1"}],
    )


def test_a_metric_filter_is_updated(aws: Clients) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="/uex/dev")
    put_filter(logs, "ERROR")
    put_filter(logs, "FATAL")
    found = logs.describe_metric_filters(logGroupName="/uex/dev")["metricFilters"]
    assert [known["filterPattern"] for known in found] == ["FATAL"]
    assert found[0]["creationTime"] > 0
    logs.delete_metric_filter(logGroupName="/uex/dev", filterName="errors")
    with pytest.raises(ClientError) as caught:
        logs.delete_metric_filter(logGroupName="/uex/dev", filterName="errors")
    assert code_of(caught) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as caught:
        put_filter(logs, "ERROR", "/nothing")
    assert code_of(caught) == "ResourceNotFoundException"


def test_metric_filters_go_with_their_log_group(aws: Clients) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="/uex/dev")
    put_filter(logs, "ERROR")
    logs.delete_log_group(logGroupName="/uex/dev")
    logs.create_log_group(logGroupName="/uex/dev")
    assert logs.describe_metric_filters(logGroupName="/uex/dev")["metricFilters"] == []


# Budgets


def budget(limit: str, name: str = "uex") -> dict[str, Any]:
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": limit, "Unit": "USD"},
    }


def test_a_budget_is_updated_and_its_subscribers_change(aws: Clients) -> None:
    budgets = aws("budgets")
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    first, second = ({"SubscriptionType": "EMAIL", "Address": f"{name}@example.com"} for name in "ab")
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget("190"),
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": [first]}],
    )
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget("444"))
    found = budgets.describe_budget(AccountId=ACCOUNT, BudgetName="uex")["Budget"]
    assert found["BudgetLimit"]["Amount"] == "444"
    of = {"AccountId": ACCOUNT, "BudgetName": "uex", "Notification": notification}
    budgets.create_subscriber(**of, Subscriber=second)
    assert budgets.describe_subscribers_for_notification(**of)["Subscribers"] == [first, second]
    budgets.delete_subscriber(**of, Subscriber=first)
    assert budgets.describe_subscribers_for_notification(**of)["Subscribers"] == [second]
    listed = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="uex")["Notifications"]
    assert listed == [{**notification, "ThresholdType": "PERCENTAGE", "NotificationState": "OK"}]
    for call, options in (
        (budgets.update_budget, {"NewBudget": budget("1", "nothing")}),
        (budgets.describe_notifications_for_budget, {"BudgetName": "nothing"}),
    ):
        with pytest.raises(ClientError) as caught:
            call(AccountId=ACCOUNT, **options)
        assert code_of(caught) == "NotFoundException"


# Tags


def test_tags_of_a_scalable_target(aws: Clients) -> None:
    scaling = aws("application-autoscaling")
    arn = scaling.register_scalable_target(
        **TARGET, ResourceId="table/orders", MinCapacity=1, MaxCapacity=5, Tags={"Project": "uex"}
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"Environment": "dev"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Project"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Environment": "dev"}
    with pytest.raises(ClientError) as caught:
        scaling.list_tags_for_resource(ResourceARN=arn + "x")
    assert code_of(caught) == "ResourceNotFoundException"


def test_tags_of_a_certificate(aws: Clients) -> None:
    acm = aws("acm")
    tags = [{"Key": "Project", "Value": "uex"}]
    arn = acm.request_certificate(DomainName="example.com", ValidationMethod="DNS", Tags=tags)["CertificateArn"]
    acm.tag_resource(ResourceArn=arn, Tags=[{"Key": "Environment", "Value": "dev"}])
    acm.untag_resource(ResourceArn=arn, TagKeys=["Project"])
    assert acm.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "Environment", "Value": "dev"}]


def test_tags_of_a_budget(aws: Clients) -> None:
    budgets = aws("budgets")
    budgets.create_budget(AccountId=ACCOUNT, Budget=budget("1"), ResourceTags=[{"Key": "Project", "Value": "uex"}])
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/uex"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "Environment", "Value": "dev"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Project"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "Environment", "Value": "dev"}]
    with pytest.raises(ClientError) as caught:
        budgets.list_tags_for_resource(ResourceARN=arn + "x")
    assert code_of(caught) == "NotFoundException"
