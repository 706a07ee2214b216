"""What each verb changes in a case (requirements B4, B7, B8, B10 to B12).

A verb here decides nothing: whether it may be done is the policy's workflow to say. It turns the words that were given into
changed columns and new rows, and refuses words that mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, Table, func, select

from console.codes import CasePhase, LinkKind, NoticeKind, Role
from console.errors import OmbudError, UsageError
from console.models import Case, CaseLink, Notice
from console.models.base import table_of
from console.rules.policies import Policy
from console.rules.repeats import repeat_of
from console.services.bench import LEASE, Bench, CaseRow, Change
from console.services.dispatching import dispatch
from console.services.entering import write_case
from console.services.fields import DETAILS, FIELDS, TAKES, prepared
from console.services.follow_ups import rectify, remedy
from console.services.likenesses import likeness_of, neighbours
from console.services.lookups import Names, nearest_hint

__all__ = ["DETAILS", "FIELDS", "LEASE", "TAKES", "Bench", "Change", "changed", "prepared"]

CASES: Table = table_of(Case)
LINKS: Table = table_of(CaseLink)
NOTICES: Table = table_of(Notice)

TEXT_FIELDS = ("findings", "measures", "reply", "follow_up", "cause", "outcome")


def changed(bench: Bench, verb: str, case: CaseRow, fields: Mapping[str, str]) -> Change:
    """Return what a verb changes in a case. Raises OmbudError where the case or its policy stands against it."""
    change = Change(note=fields.get("reason") or fields.get("note") or "")
    change.text = {name: fields[name] for name in TEXT_FIELDS if name in fields and verb in ("reply", "triage")}
    check_places(bench.policy, fields.get("area", ""), fields.get("region", ""))
    for name in ("kind", "region", "area", "validity"):
        if name in fields:
            change.case[name] = fields[name]
    if "category" in fields and verb != "split":
        change.case["category_id"] = bench.names.category(bench.connection, fields["category"])
    details = {name: value for name, value in fields.items() if name in DETAILS}
    if details:
        change.text["extras"] = json.dumps({**json.loads(case["extras"] or "{}"), **details}, ensure_ascii=False)
    if act := _ACTS.get(verb):
        act(bench, case, fields, change)
    return change


def check_places(policy: Policy, area: str = "", region: str = "", authority: str = "") -> None:
    """Refuse an area, region or authority that a policy, where it lists them, does not know. Raises UsageError."""
    for name, word, listed in (
        ("area", area, policy.areas),
        ("region", region, policy.regions),
        ("authority", authority, policy.authorities),
    ):
        known = tuple(item.code for item in listed)
        if word and known and word not in known:
            raise UsageError(f"The policy knows no {name} {word}.", nearest_hint(word, known))


def _triage(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    if "severity" in fields:
        change.case["severity"] = int(fields["severity"])
    elif "impact" in fields or "urgency" in fields:
        matrix = bench.policy.severity
        impact, urgency = fields.get("impact", ""), fields.get("urgency", "")
        if (impact, urgency) not in matrix.cells:
            raise OmbudError(
                f"The policy knows no severity for impact {impact or '(none)'} and urgency {urgency or '(none)'}.",
                f"Impacts: {', '.join(matrix.impacts)}; urgencies: {', '.join(matrix.urgencies)}.",
            )
        change.case["severity"] = matrix.severity(impact, urgency)
    if "category" in fields or "kind" in fields:
        _count_repeats(bench, case, fields, change)


def _count_repeats(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """What a case repeats depends on its kind and category: told anew, they are compared anew."""
    like = replace(
        likeness_of(bench.connection, case["id"]),
        kind=fields.get("kind", case["kind"]),
        category=Names.category_code(fields["category"]) if "category" in fields else case["category"] or "",
    )
    rules = bench.policy.repeats
    repeat = repeat_of(rules, like, neighbours(bench.connection, rules, like))
    earlier = bench.names.case(bench.connection, repeat.earlier[0])["id"] if repeat.is_repeat else None
    change.case.update(repeat_of_id=earlier, times_repeated=repeat.times - 1)


def _assign(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    if "assignee" in fields:
        person = bench.names.person(bench.connection, fields["assignee"])
        change.case.update(assignee_id=person["id"], claimed_until=None)
        change.said = fields["assignee"]
        if case["department_id"] is None and person["department_id"] is not None:
            change.case["department_id"] = person["department_id"]


def _take(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """A case that somebody gave to the actor stays his without a lease; any other is his for a while."""
    del fields
    if case["assignee_id"] == bench.actor_id and case["claimed_until"] is None:
        return
    change.case.update(assignee_id=bench.actor_id, claimed_until=bench.now + LEASE)


def _release(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench, case, fields
    change.case["assignee_id"] = None
    change.case["claimed_until"] = None


def _note(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench, case, fields
    change.is_public = False


def _contact(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench, case
    change.origin = "customer" if fields.get("direction") == "in" else "staff"
    if "channel" in fields:
        change.note = f"{fields['channel']}: {change.note}"


def _reply(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench
    change.case["opinion"] = None
    change.case["callback_attempts"] = 0
    if "reply" in fields:
        change.text["reply"] = (
            fields["reply"]
            .replace("{reference}", case["reference"])
            .replace("{subject}", case["subject"])
            .replace("{customer}", case["customer_name"] or "")
        )
        change.note = change.text["reply"]


def _callback(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """An answer is written down; who was not reached is counted, and did not hear of it."""
    attempts = case["callback_attempts"] + 1
    change.case["callback_attempts"] = attempts
    if fields.get("reached") == "no":
        change.is_public = False
        change.note = change.said = f"not reached, attempt {attempts} of {bench.policy.callback.attempts}"
        return
    change.case["opinion"] = fields["opinion"]
    change.note = ": ".join(fields[name] for name in ("opinion", "opinion_reason") if name in fields)
    if fields["opinion"] in bench.policy.callback.escalate_on:
        _escalate(bench, case, {"reason": change.note}, change)


def _reopen(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench, fields
    change.case.update(times_reopened=case["times_reopened"] + 1, opinion=None, merged_into_id=None)


def _merge(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """A case goes on in another one that is still open: merged into a merged one, in the one that stands for it."""
    target = _last_of_merges(bench, bench.names.case(bench.connection, fields["merged_into"])["id"], case)
    if target["phase"] == CasePhase.CLOSED.value:
        raise OmbudError(
            f"{target['reference']} is closed, so that nobody would answer {case['reference']}.", "Reopen it first."
        )
    change.case["merged_into_id"] = target["id"]
    change.note = f"into {target['reference']}" + (f": {change.note}" if change.note else "")
    change.said = f"into {target['reference']}"


def _last_of_merges(bench: Bench, target_id: int, case: CaseRow) -> RowMapping:
    """Return the case at the end of a chain of merges, each link held until the transaction ends, so that no circle closes."""
    question = select(CASES.c.id, CASES.c.reference, CASES.c.phase, CASES.c.merged_into_id)
    passed: set[int] = set()
    while True:
        row = bench.connection.execute(question.where(CASES.c.id == target_id).with_for_update()).mappings().one()
        if row["id"] == case["id"] or row["id"] in passed:
            raise OmbudError(f"{case['reference']} cannot be merged into itself.", "Name another case.")
        if row["merged_into_id"] is None:
            return row
        passed.add(row["id"])
        target_id = row["merged_into_id"]


def _link(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    other = bench.names.case(bench.connection, fields["linked_to"])
    kind = fields.get("link_kind", LinkKind.RELATED.value)
    if other["id"] == case["id"]:
        raise OmbudError(f"{case['reference']} cannot be linked to itself.", "Name another case.")
    pair = (case["id"], other["id"])
    known = select(func.count()).where(LINKS.c.case_id.in_(pair), LINKS.c.other_id.in_(pair), LINKS.c.kind == kind)
    if bench.connection.execute(known).scalar_one():
        raise OmbudError(f"{case['reference']} and {other['reference']} are linked already.")
    change.rows.append(
        (LINKS, {"case_id": case["id"], "other_id": other["id"], "kind": kind, "at": bench.now, "actor": bench.actor})
    )
    change.note = change.said = f"{kind}: {other['reference']}"


_KEPT_IN_SPLIT = (
    "kind",
    "channel",
    "severity",
    "region",
    "area",
    "authority",
    "category_id",
    "customer_id",
    "account_id",
    "policy_id",
    "is_vulnerable",
    "is_raised_by_staff",
    "received_at",
)


def _split(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """A second matter becomes a case of its own, received when the first was, and the two are linked."""
    values = {name: case[name] for name in _KEPT_IN_SPLIT}
    values.update(subject=fields["summary"][:500], updated_at=bench.now)
    if "category" in fields:
        values["category_id"] = bench.names.category(bench.connection, fields["category"])
    new_id, reference = write_case(
        bench.work,
        values,
        fields.get("narrative", ""),
        "",
        policy=bench.policy,
        operation=bench.operation,
        note=f"split from {case['reference']}",
    )
    change.created.append((CASES.name, {"id": new_id}))
    link = {
        "case_id": case["id"],
        "other_id": new_id,
        "kind": LinkKind.SPLIT.value,
        "at": bench.now,
        "actor": bench.actor,
    }
    change.rows.append((LINKS, link))
    change.note = change.said = reference


def _escalate(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    level = case["escalation_level"] + 1
    change.case["escalation_level"] = level
    notice = _notice(bench, case, NoticeKind.ESCALATION, f"escalate/{level}", fields.get("reason", ""))
    change.rows.append((NOTICES, notice))


def _urge(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    times = case["times_urged"] + 1
    change.case["times_urged"] = times
    change.origin = "customer"
    change.rows.append((NOTICES, _notice(bench, case, NoticeKind.URGING, f"urge/{times}", fields.get("note", ""))))


def _notice(bench: Bench, case: CaseRow, kind: NoticeKind, occasion: str, text: str) -> dict[str, Any]:
    quiet = bench.policy.quiet_hours
    return {
        "case_id": case["id"],
        "kind": kind.value,
        "occasion": f"{case['reference']}/{occasion}/{bench.now.isoformat()}",
        "recipient": "person" if kind is NoticeKind.URGING else "lead",
        "recipient_id": case["assignee_id"] if kind is NoticeKind.URGING else None,
        "text": f"{case['reference']} {case['subject']}" + (f": {text}" if text else ""),
        "created_at": bench.now,
        "not_before": quiet.shifted(bench.now, case["severity"]) if quiet else bench.now,
    }


def _supervise(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """Somebody else's supervision is not ended or taken over, save by an administrator, whose supervisor may have left."""
    is_off = fields.get("off") == "yes"
    is_others = case["is_supervised"] and case["supervisor_id"] not in (None, bench.actor_id)
    if is_others and bench.role != Role.ADMINISTRATOR.value:
        raise OmbudError(f"{case['reference']} is supervised by somebody else.", "Only the supervisor may end it.")
    if is_off and not case["is_supervised"]:
        raise OmbudError(f"{case['reference']} is not supervised.")
    change.case["is_supervised"] = not is_off
    change.case["supervisor_id"] = None if is_off else bench.actor_id


def _pay(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    del bench, case
    paid = [fields[name] for name in ("amount", "currency") if name in fields]
    change.note = ": ".join(part for part in (" ".join(paid), change.note) if part)


_ACTS: Mapping[str, Callable[[Bench, CaseRow, Mapping[str, str], Change], None]] = {
    "triage": _triage,
    "dispatch": dispatch,
    "assign": _assign,
    "take": _take,
    "release": _release,
    "note": _note,
    "contact": _contact,
    "reply": _reply,
    "callback": _callback,
    "reopen": _reopen,
    "merge": _merge,
    "link": _link,
    "split": _split,
    "escalate": _escalate,
    "urge": _urge,
    "supervise": _supervise,
    "remedy": remedy,
    "rectify": rectify,
    "pay": _pay,
}
