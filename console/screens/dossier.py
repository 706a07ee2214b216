"""How a case and a customer read: blocks for the case screen, the preview and the dossier."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from console.actions import key_of
from console.i18n import N_, _, in_language, ngettext
from console.labels import LABELS, label
from console.widgets.content import Piece, due, moment, number
from console.widgets.reading import LONGEST_FACT, Block, Facts, Gap, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from console.services.case_views import CaseDetail, CaseTaskRow, EventRow, RemedyRow
    from console.services.customer_views import CustomerDetail
    from console.services.views import CaseRow

CHUNK = 64 * 1024
"""Characters of one long text shown at a time: two million in one go would take seconds to wrap."""

PREVIEW_CHARACTERS = 2000
CASES_SHOWN = 50

VERBS = {
    "create": N_("created"),
    "import": N_("imported"),
    "update": N_("changed"),
    "review": N_("reviewed"),
    "dispatch": N_("dispatched"),
    "accept": N_("accepted"),
    "assign": N_("assigned"),
    "note": N_("noted"),
    "reply": N_("replied"),
    "archive": N_("archived"),
    "return": N_("returned"),
    "reopen": N_("reopened"),
    "escalate": N_("escalated"),
    "merge": N_("merged"),
    "withdraw": N_("withdrawn"),
    "new": N_("taken down"),
    "triage": N_("sorted"),
    "take": N_("taken"),
    "release": N_("released"),
    "contact": N_("contact"),
    "await-customer": N_("waits for the customer"),
    "resume": N_("goes on"),
    "callback": N_("called back"),
    "reject": N_("rejected"),
    "link": N_("linked"),
    "split": N_("split"),
    "supervise": N_("supervised"),
    "urge": N_("urged"),
    "remedy": N_("remedy promised"),
    "rectify": N_("corrective action begun"),
    "arrive": N_("arrived on site"),
    "restore": N_("supply restored"),
    "pay": N_("paid"),
    "task done": N_("task done"),
    "task checked": N_("task checked"),
    "task cancelled": N_("task cancelled"),
    "undo": N_("taken back"),
}
"""What the history says was done; a verb without a word is shown as it is."""


def verb_word(verb: str) -> str:
    """Return what was done, in the language chosen."""
    return _(VERBS[verb]) if verb in VERBS else verb


def shown(field: str, value: str) -> str:
    """Return a value of a history's change as people call it."""
    return (label(value, field) if field in LABELS else value[:LONGEST_FACT]) or "-"


def _cut_text(text: str, limit: int, hint: str) -> list[Block]:
    blocks: list[Block] = [Paragraph(text[:limit])]
    if len(text) > limit:
        rest = ngettext("{count} more character.", "{count} more characters.", len(text) - limit)
        blocks.append(Paragraph(f"{rest.format(count=number(len(text) - limit))} {hint}".strip(), "quiet"))
    return blocks


def is_cut(detail: CaseDetail, limit: int) -> bool:
    """Return whether a text of the case is longer than what is shown of it."""
    texts = (detail.narrative, detail.findings, detail.reply, detail.measures, detail.follow_up)
    return any(len(text) > limit for text in texts)


def row_facts(row: CaseRow, now: datetime, zone: tzinfo, *further: tuple[str, str]) -> Facts:
    """Return the facts that are known from a queue's line alone, and further ones below them."""
    flags = [_("supervised")] * row.is_supervised + [_("vulnerable customer")] * row.is_vulnerable
    return Facts(
        (
            (_("Due"), due_in_full(row, now, zone)),
            (_("State"), label(row.state, "state")),
            (_("Kind"), label(row.kind, "kind")),
            (
                _("Severity"),
                Piece(f"{row.severity} {label(row.severity, 'severity')}", "overdue" if row.severity >= 4 else ""),
            ),
            (_("Attention"), Piece(", ".join(flags), "soon")),
            (_("Category"), label(row.category, "category")),
            (_("Customer"), row.customer),
            (_("Region"), row.region),
            (_("Department"), label(row.department, "department")),
            (_("Assigned to"), row.assignee or _("nobody")),
            (_("Channel"), label(row.channel, "channel")),
            (_("Received"), moment(row.received_at, zone)),
            *further,
        )
    )


def due_in_full(row: CaseRow, now: datetime, zone: tzinfo) -> Piece:
    """Return how the due time stands and when it is."""
    piece = due(row.due_at, now, is_closed=row.phase == "closed")
    if row.due_at is None or row.phase == "closed":
        return piece
    return Piece(f"{piece.text}   {moment(row.due_at, zone)}", piece.style)


def preview_blocks(row: CaseRow, detail: CaseDetail | None, now: datetime, zone: tzinfo) -> list[Block]:
    """Return what the preview shows: the line at once, the text when it has arrived."""
    blocks: list[Block] = [Heading(row.reference), Paragraph(row.subject), Gap()]
    if detail is not None and detail.narrative:
        blocks += [
            *_cut_text(
                detail.narrative, PREVIEW_CHARACTERS, _("{key} opens the case.").format(key=key_of("table.open"))
            ),
            Gap(),
        ]
    return [*blocks, row_facts(row, now, zone)]


def case_blocks(detail: CaseDetail, now: datetime, zone: tzinfo, limit: int = CHUNK) -> list[Block]:
    """Return a case whole: clocks, facts, texts, history. ``limit`` is how much of each text is shown, in characters."""
    row = detail.row
    blocks: list[Block] = []
    hint = _("+ shows more.")
    if detail.clocks:
        blocks += [Heading(_("Clocks")), _clocks(detail, now, zone), Gap()]
    blocks += [Heading(_("What was said")), *_cut_text(detail.narrative or _("No text."), limit, hint), Gap()]
    for title, text in (
        (_("Findings"), detail.findings),
        (_("Reply"), detail.reply),
        (_("Measures"), detail.measures),
        (_("What follows"), detail.follow_up),
    ):
        if text:
            blocks += [Heading(title), *_cut_text(text, limit, hint), Gap()]
    if detail.remedies:
        blocks += [Heading(_("Remedies")), _remedies(detail.remedies), Gap()]
    if detail.tasks:
        blocks += [Heading(_("Tasks")), _tasks(detail.tasks), Gap()]
    if detail.related:
        related = tuple((label(item.kind, "relation"), item.reference, item.title) for item in detail.related)
        blocks += [
            Heading(_("Hangs together with")),
            Grid(("", _("Reference"), _("Subject")), related, flexible=2),
            Gap(),
        ]
    blocks += [
        Heading(_("Facts")),
        row_facts(
            row,
            now,
            zone,
            (_("Customer number"), detail.customer_number),
            (_("Account"), detail.account_number),
            (_("Location"), detail.location),
            (_("Responsible"), detail.responsible),
            (_("Outcome"), label(detail.outcome, "outcome")),
            (_("Cause"), detail.cause),
            (label("validity", "given"), label(detail.validity, "validity")),
            (label("opinion", "given"), label(detail.opinion, "opinion")),
            (_("Closed"), moment(detail.closed_at, zone)),
            (_("Source"), detail.source),
            (_("Outside reference"), detail.external_reference),
        ),
        Gap(),
    ]
    if detail.extras:
        blocks += [Heading(_("As imported")), Facts(detail.extras), Gap()]
    blocks += [Heading(_("History")), *_history(detail.events, zone)]
    return blocks


def _clocks(detail: CaseDetail, now: datetime, zone: tzinfo) -> Grid:
    rows = []
    for clock in detail.clocks:
        is_over = clock.met_at is not None or clock.state in ("met", "stopped") or clock.due_at is None
        stand = Piece(label(clock.state, "clock_state"), "quiet") if is_over else due(clock.due_at, now)
        rows.append((label(clock.name, "clock"), stand, moment(clock.due_at, zone), moment(clock.met_at, zone)))
    return Grid((_("Promise"), _("Stands"), _("Due"), _("Met")), tuple(rows))


def _remedies(remedies: tuple[RemedyRow, ...]) -> Grid:
    rows = tuple(
        (
            label(item.kind, "remedy"),
            label(item.state, "task"),
            money(item.amount_minor, item.currency),
            "" if item.due_on is None else item.due_on.isoformat(),
            item.owner,
            item.note,
        )
        for item in remedies
    )
    heads = (_("Remedy"), _("State"), _("Amount"), _("Due"), _("Responsible"), _("Note"))
    return Grid(heads, rows, right=frozenset({2}), flexible=5)


def _tasks(tasks: tuple[CaseTaskRow, ...]) -> Grid:
    rows = tuple(
        (
            label(item.kind, "case_task"),
            label(item.state, "task"),
            money(item.amount_minor, item.currency),
            "" if item.due_on is None else item.due_on.isoformat(),
            item.owner,
            ": ".join(part for part in (item.rule, item.note) if part),
        )
        for item in tasks
    )
    heads = (_("Task"), _("State"), _("Amount"), _("Due"), _("Responsible"), _("Note"))
    return Grid(heads, rows, right=frozenset({2}), flexible=5)


def money(minor: int | None, currency: str) -> str:
    """Return an amount in minor units as people write it, or an empty text."""
    return "" if minor is None else f"{minor // 100}.{minor % 100:02d} {currency}".strip()


def _history(events: tuple[EventRow, ...], zone: tzinfo) -> list[Block]:
    if not events:
        return [Paragraph(_("Nothing has happened yet."), "quiet")]
    blocks: list[Block] = []
    for event in events:
        blocks.append(Paragraph(f"{moment(event.at, zone)}  {verb_word(event.verb)}  {event.actor}", "label"))
        if event.note:
            blocks.append(Paragraph(f"  {event.note[:CHUNK]}"))
        blocks += [
            Paragraph(f"  {label(name, 'field')}: {shown(name, before)} -> {shown(name, after)}")
            for name, before, after in event.changes
        ]
    return blocks


def customer_blocks(detail: CustomerDetail, now: datetime, zone: tzinfo) -> list[Block]:
    """Return a customer's dossier: facts, accounts, cases, answers."""
    row = detail.row
    blocks: list[Block] = [
        Heading(f"{row.name}  {row.number}"),
        Facts(
            (
                (_("Kind"), label(row.kind, "customer_kind")),
                (_("Attention"), Piece(_("vulnerable customer") if detail.is_vulnerable else "", "soon")),
                (_("Telephone"), row.phone_masked),
                (_("E-mail"), detail.email_masked),
                (_("Address"), detail.address),
                (_("Region"), row.region),
                (_("Relationship"), label(detail.relationship, "relationship")),
                (_("Supply"), label(detail.supply_category, "supply")),
                (_("Size"), label(detail.size, "size")),
                (_("Credit"), detail.credit_grade),
            )
        ),
        Gap(),
        Heading(_("Accounts")),
    ]
    accounts = tuple(
        (item.number, label(item.utility, "utility"), label(item.state, "account_state"), item.address)
        for item in detail.accounts
    )
    blocks.append(
        Grid((_("Account"), _("Utility"), _("State"), _("Address")), accounts, flexible=3)
        if accounts
        else Paragraph(_("No accounts."), "quiet")
    )
    blocks += [Gap(), Heading(_("Cases"))]
    cases = tuple(
        (
            case.reference,
            due(case.due_at, now, is_closed=case.phase == "closed"),
            label(case.state, "state"),
            case.subject,
        )
        for case in detail.cases[:CASES_SHOWN]
    )
    blocks.append(
        Grid((_("Reference"), _("Due"), _("State"), _("Subject")), cases, flexible=3)
        if cases
        else Paragraph(_("No cases."), "quiet")
    )
    blocks += [Gap(), Heading(_("Answers to surveys"))]
    answers = tuple(
        (
            moment(answer.answered_at, zone),
            in_language(answer.survey, answer.survey_zh),
            in_language(answer.indicator, answer.indicator_zh),
            str(answer.score),
        )
        for answer in detail.answers[:CASES_SHOWN]
    )
    blocks.append(
        Grid((_("Answered"), _("Survey"), _("Indicator"), _("Score")), answers, right=frozenset({3}), flexible=2)
        if answers
        else Paragraph(_("No answers."), "quiet")
    )
    return blocks
