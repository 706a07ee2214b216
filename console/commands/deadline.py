"""``ombud deadline``: a due time with every stretch of time that makes it, and the working time between two moments."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.rules.calendars import Calendar
    from console.rules.deadline_explanations import Explanation
    from console.rules.deadlines import Pause

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CalendarName = Annotated[
    str,
    typer.Option("--calendar", metavar="FILE|NAME", help="A TOML or JSON file (FILE#NAME of several), or cn, gb, us."),
]
OneOfSeveral = Annotated[
    str, typer.Option("--calendar-name", metavar="NAME", help="Which one, of a file with several calendars.")
]
Pauses = Annotated[
    list[str] | None,
    typer.Option("--pause", metavar="A/B", help="A time the clock stood still; A/ for one still open. Repeatable."),
]
Holidays = Annotated[
    list[str] | None,
    typer.Option("--holiday", metavar="DATE", help="A further holiday, YYYY-MM-DD or --MM-DD each year. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("explain")
def explain(
    calendar_name: CalendarName,
    start: Annotated[
        str, typer.Option("--start", metavar="TIME", help="ISO 8601; in the calendar's zone unless it says.")
    ],
    target: Annotated[str, typer.Option("--target", metavar="T", help="120m, 24h, 4d, 7d@same, 10cd, 8w, 24ch.")],
    pause: Pauses = None,
    holiday: Holidays = None,
    one_of_several: OneOfSeveral = "",
    as_json: AsJson = False,
) -> None:
    """Print when a promise is due, and every segment, holiday and pause that makes it."""
    from console.rules.deadline_explanations import explain as explanation_of
    from console.rules.deadline_targets import Target

    calendar = _calendar(calendar_name, one_of_several, holiday)
    explanation = explanation_of(
        calendar, _moment(start, calendar.zone, "--start"), Target.parse(target), _pauses(pause, calendar.zone)
    )
    if as_json:
        emit_json(explanation_record(explanation))
    else:
        print_explanation(explanation, calendar.zone)


@app.command("elapsed")
def elapsed(
    calendar_name: CalendarName,
    from_: Annotated[str, typer.Option("--from", metavar="A", help="ISO 8601; in the calendar's zone unless it says.")],
    to: Annotated[str, typer.Option("--to", metavar="B", help="ISO 8601.")],
    pause: Pauses = None,
    holiday: Holidays = None,
    one_of_several: OneOfSeveral = "",
    as_json: AsJson = False,
) -> None:
    """Print the working time between two moments, less the pauses."""
    from console.rules.deadline_explanations import duration_text
    from console.rules.deadlines import elapsed_seconds

    calendar = _calendar(calendar_name, one_of_several, holiday)
    begin, end = _moment(from_, calendar.zone, "--from"), _moment(to, calendar.zone, "--to")
    seconds = elapsed_seconds(calendar, begin, end, _pauses(pause, calendar.zone))
    if as_json:
        emit_json({"calendar": calendar.name, "from": begin, "to": end, "elapsed_seconds": seconds})
    else:
        emit(_("{duration} of working time ({seconds} s)").format(duration=duration_text(seconds), seconds=seconds))


def _calendar(source: str, name: str, holidays: list[str] | None) -> Calendar:
    from console.rules.calendars import CalendarError, load_calendar

    calendar = load_calendar(source, name)
    try:
        return calendar.with_holidays(holidays) if holidays else calendar
    except CalendarError:
        raise UsageError(
            _("--holiday {text} is no date.").format(text=", ".join(holidays or ())),
            _("Write YYYY-MM-DD, or --MM-DD for every year."),
        ) from None


def _moment(text: str, zone: tzinfo, option: str) -> datetime:
    """Return a time in UTC; one without offset is meant in the zone, the first of two where the clocks repeat it."""
    try:
        at = datetime.fromisoformat(text.strip())
        local = at if at.tzinfo else at.replace(tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            _("{option} {text} is no time.").format(option=option, text=repr(text)),
            _("Write ISO 8601, for example 2026-03-06T16:30:00+08:00 or 2026-03-06T08:30Z."),
        ) from None
    if at.tzinfo is None and moment.astimezone(zone).replace(tzinfo=None) != at:
        raise UsageError(
            _("{option} {text} does not exist in {zone}: the clocks skip it.").format(
                option=option, text=text, zone=zone
            ),
            _("Write the time with its offset from UTC."),
        )
    return moment


def _pauses(texts: list[str] | None, zone: tzinfo) -> list[Pause]:
    pauses: list[Pause] = []
    for text in texts or []:
        begin, slash, end = text.partition("/")
        if not slash or "/" in end:
            raise UsageError(
                _("--pause {text} is no pair of times.").format(text=repr(text)),
                _("Write BEGIN/END, or BEGIN/ for a pause still open."),
            )
        pauses.append((_moment(begin, zone, "--pause"), _moment(end, zone, "--pause") if end.strip() else None))
    return pauses


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as one record."""
    return {
        "due_at": None if explanation.due_at is None else instant(explanation.due_at),
        "status": explanation.status,
        "calendar": explanation.calendar,
        "zone": explanation.zone,
        "start_at": explanation.start_at,
        "target": explanation.target,
        "rule": explanation.rule,
        "target_seconds": explanation.target_seconds,
        "remaining_seconds": explanation.remaining_seconds,
        "segments": [
            {
                "from": segment.from_at,
                "to": segment.to_at,
                "counted_seconds": segment.counted_seconds,
                "kind": segment.kind,
                "why": segment.why,
            }
            for segment in explanation.segments
        ],
        "pauses": [
            {"from": pause.from_at, "to": pause.to_at, "counted_seconds": pause.counted_seconds}
            for pause in explanation.pauses
        ],
        "notes": list(explanation.notes),
    }


def print_explanation(explanation: Explanation, zone: tzinfo) -> None:
    """Print a due time and what makes it, in the times of a zone."""
    from console.rules.deadline_explanations import duration_text

    due = explanation.due_at
    facts = [
        (_("Due"), _("none") if due is None else f"{_local(due, zone)}  ({instant(due)})"),
        (_("Start"), f"{_local(explanation.start_at, zone)}  ({instant(explanation.start_at)})"),
        (_("Target"), f"{explanation.target}: {explanation.rule}"),
        (_("Counted"), duration_text(explanation.target_seconds - explanation.remaining_seconds)),
    ]
    if explanation.remaining_seconds:
        facts.append((_("Left"), duration_text(explanation.remaining_seconds)))
    facts.append((_("Calendar"), f"{explanation.calendar}, {explanation.zone}"))
    emit_table((_("Deadline"), ""), facts)
    if explanation.segments:
        emit()
        emit_table(
            (_("From"), _("To"), _("Counted"), _("Why")),
            (
                (
                    _local(segment.from_at, zone),
                    _local(segment.to_at, zone),
                    duration_text(segment.counted_seconds) if segment.counted_seconds else "-",
                    segment.why,
                )
                for segment in explanation.segments
            ),
            numeric=(2,),
        )
    for note in explanation.notes:
        narrate(note)


def _local(at: datetime, zone: tzinfo) -> str:
    """Return a moment in the zone to the minute, to the second where there are seconds."""
    from console.rules.calendar_days import WEEKDAY_NAMES

    local = at.astimezone(zone)
    return f"{WEEKDAY_NAMES[local.weekday()][:3]} {local:%Y-%m-%d} " + (
        f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    )
