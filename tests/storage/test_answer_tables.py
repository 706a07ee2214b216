"""Answers of an older database: what the upgrade makes of their weights and of the table they stand in."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from console.storage.engine import open_store
from console.storage.schema import upgrade

BEFORE = "0012"
AT = {"sqlite": 1_772_409_600, "postgresql": "2026-03-02T00:00:00Z"}


def put(connection: Connection, table: str, columns: dict[str, Any]) -> None:
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), columns)  # noqa: S608 - names of this test


def answered(connection: Connection, id_: int, code: str, at: object) -> None:
    """A survey with one response of the weight 2.5 that answers its one question with 4."""
    empty = dict.fromkeys(("title_zh", "series", "wave", "level_scores", "channel", "tree", "weights_version"), "")
    scale = {"scale_low": 1, "scale_high": 5, "is_paired": False, "quality_rule": "", "response_count": 1, "version": 1}
    own = {"id": id_, "code": code, "title": "T", "assessor": "self", "plan": "{}"}
    put(connection, "surveys", {**own, **empty, **scale})
    asked = {"id": id_, "survey_id": id_, "code": "all", "label": "All", "label_zh": "", "position": 0, "node": ""}
    put(connection, "indicators", {**asked, "kind": "score", "is_reversed": False})
    facts = ("channel", "region", "kind", "supply", "department", "interviewer", "language", "digest", "excluded")
    said = {"id": id_, "survey_id": id_, "number": "1", "weight": 2.5, "month": "2026-03", "is_double": False}
    put(connection, "responses", {**said, **dict.fromkeys(facts, ""), "answered_at": at})
    put(connection, "answers", {"response_id": id_, "indicator_id": id_, "score": 4, "missing": None})


def test_answers_survive_the_upgrade_and_what_was_weighted_began_from_one(empty_url: str) -> None:
    with closing(open_store(empty_url, must_exist=False)) as store:
        upgrade(store, BEFORE)
        at = AT[store.engine.dialect.name]
        with store.engine.begin() as connection:
            answered(connection, 1, "plain", at)
            answered(connection, 2, "weighted", at)
            entry = {"at": at, "actor": "anna", "action": "weight_responses", "object_kind": "survey", "detail": "{}"}
            put(
                connection,
                "audit_entries",
                {**entry, "object_number": "weighted", "previous_digest": "", "digest": "d"},
            )
        upgrade(store)
        with store.reading() as connection:
            weights = connection.execute(text("SELECT id, weight, design_weight FROM responses ORDER BY id")).all()
            answers = connection.execute(text("SELECT * FROM answers ORDER BY response_id")).all()
            if store.is_sqlite:
                is_by_key = text("SELECT wr FROM pragma_table_list WHERE name = 'answers'")
                assert connection.execute(is_by_key).scalar_one() == 1
        assert [tuple(row) for row in weights] == [(1, 2.5, None), (2, 2.5, 1.0)]
        assert [tuple(row) for row in answers] == [(1, 1, 4, None), (2, 2, 4, None)]
        for wrong in ({"response_id": 1, "indicator_id": 1}, {"response_id": 9, "indicator_id": 1}):
            with pytest.raises(IntegrityError), store.engine.begin() as connection:
                put(connection, "answers", {**wrong, "score": 4, "missing": None})
