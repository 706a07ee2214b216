"""Filters of cases as SQL: a parsed filter becomes conditions and an order, with bound parameters only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.sql.expression import UnaryExpression

from console.codes import CasePhase
from console.errors import UsageError
from console.models import Case, CaseEvent, CaseText, Category, Customer, Department, Incident, ServiceAccount, Staff
from console.models.base import table_of
from console.rules.filters import (
    CASE_FIELDS,
    ME,
    MINE,
    NONE,
    Filter,
    FilterError,
    Operator,
    Sort,
    Span,
    Term,
    parse,
    spans,
)
from console.storage.search import matching
from console.words import LEVELS, codes_called

CASES = table_of(Case)
TEXTS = table_of(CaseText)
EVENTS = table_of(CaseEvent)
CATEGORIES = table_of(Category)
DEPARTMENTS = table_of(Department)
STAFF = table_of(Staff)
CUSTOMERS = table_of(Customer)
ACCOUNTS = table_of(ServiceAccount)
INCIDENTS = table_of(Incident)

Condition = ColumnElement[bool]
PHASES = frozenset(phase.value for phase in CasePhase)
URGENT_FIRST = Sort("due")
CALLBACK = "callback"
ANSWERING = ("reply", "return", "reopen")
"""The verbs after which a reply stands, or stands no more."""


@dataclass(frozen=True, slots=True)
class Question:
    """The conditions and the order that a filter asks for; the id makes the order complete."""

    conditions: tuple[Condition, ...]
    order: tuple[UnaryExpression[Any] | ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class CallbackRule:
    """What one version of the policy says of callbacks: the kinds that are owed one, and the states in which it can be made.

    ``policy_id`` None stands for cases that name no version.
    """

    policy_id: int | None
    kinds: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a filter is read against: the engine, the moment, the zone in which days begin, who asks, and who is called back."""

    dialect: str
    now: datetime
    zone: tzinfo
    viewer: str
    callbacks: tuple[CallbackRule, ...]


def compiled(connection: Connection, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "") -> Question:
    """Return the SQL conditions and order of a filter text, read on the database of a connection. Raises FilterError."""
    asked = parse(filter_text)
    _check_segments(connection, asked, filter_text)
    callbacks = callback_rules(connection, now) if any(term.field == CALLBACK for term in asked.terms) else ()
    dialect = connection.dialect.name
    return question_of(asked, dialect=dialect, now=now, viewer=viewer, zone=zone, callbacks=callbacks)


def _check_segments(connection: Connection, asked: Filter, filter_text: str) -> None:
    """Refuse a segment that there is none of, as an unknown field is refused. Raises FilterError, which names the nearest."""
    names = [name for term in asked.terms if term.field == "segment" for name in _given(term)]
    if not names:
        return
    from console.services.customer_filtering import check_segments

    for name in names:
        try:
            check_segments(connection, [name])
        except UsageError as error:
            folded = filter_text.casefold()
            position = max(0, folded.find(name.casefold(), max(0, folded.find("segment"))))
            message = f"{error.message.rstrip('.')} (at character {position + 1})."
            raise FilterError(message, error.hint, text=filter_text, position=position) from None


def callback_rules(connection: Connection, now: datetime) -> tuple[CallbackRule, ...]:
    """Return what each version of the policy says of callbacks; nothing where there is no policy yet."""
    # The rules of a policy and the customers' facts are not imported for the filters that do without them.
    from console.services.policies import POLICIES, policy_book

    if connection.execute(select(POLICIES.c.id).limit(1)).first() is None:
        return ()
    book = policy_book(connection)
    editions = [(edition.id, edition.policy) for edition in book.editions]
    return tuple(
        CallbackRule(
            policy_id,
            policy.callback.kinds,
            tuple({state for step in policy.workflow.transitions if step.verb == CALLBACK for state in step.sources}),
        )
        for policy_id, policy in [*editions, (None, book.at(now).policy)]
        if policy.callback.kinds
    )


def question_of(
    asked: Filter,
    *,
    dialect: str,
    now: datetime,
    viewer: str = "",
    zone: str = "",
    callbacks: tuple[CallbackRule, ...] = (),
) -> Question:
    """Return the SQL conditions and order of a parsed filter; the earliest due stand first where it names no order."""
    reader = _Asked(dialect, now, ZoneInfo(zone) if zone else UTC, viewer, callbacks)
    conditions = tuple(_condition(term, reader) for term in asked.terms)
    sorts = asked.sorts or (URGENT_FIRST,)
    order: list[Any] = []
    for sort in sorts:
        order.append(_ordered(_SORTS[sort.field], sort))
    order.append(CASES.c.id.desc() if sorts[0].is_descending else CASES.c.id.asc())
    return Question(conditions, tuple(order))


def _ordered(column: ColumnElement[Any], sort: Sort) -> UnaryExpression[Any]:
    directed = column.desc() if sort.is_descending else column.asc()
    # To ask for absent values last where there can be none keeps PostgreSQL from reading its index backwards.
    can_be_absent = not isinstance(column, Column) or bool(column.nullable)
    return directed.nulls_last() if can_be_absent else directed


def _condition(term: Term, asked: _Asked) -> Condition:
    condition = _FIELDS[term.field](term, asked)
    return not_(condition) if term.is_negated else condition


def _given(term: Term) -> list[str]:
    return [text for text in term.texts if not (text == NONE and term.asks_for_absence)]


def _any(conditions: Sequence[Condition]) -> Condition:
    return or_(false(), *conditions)


def _code(column: str) -> Callable[[Term, _Asked], Condition]:
    def condition(term: Term, asked: _Asked) -> Condition:
        del asked
        wanted: Condition = CASES.c[column].in_(term.texts)
        return wanted

    return condition


def _segment(term: Term, asked: _Asked) -> Condition:
    from console.services.customer_filtering import in_segments

    del asked
    return in_segments(CASES.c.customer_id, term)


def _state(term: Term, asked: _Asked) -> Condition:
    del asked
    phases = [text for text in term.texts if text in PHASES]
    states = [text for text in term.texts if text not in PHASES]
    parts: list[Condition] = []
    if phases:
        parts.append(CASES.c.phase == phases[0] if len(phases) == 1 else CASES.c.phase.in_(phases))
    if states:
        parts.append(CASES.c.state.in_(states))
    return parts[0] if len(parts) == 1 else _any(parts)


def _text(column: str) -> Callable[[Term, _Asked], Condition]:
    def condition(term: Term, asked: _Asked) -> Condition:
        del asked
        parts = [_same(CASES.c[column], text) for text in _given(term)]
        if term.asks_for_absence:
            parts.append(or_(CASES.c[column] == "", CASES.c[column].is_(None)))
        return _any(parts)

    return condition


def _same(column: ColumnElement[str], text: str) -> Condition:
    """Return the condition that a column holds a text, capital letters aside; a ``*`` at its end stands for any rest."""
    if text.endswith("*"):
        return column.istartswith(text[:-1], autoescape=True)
    return column.ilike(text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), escape="\\")


def _linked(column: str, table: Any, *names: str) -> Callable[[Term, _Asked], Condition]:
    """Return the condition on something a case points to, known by any of its columns."""

    def condition(term: Term, asked: _Asked) -> Condition:
        del asked
        given = _given(term)
        parts: list[Condition] = []
        if given:
            wanted = _any([_same(table.c[name], text) for text in given for name in names])
            parts.append(CASES.c[column].in_(select(table.c.id).where(wanted)))
        if term.asks_for_absence:
            parts.append(CASES.c[column].is_(None))
        return _any(parts)

    return condition


def _team(term: Term, asked: _Asked) -> Condition:
    """The department by code or name; ``mine`` is the one of whoever asks, as the workflow understands a team."""
    parts: list[Condition] = []
    wanted: list[Condition] = []
    for text in _given(term):
        if text == MINE:
            mine = select(STAFF.c.department_id).where(STAFF.c.login == asked.viewer)
            parts.append(CASES.c.department_id == mine.scalar_subquery())
        else:
            names = (text, *codes_called("department", text))
            wanted.extend((_same(DEPARTMENTS.c.code, text), *(_same(DEPARTMENTS.c.name, name) for name in names)))
    if wanted:
        parts.append(CASES.c.department_id.in_(select(DEPARTMENTS.c.id).where(_any(wanted))))
    if term.asks_for_absence:
        parts.append(CASES.c.department_id.is_(None))
    return parts[0] if len(parts) == 1 else _any(parts)


def _category(term: Term, asked: _Asked) -> Condition:
    del asked
    parts: list[Condition] = []
    wanted: list[Condition] = []
    for text in _given(term):
        for path in (LEVELS.join(part.strip() for part in text.split("/")), *codes_called("category", text)):
            wanted.append(_same(CATEGORIES.c.code, path))
            wanted.append(CATEGORIES.c.code.istartswith(path + LEVELS, autoescape=True))
        wanted.append(_same(CATEGORIES.c.name, text))
    if wanted:
        parts.append(CASES.c.category_id.in_(select(CATEGORIES.c.id).where(_any(wanted))))
    if term.asks_for_absence:
        parts.append(CASES.c.category_id.is_(None))
    return _any(parts)


def _assignee(term: Term, asked: _Asked) -> Condition:
    parts: list[Condition] = []
    wanted: list[Condition] = []
    for text in _given(term):
        if text == ME:
            # One value rather than a set: the index then gives the cases in the order of their due times.
            mine = select(STAFF.c.id).where(STAFF.c.login == asked.viewer).scalar_subquery()
            parts.append(CASES.c.assignee_id == mine)
        else:
            wanted.extend((_same(STAFF.c.login, text), _same(STAFF.c.name, text)))
    if wanted:
        parts.append(CASES.c.assignee_id.in_(select(STAFF.c.id).where(_any(wanted))))
    if term.asks_for_absence:
        parts.append(CASES.c.assignee_id.is_(None))
    return parts[0] if len(parts) == 1 else _any(parts)


def _integer(column: str) -> Callable[[Term, _Asked], Condition]:
    def condition(term: Term, asked: _Asked) -> Condition:
        del asked
        return _compared(CASES.c[column], term)

    return condition


def _compared(column: ColumnElement[int], term: Term) -> Condition:
    numbers = [int(text) for text in _given(term)]
    match term.operator:
        case Operator.RANGE:
            return column.between(numbers[0], numbers[1])
        case Operator.LESS:
            return column < numbers[0]
        case Operator.AT_MOST:
            return column <= numbers[0]
        case Operator.GREATER:
            return column > numbers[0]
        case Operator.AT_LEAST:
            return column >= numbers[0]
    return column.in_(numbers)


def _time(name: str, column: str) -> Callable[[Term, _Asked], Condition]:
    def condition(term: Term, asked: _Asked) -> Condition:
        found = spans(term, CASE_FIELDS[name], asked.now, asked.zone)
        parts = [_within(CASES.c[column], span) for span in found]
        if term.asks_for_absence:
            parts.append(CASES.c[column].is_(None))
        return parts[0] if len(parts) == 1 else _any(parts)

    return condition


def _within(column: ColumnElement[Any], span: Span) -> Condition:
    parts: list[Condition] = [] if span.start or span.end else [column.is_not(None)]
    if span.start is not None:
        parts.append(column >= span.start)
    if span.end is not None:
        parts.append(column < span.end)
    return and_(*parts)


def _flag(column: str) -> Callable[[Term, _Asked], Condition]:
    def condition(term: Term, asked: _Asked) -> Condition:
        del asked
        parts = [CASES.c[column].is_(true() if text == "yes" else false()) for text in term.texts]
        return parts[0] if len(parts) == 1 else _any(parts)

    return condition


def _overdue(term: Term, asked: _Asked) -> Condition:
    """An open case past its due time is overdue; one that waits for the customer owes nothing meanwhile."""
    is_overdue = and_(CASES.c.phase == CasePhase.OPEN.value, CASES.c.due_at < asked.now)
    is_not = or_(CASES.c.phase != CasePhase.OPEN.value, CASES.c.due_at.is_(None), CASES.c.due_at >= asked.now)
    parts = [is_overdue if text == "yes" else is_not for text in term.texts]
    return parts[0] if len(parts) == 1 else _any(parts)


def _callback(term: Term, asked: _Asked) -> Condition:
    """A callback is owed by the policy's kinds once a reply stands that was not returned, until the customer has answered."""
    latest = (
        select(EVENTS.c.verb)
        .where(EVENTS.c.case_id == CASES.c.id, EVENTS.c.verb.in_(ANSWERING), EVENTS.c.is_undone.is_(false()))
        .order_by(EVENTS.c.at.desc(), EVENTS.c.id.desc())
        .limit(1)
        .correlate(CASES)
        .scalar_subquery()
    )
    # A reply that came with an imported case has no event; it stands until it is returned.
    imported = exists(
        select(TEXTS.c.case_id).where(TEXTS.c.case_id == CASES.c.id, TEXTS.c.reply != "").correlate(CASES)
    )
    states = sorted({state for rule in asked.callbacks for state in rule.states})
    kinds = sorted({kind for rule in asked.callbacks for kind in rule.kinds})
    # The cheap conditions first: of a hundred thousand open cases few have a reply to look for.
    is_owed = and_(
        CASES.c.phase == CasePhase.OPEN.value,
        CASES.c.opinion.is_(None),
        CASES.c.state.in_(states),
        CASES.c.kind.in_(kinds),
        _any([_under(rule) for rule in asked.callbacks]),
        or_(func.coalesce(latest, "") == ANSWERING[0], and_(latest.is_(None), imported)),
    )
    # A case under no version of the policy leaves the comparison unknown, which is no.
    parts = [is_owed if text == "yes" else not_(func.coalesce(is_owed, false())) for text in term.texts]
    return parts[0] if len(parts) == 1 else _any(parts)


def _under(rule: CallbackRule) -> Condition:
    is_version = CASES.c.policy_id.is_(None) if rule.policy_id is None else CASES.c.policy_id == rule.policy_id
    return and_(is_version, CASES.c.kind.in_(rule.kinds), CASES.c.state.in_(rule.states))


def _opinion(term: Term, asked: _Asked) -> Condition:
    del asked
    parts: list[Condition] = []
    given = _given(term)
    if given:
        parts.append(CASES.c.opinion.in_(given))
    if term.asks_for_absence:
        parts.append(CASES.c.opinion.is_(None))
    # A case without an opinion has none of those asked for, so that the negation of the term finds it.
    return func.coalesce(_any(parts), false())


def _words(term: Term, asked: _Asked) -> Condition:
    """Any of the values stands in the subject or the narrative; a reference typed as a word finds its case."""
    parts: list[Condition] = []
    for value in term.values:
        found = matching(asked.dialect, value.text, is_prefix=not value.is_phrase)
        if found is None:
            in_narrative = select(TEXTS.c.case_id).where(TEXTS.c.narrative.contains(value.text, autoescape=True))
            found = or_(CASES.c.subject.contains(value.text, autoescape=True), CASES.c.id.in_(in_narrative))
        parts.append(found)
        if not value.is_phrase:
            parts.append(or_(CASES.c.reference == value.text, CASES.c.external_reference == value.text))
    return _any(parts)


def _subject(term: Term, asked: _Asked) -> Condition:
    del asked
    return _any([CASES.c.subject.icontains(text, autoescape=True) for text in term.texts])


def _batch(term: Term, asked: _Asked) -> Condition:
    del asked
    parts: list[Condition] = []
    if _given(term):
        parts.append(exists().where(and_(EVENTS.c.case_id == CASES.c.id, _compared(EVENTS.c.import_batch_id, term))))
    if term.asks_for_absence:
        parts.append(~exists().where(and_(EVENTS.c.case_id == CASES.c.id, EVENTS.c.import_batch_id.is_not(None))))
    return _any(parts)


_FIELDS: Mapping[str, Callable[[Term, _Asked], Condition]] = {
    "kind": _code("kind"),
    "state": _state,
    "category": _category,
    "channel": _code("channel"),
    "severity": _integer("severity"),
    "region": _text("region"),
    "team": _team,
    "assignee": _assignee,
    "customer": _linked("customer_id", CUSTOMERS, "number", "name"),
    "segment": _segment,
    "account": _linked("account_id", ACCOUNTS, "number"),
    "reference": _text("reference"),
    "source": _text("source"),
    "external": _text("external_reference"),
    "text": _words,
    "subject": _subject,
    "received": _time("received", "received_at"),
    "age": _time("age", "received_at"),
    "due": _time("due", "due_at"),
    "closed": _time("closed", "closed_at"),
    "updated": _time("updated", "updated_at"),
    "supervised": _flag("is_supervised"),
    "overdue": _overdue,
    "vulnerable": _flag("is_vulnerable"),
    "callback": _callback,
    "opinion": _opinion,
    "times_repeated": _integer("times_repeated"),
    "times_urged": _integer("times_urged"),
    "times_reopened": _integer("times_reopened"),
    "batch": _batch,
    "responsible": _text("responsible"),
    "parent": _linked("incident_id", INCIDENTS, "number"),
}

_SORTS: Mapping[str, ColumnElement[Any]] = {
    "kind": CASES.c.kind,
    "state": CASES.c.state,
    "category": select(CATEGORIES.c.code).where(CATEGORIES.c.id == CASES.c.category_id).scalar_subquery(),
    "channel": CASES.c.channel,
    "severity": CASES.c.severity,
    "region": CASES.c.region,
    "team": select(DEPARTMENTS.c.name).where(DEPARTMENTS.c.id == CASES.c.department_id).scalar_subquery(),
    "assignee": select(STAFF.c.name).where(STAFF.c.id == CASES.c.assignee_id).scalar_subquery(),
    "reference": CASES.c.reference,
    "received": CASES.c.received_at,
    "due": CASES.c.due_at,
    "closed": CASES.c.closed_at,
    "updated": CASES.c.updated_at,
    "times_repeated": CASES.c.times_repeated,
    "times_urged": CASES.c.times_urged,
    "times_reopened": CASES.c.times_reopened,
}
