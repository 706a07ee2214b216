"""Imports of answers on both engines: repeatable, resumable, taken back, and the cells right at every step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from survey_files import HEADER, PROFILE, brought, mixed, profile_file, row, written
from survey_people import staff

from console.errors import ConflictError, OmbudError, UsageError
from console.models import Answer, AnswerCell, AnswerSegment, Indicator, RefusedRow, Response, Survey
from console.models.base import table_of
from console.services import answer_cells, satisfaction
from console.services.answering import answer_once
from console.services.surveys import close_survey
from console.storage.engine import Store
from console.transfer.batches import Counts, list_batches
from console.transfer.response_export import export_responses
from console.transfer.responses import import_responses
from console.transfer.run import Progress
from console.transfer.survey_profiles import load_survey_profile, ready_survey_profiles
from console.transfer.undo import undo_batch

ANSWERS = table_of(Answer)
RESPONSES = table_of(Response)


def size(store: Store, *models: type) -> list[int]:
    with store.reading() as connection:
        return [connection.execute(select(func.count()).select_from(table_of(model))).scalar_one() for model in models]


def assert_cells_are_sound(store: Store) -> None:
    with store.reading() as connection:
        assert answer_cells.check(connection).is_sound


def rebuilt(store: Store) -> set[tuple[object, ...]]:
    """The cells counted anew, by their segments' names."""
    with store.writing("anna") as work:
        answer_cells.rebuild(work.connection)
        work.record("rebuild_cells", "database", "test")
    return kept(store)


def kept(store: Store) -> set[tuple[object, ...]]:
    cells, segments = table_of(AnswerCell), table_of(AnswerSegment)
    question = select(cells, *[segments.c[name] for name in answer_cells.SEGMENT]).join(
        segments, segments.c.id == cells.c.segment_id
    )
    with store.reading() as connection:
        return {
            (line.indicator_id, line.month, line.level, line.missing, line.n, round(line.weight, 6), *line[-5:])
            for line in connection.execute(question)
        }


def test_a_file_makes_its_survey_with_items_answers_and_cells(store: Store, tmp_path: Path) -> None:
    report = brought(store, tmp_path, mixed(40))
    assert report.counts == Counts(read=40, created=40)
    assert (report.answers, report.surveys, report.unused) == (160, ("hall",), ())
    assert size(store, Survey, Indicator, Response, Answer) == [1, 5, 40, 160]
    assert kept(store) == rebuilt(store)
    (found,) = satisfaction.figures(store, "survey:hall indicator:speed,staff,tell")
    missing = {item.code: item.missing for item in found.items}
    assert missing["speed"] == {"NA": sum(place % 6 == 0 for place in range(1, 41))}
    assert missing["staff"] == {"NAP": sum(place % 7 == 0 for place in range(1, 41))}
    assert missing["tell"] == {"NA": sum(place % 12 == 11 for place in range(1, 41))}


def test_the_same_file_again_changes_nothing_and_a_changed_row_changes_its_cells(store: Store, tmp_path: Path) -> None:
    rows = mixed(30)
    brought(store, tmp_path, rows)
    before = kept(store)
    assert brought(store, tmp_path, rows).counts == Counts(read=30, unchanged=30)
    assert kept(store) == before
    rows[4] = row(5, area="north", weight=3, scores=(1, 1, 1), tell=0)
    report = brought(store, tmp_path, rows)
    assert report.counts == Counts(read=30, updated=1, unchanged=29)
    assert {"answers", "region", "weight"} <= {name for name, _ in report.changes}
    changed = kept(store)
    assert changed != before
    assert changed == rebuilt(store)


def test_an_import_is_taken_back_whole(store: Store, tmp_path: Path) -> None:
    first = brought(store, tmp_path, mixed(20))
    before = kept(store)
    rows = [row(3, scores=(1, 1, 1)), *mixed(25)[20:]]
    second = brought(store, tmp_path, rows)
    assert second.counts == Counts(read=6, created=5, updated=1)
    report = undo_batch(store, second.batches[0], "anna")
    assert (report.deleted, report.restored, report.kept) == (5, 1, ())
    assert kept(store) == before
    assert_cells_are_sound(store)
    assert undo_batch(store, first.batches[0], "anna").deleted == 20
    assert size(store, Survey, Indicator, Response, Answer, AnswerCell) == [0, 0, 0, 0, 0]
    with pytest.raises(OmbudError, match="taken back already"):
        undo_batch(store, first.batches[0], "anna")


def test_what_was_changed_since_an_import_is_kept_when_it_is_taken_back(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(1), row(2)])
    second = brought(store, tmp_path, [row(1, scores=(1, 1, 1))])
    with store.writing("bob") as work:
        answer_once(work, "hall", "1", {"all": 2})
        work.record("answer", "response", "1")
    assert undo_batch(store, second.batches[0], "anna").kept == ("1",)
    assert_cells_are_sound(store)


def test_refused_rows_say_line_column_and_reason(store: Store, tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, scores=(7, 3, 3)),
        row(3, scores=("good", 3, 3)),
        row(4, day="2026-02-30"),
        row("", day="2026-03-02"),
        row(6, weight="-1"),
        row(7, scores=("4.5", 3, 3)),
        row(8, day="2199-01-01"),
        row(1, scores=(1, 1, 1)),
    ]
    report = brought(store, tmp_path, rows, rejects=tmp_path / "rejects.csv")
    assert report.counts == Counts(read=9, created=1, rejected=8)
    told = {refusal.line: (refusal.column, refusal.reason) for refusal in report.refusals}
    assert told[3] == ("all", "“7” is not on the scale from 1 to 5, nor a code for no answer")
    assert told[4][0] == "all"
    assert [told[line][0] for line in (5, 6, 7, 8, 9, 10)] == ["day", "id", "weight", "all", "day", "id"]
    assert "between two levels" in told[8][1]
    assert "already stands on line 2" in told[10][1]
    assert size(store, RefusedRow) == [8]
    assert len((tmp_path / "rejects.csv").read_text("utf-8").splitlines()) == 9


def test_a_dry_run_writes_nothing_and_says_the_same(store: Store, tmp_path: Path) -> None:
    report = brought(store, tmp_path, [*mixed(10), row(11, scores=(8, 1, 1))], dry_run=True)
    assert report.counts == Counts(read=11, created=10, rejected=1)
    assert size(store, Survey, Response, Answer, AnswerCell) == [0, 0, 0, 0]
    assert list_batches(store) == []
    brought(store, tmp_path, mixed(10))
    report = brought(store, tmp_path, [*mixed(9), row(10, scores=(2, 2, 2)), row(12)], dry_run=True)
    assert report.counts == Counts(read=11, created=1, updated=1, unchanged=9)


def test_an_import_that_broke_off_goes_on_behind_its_checkpoint(store: Store, tmp_path: Path) -> None:
    rows = mixed(150)
    profile = load_survey_profile(profile_file(tmp_path))
    path = written(tmp_path / "answers.csv", rows)

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt(progress.file)

    with pytest.raises(KeyboardInterrupt):
        import_responses(store, path, profile, actor="anna", progress=stop)
    position = list_batches(store)[0].position
    assert 0 < position < 150
    assert_cells_are_sound(store)
    report = import_responses(store, path, profile, actor="anna", resume=True)
    assert (report.resumed_at, report.counts) == (position, Counts(read=150, created=150))
    assert kept(store) == rebuilt(store)


def test_responses_that_say_the_same_are_flagged_and_still_counted(store: Store, tmp_path: Path) -> None:
    rows = [row(1, day="2026-03-02 09:15:21"), row(2, day="2026-03-02 09:15:21"), row(3, day="2026-03-02 10:00:01")]
    assert brought(store, tmp_path, rows).doubles == 1
    later = [row(9, day="2026-03-02 10:00:01")]
    assert brought(store, tmp_path, later).doubles == 1
    (found,) = satisfaction.figures(store, "survey:hall")
    assert (found.responses, found.doubles) == (4, 2)
    (without,) = satisfaction.figures(store, "survey:hall indicator:all -double:yes")
    assert without.items[0].mean.n == 2
    assert without.items[0].mean.disclosure == "hidden"


def test_a_survey_on_another_scale_is_refused_before_a_row_is_written(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(1)])
    other = PROFILE.replace("levels = [1, 5]", "levels = [1, 7]")
    with pytest.raises(OmbudError, match="on a scale from 1 to 5") as refused:
        brought(store, tmp_path, [row(2)], other)
    assert "--survey" in refused.value.hint
    assert size(store, Response) == [1]
    assert brought(store, tmp_path, [row(2, scores=(7, 7, 7))], other, survey="hall-7").counts.created == 1


LONG = """
kind = "responses"
layout = "long"
[survey]
code = "phone"
scale = "satisfied-5"
[number]
column = "number"
[answered_at]
column = "day"
[facts.channel]
value = "telephone"
[items.solved]
[items.polite]
[long]
item = "item"
score = "score"
"""
LONG_HEADER = ("number", "day", "item", "score")


def test_a_long_file_joins_its_rows_and_refuses_unknown_items(store: Store, tmp_path: Path) -> None:
    rows = [
        ("a", "2026-03-02", "solved", "Very  Satisfied."),
        ("a", "2026-03-02", "polite", "不满意"),
        ("a", "2026-03-02", "polite", "满意"),
        ("b", "2026-03-02", "warmth", "5"),
        ("b", "2026-03-02", "solved", "3"),
        ("c", "2026-03-03", "solved", "一般"),
        ("a", "2026-03-02", "solved", "4"),
    ]
    report = brought(store, tmp_path, rows, LONG, header=LONG_HEADER)
    assert report.unknown_items == (("warmth", 1),)
    assert "no item “warmth”" in report.refusals[0].reason
    assert report.repeated >= 1
    with store.reading() as connection:
        found = connection.execute(
            select(RESPONSES.c.number, ANSWERS.c.score).join(ANSWERS, ANSWERS.c.response_id == RESPONSES.c.id)
        ).all()
    assert sorted(map(tuple, found)) == [("a", 4), ("a", 4), ("c", 3)]
    assert_cells_are_sound(store)
    assert brought(store, tmp_path, [rows[5]], LONG, header=LONG_HEADER).counts == Counts(read=1, unchanged=1)


CONTENT = PROFILE.replace('[number]\ncolumn = "id"', '[number]\nmade = "content"')


def test_numbers_made_from_content_survive_another_order_of_rows(store: Store, tmp_path: Path) -> None:
    rows = [*mixed(12), row("same"), row("same")]
    report = brought(store, tmp_path, rows, CONTENT)
    assert (report.counts.created, report.doubles) == (14, 1)
    assert brought(store, tmp_path, rows[::-1], CONTENT).counts == Counts(read=14, unchanged=14)


@pytest.mark.parametrize("name", ready_survey_profiles())
def test_every_ready_profile_of_responses_loads(name: str) -> None:
    profile = load_survey_profile(name)
    assert profile.survey.scale.low < profile.survey.scale.high
    assert not profile.notes


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('code = "hall"', 'kode = "hall"', "unknown key in survey: kode"),
        ("weight = 0.6", "weight = 0.9", "add up to 1.3"),
        ("weight = 0.6", "", "speed has no weight while others"),
        ('parent = "service"', 'parent = "servise"', "unknown group in parent"),
        ('scale = "five"', 'scale = "fife"', "unknown scale fife"),
        ('{ "11" = "NA" }', '{ "11" = "XX" }', "unknown reason"),
        ("levels = [1, 5]", "levels = [5, 1]", "must end above"),
        ("levels = [1, 5]", 'words = [["good", "bad"], ["bad"]]', "bad stands for two levels"),
        ('kind = "nps"', 'kind = "nps"\nscale = [1, 5]', "from 0 to 10"),
        ('[number]\ncolumn = "id"', '[number]\nmade = "luck"', "unknown way to make numbers luck"),
        ("[dates]", "[datez]", "unknown key datez"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_when_it_is_loaded(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in PROFILE
    with pytest.raises(UsageError, match="is wrong") as refused:
        load_survey_profile(profile_file(tmp_path, PROFILE.replace(old, new)))
    assert told in refused.value.message


def test_weights_that_nearly_add_up_are_accepted_with_a_note(tmp_path: Path) -> None:
    profile = load_survey_profile(profile_file(tmp_path, PROFILE.replace("weight = 0.6", "weight = 0.61")))
    assert "normalised" in profile.notes[0]


def test_a_closed_survey_keeps_what_was_said(store: Store, tmp_path: Path) -> None:
    staff(store)
    brought(store, tmp_path, mixed(10))
    close_survey(store, "hall", actor="anna")
    assert brought(store, tmp_path, mixed(10)).counts.unchanged == 10
    with pytest.raises(ConflictError, match="hall was closed"):
        brought(store, tmp_path, [row(1, scores=(1, 1, 1))])
    with pytest.raises(ConflictError, match="hall was closed"):
        brought(store, tmp_path, [row(99)])
    assert brought(store, tmp_path, mixed(10)).counts.unchanged == 10


def test_rows_that_are_no_responses_are_passed_over(store: Store, tmp_path: Path) -> None:
    text = PROFILE.replace("[number]", '[only]\nstate = ["done", "1"]\n[number]')
    header = (*HEADER, "state")
    states = ("done", "DONE ", "1.0", "started", "")
    rows = [(*row(place), state) for place, state in enumerate(states)]
    report = brought(store, tmp_path, rows, text, header=header)
    assert (report.counts.read, report.counts.created, report.counts.rejected, report.passed) == (5, 3, 0, 2)
    again = brought(store, tmp_path, rows, text, header=header)
    assert (again.counts.created, again.counts.updated, again.passed) == (0, 0, 2)
    with pytest.raises(OmbudError, match="no column state"):
        brought(store, tmp_path, [row(9)], text)


def test_a_file_without_a_needed_column_is_refused_with_the_nearest_one(store: Store, tmp_path: Path) -> None:
    header = tuple("spead" if name == "speed" else name for name in HEADER)
    with pytest.raises(OmbudError, match="no column speed") as refused:
        brought(store, tmp_path, [row(1)], header=header)
    assert "spead" in refused.value.hint


def test_blocks_take_every_column_of_their_pattern(store: Store, tmp_path: Path) -> None:
    text = """
kind = "responses"
[survey]
code = "wide"
[number]
column = "id"
[answered_at]
value = "2026-03-02"
[[blocks]]
columns = ["q*"]
but = ["q2"]
scale = { words = [["Disagree", "D"], ["Undecided", "U"], ["Agree", "A"]], missing = { "x" = "REF" } }
"""
    report = brought(
        store, tmp_path, [("1", "agree", "?", "U"), ("2", "X", "?", "d")], text, header=("id", "q1", "q2", "Q3")
    )
    assert (report.counts.created, report.unused) == (2, ("q2",))
    (found,) = satisfaction.figures(store, "survey:wide")
    assert [item.code for item in found.items] == ["q1", "Q3"]


def test_a_broken_cell_is_found(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(10))
    cells = table_of(AnswerCell)
    with store.writing("anna") as work:
        work.connection.execute(update(cells).where(cells.c.level == 5).values(n=cells.c.n + 1))
        work.record("break", "database", "test")
    with store.reading() as connection:
        check = answer_cells.check(connection)
    assert check.different_cells > 0
    assert not check.is_sound


def test_the_batch_keeps_what_it_made_on_the_record(store: Store, tmp_path: Path) -> None:
    report = brought(store, tmp_path, [row(1)])
    batch = list_batches(store)[0]
    assert (batch.id, batch.kind, batch.profile) == (report.batch, "responses", "hall:hall")
    with store.reading() as connection:
        from console.models import AuditEntry

        table = table_of(AuditEntry)
        detail = connection.execute(select(table.c.detail).where(table.c.action == "import")).scalar_one()
    assert len(json.loads(detail)["indicators"]) == 5


def test_what_is_exported_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(30))
    before = kept(store)
    path = tmp_path / "out.csv"
    report = export_responses(store, "survey:hall", output=path)
    assert report.rows == 120
    own = load_survey_profile("ombud")
    assert import_responses(store, path, own, actor="anna").counts == Counts(read=30, unchanged=30)
    undo_batch(store, 1, "anna")
    assert size(store, Response) == [0]
    back = import_responses(store, path, own, actor="anna", zone="Asia/Shanghai")
    assert back.counts == Counts(read=30, created=30)
    assert {line[1:] for line in kept(store)} == {line[1:] for line in before}
