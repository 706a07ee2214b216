"""From a row of a file to the record of a case, or the reason why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console import clock
from console.codes import CasePhase, CaseState
from console.identifiers import natural_key
from console.text import clean, clean_line, fold
from console.transfer.dates import DateReader
from console.transfer.formulas import unguarded
from console.transfer.profiles import CODES, DATES, FLAGS, Columns, FieldRule, Profile
from console.transfer.source_rows import SourceRow

LENGTHS: Mapping[str, int] = {
    "reference": 64,
    "source": 64,
    "external_reference": 200,
    "state": 40,
    "region": 100,
    "department": 64,
    "department_name": 200,
    "assignee": 64,
    "customer": 64,
    "customer_name": 200,
    "account": 64,
    "location": 500,
    "responsible": 200,
    "cause": 200,
    "authority": 40,
    "area": 20,
    "validity": 20,
}
SUBJECT_LENGTH = 500
NARRATIVE_LENGTH = 1_000_000
CATEGORY_LENGTH = 400
CATEGORY_NAME_LENGTH = 200
LEVEL_SEPARATOR = " / "
AHEAD = timedelta(days=2)
"""How far ahead of the clock a case may have been received: time zones and clocks that are a little fast."""

TEXTS = ("narrative", "findings", "measures", "reply", "follow_up")
NUMBERS = ("reference", "source", "external_reference", "assignee", "customer", "account")
YES = frozenset({"yes", "y", "true", "t", "1"})
NO = frozenset({"no", "n", "false", "f", "0"})
CLOSED_STATES = frozenset({CaseState.ARCHIVED, CaseState.WITHDRAWN, CaseState.MERGED, CaseState.REJECTED})


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What one row says of one case, checked. Times are UTC; an absent text is empty.

    ``digest`` is the SHA-256 over the fields the profile fills: equal digests say the same. ``extras`` is a JSON object.
    """

    line: int
    digest: str
    source: str | None
    external_reference: str | None
    reference: str
    kind: str
    state: str
    phase: str
    category: str
    channel: str
    severity: int
    region: str
    department: str
    department_name: str
    assignee: str
    customer: str
    customer_name: str
    account: str
    subject: str
    narrative: str
    findings: str
    measures: str
    reply: str
    follow_up: str
    cause: str
    outcome: str | None
    opinion: str | None
    validity: str
    authority: str
    area: str
    location: str
    responsible: str
    received_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    is_supervised: bool
    is_vulnerable: bool
    is_raised_by_staff: bool
    extras: str


class RowError(ValueError):
    """A row cannot be taken: in which column, and why, as a plain sentence."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(slots=True)
class _Draft:
    row: tuple[str, ...]
    extras: dict[str, str]
    values: dict[str, str]


def extras_text(extras: Mapping[str, object]) -> str:
    """Return extras as the JSON object that is stored: sorted, so that equal contents are equal texts."""
    return json.dumps(extras, ensure_ascii=False, sort_keys=True)


def phase_of(state: str) -> str:
    """Return the phase of a state of the standard workflow; of any other state, open."""
    if state in CLOSED_STATES:
        return CasePhase.CLOSED.value
    return CasePhase.WAITING.value if state == CaseState.AWAITING else CasePhase.OPEN.value


class RowReader:
    """Reads the rows of one file by one profile.

    ``mapped`` names the fields that this file can fill: an update touches no other.
    """

    def __init__(
        self, profile: Profile, columns: Columns, *, is_guarded: bool = False, now: clock.Now = clock.now
    ) -> None:
        self._profile = profile
        self._missing = profile.missing
        self._longest = max(map(len, profile.missing), default=0) + 8
        self._is_guarded = is_guarded
        self._latest = now() + AHEAD
        self._extras = [(place, clean_line(name)) for place, name in columns.extras]
        self._rules: list[tuple[FieldRule, tuple[int, ...], str]] = []
        for rule in profile.fields:
            present = [column for column in rule.columns if column in columns.places]
            if present or rule.value is not None:
                places = tuple(columns.places[column] for column in present)
                self._rules.append((rule, places, present[0] if present else ""))
        self._columns = {rule.name: column for rule, _, column in self._rules}
        self._dates = {
            rule.name: DateReader(rule.formats, rule.zone) for rule, _, _ in self._rules if rule.name in DATES
        }
        self._parsers: dict[str, Callable[[FieldRule, str], str]] = {}
        for rule, _, _ in self._rules:
            self._parsers[rule.name] = self._parser(rule)
        names = [rule.name for rule, _, _ in self._rules]
        if "state" in names:
            names.append("phase")
        if "subject" not in names:
            names.append("subject")
        if profile.keeps_all_extras or self._extras or any(rule.keep for rule in profile.fields):
            names.append("extras")
        self.mapped = frozenset(names) - {"reference", "source", "external_reference"}
        self._digested = sorted(self.mapped)

    def read(self, row: SourceRow) -> CaseRecord:
        """Return the record of a row. Raises RowError with the first thing that is wrong."""
        values = row.values
        if self._is_guarded:
            values = tuple(unguarded(value) if "'" in value else value for value in values)
        draft = _Draft(values, {}, {})
        for place, name in self._extras:
            value = values[place]
            if value and not value.isspace():
                kept = clean(value).strip()
                if kept and not (len(kept) <= self._longest and fold(kept) in self._missing):
                    draft.extras[name] = kept
        for rule, places, _ in self._rules:
            draft.values[rule.name] = self._value(rule, places, draft)
        return self._record(row.line, draft)

    def _value(self, rule: FieldRule, places: tuple[int, ...], draft: _Draft) -> str:
        if rule.value is not None:
            return rule.value
        if len(places) == 1:
            text = self._given(draft.row[places[0]], rule)
        else:
            parts = [self._given(draft.row[place], rule) for place in places]
            if rule.name == "category":
                return self._levels(rule, parts)
            text = rule.separator.join(part for part in parts if part)
        if not text:
            if rule.required:
                raise RowError(self._columns[rule.name], "is empty, and a case cannot do without it")
            return rule.default
        if rule.given is not None:
            return rule.given
        if rule.keep:
            draft.extras[self._columns[rule.name]] = clean_line(text)
        if rule.values is not None:
            code = rule.values.get(fold(text))
            if code is None:
                if rule.unknown is None:
                    raise RowError(self._columns[rule.name], f"{_shown(text)} is none of the values the profile knows")
                draft.extras[self._columns[rule.name]] = clean_line(text)
                return rule.unknown
            return code
        if rule.name == "category":
            return self._levels(rule, text.split(rule.split) if rule.split else [text])
        return self._parsers[rule.name](rule, text)

    def _given(self, value: str, rule: FieldRule) -> str:
        if not value:
            return ""
        if rule.name in TEXTS:
            text = clean(value)
            text = text.strip() if rule.trim else text
        else:
            text = " ".join(value.split()) if value.isascii() and value.isprintable() else clean_line(value)
        return "" if len(text) <= self._longest and fold(text) in self._missing else text

    def _levels(self, rule: FieldRule, parts: list[str]) -> str:
        names = [name.replace(LEVEL_SEPARATOR, "/") for name in (clean_line(part) for part in parts) if name]
        path = LEVEL_SEPARATOR.join(names)
        column = self._columns[rule.name]
        if any(len(name) > CATEGORY_NAME_LENGTH for name in names) or len(path) > CATEGORY_LENGTH:
            raise RowError(column, f"the category is longer than {CATEGORY_NAME_LENGTH} characters")
        if not path and rule.required:
            raise RowError(column, "is empty, and a case cannot do without it")
        return path or rule.default

    def _parser(self, rule: FieldRule) -> Callable[[FieldRule, str], str]:
        if rule.name in DATES or rule.name in ("subject", "category"):
            return _as_it_is
        if rule.name in TEXTS:
            return self._long
        if rule.name in FLAGS:
            return self._flag
        if rule.name in CODES:
            return self._code
        if rule.name in NUMBERS:
            return self._number
        return self._line if rule.name in LENGTHS else _as_it_is

    def _line(self, rule: FieldRule, text: str) -> str:
        if len(text) > LENGTHS[rule.name]:
            raise RowError(self._columns[rule.name], f"is longer than {LENGTHS[rule.name]} characters")
        return text

    def _number(self, rule: FieldRule, text: str) -> str:
        return self._line(rule, natural_key(text))

    def _long(self, rule: FieldRule, text: str) -> str:
        if len(text) > NARRATIVE_LENGTH:
            raise RowError(self._columns[rule.name], f"is longer than {NARRATIVE_LENGTH:,} characters")
        return text

    def _code(self, rule: FieldRule, text: str) -> str:
        code = fold(text)
        if code not in CODES[rule.name]:
            raise RowError(self._columns[rule.name], f"{_shown(text)} is none of {', '.join(CODES[rule.name])}")
        return code

    def _flag(self, rule: FieldRule, text: str) -> str:
        word = fold(text)
        if word not in YES | NO:
            raise RowError(self._columns[rule.name], f"{_shown(text)} is neither yes nor no")
        return "yes" if word in YES else "no"

    def _moment(self, name: str, values: dict[str, str]) -> datetime | None:
        text = values.get(name)
        if not text:
            return None
        try:
            moment = self._dates[name].read(text)
        except ValueError as error:
            raise RowError(self._columns[name], f"{_shown(text)}: {error}") from None
        if name == "received_at" and moment > self._latest:
            raise RowError(self._columns[name], f"{_shown(text)} lies in the future")
        return moment

    def _texts(self, values: dict[str, str], column: str) -> tuple[str, str]:
        """Subject and narrative: a subject that is missing is taken from the category or the narrative's first line, one that
        is too long is cut and stands in full at the head of the narrative.
        """
        narrative = values.get("narrative", "")
        subject = values.get("subject", "")
        if subject and len(subject) > SUBJECT_LENGTH:
            narrative = f"{subject}\n\n{narrative}" if narrative else subject
        if not subject:
            first = next((line for line in narrative.split("\n") if line.strip()), "")
            subject = values.get("category", "").rpartition(LEVEL_SEPARATOR)[2] or clean_line(
                first[: 2 * SUBJECT_LENGTH]
            )
        if not subject:
            raise RowError(column, "the row says neither by subject nor by category nor by text what the case is about")
        return (subject if len(subject) <= SUBJECT_LENGTH else subject[: SUBJECT_LENGTH - 1].rstrip() + "…"), narrative

    def _extras_of(self, draft: _Draft) -> str:
        text = draft.values.get("extras", "")
        if not text:
            return extras_text(draft.extras) if draft.extras else "{}"
        try:
            own = json.loads(text)
        except (ValueError, RecursionError):
            own = None
        if not isinstance(own, dict):
            raise RowError(self._columns["extras"], "is not a JSON object")
        return extras_text({**own, **draft.extras})

    def _record(self, line: int, draft: _Draft) -> CaseRecord:
        values = draft.values
        source: str | None = values.get("source") or self._profile.source
        external: str | None = values.get("external_reference") or None
        if "source" in values and not (values["source"] and external):
            if values["source"] or external:
                raise RowError(self._columns["source"], "source and external_reference go together")
            source = external = None
        subject, narrative = self._texts(values, self._columns.get("subject", ""))
        received_at = self._moment("received_at", values)
        if received_at is None:
            raise RowError(self._columns["received_at"], "is empty, and a case cannot do without it")
        state = values.get("state") or CaseState.RECEIVED.value
        record = CaseRecord(
            line,
            "",
            source if external else None,
            external,
            values.get("reference", ""),
            values.get("kind") or "complaint",
            state,
            values.get("phase") or phase_of(state),
            values.get("category", ""),
            values.get("channel") or "other",
            int(values.get("severity") or 1),
            values.get("region", ""),
            values.get("department", ""),
            values.get("department_name", ""),
            values.get("assignee", ""),
            values.get("customer", ""),
            values.get("customer_name", ""),
            values.get("account", ""),
            subject,
            narrative,
            values.get("findings", ""),
            values.get("measures", ""),
            values.get("reply", ""),
            values.get("follow_up", ""),
            values.get("cause", ""),
            values.get("outcome") or None,
            values.get("opinion") or None,
            values.get("validity", ""),
            values.get("authority", ""),
            values.get("area", ""),
            values.get("location", ""),
            values.get("responsible", ""),
            received_at,
            self._moment("due_at", values),
            self._moment("closed_at", values),
            values.get("is_supervised") == "yes",
            values.get("is_vulnerable") == "yes",
            values.get("is_raised_by_staff") == "yes",
            self._extras_of(draft),
        )
        object.__setattr__(record, "digest", self._digest(record))
        return record

    def _digest(self, record: CaseRecord) -> str:
        said = "\x1f".join([f"{name}={getattr(record, name)}" for name in self._digested])
        return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _as_it_is(rule: FieldRule, text: str) -> str:
    del rule
    return text


def _shown(text: str) -> str:
    short = clean_line(text)
    return f"“{short[:60]}…”" if len(short) > 61 else f"“{short}”"


def row_text(columns: tuple[str, ...], values: tuple[str, ...], limit: int = 65_536) -> str:
    """Return a refused row as the JSON object of its filled columns, safe to store and show, at most ``limit`` characters."""
    content = {clean_line(name): clean(value) for name, value in zip(columns, values, strict=False) if value}
    text = json.dumps(content, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def as_utc(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601 with Z, as history and exports write it."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
