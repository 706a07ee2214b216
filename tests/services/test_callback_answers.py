"""The callback of a case is an answer of the standing survey: counted in the cells, and taken back with the callback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import START, after, done, furnish, received, tried
from sqlalchemy import select

from console.models import Answer, AnswerText, Indicator, Response, Survey
from console.models.base import table_of
from console.services import answer_cells, satisfaction
from console.services.handling import perform
from console.services.intake import Taken
from console.services.pivots import pivot
from console.services.undoing import undo
from console.storage.engine import Store


def replied(store: Store) -> Taken:
    """A complaint that was answered."""
    case = received(store)
    done(store, "triage", case, "an", after(minutes=5), severity="2", validity="valid", category="billing / wrong")
    done(store, "dispatch", case, "lin", after(minutes=10), department="marketing")
    done(store, "take", case, "bo", after(minutes=15))
    done(store, "reply", case, "bo", after(hours=2), reply="已更正", outcome="solved", findings="f", measures="m")
    return case


def kept(store: Store) -> list[tuple[str, int | None, str]]:
    """Number, level and reason of each response of the survey."""
    responses, answers, texts = table_of(Response), table_of(Answer), table_of(AnswerText)
    with store.reading() as connection:
        assert answer_cells.check(connection).is_sound
        return [
            (number, score, text or "")
            for number, score, text in connection.execute(
                select(responses.c.number, answers.c.score, texts.c.content)
                .join_from(responses, answers, answers.c.response_id == responses.c.id, isouter=True)
                .join(texts, texts.c.response_id == responses.c.id, isouter=True)
                .order_by(responses.c.id)
            )
        ]


def test_a_callback_writes_an_answer_and_undo_takes_it_back(store: Store) -> None:
    furnish(store)
    case = replied(store)
    done(store, "callback", case, "an", after(hours=3), reached="no")
    assert kept(store) == []
    first = done(store, "callback", case, "an", after(hours=4), opinion="neutral", opinion_reason="太慢")
    assert kept(store) == [(f"{case.reference}-1", 2, "太慢")]
    figure = satisfaction.figures(store, "survey:callback indicator:opinion")[0].items[0]
    assert figure.mean.n == 1
    table = pivot(store, "department", "", "survey:callback indicator:opinion", measure="n")
    assert table.rows == ("marketing",)
    with store.reading() as connection:
        row = connection.execute(select(table_of(Response))).mappings().one()
        survey = connection.execute(select(table_of(Survey))).mappings().one()
    assert (row["region"], row["kind"], row["interviewer"], row["case_id"]) == ("east", "individual", "an", case.id)
    assert (survey["code"], survey["scale_low"], survey["scale_high"]) == ("callback", 1, 3)
    assert first.operation is not None
    undo(store, first.operation, actor="an", now=START + timedelta(hours=5))
    assert kept(store) == []
    done(store, "callback", case, "an", after(hours=6), opinion="satisfied")
    assert kept(store) == [(f"{case.reference}-1", 3, "")]


def test_a_dissatisfied_answer_opens_the_case_again_and_both_are_taken_back(store: Store) -> None:
    furnish(store)
    case = replied(store)
    report = done(
        store, "callback", case, "an", after(hours=4), opinion="dissatisfied", opinion_reason="nothing changed"
    )
    assert kept(store) == [(f"{case.reference}-1", 1, "nothing changed")]
    undo(store, report.operation or 0, actor="an", now=START + timedelta(hours=5))
    assert kept(store) == []


def test_a_refused_callback_and_a_dry_run_write_nothing(store: Store) -> None:
    furnish(store)
    case = received(store)
    assert tried(store, "callback", case, "an", after(hours=1), opinion="satisfied").skipped
    answered = replied(store)
    perform(store, "callback", [answered.id], {"opinion": "satisfied"}, actor="an", now=after(hours=5), is_dry_run=True)
    assert kept(store) == []
    with store.reading() as connection:
        assert connection.execute(select(table_of(Survey))).all() == []


def test_under_a_key_the_answer_is_written_once(store: Store) -> None:
    furnish(store)
    case = replied(store)
    for _attempt in range(2):
        perform(store, "callback", [case.id], {"opinion": "satisfied"}, actor="an", now=after(hours=5), key="once")
    assert kept(store) == [(f"{case.reference}-1", 3, "")]


@pytest.mark.parametrize(
    ("low", "high", "is_reversed", "level"), [(1, 5, False, 3), (1, 5, True, 3), (0, 10, False, 5)]
)
def test_where_answers_were_imported_before_their_scale_is_kept(
    store: Store, low: int, high: int, is_reversed: bool, level: int
) -> None:
    furnish(store)
    with store.writing("root") as work:
        survey = work.connection.execute(
            table_of(Survey).insert().values(code="callback", title="Imported").returning(table_of(Survey).c.id)
        ).scalar_one()
        work.connection.execute(
            table_of(Indicator)
            .insert()
            .values(
                survey_id=survey, code="opinion", label="O", scale_low=low, scale_high=high, is_reversed=is_reversed
            )
        )
        work.record("make", "survey", "callback")
    case = replied(store)
    done(store, "callback", case, "an", after(hours=4), opinion="neutral")
    assert kept(store) == [(f"{case.reference}-1", level, "")]
