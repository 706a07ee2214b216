"""``ombud report``: figures of a period, each with what it was divided by."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands import report_quality
from console.commands.database import AsJson, Database, opened
from console.commands.moments import period_given, policy_zone
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.errors import ExitCode, UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.measures.results import Measure
    from console.services.complaint_reports import Figures

app = typer.Typer(no_args_is_help=True)
report_quality.add_to(app)


@app.callback()
def report() -> None:
    """Figures of a period."""


@app.command("complaints")
def complaints(
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="2026-11, 2026-Q4, 2026, or 2026-11-01..2026-11-15.")
    ],
    by: Annotated[str, typer.Option("--by", metavar="GROUP", help="category, region, channel or department.")] = "",
    accounts: Annotated[
        int | None, typer.Option("--accounts", metavar="N", min=1, help="Accounts served; rates are per 100,000.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option("--connections", metavar="N", min=1, help="Connections; rates are per 10,000.")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Report the complaints of a period as regulators ask: rates, share resolved in time, repeats, callbacks."""
    from console.services.complaint_reports import complaint_report

    with opened(database) as store:
        start, end = period_given(period, policy_zone(store), "--period")
        found = complaint_report(store, start, end, by=by, accounts=accounts, connections=connections)
    if as_json:
        emit_json(
            {
                "report": "complaints",
                "period": period,
                "from": found.start,
                "to": found.end,
                "as_of": found.as_of,
                "per": found.per,
                "denominator": found.denominator,
                "by": found.by,
                "total": _record(found.total),
                "groups": [_record(group) for group in found.groups],
                "notes": list(found.notes),
            }
        )
        return
    emit(f"Complaints {period}  ({instant(found.start)} to {instant(found.end)}, as of {instant(found.as_of)})")
    emit()
    emit_table(("Figure", "Value", "n", "95 % interval"), _lines(found.total, found.per), numeric=(1, 2))
    if found.groups:
        emit()
        emit_table(
            (by, "Received", "Resolved", "Next day %", "8 weeks %", "Repeat %", "Overdue", "Reopened %", "Satisfied %"),
            (_cells(group) for group in found.groups),
            numeric=(1, 2, 3, 4, 5, 6, 7, 8),
        )
    for note in found.notes:
        narrate(note)


@app.command("rate")
def rate(
    complaints: Annotated[int, typer.Option("--complaints", metavar="N", min=0, help="How many complaints.")],
    accounts: Annotated[
        int | None, typer.Option("--accounts", metavar="N", min=1, help="Accounts; the rate is per 100,000.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option("--connections", metavar="N", min=1, help="Connections; the rate is per 10,000.")
    ] = None,
    published: Annotated[
        str | None, typer.Option("--published", metavar="R", help="A published rate, compared at its own digits.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute one rate as `report complaints` does, and compare it with a published one; exit 1 where they differ."""
    from console.measures.regulators import published_check, rate_per_accounts, rate_per_connections

    if (accounts is None) == (connections is None):
        raise UsageError(_("Give --accounts or --connections: one of the two."))
    computed = (
        rate_per_connections(complaints, connections)
        if connections is not None
        else rate_per_accounts(complaints, accounts or 1)
    )
    checked = None if published is None else published_check(computed, *_published(published))
    if as_json:
        emit_json(
            {
                "rate": _rounded(computed.value, 2),
                "per": 10_000 if connections is not None else 100_000,
                "published": None if checked is None else checked.published,
                "agrees": None if checked is None else checked.agrees,
            }
        )
    else:
        emit(_fixed(computed.value))
    if checked is not None and not checked.agrees:
        for warning in checked.warnings:
            narrate(warning)
        raise typer.Exit(ExitCode.FAILED)


def _published(text: str) -> tuple[float, int]:
    """Return a published figure and the number of digits after its point."""
    plain = text.replace(",", "").strip()
    whole, _point, part = plain.partition(".")
    if not (whole.isdecimal() and (part.isdecimal() or not part)):
        raise UsageError(_("--published {text} is no rate.").format(text=text), _("Write it as 26.97."))
    return float(plain), len(part)


def _record(figures: Figures) -> dict[str, Any]:
    return {
        "name": figures.name,
        "received": figures.received,
        "resolved": figures.resolved,
        "received_rate": None if figures.received_rate is None else _rounded(figures.received_rate.value, 2),
        "resolved_rate": None if figures.resolved_rate is None else _rounded(figures.resolved_rate.value, 2),
        "by_next_working_day": _share(figures.by_next_working_day),
        "within_eight_weeks": _share(figures.within_eight_weeks),
        "repeats": _share(figures.repeats),
        "overdue": figures.overdue,
        "reopened": _share(figures.reopened),
        "called_back": _share(figures.called_back),
        "satisfied": _share(figures.satisfied),
    }


def _share(measure: Measure) -> dict[str, Any]:
    from console.measures.disclosure import hidden_reason, is_few

    hidden = hidden_reason(measure.n)
    interval = None if hidden else measure.interval
    return {
        "share": None if hidden else _rounded(measure.value, 6),
        "n": measure.n,
        "low": None if interval is None else _rounded(interval.low, 6),
        "high": None if interval is None else _rounded(interval.high, 6),
        "hidden": hidden,
        "is_few": is_few(measure.n),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _fixed(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(measure: Measure) -> str:
    from console.measures.disclosure import as_allowed

    return "-" if measure.value is None else as_allowed(f"{100 * measure.value:.2f}", measure.n)


def _interval(measure: Measure) -> str:
    from console.measures.disclosure import hidden_reason

    interval = None if hidden_reason(measure.n) else measure.interval
    return "" if interval is None else f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"


def _lines(figures: Figures, per: str) -> list[tuple[str, str, str, str]]:
    lines = [("Received", str(figures.received), "", ""), ("Resolved", str(figures.resolved), "", "")]
    for name, measure in (("Received", figures.received_rate), ("Resolved", figures.resolved_rate)):
        if measure is not None:
            interval = measure.interval
            shown = "" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}"
            lines.append((f"{name} per {per}", _fixed(measure.value), "", shown))
    for name, measure in (
        ("Resolved by end of next working day %", figures.by_next_working_day),
        ("Resolved within 8 weeks %", figures.within_eight_weeks),
        ("Repeats %", figures.repeats),
        ("Reopened %", figures.reopened),
        ("Called back %", figures.called_back),
        ("Satisfied of called back %", figures.satisfied),
    ):
        lines.append((name, _percent(measure), str(measure.n), _interval(measure)))
    lines.append(("Overdue now", str(figures.overdue), "", ""))
    return lines


def _cells(group: Figures) -> tuple[str, ...]:
    return (
        group.name or "(none)",
        str(group.received),
        str(group.resolved),
        _percent(group.by_next_working_day),
        _percent(group.within_eight_weeks),
        _percent(group.repeats),
        str(group.overdue),
        _percent(group.reopened),
        _percent(group.satisfied),
    )


@app.command("steps")
def steps(
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="2026-11, 2026-Q4, 2026, or 2026-11-01..2026-11-15.")
    ],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """List the complaints closed in a period that do not show each step of ISO 10002, with the reason stated, if any."""
    from console.services.step_reports import step_report

    with opened(database) as store:
        start, end = period_given(period, policy_zone(store), "--period")
        found = step_report(store, start, end)
    if as_json:
        emit_json(
            {
                "report": "steps",
                "period": period,
                "closed": found.closed,
                "complete": found.complete,
                "excused": found.excused,
                "missing": dict(found.missing),
                "gaps": [asdict(gap) for gap in found.gaps],
            }
        )
        return
    emit_table(
        ("Reference", "Closed", "Missing", "Reason"),
        ((gap.reference, instant(gap.closed_at), ", ".join(gap.missing), gap.reason) for gap in found.gaps),
    )
    narrate(
        _("{closed} complaints closed, {complete} show every step, {excused} give a reason").format(
            closed=found.closed, complete=found.complete, excused=found.excused
        )
    )
