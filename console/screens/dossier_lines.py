"""How a dossier reads: a page of figures, each of which opens the rows behind it, and those rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from rich.cells import cell_len

from console.i18n import N_, _, in_language
from console.labels import label
from console.portraits import amount, flag_words, portrait, quantity
from console.services.care_views import StandingRow
from console.services.dossier_views import Dossier, Line
from console.services.views import CaseRow
from console.signs import is_ascii
from console.widgets.board import BoardLine, Spot
from console.widgets.content import cut, due, fit, moment, number
from console.widgets.plots.sparkline import sparkline
from console.wrapping import wrap

SECTION = "section:"
CASE = "case:"
SECRET = "secret:"
NEWEST = 5
"""Cases that stand on the page itself."""

LABEL_CELLS = 16
STANDING = "standing"
SELDOM = frozenset({"managers", "campaigns", "points", "merged"})
"""Parts that most customers have nothing of: they stand on the page only where there is something."""
COUNT_CELLS = 9
SECTIONS = {
    "accounts": N_("Accounts"),
    "meters": N_("Meters"),
    "contracts": N_("Contracts"),
    "months": N_("Consumption"),
    "bills": N_("Bills"),
    "payments": N_("Payments"),
    "cases": N_("Cases"),
    "contacts": N_("Contacts"),
    "answers": N_("Survey answers"),
    "managers": N_("Managers"),
    "campaigns": N_("Campaigns"),
    "points": N_("Points"),
    "merged": N_("Merged dossiers"),
}
"""The parts of a dossier in their order, as people call them."""

TITLES = {**SECTIONS, STANDING: N_("Standing")}
"""The titles of what opens behind a figure."""

FIELDS = {
    "phone": N_("Telephone"),
    "email": N_("E-mail"),
    "identity": N_("Identity number"),
    "address": N_("Address"),
    "bank": N_("Bank account"),
}
"""The fields that are kept sealed, as people call them."""

DEFINITIONS = {
    "accounts": N_("Service accounts that are his now, whatever their state."),
    "meters": N_("Meters at his accounts, removed ones too."),
    "contracts": N_("Contracts of the customer or of one of his accounts."),
    "months": N_(
        "Months with a reading, one for each account and meter; the bars are the last twelve months, added up by unit."
    ),
    "bills": N_("Bills of his accounts; overdue is an open bill past its day with something left to pay."),
    "payments": N_("Payments to his accounts; the bars are the last twelve months by day of payment."),
    "cases": N_("Cases in which he is the customer; open is what is not yet closed."),
    "contacts": N_("Contacts in the log: calls, visits, letters, greetings."),
    "answers": N_("Answers with a score; satisfaction is their mean share of each scale over twelve months."),
    "managers": N_("Who manages him or managed him, and the managers of his area; the name is today's."),
    "campaigns": N_("Care campaigns on whose list he stands."),
    "points": N_("The balance of the ledger: given less used."),
    "merged": N_("Dossiers that were merged into this one, straight or by way of another."),
    STANDING: N_(
        "As the rules of the policy had it at the last refresh: stage of life, value, RFM from 1 to 5 each, alarms, segments."
    ),
}
"""What each figure counts."""

Rows = Sequence[tuple[str, Sequence[str]]]
"""Rows behind a figure: a key that opens further, or nothing, and the cells."""


def page(found: Dossier, width: int, now: datetime, zone: tzinfo, revealed: Mapping[str, str]) -> list[BoardLine]:
    """Return the dossier for a width in cells. ``revealed`` holds what is shown in clear now, by field."""
    row = found.detail.row
    lines: list[BoardLine] = [(Spot(cut(f"{row.name}  {row.number}", width), "heading"),)]
    if found.flags:
        lines += [(Spot(part, "overdue"),) for part in wrap("! " + _(", ").join(flag_words(found.flags)), width)]
    for sentence in portrait(found):
        lines += [(Spot(part),) for part in wrap(sentence, width)]
    lines.append(())
    if found.standing is not None:
        told = standing_words(found.standing, found.segments)
        head = Spot(fit(_("Standing"), LABEL_CELLS), "label")
        lines.append((head, Spot(cut(told, width - LABEL_CELLS), "", SECTION + STANDING)))
    lines += [_figure(found, name, width) for name in SECTIONS if name not in SELDOM or getattr(found, name)]
    lines.append(())
    for field, mask in found.masked:
        value = revealed.get(field)
        head = Spot(fit(_(FIELDS[field]), LABEL_CELLS), "label")
        shown = mask if value is None else _("{value}  (in clear until you leave)").format(value=value)
        lines.append((head, Spot(cut(shown, width - LABEL_CELLS), "" if value is None else "soon", SECRET + field)))
    if found.detail.cases:
        lines += [(), (Spot(_("Newest cases"), "label"),)]
        lines += [_case(case, width, now, zone) for case in found.detail.cases[:NEWEST]]
    return lines


def _figure(found: Dossier, name: str, width: int) -> BoardLine:
    totals = found.totals
    head = Spot(fit(_(SECTIONS[name]), LABEL_CELLS), "label")
    count = Spot(number(getattr(totals, name)).rjust(COUNT_CELLS - 2), "", SECTION + name)
    room = width - LABEL_CELLS - COUNT_CELLS
    more = ""
    style = "quiet"
    if name == "bills" and totals.overdue:
        more, style = _("! {count} overdue").format(count=number(totals.overdue)), "overdue"
    elif name == "cases" and totals.open_cases:
        more = _("{count} open").format(count=number(totals.open_cases))
    elif name == "months":
        more, style = drawn(found.consumption, room, is_money=False), "bar"
    elif name == "managers":
        more = found.manager
    elif name == "payments":
        more, style = drawn(found.paid, room, is_money=True), "bar"
    return (head, count, Spot("  "), Spot(cut(more, max(0, room)), style))


def drawn(lines: Sequence[Line], room: int, *, is_money: bool) -> str:
    """Return sums by month as small bars, each with its unit and the latest month that has something."""
    parts = []
    for line in lines:
        values = [total for _month, total in line.months]
        latest = next((total for total in reversed(values) if total), 0)
        told = amount(latest, line.unit) if is_money else quantity(latest, line.unit)
        parts.append(f"{sparkline([float(value) for value in values], is_ascii=is_ascii())} {told}")
    while len(parts) > 1 and cell_len("  ".join(parts)) > room:
        parts.pop()
    return "  ".join(parts)


def _case(case: CaseRow, width: int, now: datetime, zone: tzinfo) -> BoardLine:
    stand = due(case.due_at, now, is_closed=case.phase == "closed")
    at = moment(case.received_at, zone)[:10]
    begin = f"{at}  {fit(case.reference, 12)} "
    state = fit(stand.text, 18)
    return (
        Spot(begin + cut(case.subject, max(8, width - cell_len(begin) - 20)), "", CASE + str(case.id)),
        Spot("  "),
        Spot(state.rstrip(), stand.style),
    )


def rows_behind(found: Dossier, section: str, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    """Return the heads and the rows behind a figure of the dossier, the newest first."""
    return {
        "accounts": _accounts,
        "meters": _meters,
        "contracts": _contracts,
        "months": _months,
        "bills": _bills,
        "payments": _payments,
        "contacts": _contacts,
        "answers": _answers,
        "cases": _cases,
        "managers": _managers,
        "campaigns": _campaigns,
        "points": _points,
        "merged": _merged,
        STANDING: _standing,
    }[section](found, now, zone)


def counted(found: Dossier, section: str) -> int:
    """Return how many rows there are behind a figure, however many of them are at hand; 0 where a figure counts no rows."""
    return 0 if section in (STANDING, "points") else int(getattr(found.totals, section))


def table_lines(heads: Sequence[str], rows: Rows, width: int) -> list[BoardLine]:
    """Return rows as aligned lines under their heads; the last column takes what room is left."""
    if not rows:
        return [(Spot(_("Nothing here."), "quiet"),)]
    table = [heads, *(cells for _key, cells in rows)]
    widths = [min(max(cell_len(line[place]) for line in table), width // 2) for place in range(len(heads))]
    lines: list[BoardLine] = []
    for index, (key, cells) in enumerate([("", heads), *rows]):
        text = "  ".join(fit(cell, widths[place]) for place, cell in enumerate(cells))
        lines.append(
            (Spot(cut(text.rstrip(), width), "label" if index == 0 else "", key or f"row:{index}" if index else ""),)
        )
    return lines


def _day(value: object) -> str:
    return "" if value is None else str(value)


def _accounts(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("Account"), _("Utility"), _("State"), _("Address"))
    return heads, [
        ("", (item.number, label(item.utility, "utility"), label(item.state, "account_state"), item.address))
        for item in found.detail.accounts
    ]


def _meters(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("Meter"), _("Account"), _("Installed"), _("Removed"), _("Kind"))
    return heads, [
        ("", (item.number, item.account, _day(item.installed_on), _day(item.removed_on), item.kind))
        for item in found.meters
    ]


def _contracts(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("Contract"), _("State"), _("Performance"), _("From"), _("To"), _("Terms"))
    return heads, [
        (
            "",
            (
                item.number,
                label(item.state, "contract_state"),
                label(item.performance, "performance"),
                _day(item.starts_on),
                _day(item.ends_on),
                item.terms,
            ),
        )
        for item in found.contracts
    ]


def _months(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("Month"), _("Account"), _("Used"), _("Reading"), _("Meter"))
    return heads, [
        (
            "",
            (
                item.month,
                item.account,
                quantity(item.quantity_milli, item.unit),
                "" if item.reading_milli is None else quantity(item.reading_milli),
                item.meter,
            ),
        )
        for item in found.months
    ]


def _bills(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("Bill"), _("Account"), _("Issued"), _("Due"), _("Amount"), _("State"))
    return heads, [
        (
            "",
            (
                item.number,
                item.account,
                _day(item.issued_on),
                _day(item.due_on),
                amount(item.amount_minor, item.currency),
                _("!! overdue") if item.is_overdue else label(item.state, "bill_state"),
            ),
        )
        for item in found.bills
    ]


def _payments(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("Paid"), _("Amount"), _("Bill"), _("Account"), _("Method"))
    return heads, [
        (
            "",
            (
                moment(item.paid_at, zone),
                amount(item.amount_minor, item.currency),
                item.bill,
                item.account,
                item.method,
            ),
        )
        for item in found.payments
    ]


def _contacts(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("At"), _("Channel"), _("Direction"), _("Purpose"), _("Who"), _("Content"))
    return heads, [
        (
            "",
            (
                moment(item.at, zone),
                label(item.channel, "channel"),
                label(item.direction, "direction"),
                label(item.purpose, "purpose"),
                item.who,
                item.content,
            ),
        )
        for item in found.contacts
    ]


def _answers(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("Answered"), _("Score"), _("Survey"), _("Indicator"))
    return heads, [
        (
            "",
            (
                moment(item.answered_at, zone),
                str(item.score),
                in_language(item.survey, item.survey_zh),
                in_language(item.indicator, item.indicator_zh),
            ),
        )
        for item in found.detail.answers
    ]


def _cases(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    heads = (_("Received"), _("Reference"), _("Due"), _("State"), _("Subject"))
    return heads, [
        (
            CASE + str(item.id),
            (
                moment(item.received_at, zone),
                item.reference,
                due(item.due_at, now, is_closed=item.phase == "closed").text,
                label(item.state, "state"),
                item.subject,
            ),
        )
        for item in found.detail.cases
    ]


def standing_words(standing: StandingRow, segments: Sequence[str]) -> str:
    """Return how a customer stands in a few words: stage, value, RFM, alarms, segments."""
    words = [
        label(standing.stage, "stage"),
        label(standing.tier, "tier"),
        f"RFM {standing.rfm}" if standing.rfm else "",
        *(f"! {label(alarm, 'alarm')}" for alarm in standing.alarms),
        *segments,
    ]
    return " · ".join(word for word in words if word)


def _standing(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("Fact"), _("Value"))
    held = found.standing
    if held is None:
        return heads, []
    change = "" if held.usage_change is None else f"{held.usage_change:+.0%}"
    facts = (
        (_("Stage"), label(held.stage, "stage")),
        (_("Value"), label(held.tier, "tier")),
        ("RFM", held.rfm),
        (_("Alarms"), _(", ").join(label(alarm, "alarm") for alarm in held.alarms)),
        (_("Segments"), _(", ").join(found.segments)),
        (_("Billed"), amount(held.revenue_minor, held.currency)),
        (_("Cost of contacts"), amount(held.contact_cost_minor, held.currency)),
        (_("Days overdue"), number(held.overdue_days)),
        (_("Returned payments"), number(held.returned_payments)),
        (_("Complaints"), number(held.complaints)),
        (_("Disputes"), number(held.disputes)),
        (_("Change of use"), change),
        (_("Satisfaction"), "" if held.satisfaction is None else f"{held.satisfaction:.1f}"),
        (_("Services"), number(held.services)),
        (_("As of"), moment(held.as_of, zone)),
    )
    return heads, [("", fact) for fact in facts if fact[1]]


def _managers(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now, zone
    heads = (_("From"), _("To"), _("Name"), _("Login"), _("Region"))
    return heads, [
        ("", (_day(post.from_on), _day(post.to_on), post.name, post.login, post.region)) for post in found.managers
    ]


def _campaigns(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("Campaign"), _("State"), _("Outcome"), _("At"), _("Title"))
    return heads, [
        (
            "",
            (
                turn.campaign,
                label(turn.state, "call"),
                label(turn.outcome, "contact"),
                "" if turn.at is None else moment(turn.at, zone),
                turn.title,
            ),
        )
        for turn in found.campaigns
    ]


def _points(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("At"), _("Points"), _("Entry"), _("Who"), _("Reason"))
    return heads, [
        ("", (moment(item.at, zone), f"{item.points:+}", str(item.entry), item.actor, item.reason))
        for item in found.points
    ]


def _merged(found: Dossier, now: datetime, zone: tzinfo) -> tuple[tuple[str, ...], Rows]:
    del now
    heads = (_("Number"), _("Merged"), _("By"), _("Reason"))
    return heads, [("", (item.number, moment(item.at, zone), item.actor, item.reason)) for item in found.merged]
