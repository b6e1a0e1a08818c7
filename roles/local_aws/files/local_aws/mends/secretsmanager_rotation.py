# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation: a function is called four times, over time, and moves the staging labels.

AWS: RotateSecret makes an empty version with AWSPENDING, whose id is the ClientRequestToken, and calls the function
with createSecret, setSecret, testSecret and finishSecret, asynchronously; with RotateImmediately=false only testSecret,
with a pending version that is removed again. When a step fails, AWSPENDING stays, and the next RotateSecret with
another token is refused ("A previous rotation isn't complete. That rotation will be reattempted.") and reattempts. The
function must exist and must allow secretsmanager.amazonaws.com to invoke it. CancelRotateSecret turns rotation off and
leaves the labels as they are. DescribeSecret shows the rules as given, the next date, and the last date while rotation
is on. A secret that another service manages is rotated without a function, and changed only by that service (Secrets
Manager API reference and user guide, Rotation; sample functions of AWS).
moto 5.2.5: calls the function in a container, in no time, with an empty pending version made current even when it
fails; refuses the wrong half of pending rotations; has days as the only rule, and no next date.
Can go when moto's rotation takes time and leaves the labels where a failed step left them.

Functions do not run here: ``/local-aws/secretsmanager/rotations`` tells what they do, ``.../steps`` which were called,
and ``.../age`` makes a secret older.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from ..clock import Clock
from . import _rotation_functions as functions
from . import _rotation_rules as rules_of
from .secretsmanager_versions import CURRENT, PENDING, attach, detach, find, holder

Answer = tuple[int, dict[str, Any]]

SCRIPTS = functions.Scripts()
#: How a service rotates the secrets that it manages, by the service's name.
MANAGED: dict[str, Callable[[SecretsManagerBackend, FakeSecret, str], None]] = {}
MANAGED_BY_OTHERS = "The secret is managed by another service, and you must use that service to update it."
#: What only the service that manages a secret does.
OF_THE_SERVICE = (
    "put_secret_value",
    "update_secret",
    "delete_secret",
    "cancel_rotate_secret",
    "update_secret_version_stage",
)


class AccessDenied(SecretsManagerClientError):
    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)


def configure(secret: FakeSecret, rules: dict[str, Any] | None) -> None:
    """Turn rotation on, with these rules or those that there are."""
    secret.rotation_requested = True
    secret.rotation_enabled = True
    if rules is not None or not hasattr(secret, "rotation_rules"):
        secret.rotation_rules = dict(rules or {})  # type: ignore[attr-defined]
        secret.rotation_since = time.time()  # type: ignore[attr-defined]


def has_rotated(secret: FakeSecret) -> None:
    """Note that a rotation has come to its end."""
    secret.last_rotation_date = secret.last_changed_date = int(time.time())


def next_date(secret: FakeSecret) -> int | None:
    """When the next rotation is due; putting a value by hand counts as one."""
    current = secret.versions.get(holder(secret, CURRENT) or "", {})
    last = max(
        secret.last_rotation_date or 0,
        current.get("createdate", 0),
        getattr(secret, "rotation_since", 0),
    )
    return rules_of.next_rotation(getattr(secret, "rotation_rules", {}), last, time.time())


def _function(account_id: str, region: str, arn: str) -> Any:
    parts = arn.split(":")
    backend = lambda_backends[account_id][parts[3] if arn.startswith("arn:") and len(parts) > 3 else region]
    return backend.get_function(arn)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _may_invoke(function: Any, secret: FakeSecret) -> bool:
    """Whether the function's policy lets Secrets Manager call it for this secret."""
    for statement in function.policy.statements if function.policy is not None else []:
        principal = statement.get("Principal")
        services = principal.get("Service") if isinstance(principal, dict) else principal
        if "secretsmanager.amazonaws.com" not in _listed(services):
            continue
        if not any(fnmatchcase("lambda:InvokeFunction", action) for action in _listed(statement.get("Action"))):
            continue
        conditions = {
            key.lower(): value for test in (statement.get("Condition") or {}).values() for key, value in test.items()
        }
        source, account = conditions.get("aws:sourcearn"), conditions.get("aws:sourceaccount")
        if (source is None or fnmatchcase(secret.arn, source)) and account in (None, secret.account_id):
            return True
    return False


class Attempt:
    """One attempt to rotate a secret: the steps, one after the other."""

    def __init__(self, clock: Clock, backend: SecretsManagerBackend, secret: FakeSecret, token: str) -> None:
        self._clock = clock
        self._backend = backend
        self.secret = secret
        self.token = token
        self.only_test = False
        self._script = SCRIPTS.take(secret.rotation_lambda_arn, secret)
        self._record: dict[str, Any] = {}

    def start(self, only_test: bool = False) -> None:
        self.only_test = only_test
        self.secret.rotation_attempt = self  # type: ignore[attr-defined]
        self._begin(["testSecret"] if only_test else list(functions.STEPS))

    def cancel(self) -> None:
        self.secret.rotation_attempt = None  # type: ignore[attr-defined]
        self._record["outcome"] = "cancelled"

    @property
    def _stale(self) -> bool:
        known = self._backend.secrets.get(self.secret.arn) if self.secret.arn in self._backend.secrets else None
        return known is not self.secret or self.secret.rotation_attempt is not self  # type: ignore[attr-defined]

    def _begin(self, steps: list[str]) -> None:
        step, now = steps[0], self._clock.moment
        self._record = {
            "time": now,
            "function": self.secret.rotation_lambda_arn,
            "secret": self.secret.name,
            "secret_arn": self.secret.arn,
            "step": step,
            "token": self.token,
            "outcome": "running",
        }
        SCRIPTS.steps.append(self._record)
        try:
            function = _function(self._backend.account_id, self._backend.region_name, self.secret.rotation_lambda_arn)
        except Exception:  # noqa: BLE001 - moto raises its own kind for each reason
            self._failed("The function does not exist any more.")
            return
        call = functions.Invocation(function, step, now)
        self._record["request_id"] = call.request_id
        script, timeout = self._script, float(function.timeout)
        seconds = script.seconds.get(step, functions.STEP_SECONDS)
        hangs = (script.outcome, script.step) == ("hang", step) or seconds >= timeout

        def end() -> None:
            if self._stale:
                return
            if hangs:
                call.time_out(self._clock.moment)
                self._failed(f"Task timed out after {timeout:.2f} seconds")
                return
            try:
                if (script.outcome, script.step) == ("fail", step):
                    raise functions.StepError(script.error, script.message or functions.FAILURES[step])
                message = self._do(step)
            except functions.StepError as error:
                call.fail(self._clock.moment, error)
                self._failed(str(error))
                return
            call.succeed(self._clock.moment, message)
            self._record["outcome"] = "succeeded"
            if len(steps) > 1:
                self._begin(steps[1:])
            else:
                self._finished()

        self._clock.after(timeout if hangs else seconds, end)

    def _failed(self, message: str) -> None:
        self._record |= {"outcome": "failed", "message": message}
        self._over()

    def _finished(self) -> None:
        if not self.only_test:
            has_rotated(self.secret)
            if not self._script.keeps_pending:
                detach(self.secret, PENDING)
        self._over()

    def _over(self) -> None:
        self.secret.rotation_attempt = None  # type: ignore[attr-defined]
        if self.only_test:
            self.secret.versions.pop(self.token, None)

    # The steps

    def _do(self, step: str) -> str:
        version = self.secret.versions.get(self.token)
        if version is None or not version["version_stages"]:
            raise functions.StepError(
                "ValueError", f"Secret version {self.token} has no stage for rotation of secret {self.secret.arn}."
            )
        if CURRENT in version["version_stages"]:
            return f"Secret version {self.token} already set as AWSCURRENT for secret {self.secret.arn}."
        if PENDING not in version["version_stages"]:
            raise functions.StepError(
                "ValueError",
                f"Secret version {self.token} not set as AWSPENDING for rotation of secret {self.secret.arn}.",
            )
        return {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }[step]()

    def _value(self, stage: str) -> str:
        version = self.secret.versions.get(holder(self.secret, stage) or "", {})
        if "secret_string" not in version and "secret_binary" not in version:
            raise functions.StepError(
                "ResourceNotFoundException",
                "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: "
                f"Secrets Manager can't find the specified secret value for staging label: {stage}",
            )
        return str(version.get("secret_string") or version.get("secret_binary"))

    def _create(self) -> str:
        current = self._value(CURRENT)
        version = self.secret.versions[self.token]
        if "secret_string" in version or "secret_binary" in version:
            return f"Successfully retrieved secret for {self.secret.arn}."
        value = functions.new_value(current) if self._script.value is None else self._script.value
        self._backend.put_secret_value(self.secret.arn, value, None, self.token, [PENDING])  # type: ignore[arg-type]
        return f"Successfully put secret for ARN {self.secret.arn} and version {self.token}."

    def _set(self) -> str:
        before, after = (functions.fields_of(self._value(stage)) for stage in (CURRENT, PENDING))
        if after is not None:
            for change in functions.SET:
                self._really(change, before, after)
        return f"Successfully set password for secret arn {self.secret.arn}."

    def _test(self) -> str:
        pending = functions.fields_of(self._value(PENDING))
        if pending is not None:
            for try_it in functions.TEST:
                self._really(try_it, pending)
        return f"Successfully signed into the database with AWSPENDING secret in {self.secret.arn}."

    def _really(self, act: Callable[..., None], *fields: Any) -> None:
        step = self._record["step"]
        try:
            act(*fields)
        except Exception as error:
            # The server's own words may hold a password.
            raise functions.StepError("ValueError", functions.FAILURES[step]) from error

    def _finish(self) -> str:
        attach(self.secret, CURRENT, self.token)
        return f"Successfully set AWSCURRENT stage to version {self.token} for secret {self.secret.arn}."


def _check_pending(clock: Clock, backend: SecretsManagerBackend, secret: FakeSecret, token: str) -> str | None:
    """Refuse another rotation while one is not complete, and take that one up again; its id when it is the same."""
    pending = holder(secret, PENDING)
    if pending is None or pending == holder(secret, CURRENT):
        return None
    if getattr(secret, "rotation_attempt", None) is None and secret.rotation_lambda_arn:
        Attempt(clock, backend, secret, pending).start()
    if pending != token:
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    return pending


def apply(clock: Clock) -> None:
    def rotate_secret(
        self: SecretsManagerBackend,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        secret = find(self, secret_id)
        token = self._from_client_request_token(client_request_token)
        if rotation_lambda_arn and len(rotation_lambda_arn) > 2048:
            raise InvalidParameterException("RotationLambdaARN must <= 2048 characters long.")
        if rotation_rules is not None:
            rules_of.check(rotation_rules)
            rules_of.next_rotation(rotation_rules, time.time(), time.time())
        if secret.owning_service in MANAGED:
            if rotation_lambda_arn:
                raise InvalidRequestException(MANAGED_BY_OTHERS)
            configure(secret, rotation_rules)
            if rotate_immediately:
                MANAGED[secret.owning_service](self, secret, token)
            return secret.to_short_dict(version_id=token if rotate_immediately else None)
        arn = rotation_lambda_arn or secret.rotation_lambda_arn
        if not arn:
            raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
        try:
            function = _function(self.account_id, self.region_name, arn)
        except Exception as error:
            raise ResourceNotFoundException(f"Lambda does not exist: {arn}") from error
        if not _may_invoke(function, secret):
            raise AccessDenied(
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                "access to the principal secretsmanager.amazonaws.com."
            )
        if _check_pending(clock, self, secret, token) is not None:
            return secret.to_short_dict(version_id=token)
        known = secret.versions.get(token)
        if known is not None and CURRENT not in known["version_stages"]:
            raise InvalidRequestException(
                f"You can't use ClientRequestToken {token} because that value is already in use "
                f"for a version of secret {secret.arn}."
            )
        secret.rotation_lambda_arn = arn
        configure(secret, rotation_rules)
        if known is None:
            version: dict[str, Any] = {"createdate": int(time.time()), "version_id": token, "version_stages": []}
            if not rotate_immediately:
                current = secret.versions.get(holder(secret, CURRENT) or "", {})
                version |= {key: current[key] for key in ("secret_string", "secret_binary") if key in current}
            secret.versions[token] = version
            attach(secret, PENDING, token)
            Attempt(clock, self, secret, token).start(only_test=not rotate_immediately)
        return secret.to_short_dict(version_id=token)

    def cancel_rotate_secret(self: SecretsManagerBackend, secret_id: str) -> str:
        secret = find(self, secret_id)
        if not secret.rotation_requested:
            raise InvalidRequestException(
                "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured "
                "and you didn't include such an ARN as a parameter in this call."
            )
        secret.rotation_enabled = False
        attempt = getattr(secret, "rotation_attempt", None)
        if attempt is not None:
            attempt.cancel()
        return secret.to_short_dict(version_id=holder(secret, PENDING))

    to_dict = FakeSecret.to_dict

    def mended_to_dict(self: FakeSecret) -> dict[str, Any]:
        described = to_dict(self)
        for name in ("RotationEnabled", "RotationLambdaARN", "RotationRules", "LastRotatedDate", "NextRotationDate"):
            described.pop(name, None)
        if not self.rotation_requested:
            return described
        described["RotationEnabled"] = self.rotation_enabled
        if self.rotation_lambda_arn:
            described["RotationLambdaARN"] = self.rotation_lambda_arn
        if getattr(self, "rotation_rules", None):
            described["RotationRules"] = self.rotation_rules  # type: ignore[attr-defined]
        if self.rotation_enabled:
            described["LastRotatedDate"] = self.last_rotation_date
            described["NextRotationDate"] = next_date(self)
        return described

    def of_the_service(original: Callable[[SecretsManagerResponse], str]) -> Callable[[SecretsManagerResponse], str]:
        def method(self: SecretsManagerResponse) -> str:
            secret_id = self._get_param("SecretId") or ""
            if secret_id in self.backend.secrets and self.backend.secrets[secret_id].owning_service in MANAGED:
                raise InvalidRequestException(MANAGED_BY_OTHERS)
            return original(self)

        return method

    SecretsManagerBackend.rotate_secret = rotate_secret  # type: ignore[method-assign]
    SecretsManagerBackend.cancel_rotate_secret = cancel_rotate_secret  # type: ignore[method-assign]
    FakeSecret.to_dict = mended_to_dict  # type: ignore[method-assign]
    for name in OF_THE_SERVICE:
        setattr(SecretsManagerResponse, name, of_the_service(getattr(SecretsManagerResponse, name)))


def reset() -> None:
    SCRIPTS.clear()


def routes(clock: Clock) -> dict[str, Callable[[str, dict[str, Any]], Answer]]:
    def rotations(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "POST":
            try:
                return 200, SCRIPTS.add(parameters).describe()
            except functions.ScriptError as error:
                return 400, {"error": str(error)}
        if method == "DELETE":
            if "id" not in parameters:
                SCRIPTS.known.clear()
            elif not SCRIPTS.remove(int(parameters["id"])):
                return 404, {"error": f"There is no script {parameters['id']}."}
        return 200, {"scripts": [script.describe() for script in SCRIPTS.known]}

    def steps(method: str, parameters: dict[str, Any]) -> Answer:
        if method == "DELETE":
            SCRIPTS.steps.clear()
        wanted = parameters.get("secret")
        return 200, {
            "steps": [step for step in SCRIPTS.steps if wanted in (None, step["secret"], step["secret_arn"])],
        }

    def age(method: str, parameters: dict[str, Any]) -> Answer:
        days, name = parameters.get("days"), parameters.get("secret")
        if method != "POST" or isinstance(days, bool) or not isinstance(days, (int, float)) or not name:
            return 400, {"error": "POST the name or ARN of a secret and the days that it shall be older"}
        seconds = int(days * 86400)
        for account in secretsmanager_backends.values():
            for backend in account.values():
                if name in backend.secrets and isinstance(backend.secrets[name], FakeSecret):
                    _make_older(backend.secrets[name], seconds)  # type: ignore[arg-type]
                    return 200, {"secret": name, "days": days}
        return 404, {"error": f"There is no secret {name}."}

    return {"secretsmanager/rotations": rotations, "secretsmanager/steps": steps, "secretsmanager/age": age}


def _make_older(secret: FakeSecret, seconds: int) -> None:
    for name in ("created_date", "last_changed_date", "last_rotation_date", "rotation_since"):
        if getattr(secret, name, None) is not None:
            setattr(secret, name, getattr(secret, name) - seconds)
    for version in secret.versions.values():
        version["createdate"] -= seconds
