"""The search index over the texts of cases: FTS5 on SQLite, ``tsvector`` on PostgreSQL, cut by one function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Integer, bindparam, column, literal_column, select, table, text
from sqlalchemy.sql.expression import Select

from console.search_words import QueryToken, query_segments, segments

PART_WORDS = 4_000
OVERLAP_WORDS = 32
FIELD_GAP = 8
MOST_PLACES = 255
"""PostgreSQL keeps places up to 16,383, 255 of a word, and 1 MB a vector, so that a long text is indexed in overlapping parts."""


def index_cases(connection: Connection, texts: Iterable[tuple[int, str, str]]) -> None:
    """Put cases into the index, or their changed texts: (case id, subject, narrative)."""
    rows = [(case_id, segments(subject), segments(narrative)) for case_id, subject, narrative in texts]
    if not rows:
        return
    forget_cases(connection, [case_id for case_id, _, _ in rows])
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("INSERT INTO case_search (case_id, part, words) VALUES (:case_id, :part, CAST(:words AS tsvector))"),
            [
                {"case_id": case_id, "part": number, "words": vector(part)}
                for case_id, subject, narrative in rows
                for number, part in enumerate(_parts([*subject, *[""] * FIELD_GAP, *narrative]))
            ],
        )
        return
    connection.execute(
        text("INSERT INTO case_search (rowid, subject, narrative) VALUES (:case_id, :subject, :narrative)"),
        [
            {"case_id": case_id, "subject": " ".join(subject), "narrative": " ".join(narrative)}
            for case_id, subject, narrative in rows
        ],
    )


def forget_cases(connection: Connection, case_ids: Sequence[int]) -> None:
    """Take cases out of the index; those that are not in it do no harm."""
    key = "case_id" if connection.dialect.name == "postgresql" else "rowid"
    search = table("case_search", column(key, Integer))
    connection.execute(search.delete().where(search.c[key] == bindparam("gone")), [{"gone": gone} for gone in case_ids])


def _parts(words: list[str]) -> Iterable[list[str]]:
    for start in range(0, max(len(words), 1), PART_WORDS):
        yield words[start : start + PART_WORDS + OVERLAP_WORDS]


def vector(words: list[str]) -> str:
    """Return words and their places as a ``tsvector``; empty words only take a place, so that no phrase crosses them."""
    places: dict[str, list[int]] = {}
    for position, word in enumerate(words, start=1):
        if word:
            places.setdefault(word, []).append(position)
    return " ".join(f"{_quoted(word)}:{','.join(map(str, found[:MOST_PLACES]))}" for word, found in places.items())


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def matching(dialect: str, phrase: str, *, is_prefix: bool) -> ColumnElement[bool] | None:
    """Return the condition that a case's texts hold a phrase, or None for a phrase without a letter or digit.

    ``is_prefix`` lets the last word go on, as in a word still being typed. The condition is on ``cases.id``.
    """
    tokens = query_segments(phrase, is_prefix=is_prefix)
    if not tokens:
        return None
    question = ts_phrase(tokens) if dialect == "postgresql" else fts_phrase(tokens)
    return literal_column("cases.id").in_(_found(dialect, question))


def _found(dialect: str, question: str) -> Select[tuple[int]]:
    if dialect == "postgresql":
        found = table("case_search", column("case_id", Integer))
        condition = text("case_search.words @@ CAST(:question AS tsquery)").bindparams(
            bindparam("question", question, unique=True)
        )
        return select(found.c.case_id).where(condition)
    found = table("case_search", column("rowid", Integer))
    condition = text("case_search MATCH :question").bindparams(bindparam("question", question, unique=True))
    return select(found.c.rowid).where(condition)


def fts_phrase(tokens: Sequence[QueryToken]) -> str:
    words = " + ".join('"' + token.text.replace('"', '""') + '"' for token in tokens)
    return words + (" *" if tokens[-1].is_prefix else "")


def ts_phrase(tokens: Sequence[QueryToken]) -> str:
    return " <-> ".join(_quoted(token.text) + (":*" if token.is_prefix else "") for token in tokens)
