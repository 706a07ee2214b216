"""What the texts of this week's complaints say: words that are new, and complaints in nearly the same words (requirement B13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, select

from console.codes import CaseKind
from console.measures.discoveries import FALSE_DISCOVERY, benjamini_hochberg
from console.measures.distributions import binomial_upper
from console.models import Case, CaseText
from console.models.base import table_of
from console.rules.filters import SEARCH, Term, Value
from console.rules.repeats import cut_text, text_likeness
from console.services.complaint_cube import ROOT
from console.services.quality_views import Alike, NewWord

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)

WEEK = timedelta(days=7)
WEEKS_BEFORE = 4
READ = 4_000
"""The newest complaints of the five weeks whose words are counted."""
COMPARED = 500
"""The newest complaints of the week that are compared with each other."""
CHARACTERS = 2_000
FEWEST = 3
"""A word in fewer complaints of the week is nobody's news."""
WORDS_SHOWN = 12
GROUPS_SHOWN = 8
ALIKE_FROM = 0.6


def _texts(
    connection: Connection, conditions: Sequence[Any], begin: datetime, end: datetime, limit: int
) -> list[tuple[str, datetime, str, frozenset[str]]]:
    rows = connection.execute(
        select(CASES.c.reference, CASES.c.received_at, CASES.c.subject, func.coalesce(TEXTS.c.narrative, ""))
        .join_from(CASES, TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at > begin,
            CASES.c.received_at <= end,
            *conditions,
        )
        .order_by(CASES.c.received_at.desc(), CASES.c.id.desc())
        .limit(limit)
    )
    return [(ref, at, subject, cut_text(f"{subject}\n{story[:CHARACTERS]}")) for ref, at, subject, story in rows]


def _week_end(connection: Connection, conditions: Sequence[Any], now: datetime) -> datetime:
    """The end of the week looked at: now, or the newest complaint where nothing has come in for longer than a week."""
    newest = connection.execute(
        select(func.max(CASES.c.received_at)).where(
            CASES.c.kind == CaseKind.COMPLAINT.value, CASES.c.received_at <= now, *conditions
        )
    ).scalar()
    return now if newest is None or now - newest < WEEK else newest


def new_words(
    connection: Connection, conditions: Sequence[Any], now: datetime, filter_text: str = ""
) -> tuple[NewWord, ...]:
    """Return words of this week's complaints that the four weeks before used less, the most surprising first.

    Each word is tested by the exact binomial share of the week among all complaints that hold it, with false-discovery control
    over all words; numbers and single letters are no words.
    """
    end = _week_end(connection, conditions, now)
    texts = _texts(connection, conditions, end - WEEK * (WEEKS_BEFORE + 1), end, READ)
    week, before = Counter[str](), Counter[str]()
    n_week = n_before = 0
    for _reference, at, _subject, words in texts:
        known = [word for word in words if len(word) > 1 and not word.isdecimal()]
        if at > end - WEEK:
            week.update(known)
            n_week += 1
        else:
            before.update(known)
            n_before += 1
    if not n_week or not n_before:
        return ()
    share = n_week / (n_week + n_before)
    tested = sorted(word for word, count in week.items() if count >= FEWEST)
    p = [binomial_upper(week[word], week[word] + before[word], share) for word in tested]
    q = benjamini_hochberg(p).q if p else ()
    kept = sorted((q_value, word) for q_value, word in zip(q, tested, strict=True) if q_value <= FALSE_DISCOVERY)
    since = f"received:{(end - WEEK).date()}..{end.date()}"
    return tuple(
        NewWord(
            word,
            week[word],
            before[word],
            q_value,
            " ".join(part for part in (ROOT, filter_text, since, str(Term(SEARCH, (Value(word, True),)))) if part),
        )
        for q_value, word in kept[:WORDS_SHOWN]
    )


def alike_complaints(connection: Connection, conditions: Sequence[Any], now: datetime) -> tuple[Alike, ...]:
    """Return groups of this week's complaints whose words are at least 60 % the same (Jaccard), the largest first."""
    end = _week_end(connection, conditions, now)
    texts = list(reversed(_texts(connection, conditions, end - WEEK, end, COMPARED)))
    group = list(range(len(texts)))

    def top(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    for i, (_r, _at, _s, one) in enumerate(texts):
        for j in range(i):
            other = texts[j][3]
            # Sets of very different size cannot be so much alike.
            if min(len(one), len(other)) < ALIKE_FROM * max(len(one), len(other)):
                continue
            if text_likeness(one, other) >= ALIKE_FROM:
                group[top(i)] = top(j)
    members: dict[int, list[int]] = {}
    for place in range(len(texts)):
        members.setdefault(top(place), []).append(place)
    found = [
        Alike(texts[places[0]][2], tuple(texts[place][0] for place in places))
        for places in members.values()
        if len(places) > 1
    ]
    return tuple(sorted(found, key=lambda alike: (-len(alike.references), alike.references))[:GROUPS_SHOWN])
