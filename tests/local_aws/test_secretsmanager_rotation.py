# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation by functions that are played: steps, labels, logs, refusals."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]
NAME = "uex/dev/database"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def refused(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def token() -> str:
    return str(uuid.uuid4())


class Rotation:
    """A secret, a function that may rotate it, and a clock that stands still."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.secrets = server.client("secretsmanager")
        self.first = self.secrets.create_secret(
            Name=NAME, SecretString=json.dumps({"username": "app", "password": "first", "host": "db"})
        )
        self.function = self.make_function()
        server.control("ecs/clock", {"paused": True})

    def make_function(self, name: str = "rotate", permitted: bool = True, timeout: int = 30) -> str:
        role = "arn:aws:iam::123456789012:role/rotate"
        self.server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("lambda_function.py", "")
        functions = self.server.client("lambda")
        arn = functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role.replace("/rotate", f"/{name}"),
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=timeout,
        )["FunctionArn"]
        if permitted:
            functions.add_permission(
                FunctionName=name,
                StatementId="secretsmanager",
                Action="lambda:InvokeFunction",
                Principal="secretsmanager.amazonaws.com",
            )
        return arn

    def rotate(self, **options: Any) -> dict[str, Any]:
        return self.secrets.rotate_secret(SecretId=NAME, **options)

    def start(self, **options: Any) -> str:
        rules = {"AutomaticallyAfterDays": 90}
        return self.rotate(RotationLambdaARN=self.function, RotationRules=rules, **options)["VersionId"]

    def tell(self, **script: Any) -> None:
        self.server.control("secretsmanager/rotations", script)

    def advance(self, seconds: float) -> None:
        self.server.control("ecs/clock", {"advance": seconds})

    def steps(self) -> list[tuple[str, str, str]]:
        found = self.server.control(f"secretsmanager/steps?secret={NAME}", method="GET")["steps"]
        return [(step["step"], step["outcome"], step["token"]) for step in found]

    def describe(self) -> dict[str, Any]:
        return self.secrets.describe_secret(SecretId=NAME)

    def stages(self) -> dict[str, list[str]]:
        return {version: sorted(stages) for version, stages in self.describe()["VersionIdsToStages"].items()}

    def password(self, stage: str = "AWSCURRENT") -> str:
        value = self.secrets.get_secret_value(SecretId=NAME, VersionStage=stage)["SecretString"]
        return json.loads(value)["password"]

    def log(self, function: str = "rotate") -> list[str]:
        events = self.server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        return [event["message"] for event in events]


@pytest.fixture
def rotation(server: Server) -> Rotation:
    return Rotation(server)


def test_four_steps_move_the_labels_one_after_the_other(rotation: Rotation) -> None:
    old = rotation.first["VersionId"]
    new = rotation.start()
    assert rotation.stages() == {old: ["AWSCURRENT"], new: ["AWSPENDING"]}
    with pytest.raises(ClientError) as caught:
        rotation.password("AWSPENDING")
    assert refused(caught)[0] == "ResourceNotFoundException"
    # A version without a value has labels only.
    listed = rotation.secrets.list_secret_version_ids(SecretId=NAME, IncludeDeprecated=True)["Versions"]
    assert [version["VersionId"] for version in listed] == [old]
    assert rotation.steps() == [("createSecret", "running", new)]
    assert "LastRotatedDate" not in rotation.describe()
    rotation.advance(2)
    assert rotation.password() == "first"
    assert rotation.password("AWSPENDING") != "first"
    assert [step[:2] for step in rotation.steps()] == [("createSecret", "succeeded"), ("setSecret", "running")]
    rotation.advance(5.9)
    assert rotation.password() == "first"
    rotation.advance(0.2)
    assert rotation.steps() == [(step, "succeeded", new) for step in STEPS]
    # As AWS's sample functions leave it.
    assert rotation.stages() == {old: ["AWSPREVIOUS"], new: ["AWSCURRENT", "AWSPENDING"]}
    assert rotation.password("AWSPREVIOUS") == "first"
    value = json.loads(rotation.secrets.get_secret_value(SecretId=NAME)["SecretString"])
    assert (value["username"], value["host"], len(value["password"])) == ("app", "db", 32)
    described = rotation.describe()
    assert described["RotationEnabled"] is True
    assert described["RotationLambdaARN"] == rotation.function
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 90}
    assert abs(described["LastRotatedDate"].timestamp() - time.time()) < 60
    due = datetime.now(UTC) + timedelta(days=90)
    assert abs(described["NextRotationDate"] - due) < timedelta(days=1, minutes=1)
    assert described["NextRotationDate"].astimezone(UTC).strftime("%H:%M:%S") == "23:59:59"
    # And again: AWSPENDING on the current version is no rotation that is not complete.
    third = rotation.rotate()["VersionId"]
    rotation.advance(8)
    assert rotation.stages() == {new: ["AWSPREVIOUS"], third: ["AWSCURRENT", "AWSPENDING"]}
    versions = rotation.secrets.list_secret_version_ids(SecretId=NAME)["Versions"]
    assert {version["VersionId"] for version in versions} == {new, third}


def test_each_step_writes_to_the_functions_log(rotation: Rotation) -> None:
    new = rotation.start()
    rotation.advance(8)
    lines = rotation.log()
    assert len(lines) == 16
    request = lines[0].split()[2]
    arn = rotation.first["ARN"]
    assert lines[0] == f"START RequestId: {request} Version: $LATEST\n"
    assert lines[1].startswith("[INFO]\t")
    assert f"createSecret: Successfully put secret for ARN {arn} and version {new}." in lines[1]
    assert lines[2] == f"END RequestId: {request}\n"
    assert lines[3].startswith(f"REPORT RequestId: {request}\tDuration: 2000.00 ms\t")
    assert all(rotation.password(stage) not in "".join(lines) for stage in ("AWSCURRENT", "AWSPREVIOUS"))


@pytest.mark.parametrize("step", STEPS)
def test_a_failed_step_leaves_the_version_pending_until_it_is_reattempted(rotation: Rotation, step: str) -> None:
    old = rotation.first["VersionId"]
    rotation.tell(function="rot*", outcome="fail", step=step, error="OperationalError", message="no route", times=1)
    new = rotation.start(ClientRequestToken=token())
    rotation.advance(60)
    done = STEPS[: STEPS.index(step) + 1]
    assert [name for name, _outcome, _token in rotation.steps()] == done
    assert rotation.steps()[-1] == (step, "failed", new)
    assert rotation.stages() == {old: ["AWSCURRENT"], new: ["AWSPENDING"]}
    assert rotation.password() == "first"
    assert "LastRotatedDate" not in rotation.describe()
    failed = next(line for line in rotation.log() if "Traceback" in line)
    assert failed.startswith("[ERROR] OperationalError: no route\nTraceback (most recent call last):\n  File ")
    pending = rotation.password("AWSPENDING") if step != "createSecret" else None
    with pytest.raises(ClientError) as caught:
        rotation.rotate(ClientRequestToken=token())
    assert refused(caught) == (
        "InvalidRequestException",
        "A previous rotation isn't complete. That rotation will be reattempted.",
    )
    rotation.advance(8)
    assert [entry[0] for entry in rotation.steps()] == [*done, *STEPS]
    assert rotation.stages() == {old: ["AWSPREVIOUS"], new: ["AWSCURRENT", "AWSPENDING"]}
    assert pending in (None, rotation.password())


def test_a_step_that_hangs_ends_at_the_functions_timeout(rotation: Rotation) -> None:
    rotation.tell(outcome="hang", step="setSecret", times=1)
    new = rotation.start()
    rotation.advance(31)
    assert rotation.steps()[-1] == ("setSecret", "running", new)
    with pytest.raises(ClientError) as caught:
        rotation.rotate()
    assert "isn't complete" in refused(caught)[1]
    rotation.advance(2)
    assert rotation.steps()[-1] == ("setSecret", "failed", new)
    lines = rotation.log()
    assert lines[-3].endswith("Task timed out after 30.00 seconds\n\n")
    assert "Status: timeout" in lines[-1]
    # The same token takes the same rotation up again.
    assert rotation.rotate(ClientRequestToken=new)["VersionId"] == new
    rotation.advance(8)
    assert rotation.stages()[new] == ["AWSCURRENT", "AWSPENDING"]


def test_a_token_stands_for_one_rotation(rotation: Rotation) -> None:
    chosen = token()
    assert rotation.start(ClientRequestToken=chosen) == chosen
    assert rotation.start(ClientRequestToken=chosen) == chosen
    rotation.advance(8)
    password = rotation.password()
    assert rotation.start(ClientRequestToken=chosen) == chosen
    rotation.advance(60)
    assert rotation.password() == password
    assert len(rotation.steps()) == 4
    with pytest.raises(ClientError) as caught:
        rotation.start(ClientRequestToken=rotation.first["VersionId"])
    assert refused(caught)[0] == "InvalidRequestException"


def test_without_rotating_at_once_only_the_test_step_is_called(rotation: Rotation) -> None:
    old = rotation.first["VersionId"]
    new = rotation.start(RotateImmediately=False)
    assert rotation.stages() == {old: ["AWSCURRENT"], new: ["AWSPENDING"]}
    assert rotation.password("AWSPENDING") == "first"
    rotation.advance(2)
    assert rotation.steps() == [("testSecret", "succeeded", new)]
    assert rotation.stages() == {old: ["AWSCURRENT"]}
    described = rotation.describe()
    assert described["RotationEnabled"] is True
    assert "LastRotatedDate" not in described
    assert described["NextRotationDate"] > datetime.now(UTC)


def test_rotation_is_cancelled_and_the_labels_stay(rotation: Rotation) -> None:
    with pytest.raises(ClientError) as caught:
        rotation.secrets.cancel_rotate_secret(SecretId=NAME)
    assert refused(caught)[0] == "InvalidRequestException"
    new = rotation.start()
    rotation.advance(3)
    assert rotation.secrets.cancel_rotate_secret(SecretId=NAME)["VersionId"] == new
    rotation.advance(60)
    assert [entry[:2] for entry in rotation.steps()] == [("createSecret", "succeeded"), ("setSecret", "cancelled")]
    assert rotation.stages()[new] == ["AWSPENDING"]
    described = rotation.describe()
    assert described["RotationEnabled"] is False
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 90}
    assert not {"NextRotationDate", "LastRotatedDate"} & described.keys()
    rotation.secrets.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=new)
    assert rotation.rotate()["VersionId"] != new
    assert rotation.describe()["RotationEnabled"] is True


def test_a_pending_version_that_is_taken_away_fails_the_next_step(rotation: Rotation) -> None:
    new = rotation.start()
    rotation.advance(3)
    rotation.secrets.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=new)
    rotation.advance(60)
    assert rotation.steps()[-1] == ("setSecret", "failed", new)
    assert any(f"Secret version {new} has no stage for rotation" in line for line in rotation.log())
    assert rotation.password() == "first"


def test_the_function_must_exist_and_let_itself_be_called(rotation: Rotation) -> None:
    unknown = rotation.function + "-nowhere"
    closed = rotation.make_function("closed", permitted=False)
    for arn, code in ((unknown, "ResourceNotFoundException"), (closed, "AccessDeniedException")):
        with pytest.raises(ClientError) as caught:
            rotation.rotate(RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1})
        assert refused(caught)[0] == code
    with pytest.raises(ClientError) as caught:
        rotation.rotate()
    assert refused(caught) == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )
    assert "RotationEnabled" not in rotation.describe()
    assert rotation.stages() == {rotation.first["VersionId"]: ["AWSCURRENT"]}


@pytest.mark.parametrize(
    "rules",
    [
        {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "every day"},
        {"ScheduleExpression": "cron(5 3 * * ? *)"},
        {"ScheduleExpression": "cron(0 3 * * * *)"},
        {"ScheduleExpression": "cron(0 3 31 2 ? *)"},
        {"ScheduleExpression": "cron(0 22 1 * ? *)", "Duration": "3h"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"AutomaticallyAfterDays": 30, "Duration": "3d"},
    ],
    ids=str,
)
def test_wrong_rules_are_refused(rotation: Rotation, rules: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        rotation.rotate(RotationLambdaARN=rotation.function, RotationRules=rules)
    assert refused(caught)[0] == "InvalidParameterException"
    assert "RotationEnabled" not in rotation.describe()


def test_a_secret_without_a_value_fails_in_its_first_step(rotation: Rotation) -> None:
    rotation.secrets.create_secret(Name="empty")
    rotation.secrets.rotate_secret(
        SecretId="empty", RotationLambdaARN=rotation.function, RotationRules={"AutomaticallyAfterDays": 1}
    )
    rotation.advance(60)
    step = rotation.server.control("secretsmanager/steps?secret=empty", method="GET")["steps"][-1]
    assert (step["step"], step["outcome"]) == ("createSecret", "failed")
    assert "can't find the specified secret value for staging label: AWSCURRENT" in step["message"]


def test_a_secret_is_made_older(rotation: Rotation) -> None:
    rotation.start()
    rotation.advance(8)
    rotation.server.control("secretsmanager/age", {"secret": NAME, "days": 100})
    described = rotation.describe()
    assert timedelta(days=99) < datetime.now(UTC) - described["LastRotatedDate"] < timedelta(days=101)
    assert described["NextRotationDate"] < datetime.now(UTC)


def test_a_script_that_makes_no_sense_is_refused(rotation: Rotation) -> None:
    for script in ({"outcome": "fail"}, {"outcome": "fall"}, {"seconds": "long"}, {"times": 0}, {"stage": "x"}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            rotation.tell(**script)
    rotation.tell(value=json.dumps({"password": "told"}), seconds={"createSecret": 0}, keeps_pending=False)
    new = rotation.start()
    rotation.advance(6)
    assert rotation.password() == "told"
    assert rotation.stages()[new] == ["AWSCURRENT"]
    scripts = rotation.server.control("secretsmanager/rotations", method="GET")["scripts"]
    assert [script["id"] for script in scripts] == [scripts[0]["id"]]
    assert "told" not in json.dumps(scripts)
    rotation.server.control(f"secretsmanager/rotations?id={scripts[0]['id']}", method="DELETE")
    assert rotation.server.control("secretsmanager/rotations", method="GET")["scripts"] == []


# Managed external secrets

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
SALESFORCE = "SalesforceClientSecret"


def test_a_managed_external_secret_is_rotated_with_a_role_and_without_a_function(server: Server) -> None:
    secrets, iam = server.client("secretsmanager"), server.client("iam")
    server.control("ecs/clock", {"paused": True})
    role = iam.create_role(RoleName="partner", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    other = iam.create_role(RoleName="other", AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    value = json.dumps({"consumerKey": "k", "consumerSecret": "first"})
    with pytest.raises(ClientError) as caught:
        secrets.create_secret(Name="crm", SecretString=value, Type="Salesforce")
    assert refused(caught)[0] == "InvalidParameterException"
    first = secrets.create_secret(Name="crm", SecretString=value, Type=SALESFORCE)["VersionId"]
    assert secrets.list_secrets()["SecretList"][0]["Type"] == SALESFORCE
    metadata = [{"Key": "apiVersion", "Value": "v65.0"}]
    arguments: dict[str, Any] = {"SecretId": "crm", "RotationRules": {"AutomaticallyAfterDays": 30}}
    for wrong in ({}, {"ExternalSecretRotationRoleArn": other}):
        with pytest.raises(ClientError) as caught:
            secrets.rotate_secret(**arguments, **wrong)
        assert refused(caught)[0] == "InvalidRequestException"
        assert "Secrets Manager is unable to assume role" in refused(caught)[1]
    with pytest.raises(ClientError) as caught:
        secrets.rotate_secret(**arguments, RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:x")
    assert refused(caught)[0] == "InvalidRequestException"
    arguments |= {"ExternalSecretRotationRoleArn": role, "ExternalSecretRotationMetadata": metadata}
    secrets.rotate_secret(**arguments, RotateImmediately=False)
    described = secrets.describe_secret(SecretId="crm")
    assert (described["Type"], described["ExternalSecretRotationRoleArn"]) == (SALESFORCE, role)
    assert described["ExternalSecretRotationMetadata"] == metadata
    assert described["RotationEnabled"] is True
    assert not {"OwningService", "RotationLambdaARN", "LastRotatedDate"} & described.keys()
    second = secrets.rotate_secret(SecretId="crm")["VersionId"]
    assert secrets.describe_secret(SecretId="crm")["VersionIdsToStages"] == {
        first: ["AWSCURRENT"],
        second: ["AWSPENDING"],
    }
    with pytest.raises(ClientError) as caught:
        secrets.rotate_secret(SecretId="crm")
    assert "isn't complete" in refused(caught)[1]
    server.control("ecs/clock", {"advance": 9})
    described = secrets.describe_secret(SecretId="crm")
    assert described["VersionIdsToStages"] == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    fields = json.loads(secrets.get_secret_value(SecretId="crm")["SecretString"])
    assert fields["consumerKey"] == "k"
    assert fields["consumerSecret"] != "first"
    assert described["LastRotatedDate"]


def test_a_secret_becomes_a_managed_external_one_when_its_own_rotation_is_cancelled(rotation: Rotation) -> None:
    new = rotation.start()
    rotation.advance(8)
    with pytest.raises(ClientError) as caught:
        rotation.secrets.update_secret(SecretId=NAME, Type=SALESFORCE)
    assert refused(caught)[0] == "InvalidRequestException"
    with pytest.raises(ClientError) as caught:
        rotation.rotate(ExternalSecretRotationRoleArn="arn:aws:iam::123456789012:role/x")
    assert refused(caught)[0] == "InvalidRequestException"
    rotation.secrets.cancel_rotate_secret(SecretId=NAME)
    rotation.secrets.update_secret(SecretId=NAME, Type=SALESFORCE)
    assert rotation.describe()["Type"] == SALESFORCE
    assert "AWSCURRENT" in rotation.stages()[new]


def test_a_policy_for_everybody_is_refused_on_request(rotation: Rotation) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError) as caught:
        rotation.secrets.put_resource_policy(SecretId=NAME, ResourcePolicy=policy, BlockPublicPolicy=True)
    assert refused(caught)[0] == "PublicPolicyException"
    rotation.secrets.put_resource_policy(SecretId=NAME, ResourcePolicy=policy)
