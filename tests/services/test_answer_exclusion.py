"""Responses left out of figures by the rule of their survey: cells, pairs, imports, undo and the figures themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from survey_files import HEADER, PROFILE, brought, mixed, row
from survey_people import staff

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.models import AuditEntry, Response, Survey
from console.models.base import table_of
from console.rules.answer_quality import CHECKS, Judge, hasty_below
from console.services import answer_cells
from console.services.answer_exclusion import choose_rule, quality_of
from console.services.answer_judging import rated_items, rule_of
from console.services.answer_lines import answer_count, answers
from console.services.answer_quality import flags
from console.services.answer_rejudging import finds
from console.services.answering import Said, read_responses, reason_of
from console.services.pivots import pivot
from console.services.satisfaction import figures
from console.storage.engine import Store
from console.transfer.response_undo import undo_responses

SURVEYS, RESPONSES = table_of(Survey), table_of(Response)
TIMED = PROFILE.replace("[weight]", '[facts.seconds]\ncolumn = "took"\n[weight]')
TIMED_HEADER = (*HEADER[:3], "took", *HEADER[3:])
SIX = (1, 2, 3, 1, 2, 3)
MORE = tuple(f"q{place}" for place in range(1, 7))
LONG = PROFILE + "".join(f'[items.{code}]\nlabel = "{code}"\n' for code in MORE)


def is_sound(store: Store) -> bool:
    """Whether cells and the number of responses kept with the survey are those of the responses there are."""
    with store.reading() as connection:
        kept = connection.execute(select(SURVEYS.c.response_count).where(SURVEYS.c.code == "hall")).scalar_one()
        there = connection.execute(select(func.count()).select_from(RESPONSES)).scalar_one()
        return answer_cells.check(connection).is_sound and kept == there


def timed(number: int, seconds: int, score: int = 4) -> tuple[str, ...]:
    plain = row(number, scores=(score, score, score))
    return (*plain[:3], str(seconds), *plain[3:])


def n_of(store: Store) -> int:
    (survey,) = figures(store, "survey:hall")
    return survey.index.n


def test_every_response_counts_until_a_rule_is_chosen_with_a_reason(store: Store, tmp_path: Path) -> None:
    staff(store)
    brought(store, tmp_path, mixed(20))
    found = quality_of(store, "hall")
    assert (found.rule, found.left_out, found.responses) == ("none", 0, 20)
    (survey,) = figures(store, "survey:hall")
    assert (survey.quality_rule, survey.excluded) == ("none", 0)
    with pytest.raises(UsageError, match="why"):
        choose_rule(store, "hall", ["double"], reason=" ", actor="anna")
    with pytest.raises(UsageError, match="no check strait_line"):
        choose_rule(store, "hall", ["strait_line"], reason="x", actor="anna")
    with pytest.raises(UsageError, match="stands alone"):
        choose_rule(store, "hall", ["none", "double"], reason="x", actor="anna")
    with pytest.raises(UsageError, match="No two items"):
        choose_rule(store, "hall", ["contradiction"], reason="x", actor="anna")
    with pytest.raises(UsageError, match="does not rate sped"):
        choose_rule(store, "hall", ["contradiction"], reason="x", actor="anna", contradictions=[("sped", "all")])
    with pytest.raises(NotAllowedError):
        choose_rule(store, "hall", ["double"], reason="x", actor="ben")
    with pytest.raises(NotFoundError):
        choose_rule(store, "hal", ["double"], reason="x", actor="anna")
    assert quality_of(store, "hall").rule == "none"


def test_contradicting_responses_leave_every_figure_and_come_back(store: Store, tmp_path: Path) -> None:
    staff(store)
    rows = [row(place, scores=(4, 3, 4), area="east") for place in range(40)]
    rows += [row(100 + place, scores=(1, 5, 5), area="west") for place in range(8)]
    brought(store, tmp_path, rows)
    before = pivot(store, "region", "", "survey:hall indicator:all", measure="mean")
    after = choose_rule(
        store,
        "hall",
        ["contradiction"],
        reason="asked twice on purpose",
        actor="anna",
        contradictions=[("all", "speed")],
    )
    assert (after.rule, after.excluded) == ("contradiction", {"contradiction": 8})
    assert is_sound(store)
    (survey,) = figures(store, "survey:hall")
    assert (survey.index.n, survey.responses, survey.excluded, survey.quality_rule) == (40, 48, 8, "contradiction")
    by_cells = pivot(store, "region", "", "survey:hall indicator:all", measure="mean")
    by_answers = pivot(store, "region", "", "survey:hall indicator:all interviewer:none", measure="mean")
    assert by_cells.rows == by_answers.rows == ("east",)
    assert by_cells.total.value == by_answers.total.value == 4
    assert answer_count(store, "survey:hall indicator:all") == 40
    assert len(answers(store, "survey:hall indicator:all", limit=1000)) == 40
    left_out = answers(store, "survey:hall indicator:all excluded:contradiction")
    assert len(left_out) == 8
    assert {line.excluded for line in left_out} == {"contradiction"}
    assert (
        next(flag.count for flag in flags(store, "survey:hall", contradictions=[("all", "speed")]) if "/" in flag.rule)
        == 8
    )
    with store.reading() as connection:
        entry = connection.execute(
            select(table_of(AuditEntry)).where(table_of(AuditEntry).c.action == "quality_rule")
        ).one()
    # The pair stays with the survey: it is looked at without being named, also when the rule leaves nobody out.
    assert next(flag.count for flag in flags(store, "survey:hall") if "/" in flag.rule) == 8
    detail = json.loads(entry.detail)
    assert (detail["before"], detail["after"], detail["reason"]) == ("none", "contradiction", "asked twice on purpose")
    choose_rule(store, "hall", ["none"], reason="the pair was no pair", actor="anna")
    assert pivot(store, "region", "", "survey:hall indicator:all", measure="mean") == before
    assert is_sound(store)


def test_imports_and_their_undo_keep_cells_and_pairs_right(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff(store)
    monkeypatch.setattr(answer_cells, "PAIR_FROM", 5)
    brought(store, tmp_path, mixed(40))
    choose_rule(
        store, "hall", ["contradiction"], reason="r", actor="anna", contradictions=[("all", "speed")], tolerance=30
    )
    start = quality_of(store, "hall").left_out
    assert start > 0
    n = n_of(store)
    # A response that counted contradicts itself now, one that did not does so no more, and a new one comes.
    brought(store, tmp_path, [row(500, scores=(1, 5, 5))])
    assert quality_of(store, "hall").left_out == start + 1
    report = brought(store, tmp_path, [row(500, scores=(4, 4, 5)), row(501, scores=(5, 1, 1))])
    assert (report.counts.created, report.counts.updated) == (1, 1)
    assert (quality_of(store, "hall").left_out, n_of(store)) == (start + 1, n + 1)
    assert is_sound(store)
    undo_responses(store, report.batch or 0, "anna")
    assert (quality_of(store, "hall").left_out, n_of(store)) == (start + 1, n)
    assert is_sound(store)
    with store.writing("anna") as work:
        answer_cells.rebuild(work.connection)
        work.record("rebuild_cells", "database", "test")
    assert is_sound(store)
    assert n_of(store) == n


def test_too_fast_is_a_third_of_the_median_of_all_that_came(store: Store, tmp_path: Path) -> None:
    staff(store)
    brought(store, tmp_path, [timed(place, 90) for place in range(9)], TIMED, header=TIMED_HEADER)
    brought(store, tmp_path, [timed(20, 29), timed(21, 30)], TIMED, header=TIMED_HEADER)
    found = choose_rule(store, "hall", ["too_fast"], reason="r", actor="anna")
    assert (found.seconds_from, found.excluded) == (30, {"too_fast": 1})
    # Slower responses move the median: 45 seconds are too few then.
    slow = [timed(100 + place, 180, 2) for place in range(30)]
    report = brought(store, tmp_path, [*slow, timed(200, 45)], TIMED, header=TIMED_HEADER)
    found = quality_of(store, "hall")
    assert (found.seconds_from, found.excluded) == (60, {"too_fast": 3})
    assert is_sound(store)
    undo_responses(store, report.batch or 0, "anna")
    assert (quality_of(store, "hall").seconds_from, quality_of(store, "hall").excluded) == (30, {"too_fast": 1})
    assert is_sound(store)


def test_straight_lines_take_eight_ratings_and_doubles_are_those_flagged(store: Store, tmp_path: Path) -> None:
    staff(store)
    header = (*HEADER, *MORE)
    rows = [
        (*row(1, scores=(3, 3, 3)), *("3",) * 6),
        (*row(2, scores=(3, 3, 0)), *("3",) * 6),
        (*row(3, scores=(3, 0, 0)), *("3",) * 6),
        (*row(4, scores=(3, 3, 3)), *("3",) * 5, "4"),
    ]
    brought(store, tmp_path, rows, LONG, header=header)
    found = choose_rule(store, "hall", ["straight-line", "double"], reason="r", actor="anna")
    assert (found.rule, found.excluded) == ("double,straight_line", {"straight_line": 2})
    assert found.found == {"double": 0, "straight_line": 2, "too_fast": 0}
    report = brought(store, tmp_path, [(*row(9, scores=(3, 3, 3)), *("3",) * 5, "4")], LONG, header=header)
    assert report.doubles == 1
    assert quality_of(store, "hall").excluded == {"double": 1, "straight_line": 2}
    assert quality_of(store, "hall").found == {"double": 1, "straight_line": 2, "too_fast": 0}
    assert is_sound(store)


@pytest.fixture
def judged(store: Store, tmp_path: Path) -> Store:
    """A survey with whatever a response can be left out for, one item asked the other way round."""
    staff(store)
    text = LONG.replace("[weight]", '[facts.seconds]\ncolumn = "took"\n[weight]')
    text = text.replace("[items.q2]", "[items.q2]\nscale = { levels = [1, 5], reversed = true, missing = [0] }")
    rows = []
    for place, line in enumerate(mixed(90)):
        more = [str(3 if place % 4 else (place * step) % 6) for step in range(1, 7)]
        same = (*line[:4], "3", "3", "3", line[7]) if place % 4 else line
        rows.append((*same[:3], str(place % 41 + 4) if place % 5 else "", *same[3:], *more))
    brought(store, tmp_path, [*rows, (rows[0][0] + "x", *rows[0][1:])], text, header=(*TIMED_HEADER, *MORE))
    return store


def hasty(said: Mapping[int, Said]) -> float | None:
    durations: dict[int, int] = {}
    for one in said.values():
        if one.seconds is not None:
            durations[one.seconds] = durations.get(one.seconds, 0) + 1
    return hasty_below(durations)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    checks=st.sets(st.sampled_from(CHECKS)),
    tolerance=st.sampled_from([0.0, 25.0, 50.0, 75.0]),
    pairs=st.lists(st.sampled_from([("all", "speed"), ("speed", "staff"), ("q2", "tell")]), min_size=1, unique=True),
)
def test_the_database_judges_a_survey_as_the_rule_judges_each_response(
    judged: Store, checks: set[str], tolerance: float, pairs: list[tuple[str, str]]
) -> None:
    found = choose_rule(
        judged, "hall", [*checks] or ["none"], reason="r", actor="anna", contradictions=pairs, tolerance=tolerance
    )
    with judged.reading() as connection:
        survey = connection.execute(select(SURVEYS.c.id)).scalar_one()
        judge = Judge(rule_of(connection, survey), rated_items(connection, survey))
        stored = {row[0]: row[1] for row in connection.execute(select(RESPONSES.c.id, RESPONSES.c.excluded))}
        said = read_responses(connection, stored)
    assert stored == {id_: reason_of(judge, one) for id_, one in said.items()}
    assert found.left_out == sum(map(bool, stored.values()))
    for check, count in found.found.items():
        alone = replace(judge, rule=replace(judge.rule, seconds_from=hasty(said)))
        levels = [{item: score for item, (score, _missing) in one.answers.items()} for one in said.values()]
        assert count == sum(
            alone.finds(check, own, one.seconds, is_double=one.is_double)
            for own, one in zip(levels, said.values(), strict=True)
        )
    assert is_sound(judged)


def test_flags_find_what_the_rule_would_leave_out_and_judge_by_all_answers(store: Store, tmp_path: Path) -> None:
    staff(store)
    header = (*TIMED_HEADER, *MORE)
    rows = [
        (
            *timed(place, 100 if place % 5 else 20, 1 + place % 3),
            *(str(1 + place % 3 if place % 4 else level) for level in SIX),
        )
        for place in range(1, 61)
    ]
    brought(
        store, tmp_path, rows, TIMED + "".join(f'[items.{code}]\nlabel = "{code}"\n' for code in MORE), header=header
    )
    pairs = [("all", "q1")]
    found = {flag.rule: flag for flag in flags(store, "survey:hall", contradictions=pairs, tolerance=25)}
    choose_rule(
        store, "hall", ["straight_line", "too_fast"], reason="r", actor="anna", contradictions=pairs, tolerance=25
    )
    counted = quality_of(store, "hall").found
    assert found["straight line"].count == counted["straight_line"] == 45
    assert found["too fast"].count == counted["too_fast"] == 12
    assert found["too fast"].numbers == tuple(str(number) for number in range(5, 61, 5))
    assert found["contradiction all/q1"].count == counted["contradiction"] == 5
    assert {flag.checked for flag in found.values()} == {60}
    # Who gave a low answer is judged by all he gave: not everybody is a straight line for having given one level only.
    low = {flag.rule: flag for flag in flags(store, "survey:hall level:<=1", contradictions=pairs, tolerance=25)}
    assert low["straight line"].checked == 20 + 10
    assert low["straight line"].count == 15


def test_straight_lines_are_looked_for_in_the_order_of_the_answers_without_sorting(
    store: Store, tmp_path: Path
) -> None:
    staff(store)
    brought(store, tmp_path, [(*line, *("3",) * len(MORE)) for line in mixed(20)], LONG, header=(*HEADER, *MORE))
    if not store.is_sqlite:
        pytest.skip("PostgreSQL sorts within the memory it is allowed")
    with store.reading() as connection:
        judge = Judge(replace(rule_of(connection, 1), checks=CHECKS), rated_items(connection, 1))
        question = select(RESPONSES.c.id).where(finds("straight_line", judge))
        spelt = question.compile(connection, compile_kwargs={"literal_binds": True})
        told = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {spelt}"))
    assert "answers" in told
    assert "TEMP B-TREE" not in told, told


def test_answers_are_counted_alike_from_pairs_cells_and_answers(store: Store, tmp_path: Path) -> None:
    staff(store)
    brought(store, tmp_path, mixed(60))
    brought(store, tmp_path, mixed(30), PROFILE.replace('"hall"', '"yard"'))
    asked = (
        "",
        "survey:hall",
        "indicator:all",
        "region:west",
        "region:west month:2026-03 level:<=2",
        "-survey:hall",
        "missing:NA",
    )
    plain = [answer_count(store, text) for text in asked]
    assert plain == [len(answers(store, text, limit=10_000)) for text in asked]
    with store.writing("anna") as work:
        work.connection.execute(update(SURVEYS).where(SURVEYS.c.code == "hall").values(is_paired=True))
        answer_cells.recount(
            work.connection, work.connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.is_paired)).scalar_one()
        )
        work.record("pair", "survey", "hall")
    assert [answer_count(store, text) for text in asked] == plain
    assert [answer_count(store, f"{text} number:*") for text in asked] == plain
