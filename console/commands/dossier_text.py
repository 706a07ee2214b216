"""A dossier as lines of text: one fact or one row a line, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.commands.output import instant
from console.portraits import amount, flag_words, portrait, quantity

if TYPE_CHECKING:
    from console.services.dossier_views import Dossier


def dossier_lines(found: Dossier) -> Iterator[str]:
    """Yield the lines of a dossier. Words of the portrait are in the language chosen, codes and labels of lines in English."""
    detail = found.detail
    row = detail.row
    yield f"{row.number}  {row.name}"
    yield from portrait(found)
    if found.flags:
        yield "! " + ", ".join(flag_words(found.flags))
    facts = {
        "kind": row.kind,
        "relationship": detail.relationship,
        "supply": detail.supply_category,
        "size": detail.size,
        "credit grade": detail.credit_grade,
        "region": row.region,
        **dict(found.masked),
    }
    for name, value in facts.items():
        if value:
            yield f"{name + ':':<14} {value}"
    yield from _standing(found)
    yield from _supplied(found)
    yield from _paid(found)
    for case in detail.cases:
        yield f"case {case.reference}  {instant(case.received_at)}  {case.state}  {case.subject}"
    for contact in found.contacts:
        yield f"contact {instant(contact.at)}  {contact.channel}  {contact.direction}  {contact.purpose}  {contact.content}"
    for answer in detail.answers:
        yield f"answer {instant(answer.answered_at)}  {answer.survey}: {answer.indicator} = {answer.score}"
    yield from _cared_for(found)


def _standing(found: Dossier) -> Iterator[str]:
    standing = found.standing
    if found.manager:
        yield f"{'manager:':<14} {found.manager}"
    if standing is not None:
        told = [standing.stage, standing.tier, f"RFM {standing.rfm}" if standing.rfm else "", *standing.alarms]
        yield f"{'standing:':<14} {'  '.join(word for word in told if word)}  ({instant(standing.as_of)})"
    if found.segments:
        yield f"{'segments:':<14} {', '.join(found.segments)}"
    if found.points:
        yield f"{'points:':<14} {found.totals.points:,}"


def _cared_for(found: Dossier) -> Iterator[str]:
    for post in found.managers:
        whose = f"region {post.region}" if post.region else "customer"
        yield f"manager {post.login}  {post.name}  {whose}  {post.from_on}..{post.to_on or ''}"
    for turn in found.campaigns:
        at = instant(turn.at) if turn.at else ""
        yield f"campaign {turn.campaign}  {turn.title}  {turn.state}  {turn.outcome}  {at}"
    for entry in found.points:
        yield f"points {instant(entry.at)}  {entry.points:+}  {entry.reason}"
    for double in found.merged:
        yield f"merged {double.number}  {instant(double.at)}  {double.actor}  {double.reason}"


def _supplied(found: Dossier) -> Iterator[str]:
    for account in found.detail.accounts:
        yield f"account {account.number}  {account.utility}  {account.state}  {account.address}"
    for meter in found.meters:
        yield f"meter {meter.number}  {meter.account}  {meter.kind}  {meter.installed_on or ''}..{meter.removed_on or ''}"
    for contract in found.contracts:
        span = f"{contract.starts_on or ''}..{contract.ends_on or ''}"
        kept = f"{contract.state}  {contract.performance}"
        yield f"contract {contract.number}  {contract.account}  {kept}  {span}  {contract.terms}"
    for month in found.months:
        reading = "" if month.reading_milli is None else f"  reading {quantity(month.reading_milli)}"
        yield f"month {month.month}  {month.account}  {quantity(month.quantity_milli, month.unit)}{reading}"


def _paid(found: Dossier) -> Iterator[str]:
    for bill in found.bills:
        state = "overdue" if bill.is_overdue else bill.state
        due = f"due {bill.due_on}" if bill.due_on else ""
        yield f"bill {bill.number}  {bill.account}  {amount(bill.amount_minor, bill.currency)}  {state}  {due}"
    for payment in found.payments:
        paid = amount(payment.amount_minor, payment.currency)
        yield f"payment {payment.number}  {payment.account}  {instant(payment.paid_at)}  {paid}  {payment.method}"
