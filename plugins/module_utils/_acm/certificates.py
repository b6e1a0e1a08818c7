# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of ACM that are validated by DNS, replaced where they cannot be changed, and waited for on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    Resource,
    State,
    chunks,
    differences,
    error_code,
    in_parallel,
    merged,
    tag_changes,
    wait_until,
    wanted_tags,
)
from ..planned import MARK, planned_arn
from . import api

ISSUED, PENDING = "ISSUED", "PENDING_VALIDATION"
DEFAULT_ALGORITHM = "RSA_2048"
# What a certificate is made with; ACM cannot change it.
FIXED = ("domain_name", "subject_alternative_names", "key_algorithm")
_TTL = 300
# How long ACM takes at most to say which records it wants.
_SECONDS_FOR_RECORDS = 120


def wanted_names(domain_name: str | None, others: Iterable[str] | None) -> dict[str, Any]:
    """The names of a certificate in their normal form; further names have no order, and are not the first one again."""
    made: dict[str, Any] = {}
    if domain_name is not None:
        made["domain_name"] = domain_name.lower().rstrip(".")
    if others is not None:
        names = {name.lower().rstrip(".") for name in others} - {made.get("domain_name")}
        made["subject_alternative_names"] = sorted(names)
    return made


def validation_records(certificate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records that ACM wants to find in DNS; a name and its wildcard share one."""
    records = {
        option["ResourceRecord"]["Name"]: {
            "name": option["ResourceRecord"]["Name"],
            "type": option["ResourceRecord"]["Type"],
            "values": [option["ResourceRecord"]["Value"]],
            "ttl": _TTL,
        }
        for option in certificate.get("DomainValidationOptions") or []
        if "ResourceRecord" in option
    }
    return [records[name] for name in sorted(records)]


def planned_records(names: Iterable[str]) -> list[dict[str, Any]]:
    """What validation_records will be like."""
    bases = sorted({name.removeprefix("*.") for name in names})
    return [
        {
            "name": f"_{MARK}-validation.{base}.",
            "type": "CNAME",
            "values": [f"_{MARK}-validation.acm-validations.aws."],
            "ttl": _TTL,
        }
        for base in bases
    ]


def all_records(states: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records of several certificates, each once."""
    records = {record["name"]: record for state in states for record in state["validation_records"]}
    return [records[name] for name in sorted(records)]


def certificate_state(certificate: Mapping[str, Any], tags: dict[str, str]) -> State:
    domain = certificate["DomainName"].lower()
    others = {name.lower() for name in certificate.get("SubjectAlternativeNames") or []} - {domain}
    until = certificate.get("NotAfter")
    return {
        "arn": certificate["CertificateArn"],
        "domain_name": domain,
        "subject_alternative_names": sorted(others),
        "key_algorithm": certificate.get("KeyAlgorithm", DEFAULT_ALGORITHM).replace("-", "_"),
        "status": certificate["Status"],
        "validation_records": validation_records(certificate),
        "not_after": until.isoformat() if until else "",
        "renewal_status": (certificate.get("RenewalSummary") or {}).get("RenewalStatus", ""),
        "in_use_by": sorted(certificate.get("InUseBy") or []),
        "superseded_arns": [],
        "tags": tags,
    }


def missing_records(certificate: Mapping[str, Any]) -> str:
    """Which names ACM has not found the records of, in words."""
    waits = [
        f"{option['DomainName']} (CNAME {option['ResourceRecord']['Name']} → {option['ResourceRecord']['Value']})"
        for option in certificate.get("DomainValidationOptions") or []
        if option.get("ValidationStatus") != "SUCCESS" and "ResourceRecord" in option
    ]
    return f"ACM has not found the records of {', '.join(waits)}" if waits else f"it is {certificate['Status']}"


class Certificates(Resource):
    """The certificates that a task names by their tag C(Name)."""

    kind = "certificate"

    def __init__(
        self,
        client: Any,
        tagging_client: Any,
        stated: Mapping[str, Mapping[str, Any]],
        *,
        region: str,
        purge_tags: bool,
        purge_superseded: bool,
        timeout: float,
        patient: bool,
        say: Callable[[str], None],
        pause: float = 5,
    ) -> None:
        self.client = client
        self.tagging_client = tagging_client
        self.stated = stated
        self.region = region
        self.purge_tags = purge_tags
        self.purge_superseded = purge_superseded
        self.timeout = timeout
        self.patient = patient
        self.say = say
        self.pause = pause
        self.known: dict[str, dict[str, Any]] = {}

    def describe(self) -> dict[str, State]:
        tagged = api.named(self.tagging_client, list(self.stated))
        answers = in_parallel({arn: lambda arn=arn: api.certificate(self.client, arn) for arn in tagged})
        # What is deleted keeps its tags for a while.
        self.known = {arn: answer for arn, answer in answers.items() if answer}
        found: dict[str, State] = {}
        for name, stated in self.stated.items():
            ours = [arn for arn in self.known if tagged[arn].get("Name") == name]
            if not ours:
                continue
            states = sorted(
                (certificate_state(self.known[arn], tagged[arn]) for arn in ours),
                key=lambda state: self._rank(state, stated),
            )
            best = states.pop()
            found[name] = {**best, "superseded_arns": sorted(state["arn"] for state in states)}
        return found

    def _rank(self, state: State, stated: Mapping[str, Any]) -> tuple[Any, ...]:
        """The one that the task means comes last: alive, made as it says, issued, young."""
        alive = state["status"] in (ISSUED, PENDING)
        fits = not differences(state, {field: stated.get(field) for field in FIXED})
        made = self.known[state["arn"]].get("CreatedAt")
        return alive, fits, state["status"] == ISSUED, made.timestamp() if made else 0, state["arn"]

    def _tags(self, name: str, current: Mapping[str, str], stated: Mapping[str, Any] | None) -> dict[str, str]:
        wanted = wanted_tags(current, stated, purge=self.purge_tags)
        return {**(current if wanted is None else wanted), "Name": name}

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = differences(current, {field: wanted.get(field) for field in FIXED})
        if current["status"] not in (ISSUED, PENDING):
            changes["status"] = PENDING
        tags = self._tags(name, current["tags"], wanted.get("tags"))
        if tags != current["tags"]:
            changes["tags"] = tags
        left = self._kept(current)
        if left != current["superseded_arns"] and not changes.keys() & {*FIXED, "status"}:
            changes["superseded_arns"] = left
        return changes

    def _kept(self, current: State) -> list[str]:
        """Which of the former certificates stay: what uses one still needs it."""
        if not self.purge_superseded:
            return current["superseded_arns"]
        return [arn for arn in current["superseded_arns"] if self._needed(self.known[arn], current["status"])]

    @staticmethod
    def _needed(former: Mapping[str, Any], status: str) -> bool:
        return bool(former.get("InUseBy")) or (former["Status"] == ISSUED and status != ISSUED)

    def _complete(self, wanted: State, current: Mapping[str, Any] | None = None) -> State:
        base = {field: (current or {}).get(field) for field in FIXED}
        made = {"subject_alternative_names": [], "key_algorithm": DEFAULT_ALGORITHM, **merged(base, wanted)}
        made = {key: value for key, value in made.items() if value is not None}
        if not made.get("domain_name"):
            raise AnsibleAWSError(message="certificates: a new certificate needs a domain_name.")
        return {"subject_alternative_names": [], "key_algorithm": DEFAULT_ALGORITHM, **made}

    def planned(self, name: str, wanted: State) -> State:
        return self._planned(name, self._complete(wanted), self._tags(name, {}, wanted.get("tags")), [])

    def _planned(self, name: str, made: State, tags: dict[str, str], superseded: list[str]) -> State:
        return {
            "arn": planned_arn("acm", f"certificate/{name}", region=self.region),
            **{field: made[field] for field in FIXED},
            "status": PENDING,
            "validation_records": planned_records([made["domain_name"], *made["subject_alternative_names"]]),
            "not_after": "",
            "renewal_status": "",
            "in_use_by": [],
            "superseded_arns": superseded,
            "tags": tags,
        }

    def predicted(self, name: str, current: State, changes: State) -> State:
        """Check mode: what an update returns. A replacement has an ARN and records of its own."""
        if not changes.keys() & {*FIXED, "status"}:
            return merged(current, changes)
        made = self._complete({field: value for field, value in changes.items() if field in FIXED}, current)
        superseded = sorted([current["arn"], *current["superseded_arns"]])
        return self._planned(name, made, changes.get("tags", current["tags"]), superseded)

    def create(self, name: str, wanted: State) -> State:
        return self._request(name, self._complete(wanted), self._tags(name, {}, wanted.get("tags")), [])

    def _request(self, name: str, made: State, tags: dict[str, str], superseded: list[str]) -> State:
        # The same token within an hour is the same certificate: a run that was killed does not leave a second one.
        # What it replaces is part of it, for one that failed must be requested anew.
        text = "\n".join([name, *(str(made[field]) for field in FIXED), *superseded])
        others = made["subject_alternative_names"]
        arn = api.request(
            self.client,
            name,
            tags,
            DomainName=made["domain_name"],
            KeyAlgorithm=made["key_algorithm"],
            IdempotencyToken=hashlib.sha256(text.encode()).hexdigest()[:32],
            **({"SubjectAlternativeNames": others} if others else {}),
        )
        certificate = wait_until(
            lambda: api.certificate(self.client, arn) or {},
            lambda answer: (
                bool(answer.get("DomainValidationOptions"))
                and all("ResourceRecord" in option for option in answer["DomainValidationOptions"])
            ),
            timeout=_SECONDS_FOR_RECORDS,
            waiting_for=lambda answer: f"ACM has not said which records the certificate {name} needs",
            first=min(0.2, self.pause),
            longest=self.pause,
        )
        self.known[arn] = certificate
        return {**certificate_state(certificate, tags), "superseded_arns": superseded}

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        tags = changes.get("tags", current["tags"])
        if changes.keys() & {*FIXED, "status"}:
            made = self._complete({field: value for field, value in changes.items() if field in FIXED}, current)
            return self._request(name, made, tags, sorted([current["arn"], *current["superseded_arns"]]))
        if "tags" in changes:
            api.set_tags(self.client, current["arn"], *tag_changes(current["tags"], tags))
        if "superseded_arns" in changes:
            for arn in set(current["superseded_arns"]) - set(changes["superseded_arns"]):
                api.delete(self.client, arn)
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        for arn in (*current["superseded_arns"], current["arn"]):
            self._delete(name, arn)

    def _delete(self, name: str, arn: str) -> None:
        def gone() -> str:
            try:
                api.delete(self.client, arn)
            except AnsibleAWSError as error:
                if error.exception is None or error_code(error.exception) != "ResourceInUseException":
                    raise
                users = (api.certificate(self.client, arn) or {}).get("InUseBy") or []
                return f"the certificate {name} ({arn}) is used by {', '.join(users) or 'something'}"
            return ""

        reason = gone()
        if reason and not self.patient:
            raise AnsibleAWSError(message=f"certificates: {reason}. Take it from there first, or wait until ACM knows.")
        if reason:
            # ACM takes minutes to notice that what used it is gone.
            wait_until(gone, lambda why: not why, timeout=self.timeout, waiting_for=str, longest=self.pause * 3)

    def wait(self, states: Mapping[str, State]) -> dict[str, State]:
        """Until all are issued."""
        waiting = {name: state["arn"] for name, state in states.items() if state["status"] != ISSUED}

        def look() -> dict[str, dict[str, Any]]:
            seen: dict[str, dict[str, Any]] = {}
            for batch in chunks(sorted(waiting), 10):
                answers = in_parallel(
                    {name: lambda name=name: api.certificate(self.client, waiting[name]) for name in batch}
                )
                seen |= {name: answer for name, answer in answers.items() if answer}
            pending = sorted(name for name, answer in seen.items() if answer["Status"] != ISSUED)
            self.say(
                f"{len(seen) - len(pending)}/{len(seen)} issued" + (f", {', '.join(pending)} pending" * bool(pending))
            )
            return seen

        def done(seen: Mapping[str, Mapping[str, Any]]) -> bool:
            for name, answer in seen.items():
                if answer["Status"] not in (ISSUED, PENDING):
                    reason = answer.get("FailureReason") or answer["Status"]
                    raise AnsibleAWSError(
                        message=f"The certificate {name} ({waiting[name]}) is {answer['Status']}: {reason}. Mend the "
                        "cause - CAA records, or the names - and run again; a new one is requested."
                    )
            return all(answer["Status"] == ISSUED for answer in seen.values())

        def reasons(seen: Mapping[str, Mapping[str, Any]]) -> str:
            return "; ".join(
                f"certificate {name}: {missing_records(answer)}"
                for name, answer in seen.items()
                if answer["Status"] != ISSUED
            )

        if not waiting:
            return dict(states)
        seen = wait_until(
            look,
            done,
            timeout=self.timeout,
            waiting_for=reasons,
            first=min(0.5, self.pause),
            longest=self.pause * 3,
        )
        return {
            name: {
                **certificate_state(seen[name], state["tags"]),
                "superseded_arns": state["superseded_arns"],
            }
            if name in seen
            else state
            for name, state in states.items()
        }
