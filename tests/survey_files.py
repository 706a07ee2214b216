"""Small invented files of survey answers and a profile for them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from console.storage.engine import Store
from console.transfer.responses import ResponsesReport, import_responses
from console.transfer.survey_profiles import load_survey_profile

HEADER = ("id", "day", "area", "weight", "all", "speed", "staff", "tell")
PROFILE = """
kind = "responses"
missing = ["-"]
[dates]
zone = "Asia/Shanghai"
[survey]
code = "hall"
title = "Hall"
title_zh = "营业厅"
scale = "five"
[scales.five]
levels = [1, 5]
missing = { "0" = "NA", "9" = "NAP" }
[number]
column = "id"
[answered_at]
column = "day"
[facts.region]
column = "area"
[weight]
column = "weight"
default = 1
[groups.service]
label = "Service"
label_zh = "服务"
weight = 1.0
[items.all]
label = "All in all"
[items.speed]
parent = "service"
weight = 0.6
[items.staff]
parent = "service"
weight = 0.4
[items.tell]
kind = "nps"
missing = { "11" = "NA" }
"""


def row(
    number: object,
    *,
    day: str = "2026-03-02",
    area: str = "east",
    weight: object = 1,
    scores: Sequence[object] = (4, 3, 5),
    tell: object = 9,
) -> tuple[str, ...]:
    return (str(number), day, area, str(weight), *map(str, scores), str(tell))


def written(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def profile_file(folder: Path, text: str = PROFILE, name: str = "hall") -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return str(path)


def brought(
    store: Store, folder: Path, rows: Iterable[Sequence[str]], text: str = PROFILE, **options: Any
) -> ResponsesReport:
    """Import rows by the profile above."""
    survey = options.pop("survey", None)
    profile = load_survey_profile(profile_file(folder, text)).for_survey(survey, None)
    path = written(folder / "answers.csv", rows, options.pop("header", HEADER))
    return import_responses(store, path, profile, actor="anna", **options)


def mixed(count: int, *, area: str = "", day: str = "2026-03-02") -> list[tuple[str, ...]]:
    """Rows that differ in every way a response can."""
    return [
        row(
            place,
            day=day if place % 3 else "2026-04-01",
            area=area or ("east", "west", "")[place % 3],
            weight=1 + (place % 4) / 2,
            scores=(1 + place % 5, (1 + place * 7 % 5) if place % 6 else 0, (1 + place * 3 % 5) if place % 7 else 9),
            tell=place % 12,
        )
        for place in range(1, count + 1)
    ]
