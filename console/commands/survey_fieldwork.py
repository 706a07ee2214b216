"""The commands of fieldwork: the sample, invitations, attempts, progress, response rates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.survey_records import emit_progress, member_record, percent, plan_record
from console.i18n import _, in_language
from console.labels import label
from console.zone import zone_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.services.survey_views import MemberRow

Code = Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")]
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's number.")]


RATES = {"cooperation": "COOP1", "refusal": "REF1"}


def register(app: typer.Typer) -> None:
    """Add these commands to the group of surveys."""
    app.command("sample")(sample)
    app.command("invite")(invite)
    app.command("record")(record)
    app.command("call")(call)
    app.command("interviews")(interviews)
    app.command("progress")(progress)
    app.command("rates")(rates)
    app.command("refuse")(refuse)


def _show_members(rows: Sequence[MemberRow], *, as_json: bool, as_json_lines: bool) -> None:
    if as_json:
        emit_json({"members": [member_record(row) for row in rows]})
        return
    if as_json_lines:
        for row in rows:
            emit_json(member_record(row))
        return
    emit_table(
        (
            _("Customer"), _("Name"), _("Telephone"), _("Stratum"), _("State"), _("Attempts"), _("Last"), _("Call after"),
            _("Note"),
        ),
        (
            (
                row.customer,
                row.name,
                row.phone_masked,
                row.stratum,
                label(row.state, "sample"),
                str(row.attempts),
                label(row.outcome, "contact_outcome"),
                instant(row.call_after),
                row.note,
            )
            for row in rows
        ),
        numeric=(5,),
    )  # fmt: skip


def sample(
    code: Code,
    state: Annotated[str | None, typer.Option("--state", help="Only those who are in this state.")] = None,
    stratum: Annotated[str | None, typer.Option("--stratum", help="Only those of one stratum.")] = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List who was drawn and how asking them stands."""
    from console.services.fieldwork import members

    with opened(database) as store:
        rows = members(store, code, state=state, stratum=stratum)
    _show_members(rows, as_json=as_json, as_json_lines=as_json_lines)


def invite(
    code: Code,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many at most.")] = None,
    stratum: Annotated[str | None, typer.Option("--stratum", help="Only those of one stratum.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the list as CSV.")] = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Note that those drawn are invited now, and list them for the letter, the message or the call."""
    from console.services.fieldwork import invite as invited

    with opened(database) as store:
        rows = invited(store, code, actor=caller(), limit=limit, stratum=stratum)
    if csv is not None:
        from console.commands.table_files import exported

        exported((member_record(row) for row in rows), csv)
    _show_members(rows, as_json=as_json, as_json_lines=as_json_lines)


def moment_of(text: str | None, option: str) -> datetime | None:
    """Return a moment written as ISO 8601; without an offset it is the utility's own time."""
    if text is None:
        return None
    from console.errors import UsageError
    from console.transfer.dates import ISO, DateReader

    try:
        return DateReader((ISO,), zone_name() or "UTC").read(text)
    except ValueError:
        raise UsageError(f"{option} {text} is no time.", "Write it as 2026-11-30T14:05.") from None


def record(
    code: Code,
    customer: Customer,
    outcome: Annotated[
        str,
        typer.Argument(
            metavar="OUTCOME",
            help="invited, delivered, started, complete, partial, refused, no_answer, busy, call_back, machine, language, "
            "wrong_number, bounced, ineligible, never.",
        ),
    ],
    note: Annotated[str, typer.Option("--note", help="What is to be said about it.")] = "",
    after: Annotated[
        str | None, typer.Option("--after", metavar="TIME", help="When to try again, such as 2026-11-30T14:05.")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Note how an attempt to ask somebody of the sample ended."""
    from console.services.fieldwork import record_contact

    with opened(database) as store:
        row = record_contact(
            store, code, customer, outcome, actor=caller(), note=note, call_after=moment_of(after, "--after")
        )
    if as_json:
        emit_json(member_record(row))
        return
    emit(
        _("{customer}: {state}, attempt {attempts}").format(
            customer=row.customer, state=label(row.state, "sample"), attempts=row.attempts
        )
    )


def call(
    code: Code,
    customer: Annotated[str | None, typer.Option("--customer", help="This one instead of the next.")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Say whom to call next, and keep him for you for half an hour."""
    from console.services.calls import next_call

    with opened(database) as store:
        card = next_call(store, code, actor=caller(), customer=customer)
    if as_json:
        emit_json({"call": None if card is None else asdict(card)})
        return
    if card is None:
        narrate(_("Nobody of the sample is left to be called now."))
        return
    emit(f"{card.customer}\t{card.name}\t{card.phone_masked}\t{card.region}")
    narrate(
        _("attempt {attempts} of {most}, {left} left, {complete} answered").format(
            attempts=card.attempts + 1, most=card.most_attempts, left=card.left, complete=card.complete
        )
    )


def interviews(
    code: Annotated[str | None, typer.Argument(metavar="[SURVEY]", help="Only those of one survey.")] = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List interviews that were begun and not ended; the console goes on with them."""
    from console.services.interviews import open_interviews

    with opened(database) as store:
        rows = open_interviews(store, code=code)
    if as_json:
        emit_json({"interviews": [asdict(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(asdict(row))
    else:
        emit_table(
            (_("Survey"), _("Number"), _("Customer"), _("Name"), _("Interviewer"), _("Answers"), _("Last")),
            (
                (r.survey, r.number, r.customer, r.name, r.interviewer, str(r.answered), instant(r.updated_at))
                for r in rows
            ),
            numeric=(5,),
        )


def progress(code: Code, as_json: AsJson = False, database: Database = None) -> None:
    """Show how far asking has come, by stratum, and whether the wave will meet its precision."""
    from console.services.survey_plans import plan_of

    with opened(database) as store:
        found = plan_of(store, code)
    if as_json:
        emit_json(plan_record(found))
        return
    emit(f"{in_language(found.title, found.title_zh)} ({found.code}), {label(found.state, 'survey_state')}")
    if found.total is None:
        narrate(_("No sample was drawn; {count} responses.").format(count=found.responses))
    emit_progress(found)


def rates(
    code: Code,
    eligible: Annotated[
        float, typer.Option("--eligible", help="Part of the unknown contacts thought eligible, 0 to 1.")
    ] = 1.0,
    indicator: Annotated[
        str | None, typer.Option("--indicator", help="For early and late answers; else satisfaction as a whole.")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show response rates after AAPOR, early against late answers, and what the silent could change."""
    from console.services.fieldwork_progress import silent_bounds

    with opened(database) as store:
        found = silent_bounds(store, code, indicator=indicator, eligible_share=eligible)
    if as_json:
        emit_json(asdict(found))
        return
    if found.counts:
        emit_table(
            (_("Rate"), _("Value")),
            ((RATES.get(name, name.upper()), percent(value) or "-") for name, value in found.rates.items()),
            numeric=(1,),
        )
    emit()
    emit_table(
        (_("Answers"), "n", _("Top two %")),
        (
            (name, str(half.n), percent(half.share))
            for name, half in ((_("early"), found.early), (_("late"), found.late))
        ),
        numeric=(1, 2),
    )
    if found.difference is not None and found.p is not None:
        emit(
            _("late minus early {difference:+.1f} points, p {p:.3f}").format(
                difference=100 * found.difference, p=found.p
            )
        )
    if found.low is not None and found.high is not None:
        emit(
            _("as answered {share}; if all the silent said no or yes {low} to {high}").format(
                share=percent(found.share), low=percent(found.low), high=percent(found.high)
            )
        )
    if found.bias is not None:
        emit(_("if the silent are like the late, {bias:+.1f} points too high").format(bias=100 * found.bias))
    for warning in found.warnings:
        narrate(_("note: {text}").format(text=warning))


def refuse(
    customer: Customer,
    undo: Annotated[bool, typer.Option("--undo", help="He may be asked again.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="In a few words.")] = "",
    database: Database = None,
) -> None:
    """Note that a customer does not wish to be asked in any survey."""
    from console.services.fieldwork import set_refusal

    with opened(database) as store:
        is_new = set_refusal(store, customer, is_refusing=not undo, reason=reason, actor=caller())
    if not is_new:
        emit(_("{customer}: that was so already.").format(customer=customer))
    elif undo:
        emit(_("{customer} may be asked again.").format(customer=customer))
    else:
        emit(_("{customer} is not asked in any survey any more.").format(customer=customer))
