# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of single secrets: configuration, strategies that need no server, resuming, repair, going back, age."""

from __future__ import annotations

import contextlib
import itertools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .ecs import clock_stopped, control, standing_still
from .harness import Aws, ModuleFailed, execute
from .rotation_functions import Function, killed_before, partner_role

MODULE = "secretsmanager_rotation"
NAME = "uex/test/app"
KEY = {"field": "jwt_key", "length": 40}
MARKER = "first-value-that-nobody-may-see"


class Secrets:
    """A secret, and what is asked of it."""

    def __init__(self, aws: Aws, name: str = NAME, **more: Any) -> None:
        self.aws = aws
        self.name = name
        self.client = aws.client("secretsmanager")
        value = json.dumps({"jwt_key": MARKER, "issuer": "uex"})
        self.first = self.client.create_secret(**{"Name": name, "SecretString": value, **more})["VersionId"]

    def run(self, *, check: bool = False, state: str = "rotated", **options: Any) -> dict[str, Any]:
        """The module with one secret; C(secret) of the options is about it, the rest about the task."""
        secret = {"name": self.name, **options.pop("secret", {})}
        result = self.aws.run_module(MODULE, {"state": state, "secrets": [secret], **options}, check=check)
        self.seen(result)
        return result

    def fails(self, **options: Any) -> dict[str, Any]:
        with pytest.raises(ModuleFailed) as failure:
            self.run(**options)
        self.seen(failure.value.result)
        return failure.value.result

    def seen(self, result: dict[str, Any]) -> None:
        """No value that the secret has or had may be in a result."""
        text = json.dumps(result)
        for version in self.stages():
            try:
                value = self.client.get_secret_value(SecretId=self.name, VersionId=version)["SecretString"]
            except ClientError:
                continue
            parts = [value]
            with contextlib.suppress(ValueError):
                parts += [part for name, part in json.loads(value).items() if name in ("jwt_key", "password")]
            for part in parts:
                assert json.dumps(part)[1:-1] not in text

    def stages(self) -> dict[str, list[str]]:
        found = self.client.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return {version: sorted(stages) for version, stages in found.items()}

    def holder(self, stage: str) -> str:
        return next((version for version, stages in self.stages().items() if stage in stages), "")

    def value(self, stage: str = "AWSCURRENT") -> dict[str, Any]:
        return json.loads(self.client.get_secret_value(SecretId=self.name, VersionStage=stage)["SecretString"])

    def make_older(self, days: float) -> None:
        control(
            self.aws, "secretsmanager/age", secret=self.client.describe_secret(SecretId=self.name)["ARN"], days=days
        )


RANDOM = {"strategy": "random", "generate": [KEY]}
NOW = {**RANDOM, "rotate": "now"}


@pytest.fixture
def secret(aws: Aws) -> Secrets:
    return Secrets(aws)


# A value that only applications read


def test_rotates_once_for_each_token(secret: Secrets) -> None:
    planned = secret.run(secret=NOW, token="one", check=True)
    assert planned["changed"]
    assert planned["secrets"][NAME]["outcome"] == "would_rotate"
    assert planned["diff"]["after"] == {f"{NAME}.version_id": "a new version"}
    secret.aws.mark()
    result = secret.run(secret=NOW, token="one")
    assert secret.aws.mutations() == [
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "secretsmanager:UpdateSecretVersionStage",
        "secretsmanager:UpdateSecretVersionStage",
    ]
    told = result["secrets"][NAME]
    assert told["outcome"] == "rotated"
    assert told["version_id"] != secret.first == told["previous_version_id"] == told["version_id_before"]
    assert secret.stages() == {secret.first: ["AWSPREVIOUS"], told["version_id"]: ["AWSCURRENT"]}
    assert secret.value()["issuer"] == "uex"
    assert len(secret.value()["jwt_key"]) == 40
    again = secret.run(secret=NOW, token="one")
    assert not again["changed"]
    assert again["secrets"][NAME]["version_id"] == told["version_id"]
    other = secret.run(secret=NOW, token="two")
    assert other["secrets"][NAME]["previous_version_id"] == told["version_id"]


def test_present_rotates_nothing_and_never_leaves_the_value_alone(secret: Secrets) -> None:
    secret.make_older(400)
    assert not secret.run(state="present", secret={**RANDOM, "max_age_days": 90})["changed"]
    assert not secret.run(secret={**RANDOM, "rotate": "never", "max_age_days": 90})["changed"]
    assert secret.value()["jwt_key"] == MARKER


def test_due_follows_the_age_that_task_tag_or_rule_says(secret: Secrets) -> None:
    assert not secret.run(secret={**RANDOM, "max_age_days": 90})["changed"]
    secret.make_older(91)
    report = secret.run(state="present", secret={"max_age_days": 90})
    finding = report["findings"][0]
    assert (finding["finding"], finding["max_age_days"]) == ("overdue", 90)
    assert 91 <= finding["age_days"] < 91.1
    assert report["secrets"][NAME]["overdue"]
    assert secret.run(secret={**RANDOM, "max_age_days": 90}, check=True)["secrets"][NAME]["outcome"] == "would_rotate"
    with pytest.raises(ModuleFailed, match=r"fail_on_findings: .*is 91(\.\d+)? days old; it may be 90"):
        secret.run(state="present", secret={"max_age_days": 90}, fail_on_findings=True)
    tags = {"RotationStrategy": "random", "RotationMaxAgeDays": "91"}
    secret.client.tag_resource(SecretId=NAME, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    rotated = secret.run(secret={"generate": [KEY]})
    assert rotated["secrets"][NAME]["strategy"] == "random"
    assert rotated["secrets"][NAME]["age_days_before"] >= 91
    assert rotated["secrets"][NAME]["age_days"] < 1
    assert rotated["findings"] == []
    assert not secret.run(secret={"generate": [KEY]})["changed"]


def test_what_makes_no_sense_is_refused_before_any_change(secret: Secrets) -> None:
    for options, words in (
        ({"secret": NOW}, "needs token"),
        ({"secret": {"rotate": "due"}}, "give strategy, or the secret's tag RotationStrategy"),
        ({"secret": {"strategy": "random"}}, "needs generate"),
        ({"secret": {**RANDOM, "replication_group_id": "x"}}, "has no use for replication_group_id"),
        ({"secret": {"strategy": "random", "generate": [{"length": 4}]}}, "at least 8"),
        (
            {"secret": {**RANDOM, "rotation": {"automatically_after_days": 3}}},
            "Secrets Manager would rotate it as well",
        ),
        ({"secret": {"strategy": "lambda", "rotation": {"lambda_arn": "x"}}}, "says nothing of when"),
        ({"secret": {"strategy": "rds_master_user"}}, "needs db_instance_identifier"),
    ):
        secret.aws.mark()
        assert words in secret.fails(**options)["msg"]
        assert secret.aws.mutations() == []
    with pytest.raises(ModuleFailed, match=r"there is no secret nowhere.*secretsmanager_secrets"):
        secret.aws.run_module(MODULE, {"state": "rotated", "secrets": [{"name": "nowhere", **RANDOM}]})
    assert not secret.aws.run_module(MODULE, {"secrets": [{"name": "nowhere", **RANDOM}]}, check=True)["changed"]
    arn = secret.client.describe_secret(SecretId=NAME)["ARN"]
    with pytest.raises(ModuleFailed, match="named twice, by name and by ARN"):
        secret.aws.run_module(MODULE, {"secrets": [{"name": NAME}, {"name": arn}]})


def test_value_that_cannot_be_made_leaves_everything_as_it_was(secret: Secrets) -> None:
    secret.client.put_secret_value(SecretId=NAME, SecretString='"' + MARKER)
    before = secret.stages()
    told = execute(MODULE, {"state": "rotated", "token": "a", "secrets": [{"name": NAME, **NOW}]})
    assert told["failed"]
    assert (told["failures"][0]["step"], secret.stages()) == ("create", before)
    assert "no JSON object" in told["msg"]
    assert MARKER not in json.dumps(told)


def test_a_secret_that_goes_or_is_a_replica_is_refused(aws: Aws) -> None:
    secret = Secrets(aws, AddReplicaRegions=[{"Region": "eu-west-1"}])
    task = {"state": "rotated", "token": "one", "secrets": [{"name": NAME, **NOW}], "region": "eu-west-1"}
    with pytest.raises(ModuleFailed, match="is a replica in eu-west-1; rotate it in its own region, us-east-1"):
        aws.run_module(MODULE, task)
    report = aws.run_module(MODULE, {"secrets": [{"name": NAME, "max_age_days": 90}], "region": "eu-west-1"})
    assert report["secrets"][NAME]["version_id"] == secret.first
    going = Secrets(aws, "uex/test/going")
    going.client.delete_secret(SecretId=going.name, RecoveryWindowInDays=7)
    with pytest.raises(ModuleFailed, match="going is scheduled for deletion; restore it first"):
        aws.run_module(MODULE, {"state": "rotated", "token": "one", "secrets": [{"name": going.name, **NOW}]})


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("GetSecretValue", "AccessDeniedException", "Access to KMS is not allowed"),
        ("PutSecretValue", "EncryptionFailure", "Secrets Manager can't encrypt the protected secret text"),
    ],
)
def test_what_aws_refuses_is_told_and_changes_nothing(secret: Secrets, operation: str, code: str, message: str) -> None:
    refusal = {"service": "secretsmanager", "operation": operation, "percent": 100, "code": code, "message": message}
    control(secret.aws, "ecs/refusals", **refusal)
    try:
        with pytest.raises(ModuleFailed) as failure:
            secret.aws.run_module(MODULE, {"state": "rotated", "token": "one", "secrets": [{"name": NAME, **NOW}]})
    finally:
        control(secret.aws, "ecs/refusals", "DELETE")
    told = failure.value.result["failures"][0]
    assert (told["step"], message in told["cause"]) == ("create", True)
    assert told["current"] == f"AWSCURRENT is still the version {secret.first}; nothing was changed."
    assert secret.stages() == {secret.first: ["AWSCURRENT"]}
    assert secret.run(secret=NOW, token="one")["secrets"][NAME]["outcome"] == "rotated"


# Repair


def stuck(secret: Secrets, value: str, token: str = "") -> str:
    version = token or str(uuid.uuid4())
    secret.client.put_secret_value(
        SecretId=NAME, SecretString=value, ClientRequestToken=version, VersionStages=["AWSPENDING"]
    )
    return version


def test_stuck_pending_version_is_told_and_finished(secret: Secrets) -> None:
    version = stuck(secret, json.dumps({"jwt_key": "k" * 40}))
    report = secret.run(state="present", secret=RANDOM)
    assert [finding["finding"] for finding in report["findings"]] == ["pending"]
    assert secret.run(secret=RANDOM, check=True)["secrets"][NAME]["outcome"] == "would_resume"
    result = secret.run(secret=RANDOM)
    assert (result["secrets"][NAME]["outcome"], result["secrets"][NAME]["version_id"]) == ("resumed", version)
    assert secret.stages() == {secret.first: ["AWSPREVIOUS"], version: ["AWSCURRENT"]}
    assert not secret.run(secret=RANDOM)["changed"]


def test_anothers_pending_version_is_discarded_not_stacked(secret: Secrets) -> None:
    foreign = stuck(secret, json.dumps({"jwt_key": "f" * 40}))
    result = secret.run(secret=NOW, token="mine")
    told = result["secrets"][NAME]
    assert told["outcome"] == "rotated"
    assert told["version_id"] != foreign
    assert secret.holder("AWSPENDING") == ""
    assert secret.holder("slipway-rejected") == foreign
    assert f"The pending version {foreign} was discarded." in [finding["message"] for finding in result["findings"]]
    assert not secret.run(secret=NOW, token="mine")["changed"]


def test_interrupted_rotation_is_resumed_and_not_repeated(secret: Secrets) -> None:
    """The labels after each cut: the version was put; it became current; AWSPENDING was taken away."""
    done = secret.run(secret=NOW, token="cut")["secrets"][NAME]["version_id"]
    move = secret.client.update_secret_version_stage
    cuts: list[list[dict[str, str]]] = [
        [
            {"VersionStage": "AWSCURRENT", "MoveToVersionId": secret.first, "RemoveFromVersionId": done},
            {"VersionStage": "AWSPENDING", "MoveToVersionId": done},
            {"VersionStage": "slipway-rolling", "MoveToVersionId": done},
        ],
        [
            {"VersionStage": "AWSPENDING", "MoveToVersionId": done},
            {"VersionStage": "slipway-rolling", "MoveToVersionId": done},
        ],
        [{"VersionStage": "slipway-rolling", "MoveToVersionId": done}],
    ]
    for labels in cuts:
        for label in labels:
            move(SecretId=NAME, **label)
        assert secret.run(secret=NOW, token="cut")["changed"]
        assert secret.stages() == {secret.first: ["AWSPREVIOUS"], done: ["AWSCURRENT"]}
        assert not secret.run(secret=NOW, token="cut")["changed"]


# Back


def test_rolled_back_returns_once_to_the_version_before(secret: Secrets) -> None:
    for check in (True, False):
        with pytest.raises(ModuleFailed, match="no AWSPREVIOUS to go back to"):
            secret.run(state="rolled_back", secret=RANDOM, check=check)
    left = secret.run(secret=NOW, token="one")["secrets"][NAME]["version_id"]
    assert secret.run(state="rolled_back", secret=RANDOM, check=True)["diff"]["after"] == {
        f"{NAME}.version_id": secret.first
    }
    result = secret.run(state="rolled_back", secret=RANDOM)
    assert (result["secrets"][NAME]["outcome"], secret.holder("AWSCURRENT")) == ("rolled_back", secret.first)
    assert secret.value()["jwt_key"] == MARKER
    assert not secret.run(state="rolled_back", secret=RANDOM, check=True)["changed"]
    assert not secret.run(state="rolled_back", secret=RANDOM)["changed"]
    assert secret.holder("slipway-rejected") == left
    # The same token asks for a version again: the one that it made was given up.
    again = secret.run(secret=NOW, token="one")["secrets"][NAME]["version_id"]
    assert again not in (left, secret.first)
    assert secret.run(state="rolled_back", secret=RANDOM)["secrets"][NAME]["version_id"] == secret.first


# Replicas


def test_replicas_are_waited_for(aws: Aws) -> None:
    secret = Secrets(aws, AddReplicaRegions=[{"Region": "eu-west-1"}])
    result = secret.run(secret=NOW, token="one")
    status = secret.client.describe_secret(SecretId=NAME)["ReplicationStatus"]
    assert [replica["Status"] for replica in status] == ["InSync"]
    assert (
        aws.client("secretsmanager", "eu-west-1").get_secret_value(SecretId=NAME)["VersionId"]
        == (result["secrets"][NAME]["version_id"])
    )


# By a function


@pytest.fixture
def function(aws: Aws) -> Iterator[Function]:
    yield Function(aws)
    control(aws, "secretsmanager/rotations", "DELETE")


def by(function: Function, **more: Any) -> dict[str, Any]:
    return {
        "strategy": "lambda",
        "rotation": {"lambda_arn": function.arn, "automatically_after_days": 90},
        **more,
    }


STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def test_every_option_of_the_rule_round_trips(secret: Secrets, function: Function) -> None:
    other = Function(secret.aws, "other")
    rules: list[dict[str, Any]] = [
        {"lambda_arn": function.arn, "automatically_after_days": 90},
        {"lambda_arn": function.arn, "automatically_after_days": 30, "duration": "3h"},
        {"lambda_arn": function.arn, "schedule_expression": "cron(0 2 ? * SUN#1 *)", "duration": "2h"},
        {"lambda_arn": other.arn, "schedule_expression": "rate(10 days)", "duration": "2h"},
    ]
    for rotation in rules:
        options = {"strategy": "lambda", "rotation": rotation}
        planned = secret.run(state="present", secret=options, check=True)
        assert planned["diff"]["after"] == {f"{NAME}.rotation": rotation}
        assert planned["secrets"][NAME]["rotation"] == rotation
        result = secret.run(state="present", secret=options)
        assert result["changed"]
        assert result["secrets"][NAME]["rotation"] == rotation
        assert result["secrets"][NAME]["next_rotation_date"]
        assert not secret.run(state="present", secret=options)["changed"]
    assert not secret.run(state="present", secret={"strategy": "lambda"})["changed"]
    assert secret.run(state="present", secret={"rotation": {}})["changed"]
    assert not secret.client.describe_secret(SecretId=NAME)["RotationEnabled"]
    assert not secret.run(state="present", secret={"rotation": {}})["changed"]
    assert secret.value()["jwt_key"] == MARKER, "configuring has rotated"


def test_function_rotates_and_the_run_waits(secret: Secrets, function: Function) -> None:
    options = by(function, rotate="now")
    assert secret.run(secret=options, token="one", check=True)["secrets"][NAME]["outcome"] == "would_rotate"
    result = secret.run(secret=options, token="one")
    told = result["secrets"][NAME]
    assert told["outcome"] == "rotated"
    assert told["version_id"] == secret.holder("AWSCURRENT") != secret.first
    assert function.steps(secret.name) == [(step, "succeeded") for step in STEPS]
    assert secret.holder("slipway-rolling") == ""
    assert not secret.run(secret=options, token="one")["changed"]
    assert function.steps(secret.name) == [(step, "succeeded") for step in STEPS]


def test_resumed_function_is_not_started_twice(secret: Secrets, function: Function, tmp_path: Path) -> None:
    function.tell(seconds=25)
    options = by(function, rotate="now")
    with clock_stopped(secret.aws):
        started = secret.run(secret=options, token="one", wait=False)
        assert started["secrets"][NAME]["outcome"] == "in_progress"
        version = secret.holder("AWSPENDING")
        lines = tmp_path / "progress"
        with standing_still(secret.aws, lines):
            result = secret.run(secret=options, token="one", progress_file=str(lines))
    assert (result["secrets"][NAME]["outcome"], result["secrets"][NAME]["version_id"]) == ("resumed", version)
    assert [step for step, _outcome in function.steps(secret.name)] == STEPS


@pytest.mark.parametrize("step", STEPS[:3])
def test_failing_step_is_told_in_the_functions_words(secret: Secrets, function: Function, step: str) -> None:
    function.tell(outcome="fail", step=step, message=f"no luck in {step}", error="OperationalError")
    told = secret.fails(secret=by(function, rotate="now", two_valid=True), token="one", wait_timeout=1)
    failure = told["failures"][0]
    assert failure["step"] == step.removesuffix("Secret")
    assert f"OperationalError: no luck in {step}" in failure["cause"]
    assert f"/aws/lambda/{function.name}" in failure["advice"]
    assert f"AWSCURRENT is still the version {secret.first}" in failure["current"]
    assert (secret.holder("AWSCURRENT"), secret.holder("AWSPENDING")) == (secret.first, "")
    function.tell(outcome="succeed")
    assert secret.run(secret=by(function, rotate="now", two_valid=True), token="one")["changed"]
    assert secret.holder("AWSPREVIOUS") == secret.first


def test_what_a_function_left_half_done_is_tried_again_not_discarded(secret: Secrets, function: Function) -> None:
    function.tell(outcome="fail", step="testSecret")
    told = secret.fails(secret=by(function, rotate="now"), token="one", wait_timeout=1)
    version = secret.holder("AWSPENDING")
    assert version
    assert f"{version} stays pending" in told["failures"][0]["current"]
    function.tell(outcome="succeed")
    result = secret.run(secret=by(function, rotate="now"), token="one")
    assert (result["secrets"][NAME]["outcome"], secret.holder("AWSCURRENT")) == ("resumed", version)


def test_what_a_cancelled_function_has_left_is_told_and_discarded(secret: Secrets, function: Function) -> None:
    function.tell(outcome="hang", step="createSecret")
    secret.run(secret=by(function, rotate="now"), token="one", wait=False)
    left = secret.holder("AWSPENDING")
    report = secret.run(state="present", secret={"strategy": "lambda", "rotation": {}})
    assert (report["findings"][0]["finding"], secret.holder("AWSPENDING")) == ("pending", left)
    # From now on it rotates from here.
    result = secret.run(secret={**NOW, "rotation": {}}, token="two")
    assert result["secrets"][NAME]["outcome"] == "rotated"
    assert (secret.holder("slipway-rejected"), secret.holder("AWSPENDING")) == (left, "")
    assert not secret.run(secret={**NOW, "rotation": {}}, token="two")["changed"]


def test_hanging_function_is_told_when_the_time_is_over(secret: Secrets, function: Function) -> None:
    function.tell(outcome="hang", step="createSecret")
    told = secret.fails(secret=by(function, rotate="now"), token="one", wait_timeout=1)
    assert told["failures"][0]["step"] == "create"
    assert "Task timed out after 30.00 seconds" in told["failures"][0]["cause"]
    # Nothing was made yet, so nothing is left.
    assert secret.stages() == {
        secret.first: ["AWSCURRENT"],
        secret.holder("slipway-rejected"): ["slipway-rejected"],
    }


def test_without_a_function_or_its_permission_the_failure_says_what_to_do(secret: Secrets, function: Function) -> None:
    told = secret.fails(secret={"strategy": "lambda", "rotate": "now"}, token="one")
    assert "no rotation function" in told["msg"]
    secret.aws.client("lambda").remove_permission(FunctionName=function.name, StatementId="secretsmanager")
    told = secret.fails(secret=by(function, rotate="now"), token="one")
    assert "cannot invoke the specified Lambda function" in told["msg"]
    assert (secret.holder("AWSCURRENT"), secret.holder("AWSPENDING")) == (secret.first, "")


# The master user of a database


class Database:
    """A DB instance whose master password is in a secret, or is RDS's own."""

    def __init__(self, aws: Aws, *, managed: bool) -> None:
        self.rds = aws.client("rds")
        password = {"ManageMasterUserPassword": True} if managed else {"MasterUserPassword": "first-password"}
        self.described = self.rds.create_db_instance(
            DBInstanceIdentifier="uex",
            Engine="postgres",
            EngineVersion="16",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="uex",
            **password,
        )["DBInstance"]

    @property
    def secret_arn(self) -> str:
        return self.rds.describe_db_instances(DBInstanceIdentifier="uex")["DBInstances"][0]["MasterUserSecret"][
            "SecretArn"
        ]


def test_master_password_that_rds_does_not_manage(aws: Aws) -> None:
    Database(aws, managed=False)
    value = json.dumps({"username": "uex", "password": "first-password", "port": 5432})
    secret = Secrets(aws, SecretString=value)
    options = {"strategy": "rds_master_user", "db_instance_identifier": "uex", "rotate": "now"}
    result = secret.run(secret=options, token="one")
    assert result["secrets"][NAME]["outcome"] == "rotated"
    assert secret.value()["password"] != "first-password"
    assert {key: secret.value()[key] for key in ("username", "port")} == {"username": "uex", "port": 5432}
    assert not secret.run(secret=options, token="one")["changed"]
    with pytest.raises(ModuleFailed, match="no login with AWSPREVIOUS can be tried"):
        secret.run(state="rolled_back", secret={**options, "rotate": "due"})
    back = secret.run(state="rolled_back", secret={**options, "rotate": "due"}, force=True)
    assert back["secrets"][NAME]["version_id"] == secret.first
    told = secret.fails(secret={**options, "db_instance_identifier": "gone"}, token="two")
    assert told["failures"][0]["step"] == "describe"
    assert secret.holder("AWSCURRENT") == secret.first


def test_master_password_that_rds_manages(aws: Aws) -> None:
    database = Database(aws, managed=True)
    client = aws.client("secretsmanager")
    arn = database.secret_arn
    before = client.get_secret_value(SecretId=arn)["VersionId"]
    entry = {"name": arn, "strategy": "rds_master_user", "db_instance_identifier": "uex", "rotate": "now"}
    task = {"state": "rotated", "token": "one", "secrets": [entry]}
    assert aws.run_module(MODULE, task, check=True)["changed"]
    result = aws.run_module(MODULE, task)
    after = client.get_secret_value(SecretId=arn)["VersionId"]
    assert (result["secrets"][arn]["outcome"], result["secrets"][arn]["version_id"]) == ("rotated", after)
    assert after != before
    assert not aws.run_module(MODULE, task)["changed"]
    assert client.get_secret_value(SecretId=arn)["VersionId"] == after
    rule = {**entry, "rotation": {"automatically_after_days": 45}}
    assert aws.run_module(MODULE, {"secrets": [rule]})["changed"]
    assert not aws.run_module(MODULE, {"secrets": [rule]})["changed"]
    assert client.describe_secret(SecretId=arn)["RotationRules"] == {"AutomaticallyAfterDays": 45}
    gone = {**entry, "db_instance_identifier": "gone"}
    with pytest.raises(ModuleFailed, match=r"no DB instance gone\. Check db_instance_identifier\. Nothing was changed"):
        aws.run_module(MODULE, {**task, "secrets": [gone]})
    with pytest.raises(ModuleFailed, match="the service that owns the secret keeps its password"):
        aws.run_module(MODULE, {**task, "state": "rolled_back"})


def test_secret_of_another_service_is_rotated_without_a_function(aws: Aws) -> None:
    arn = Database(aws, managed=True).secret_arn
    client = aws.client("secretsmanager")
    before = client.get_secret_value(SecretId=arn)["VersionId"]
    rule = {"automatically_after_days": 90, "duration": "2h"}
    entry = {"name": arn, "strategy": "managed", "two_valid": True, "rotate": "now", "rotation": rule}
    task = {"state": "rotated", "token": "one", "secrets": [entry]}
    result = aws.run_module(MODULE, task)
    assert result["secrets"][arn]["outcome"] == "rotated"
    assert result["secrets"][arn]["previous_version_id"] == before
    assert result["secrets"][arn]["rotation"] == rule
    after = client.get_secret_value(SecretId=arn)["VersionId"]
    assert after == result["secrets"][arn]["version_id"]
    assert not aws.run_module(MODULE, task)["changed"]
    assert client.get_secret_value(SecretId=arn)["VersionId"] == after


# What a partner holds


def at_a_partner(aws: Aws) -> tuple[Secrets, dict[str, Any]]:
    value = json.dumps({"consumerKey": "key", "consumerSecret": MARKER})
    secret = Secrets(aws, Type="SalesforceClientSecret", SecretString=value)
    rule = {"role_arn": partner_role(aws), "metadata": {"apiVersion": "v65.0"}, "automatically_after_days": 30}
    return secret, {"strategy": "managed", "rotate": "now", "rotation": rule}


def test_what_a_partner_holds_is_rotated_over_time(aws: Aws) -> None:
    secret, options = at_a_partner(aws)
    assert secret.run(state="present", secret=options, check=True)["secrets"][NAME]["rotation"] == options["rotation"]
    assert secret.run(state="present", secret=options)["secrets"][NAME]["rotation"] == options["rotation"]
    assert not secret.run(state="present", secret=options)["changed"]
    assert secret.value()["consumerSecret"] == MARKER, "configuring has rotated"
    control(aws, "ecs/clock", paused=True)
    try:
        assert secret.run(secret=options, token="one", wait=False)["secrets"][NAME]["outcome"] == "in_progress"
        pending = secret.holder("AWSPENDING")
        assert secret.value()["consumerSecret"] == MARKER
    finally:
        control(aws, "ecs/clock", paused=False)
    told = secret.run(secret=options, token="one")["secrets"][NAME]
    assert (told["outcome"] in ("resumed", "unchanged"), told["version_id"]) == (True, pending)
    assert secret.value()["consumerKey"] == "key"
    assert secret.value()["consumerSecret"] != MARKER
    assert secret.stages() == {secret.first: ["AWSPREVIOUS"], told["version_id"]: ["AWSCURRENT"]}
    assert not secret.run(secret=options, token="one")["changed"]
    assert secret.run(state="present", secret={"rotation": {}})["changed"]
    assert not secret.run(state="present", secret={"rotation": {}})["changed"]


def test_a_partner_that_refuses_is_told_and_tried_again(aws: Aws) -> None:
    secret, options = at_a_partner(aws)
    control(aws, "secretsmanager/rotations", function="SalesforceClientSecret", outcome="fail", step="setSecret")
    failure = secret.fails(secret=options, token="one", wait_timeout=1)["failures"][0]
    # It is stuck without a value, so nothing has happened at the partner.
    assert "still has AWSPENDING" in failure["cause"]
    assert "CloudTrail" in failure["advice"]
    assert (secret.holder("AWSPENDING"), secret.value()["consumerSecret"]) == ("", MARKER)
    control(aws, "secretsmanager/rotations", "DELETE")
    assert secret.run(secret=options, token="one")["secrets"][NAME]["outcome"] == "rotated"
    nobody = {**options, "rotation": {**options["rotation"], "role_arn": "arn:aws:iam::123456789012:role/nobody"}}
    assert "unable to assume role" in secret.fails(state="present", secret=nobody)["msg"]


@pytest.mark.parametrize("kind", ["random", "lambda", "managed", "rds_managed"])
def test_killed_before_any_call_a_rotation_is_done_once(aws: Aws, kind: str) -> None:
    """Those without a login that could be tried meanwhile."""
    client = aws.client("secretsmanager")
    name, options = NAME, RANDOM
    if kind == "random":
        Secrets(aws)
    elif kind == "lambda":
        Secrets(aws)
        options = by(Function(aws))
    elif kind == "managed":
        options = at_a_partner(aws)[1]
    else:
        name = Database(aws, managed=True).secret_arn
        options = {"strategy": "rds_master_user", "db_instance_identifier": "uex"}
    current = client.get_secret_value(SecretId=name)["VersionId"]
    for call in itertools.count(1):
        entry = {"name": name, **options, "rotate": "now"}
        task = {"state": "rotated", "token": f"cut {call}", "secrets": [entry], "consumers": {"action": "ignore"}}
        killed = killed_before(call, MODULE, task)
        aws.run_module(MODULE, task)
        stages = client.describe_secret(SecretId=name)["VersionIdsToStages"]
        made = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        assert "AWSPREVIOUS" in stages.pop(current), f"cut before call {call}: rotated twice"
        assert {*stages.pop(made)} <= {"AWSCURRENT", "AWSPENDING"}, f"cut before call {call}"
        assert stages == {}
        current = made
        if not killed:
            break
    assert call > 5
    assert not aws.run_module(MODULE, task)["changed"]


# Several, progress


def test_one_failing_secret_does_not_stop_the_others(aws: Aws, tmp_path: Path) -> None:
    good = Secrets(aws)
    bad = Secrets(aws, "uex/test/bad", SecretString="plain-text-value")
    progress = tmp_path / "progress"
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(
            MODULE,
            {
                "state": "rotated",
                "token": "one",
                "progress_file": str(progress),
                "secrets": [{"name": good.name, **NOW}, {"name": bad.name, **NOW}],
            },
        )
    told = failure.value.result
    assert [failed["name"] for failed in told["failures"]] == [bad.name]
    assert told["secrets"][good.name]["outcome"] == "rotated"
    assert bad.holder("AWSCURRENT") == bad.first
    lines = progress.read_text()
    assert f"{good.name}: create" in lines
    assert f"{good.name}: finish" in lines
    assert "plain-text-value" not in lines + json.dumps(told)
