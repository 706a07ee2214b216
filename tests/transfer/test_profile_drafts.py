"""Drafts of profiles: files of many kinds are read as they are by the profile that was drafted from them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from console.errors import OmbudError, UsageError
from console.services import satisfaction
from console.storage.engine import Store
from console.transfer.answer_scales import AnswerScale
from console.transfer.dates import DateReader
from console.transfer.profile_drafts import Draft, draft_profile
from console.transfer.responses import import_responses
from console.transfer.survey_profiles import load_survey_profile
from console.transfer.survey_rules import SurveyProfile

TODAY = date(2026, 11, 25)
FIVE = ("Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "SATISFIED", "very  satisfied")


def written(
    folder: Path,
    rows: Sequence[Sequence[object]],
    *,
    name: str = "my survey.csv",
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def drafted(path: Path) -> tuple[Draft, SurveyProfile]:
    """A draft, and the profile it makes."""
    draft = draft_profile(path, today=TODAY)
    file = path.with_suffix(".toml")
    file.write_text(draft.text, "utf-8")
    return draft, load_survey_profile(file)


def taken(store: Store, path: Path, rows: int) -> dict[str, tuple[int, float | None]]:
    """Import a file by the draft made from it; return n and mean level by item."""
    _draft, profile = drafted(path)
    report = import_responses(store, path, profile, actor="anna")
    assert (report.counts.created, report.counts.rejected) == (rows, 0), report.refusals
    (found,) = satisfaction.figures(store)
    return {item.code: (item.plain_mean.n, item.plain_mean.value) for item in found.items}


def test_numbers_with_sentinels_weights_and_days(store: Store, tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [("respondent", "date", "q1", "q2", "wt", "District")]
    rows += [
        (
            place,
            f"2025-03-{1 + place % 28:02d}",
            (1, 7, 99, 4)[place % 4],
            (2, 6, -1)[place % 3],
            0.5 + place / 60,
            "east",
        )
        for place in range(60)
    ]
    path = written(tmp_path, rows)
    draft, profile = drafted(path)
    assert (draft.items, draft.rows, profile.survey.code) == (2, 60, "my-survey")
    assert (profile.survey.scale.low, profile.survey.scale.high) == (1, 7)
    assert profile.weight is not None
    found = taken(store, path, 60)
    assert found["q1"] == (45, 4.0)
    assert found["q2"] == (40, 4.0)


def test_words_in_any_capitals_and_an_end_nobody_used(store: Store, tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [("Response ID", "Submitted", "Speed", "Price", "Comment")]
    rows += [
        (
            place,
            f"{1 + place % 28:02d}/03/2025",
            FIVE[place % 5],
            ("satisfied", "Very Satisfied", "N/A")[place % 3],
            "x" * 80,
        )
        for place in range(60)
    ]
    path = written(tmp_path, rows)
    _draft, profile = drafted(path)
    scales = {
        item.code: (item.scale.low, item.scale.high) for item in profile.items if item.scale and item.kind != "text"
    }
    # Nobody chose the lower levels of the second question, which was asked on the scale of the first.
    assert scales == {"Speed": (1, 5), "Price": (1, 5)}
    found = taken(store, path, 60)
    assert found["Speed"] == (60, 3.0)
    assert found["Price"] == (40, 4.5)


def test_chinese_in_gb18030_with_recommendation(store: Store, tmp_path: Path) -> None:
    words = ("非常不满意", "不太满意", "一般", "比较满意", "非常满意", "不清楚")
    rows: list[Sequence[object]] = [("编号", "提交时间", "区域", "总体满意度", "推荐意愿")]
    rows += [(f"A{p}", f"2025/3/{1 + p % 28} 9:05:00", "城东", words[p % 6], p % 11) for p in range(66)]
    path = written(tmp_path, rows, encoding="gb18030")
    draft, profile = drafted(path)
    assert "DK" in draft.text
    assert {item.code: item.kind for item in profile.items} == {"总体满意度": "score", "推荐意愿": "nps"}
    assert taken(store, path, 66)["总体满意度"] == (55, 3.0)


def test_levels_with_their_words_percentages_and_three_heads(store: Store, tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [
        ("EndDate", "Duration (in seconds)", "ResponseId", "Q1", "Q2"),
        ("End date", "Duration", "Response ID", "How quick were we at the counter?", "How clear was your bill?"),
        ('{"ImportId":"end"}', '{"ImportId":"d"}', '{"ImportId":"id"}', '{"ImportId":"QID1"}', '{"ImportId":"QID2"}'),
    ]
    rows += [
        (
            "2025-04-01 10:00:00",
            60 + place,
            f"R_{place}",
            ("1 - Very dissatisfied", "5 - Very satisfied", "3 (Neutral)")[place % 3],
            ("1 (Poor)", "5 (Excellent)", "9 (Don't know)")[place % 3],
        )
        for place in range(60)
    ]
    path = written(tmp_path, rows)
    _draft, profile = drafted(path)
    assert profile.options.under_header == 2
    found = taken(store, path, 60)
    assert found["Q1"] == (60, 3.0)
    assert found["Q2"] == (40, 3.0)


def test_a_long_file_with_the_serial_days_of_a_sheet(store: Store, tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [("resp_id", "answered", "question", "score")]
    rows += [(place, 45700.5, item, (1, 5, 99)[place % 3]) for place in range(30) for item in ("staff", "price")]
    path = written(tmp_path, rows, name="long.tsv", delimiter="\t")
    _draft, profile = drafted(path)
    assert (profile.layout, profile.formats) == ("long", ("excel",))
    assert taken(store, path, 30)["staff"] == (20, 3.0)


def test_a_workbook_and_a_file_with_semicolons_and_percentages(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("Case No", "Overall", "Billing"))
        for place in range(1, 31):
            sheet.write_row(place, 0, (place, place % 10 + 1, ("n/a", 5, 10)[place % 3]))
    assert taken(store, path, 30)["Overall"] == (30, 5.5)
    other = written(
        tmp_path,
        [("ID", "Datum", "Zufrieden"), *((p, f"{1 + p % 28:02d}.03.2025 14:30", f"{10 * (p % 11)} %") for p in range(44))],
        name="percent.csv", encoding="utf-8-sig", delimiter=";",
    )  # fmt: skip
    _draft, profile = drafted(other)
    report = import_responses(store, other, profile, actor="anna")
    assert (report.counts.created, report.counts.rejected) == (44, 0)
    found = next(one for one in satisfaction.figures(store) if one.code == "percent")
    assert found.items[0].plain_mean.value == pytest.approx(50)


def test_what_is_doubtful_is_said(tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [
        ("id", "when", "date", "q"),
        *((p % 5, "", f"{1 + p % 9}/{1 + p % 9}/2025", p % 5 + 1) for p in range(30)),
    ]
    draft, profile = drafted(written(tmp_path, rows))
    assert profile.number.made == "content"
    assert any("id repeats" in doubt for doubt in draft.doubts)
    assert any("day before month" in doubt for doubt in draft.doubts)
    with pytest.raises(OmbudError, match=r"No column of names\.csv looks like a rating"):
        draft_profile(
            written(tmp_path, [("name", "town"), *((f"N{p}", f"T{p}") for p in range(90))], name="names.csv"),
            today=TODAY,
        )
    with pytest.raises(UsageError):
        draft_profile(tmp_path / "none.csv", today=TODAY)


def test_a_word_that_no_scale_has_is_told(tmp_path: Path) -> None:
    words = ("非常满意", "满意", "一般", "不满意", "未评价", "5", "很不满意", "满意", "满意", "奇怪")
    path = written(tmp_path, [("编号", "评价"), *((p, words[p % 10]) for p in range(40))])
    draft, profile = drafted(path)
    assert "no level of the scale: 奇怪" in draft.text
    (item,) = profile.items
    assert item.scale is not None
    assert (item.scale.high, item.scale.read("5"), item.scale.read("未评价")) == (5, (5, None), (None, "NA"))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("5 - Very satisfied", 5), ("(5) Very satisfied", 5), ("5分", 5), ("Very satisfied (5)", 5), ("2、一般", 2), ("５", 5),
        ("4.0", 4), ("9 = Don't know", "DK"), ("", "NA"),
    ],
)  # fmt: skip
def test_a_level_may_stand_with_its_words(text: str, level: int | str) -> None:
    scale = AnswerScale("s", 1, 5, {"very satisfied": 5, "verysatisfied": 5}, {"9": "DK"})
    assert scale.read(text) == ((level, None) if isinstance(level, int) else (None, level))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("满意 Satisfied", (4, None)), ("Satisfied / 满意", (4, None)), ("很满意（Very satisfied）", (5, None)),
        ("Very satisfied很满意", (5, None)), ("不清楚 Don't know", (None, "DK")), ("5 很满意 Very satisfied", (5, None)),
    ],
)  # fmt: skip
def test_a_level_may_be_said_in_two_languages(text: str, read: tuple[int | None, str | None]) -> None:
    words = {"satisfied": 4, "满意": 4, "very satisfied": 5, "verysatisfied": 5, "很满意": 5}
    scale = AnswerScale("s", 1, 5, words, {"不清楚": "DK", "don't know": "DK"})
    assert scale.read(text) == read


def test_what_is_said_in_two_languages_must_be_one_thing() -> None:
    scale = AnswerScale("s", 1, 5, {"满意": 4, "very satisfied": 5, "verysatisfied": 5}, {"不清楚": "DK"})
    for text in ("满意 Very satisfied", "不清楚 Very satisfied"):
        with pytest.raises(ValueError, match="says two things"):
            scale.read(text)
    with pytest.raises(ValueError, match="neither an answer"):
        scale.read("满意 So-so")


def test_an_empty_cell_is_an_answer_where_the_profile_says_so() -> None:
    assert AnswerScale("s", 0, 1, {"y": 1, "": 0}).read("  ") == (0, None)
    assert AnswerScale("s", 0, 1, {"y": 1}).read("  ") == (None, "NA")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("4 - Very satisfied", "says 4, but its words are level 5"),
        ("6 - wow", "not on the scale from 1 to 5"),
        ("1-2 times", "neither an answer"),
        ("3.5", "between two levels"),
        ("85%", "neither an answer"),
    ],
)
def test_what_is_no_level_is_refused(text: str, said: str) -> None:
    scale = AnswerScale("s", 1, 5, {"very satisfied": 5, "verysatisfied": 5})
    with pytest.raises(ValueError, match=said):
        scale.read(text)


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("excel", "45567", "2024-10-01T16:00:00+00:00"),
        ("excel", "45567.5", "2024-10-02T04:00:00+00:00"),
        ("unix", "1726000000", "2024-09-10T20:26:40+00:00"),
        ("unix", "1726000000123", "2024-09-10T20:26:40+00:00"),
        ("%Y年%m月%d日 %p%I:%M", "2024年3月5日 下午2:05", "2024-03-05T06:05:00+00:00"),
    ],
)
def test_more_forms_of_dates(form: str, text: str, moment: str) -> None:
    assert DateReader((form,), "Asia/Shanghai").read(text).isoformat() == moment
