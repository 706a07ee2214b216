"""What the values of a filter term say of a column, in SQL with bound parameters only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from console.rules.filters import NONE, Operator, Span, Term

Condition = ColumnElement[bool]


def given(term: Term) -> list[str]:
    """Return the values of a term; ``none`` is left out where it asks for absence."""
    return [text for text in term.texts if not (text == NONE and term.asks_for_absence)]


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of several holds; none of none."""
    return conditions[0] if len(conditions) == 1 else or_(false(), *conditions)


def same(column: ColumnElement[Any], text: str) -> Condition:
    """Return the condition that a column holds a text, capital letters aside; a ``*`` at its end stands for any rest."""
    if text.endswith("*"):
        return column.istartswith(text[:-1], autoescape=True)
    return column.ilike(text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"), escape="\\")


def compared(column: ColumnElement[Any], term: Term) -> Condition:
    """Return the comparison of a number with the values of a term."""
    numbers = [int(text) for text in given(term)]
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


def within(column: ColumnElement[Any], span: Span) -> Condition:
    """Return the condition that a time lies in a span."""
    parts: list[Condition] = [] if span.start or span.end else [column.is_not(None)]
    if span.start is not None:
        parts.append(column >= span.start)
    if span.end is not None:
        parts.append(column < span.end)
    return and_(*parts)
