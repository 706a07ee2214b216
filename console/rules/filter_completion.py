"""What may stand at the cursor of a filter that is being typed, from the same grammar as ``filters.parse``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.rules.filter_fields import CASE_FIELDS, ME, MINE, NONE, Field, Fields, FieldType, field_names
from console.rules.filter_times import WORDS
from console.rules.filters import COLONS, COMMAS, OPERATORS, QUOTES, Value, written_value

MOST_OFFERED = 50

Values = Callable[[str, str], Iterable[str]]
"""The values of an open set, such as the regions there are: asked by field and by what is typed so far."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that may replace the characters from ``start`` to ``end`` (counted from 0), and what it means, in English."""

    text: str
    start: int
    end: int
    help: str = ""


def complete(
    text: str, cursor: int, fields: Fields = CASE_FIELDS, values: Values = lambda _field, _typed: ()
) -> list[Completion]:
    """Return what may stand at the cursor, best first, at most fifty; nothing inside words that search the text.

    ``values`` is asked for the fields whose values are not part of the language.
    """
    cursor = max(0, min(cursor, len(text)))
    start = _item_start(text, cursor)
    if text[start:cursor].startswith("-"):
        start += 1
    typed = text[start:cursor]
    colon = next((at for at, char in enumerate(typed) if char in COLONS or char in QUOTES), -1)
    if colon < 0:
        return _fields_beginning(typed, start, _token_end(text, cursor), fields)
    if typed[colon] in QUOTES:
        return []
    name = typed[:colon].casefold()
    begin = start + colon + 1
    if name == "sort":
        return _sorts(text, begin, cursor, fields)
    item = fields.get(field_names(fields).get(name, ""))
    return _values(text, begin, cursor, item, values) if item is not None else []


def _item_start(text: str, cursor: int) -> int:
    start = 0
    closing = ""
    for at, char in enumerate(text[:cursor]):
        if closing:
            closing = "" if char == closing and text[at - 1] != "\\" else closing
        elif char in QUOTES:
            closing = QUOTES[char]
        elif char.isspace():
            start = at + 1
    return start


def _token_end(text: str, cursor: int) -> int:
    end = cursor
    while end < len(text) and not text[end].isspace() and text[end] not in COMMAS and text[end] not in COLONS:
        end += 1
    return end


def _fields_beginning(typed: str, start: int, end: int, fields: Fields) -> list[Completion]:
    """Return the fields whose name begins so, and behind them those of which another name does."""
    folded = typed.casefold()
    found = [
        Completion(item.name + ":", start, end, item.label)
        for item in fields.values()
        if any(name.startswith(folded) for name in (item.name, *item.aliases, item.label.casefold()))
    ]
    if "sort".startswith(folded):
        found.append(Completion("sort:", start, end, "Order of the rows"))
    return sorted(found, key=lambda item: not item.text.startswith(folded))


def _value_start(text: str, begin: int, cursor: int) -> int:
    start = begin
    closing = ""
    for at in range(begin, cursor):
        char = text[at]
        if closing:
            closing = "" if char == closing and text[at - 1] != "\\" else closing
        elif char in QUOTES:
            closing = QUOTES[char]
        elif char in COMMAS:
            start = at + 1
    return start


def _sorts(text: str, begin: int, cursor: int, fields: Fields) -> list[Completion]:
    start = _value_start(text, begin, cursor)
    sign = "-" if text.startswith("-", start) and start < cursor else ""
    typed = text[start + len(sign) : cursor].casefold()
    return [
        Completion(sign + item.name, start, _token_end(text, cursor), item.label)
        for item in fields.values()
        if item.is_sortable and any(name.startswith(typed) for name in (item.name, *item.aliases))
    ]


def _values(text: str, begin: int, cursor: int, item: Field, values: Values) -> list[Completion]:
    start = _value_start(text, begin, cursor)
    for operator in OPERATORS:
        if start == begin and text.startswith(operator, start, cursor):
            start += len(operator)
            break
    if item.is_ordered and (dots := text.rfind("..", start, cursor)) >= 0:
        start = dots + 2
    typed = text[start:cursor].lstrip("".join(QUOTES)).casefold()
    end = _token_end(text, cursor)
    offered = {
        written: Completion(written, start, end, meaning)
        for code, meaning in _offered(item, typed, values)
        for written in (written_value(Value(code)),)
    }
    return list(offered.values())[:MOST_OFFERED]


def _offered(item: Field, typed: str, values: Values) -> Iterable[tuple[str, str]]:
    meanings = dict(item.choices)
    if item.type is FieldType.FLAG:
        meanings = {"yes": item.label, "no": f"Not {item.label.lower()}"}
    elif item.type is FieldType.INTEGER and item.most - item.least < 20:
        meanings = {str(number): "" for number in range(item.least, item.most + 1)}
        meanings.update((code, word.capitalize()) for word, code in item.synonyms.items() if word.isascii())
    elif item.type is FieldType.TIME:
        meanings.update(dict.fromkeys(WORDS, ""))
    elif item.type is FieldType.PERSON:
        meanings[ME] = "Myself"
    elif item.type is FieldType.TEAM:
        meanings[MINE] = "My own team"
    if item.may_be_absent:
        meanings[NONE] = "Not given"
    synonyms = {code for word, code in item.synonyms.items() if word.startswith(typed)}
    yield from ((code, meaning) for code, meaning in meanings.items() if code.casefold().startswith(typed))
    yield from (
        (code, meaning)
        for code, meaning in meanings.items()
        if code in synonyms or meaning.casefold().startswith(typed)
    )
    if item.type in (FieldType.TEXT, FieldType.PATH, FieldType.PERSON, FieldType.TEAM, FieldType.REFERENCE):
        yield from ((value, "") for value in values(item.name, typed))
