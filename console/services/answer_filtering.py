"""Filters of answers as SQL, on the cells where these can tell, and on the answers themselves where they cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, and_, exists, false, func, not_, or_, select, true

from console import clock
from console.errors import UsageError
from console.models import (
    Answer,
    AnswerCell,
    AnswerPair,
    AnswerSegment,
    AnswerText,
    Case,
    Customer,
    Indicator,
    Response,
    Survey,
)
from console.models.base import table_of
from console.rules.answer_fields import ANSWER_FIELDS, CELL_FIELDS
from console.rules.filters import NONE, Filter, Operator, Span, Term, Value, parse, spans

ANSWERS: Table = table_of(Answer)
ANSWER_TEXTS: Table = table_of(AnswerText)
RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
CELLS: Table = table_of(AnswerCell)
PAIRS: Table = table_of(AnswerPair)
SEGMENTS: Table = table_of(AnswerSegment)
CUSTOMERS: Table = table_of(Customer)
CASES: Table = table_of(Case)

Condition = ColumnElement[bool]
SURVEY_FIELDS = frozenset(("survey", "series", "wave", "assessor"))


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """A parsed filter of answers, the moment it was asked and the zone in which days begin."""

    filter: Filter
    now: datetime
    zone: tzinfo
    counts_all: bool = False
    """Whether responses that the rule of their survey leaves out are asked of too."""

    @property
    def fits_cells(self) -> bool:
        """Whether cells can tell these answers from others."""
        return all(term.field in CELL_FIELDS for term in self.filter.terms)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that are asked of, but for those that only choose surveys and indicators."""
        return frozenset(term.field for term in self.filter.terms) - SURVEY_FIELDS - {"indicator", "weights"}

    @property
    def weights(self) -> str:
        """The version of the weights asked for, empty for those in use. Raises UsageError for more than one."""
        terms = [term for term in self.filter.terms if term.field == "weights"]
        if not terms:
            return ""
        if len(terms) > 1 or terms[0].is_negated or len(terms[0].texts) != 1:
            raise UsageError("One version of the weights is used at a time.", "Write: weights:VERSION")
        return terms[0].texts[0]

    def on_survey(self, code: str) -> str:
        """Return the term that chooses one survey, empty where this filter names one already."""
        is_named = any(term.field == "survey" for term in self.filter.terms)
        return "" if is_named else str(Term("survey", (Value(code),)))

    def on_answers(self) -> list[Condition]:
        """Return the conditions on answers joined with responses, indicators and surveys."""
        return [*self._counting(), *(self._condition(term, _ON_ANSWERS) for term in self.filter.terms)]

    def _counting(self) -> list[Condition]:
        """Only responses that count, unless those left out are asked of."""
        is_asked = self.counts_all or any(term.field == "excluded" for term in self.filter.terms)
        return [] if is_asked else [RESPONSES.c.excluded == ""]

    def on_responses(self, columns: Mapping[str, Any] | None = None) -> list[Condition]:
        """Return the conditions that choose neither surveys nor indicators, on answers joined with responses.

        ``columns`` stand for others of the same meaning.
        """
        chosen = SURVEY_FIELDS | {"indicator"}
        places = {**_ON_ANSWERS, **(columns or {})}
        found = [self._condition(term, places) for term in self.filter.terms if term.field not in chosen]
        return [*self._counting(), *found]

    def on_times(self) -> list[Condition]:
        """Return what months asked for say of the time, more widely, so that the index over times finds the responses.

        A month in the utility's zone lies within a day of the same month in UTC.
        """
        found: list[Condition] = []
        for term in self.filter.terms:
            spans_ = [month_span(text) for text in term.texts]
            if term.field == "month" and term.operator is Operator.EQUAL and not term.is_negated and all(spans_):
                times = RESPONSES.c.answered_at
                found.append(_any([times.between(span[0], span[1]) for span in spans_ if span is not None]))
        return found

    def on_cells(self) -> list[Condition]:
        """Return the conditions on cells joined with segments, indicators and surveys."""
        return [self._condition(term, _ON_CELLS) for term in self.filter.terms]

    def on_places(self, columns: Mapping[str, Any] | None = None) -> list[Condition]:
        """Return the conditions that choose neither surveys nor indicators, on cells joined with segments.

        Or on another table that adds answers up, where ``columns`` says which column holds which dimension.
        """
        chosen = SURVEY_FIELDS | {"indicator"}
        places = {**_ON_CELLS, **(columns or {})}
        return [self._condition(term, places) for term in self.filter.terms if term.field not in chosen]

    def on_surveys(self) -> list[Condition]:
        """Return the conditions that choose surveys only."""
        return [self._condition(term, _ON_CELLS) for term in self.filter.terms if term.field in SURVEY_FIELDS]

    def on_indicators(self) -> list[Condition]:
        """Return the conditions that choose surveys and indicators only."""
        chosen = SURVEY_FIELDS | {"indicator"}
        return [self._condition(term, _ON_CELLS) for term in self.filter.terms if term.field in chosen]

    def _condition(self, term: Term, places: Mapping[str, Any]) -> Condition:
        condition = _CONDITIONS[term.field](term, places, self)
        return not_(condition) if term.is_negated else condition


def asked(filter_text: str, *, zone: str = "", now: clock.Now = clock.now) -> AnswerQuestion:
    """Return what a filter text asks of answers. Raises FilterError, which points at the character."""
    return AnswerQuestion(parse(filter_text, ANSWER_FIELDS), now(), ZoneInfo(zone) if zone else UTC)


def month_span(month: str) -> tuple[datetime, datetime] | None:
    """Return the moments a day before a month begins and a day after it ends; None for what is no single month."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return None
    return first - timedelta(days=1), first + timedelta(days=32)


_SEGMENTED = ("region", "kind", "supply", "channel", "department")
_ON_ANSWERS: dict[str, Any] = {
    **{name: RESPONSES.c[name] for name in (*_SEGMENTED, "month", "interviewer", "language", "number", "excluded")},
    "level": ANSWERS.c.score,
    "missing": ANSWERS.c.missing,
}
_ON_CELLS: dict[str, Any] = {
    **{name: SEGMENTS.c[name] for name in _SEGMENTED},
    "month": CELLS.c.month,
    "level": CELLS.c.level,
    "missing": CELLS.c.missing,
}

Compile = Callable[[Term, Mapping[str, Any], AnswerQuestion], Condition]


def _given(term: Term) -> list[str]:
    return [text for text in term.texts if not (text == NONE and term.asks_for_absence)]


def _any(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else or_(false(), *parts)


def _same(column: Any, text: str) -> Condition:
    if text.endswith("*"):
        found: Condition = column.istartswith(text[:-1], autoescape=True)
        return found
    return or_(column == text, func.lower(column) == func.lower(text))


def _text(name: str) -> Compile:
    def condition(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
        del question
        column = places[name]
        parts = [_same(column, text) for text in _given(term)]
        if term.asks_for_absence:
            parts.append(column == "")
        return _any(parts)

    return condition


def _of_survey(column: str) -> Compile:
    def condition(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
        del places, question
        parts = [_same(SURVEYS.c[column], text) for text in _given(term)]
        if term.asks_for_absence:
            parts.append(SURVEYS.c[column] == "")
        return _any(parts)

    return condition


def _indicator(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del places, question
    return _any([_same(INDICATORS.c.code, text) for text in term.texts])


def _nothing(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    """A term that chooses how answers are added up, not which."""
    del places, question
    return false() if term.is_negated else true()


def _level(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del question
    column, numbers = places["level"], [int(text) for text in _given(term)]
    match term.operator:
        case Operator.RANGE:
            found = column.between(numbers[0], numbers[1])
        case Operator.LESS:
            found = column < numbers[0]
        case Operator.AT_MOST:
            found = column <= numbers[0]
        case Operator.GREATER:
            found = column > numbers[0]
        case Operator.AT_LEAST:
            found = column >= numbers[0]
        case _:
            found = column.in_(numbers)
    # A cell without scores bears the level 0, which no answer has.
    return and_(found, _has_score(places))


def _has_score(places: Mapping[str, Any]) -> Condition:
    missing = places["missing"]
    found: Condition = missing.is_(None) if missing is ANSWERS.c.missing else missing == ""
    return found


def _missing(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del question
    parts: list[Condition] = [places["missing"].in_(_given(term))] if _given(term) else []
    if term.asks_for_absence:
        parts.append(_has_score(places))
    return _any(parts)


def _answered(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del places
    found = spans(term, ANSWER_FIELDS["answered"], question.now, question.zone)
    return _any([_within(RESPONSES.c.answered_at, span) for span in found])


def _within(column: ColumnElement[Any], span: Span) -> Condition:
    parts: list[Condition] = [true()]
    if span.start is not None:
        parts.append(column >= span.start)
    if span.end is not None:
        parts.append(column < span.end)
    return and_(*parts)


def _linked(column: str, table: Table, *names: str) -> Compile:
    def condition(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
        del places, question
        parts: list[Condition] = []
        if _given(term):
            wanted = _any([_same(table.c[name], text) for text in _given(term) for name in names])
            parts.append(RESPONSES.c[column].in_(select(table.c.id).where(wanted)))
        if term.asks_for_absence:
            parts.append(RESPONSES.c[column].is_(None))
        return _any(parts)

    return condition


def _double(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del places, question
    return _any([RESPONSES.c.is_double.is_(true() if text == "yes" else false()) for text in term.texts])


def _batch(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del places, question
    parts: list[Condition] = [RESPONSES.c.batch_id.in_([int(text) for text in _given(term)])] if _given(term) else []
    if term.asks_for_absence:
        parts.append(RESPONSES.c.batch_id.is_(None))
    return _any(parts)


def _words(term: Term, places: Mapping[str, Any], question: AnswerQuestion) -> Condition:
    del places, question
    written = [ANSWER_TEXTS.c.content.icontains(text, autoescape=True) for text in term.texts]
    return exists().where(and_(ANSWER_TEXTS.c.response_id == RESPONSES.c.id, or_(false(), *written)))


_CONDITIONS: Mapping[str, Compile] = {
    "survey": _of_survey("code"),
    "series": _of_survey("series"),
    "wave": _of_survey("wave"),
    "assessor": _of_survey("assessor"),
    "indicator": _indicator,
    "weights": _nothing,
    **{name: _text(name) for name in (*_SEGMENTED, "month", "interviewer", "language", "number", "excluded")},
    "answered": _answered,
    "level": _level,
    "missing": _missing,
    "customer": _linked("customer_id", CUSTOMERS, "number", "name"),
    "case": _linked("case_id", CASES, "reference"),
    "double": _double,
    "batch": _batch,
    "text": _words,
}
