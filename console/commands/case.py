"""``ombud case``: take cases in, look at them, and work on them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.case_tasks import amount_text
from console.commands.case_verbs import VerbGroup
from console.commands.database import AsJson, Database, caller, opened
from console.commands.moments import moment_given, policy_zone
from console.commands.output import day_text, emit, emit_json, emit_table, instant, narrate
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.case_promises import PromiseStanding
    from console.services.case_relations import Relations
    from console.services.intake import Taken

app = typer.Typer(no_args_is_help=True, cls=VerbGroup)

Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="Our reference, or the source's own.")]


@app.callback()
def case() -> None:
    """Take cases in, look at them, and work on them."""


@app.command("new")
def new(
    subject: Annotated[str, typer.Option("--subject", help="What it is about, in one line.")],
    kind: Annotated[
        str, typer.Option("--kind", help="complaint, fault, inquiry, suggestion, praise, report or request.")
    ] = "complaint",
    category: Annotated[str, typer.Option("--category", help="Such as: billing / wrong.")] = "",
    severity: Annotated[int, typer.Option("--severity", help="1 ordinary, 2 important, 3 major, 4 special.")] = 1,
    channel: Annotated[str, typer.Option("--channel", help="The way it came in, such as telephone.")] = "telephone",
    customer: Annotated[str, typer.Option("--customer", metavar="NUMBER", help="The customer's number.")] = "",
    account: Annotated[str, typer.Option("--account", metavar="NUMBER", help="The service account.")] = "",
    region: Annotated[str, typer.Option("--region", help="Where; else the account's.")] = "",
    area: Annotated[str, typer.Option("--area", help="Class of the place, as the policy names it.")] = "",
    authority: Annotated[str, typer.Option("--authority", help="Who passed it on, such as 12345.")] = "",
    location: Annotated[str, typer.Option("--location", help="The place in words.")] = "",
    narrative: Annotated[str, typer.Option("--narrative", metavar="TEXT|-", help="The full text; - reads stdin.")] = "",
    received: Annotated[
        str, typer.Option("--received", metavar="TIME", help="When the customer turned to us; else now.")
    ] = "",
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="Dispatch it there at once.")] = "",
    assignee: Annotated[str, typer.Option("--assignee", metavar="LOGIN", help="Give it to somebody at once.")] = "",
    details: Annotated[
        list[str] | None,
        typer.Option("--detail", metavar="NAME=VALUE", help="A further fact, such as contact=555-0100. Repeatable."),
    ] = None,
    by_staff: Annotated[bool, typer.Option("--by-staff", help="Raised by staff, not by a customer.")] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="KEY", help="A name for this very case: run again with it, no second one is made."
        ),
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Take a case in: its reference, when it is due, and what it looks like beside others."""
    from console.services import intake

    with opened(database) as store:
        taken = intake.take_in(
            store,
            intake.NewCase(
                subject=subject,
                narrative=sys.stdin.read() if narrative == "-" else narrative,
                kind=kind,
                channel=channel,
                category=category,
                severity=severity,
                customer=customer,
                account=account,
                region=region,
                area=area,
                authority=authority,
                location=location,
                department=department,
                assignee=assignee,
                is_raised_by_staff=by_staff,
                received_at=moment_given(received, policy_zone(store), "--received") if received else None,
                details=_details(details or []),
            ),
            actor=caller(),
            key=key,
        )
    if as_json:
        emit_json(_taken_record(taken))
        return
    emit(f"{taken.reference} due {instant(taken.due_at) or '-'}")
    if taken.repeat.is_repeat:
        emit(f"repeat: {taken.repeat.why}")
    for other in taken.duplicates:
        emit(f"duplicate? {other.reference} ({other.score:.2f}: {other.why})")
    if taken.incident:
        emit(f"incident: {taken.incident}")
    narrate(_("undo with: ombud undo {operation}").format(operation=taken.operation))


def _details(written: list[str]) -> dict[str, str]:
    details = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                _("--detail {text} has no value.").format(text=text), _("Write NAME=VALUE, such as contact=555-0100.")
            )
        details[name.strip().replace("-", "_")] = value.strip()
    return details


def _taken_record(taken: Taken) -> dict[str, Any]:
    return {
        "reference": taken.reference,
        "operation": taken.operation,
        "due_at": taken.due_at,
        "repeat": {
            "is_repeat": taken.repeat.is_repeat,
            "times": taken.repeat.times,
            "is_raised": taken.repeat.is_raised,
            "earlier": list(taken.repeat.earlier),
            "why": taken.repeat.why,
        },
        "duplicates": [
            {"reference": other.reference, "score": other.score, "why": other.why} for other in taken.duplicates
        ],
        "incident": taken.incident,
    }


@app.command("show")
def show(reference: Reference, as_json: AsJson = False, database: Database = None) -> None:
    """Show a case whole: facts, promises, what hangs together with it, texts and history."""
    from console.commands.records import case_detail_record
    from console.services import case_promises, case_relations, cases

    with opened(database) as store:
        case_id = cases.id_of(store, reference)
        detail = cases.detail(store, case_id)
        standings = case_promises.standings(store, case_id)
        relations = case_relations.relations(store, case_id)
    if as_json:
        record = case_detail_record(detail)
        record["clocks"] = [promise_record(standing) for standing in standings]
        emit_json({**record, **_relations_record(relations)})
        return
    row = detail.row
    emit(f"{row.reference}  {row.subject}")
    facts = {
        "kind": row.kind,
        "state": row.state,
        "severity": str(row.severity),
        "category": row.category,
        "channel": row.channel,
        "region": row.region,
        "department": row.department,
        "assignee": row.assignee,
        "customer": f"{row.customer} {detail.customer_number}".strip(),
        "account": detail.account_number,
        "received": instant(row.received_at),
        "due": instant(row.due_at),
        "closed": instant(detail.closed_at),
        "source": f"{detail.source} {detail.external_reference}".strip(),
        "location": detail.location,
        "responsible": detail.responsible,
        "outcome": detail.outcome,
        **dict(detail.extras),
    }
    for name, value in facts.items():
        if value:
            emit(f"{name + ':':<14} {value}")
    for relation in relations.others:
        emit(f"{relation.kind + ':':<14} {relation.reference}  {relation.title}")
    for remedy in relations.remedies:
        emit(f"{'remedy:':<14} {remedy.kind} {amount_text(remedy.amount_minor, remedy.currency)} {remedy.state}")
    for task in relations.tasks:
        amount = amount_text(task.amount_minor, task.currency)
        told = (task.kind, task.rule, amount, day_text(task.due_on), task.state)
        emit(f"{'task:':<14} {' '.join(part for part in told if part)}")
    if standings:
        emit()
        emit("Promises")
        _emit_promises(standings)
    for title, text in (("Narrative", detail.narrative), ("Findings", detail.findings), ("Reply", detail.reply)):
        if text:
            emit()
            emit(title)
            emit(text)
    if detail.events:
        emit()
        emit("History")
    for event in detail.events:
        emit(f"{instant(event.at)}  {event.verb:<14} {event.actor}  {event.note}".rstrip())


def _relations_record(relations: Relations) -> dict[str, Any]:
    return {
        "relations": [
            {"kind": other.kind, "reference": other.reference, "title": other.title} for other in relations.others
        ],
        "remedies": [
            {
                "kind": remedy.kind,
                "state": remedy.state,
                "amount_minor": remedy.amount_minor,
                "currency": remedy.currency,
                "due_on": None if remedy.due_on is None else remedy.due_on.isoformat(),
                "owner": remedy.owner,
                "note": remedy.note,
            }
            for remedy in relations.remedies
        ],
        "tasks": [asdict(task) for task in relations.tasks],
    }


@app.command("clocks")
def clocks(
    reference: Reference,
    explain: Annotated[
        bool, typer.Option("--explain", help="Every segment, holiday and pause that makes each due time.")
    ] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show each promise on a case: the rule, its target, how it stands, when it is due, and why that rule."""
    from console.commands.deadline import explanation_record, print_explanation
    from console.services import case_promises, cases

    with opened(database) as store:
        standings = case_promises.standings(store, cases.id_of(store, reference))
        zone = policy_zone(store)
    if as_json:
        records = []
        for standing in standings:
            record = promise_record(standing)
            if explain:
                made = standing.explanation
                record["explanation"] = None if made is None else explanation_record(made)
            records.append(record)
        emit_json({"reference": reference, "clocks": records})
        return
    _emit_promises(standings)
    for standing in standings:
        emit()
        emit(f"{standing.clock}: {standing.why}")
        if standing.source:
            emit(f"source: {standing.source}")
        if explain and standing.explanation is not None:
            print_explanation(standing.explanation, zone)


def promise_record(standing: PromiseStanding) -> dict[str, Any]:
    """Return one promise on a case as a record."""
    return {
        "clock": standing.clock,
        "rule": standing.rule,
        "target": standing.target,
        "calendar": standing.calendar,
        "standing": standing.standing,
        "started_at": standing.started_at,
        "due_at": standing.due_at,
        "met_at": standing.met_at,
        "stopped_at": standing.stopped_at,
        "misses": standing.misses,
        "why": standing.why,
        "source": standing.source,
    }


def _emit_promises(standings: tuple[PromiseStanding, ...]) -> None:
    emit_table(
        ("Clock", "Standing", "Due", "Target", "Met", "Rule"),
        (
            (
                standing.clock,
                standing.standing,
                instant(standing.due_at),
                standing.target,
                instant(standing.met_at),
                standing.rule,
            )
            for standing in standings
        ),
    )


@app.command("duplicates")
def duplicates(reference: Reference, as_json: AsJson = False, database: Database = None) -> None:
    """List the open cases that may be the same matter, the likeliest first."""
    from console.services import cases, intake

    with opened(database) as store:
        found = intake.likely_duplicates(store, cases.id_of(store, reference))
    if as_json:
        emit_json(
            {
                "reference": reference,
                "duplicates": [{"reference": item.reference, "score": item.score, "why": item.why} for item in found],
            }
        )
        return
    emit_table(
        ("Reference", "Likeness", "Why"),
        ((item.reference, f"{item.score:.2f}", item.why) for item in found),
        numeric=(1,),
    )
    narrate(_("{count} may be the same matter").format(count=len(found)))
