"""Real surveys through the command line: imported by their ready profiles, they give their published figures."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from measure_data import synthetic_survey

from console.commands.main import run
from console.services.setup import initialise

SAMPLES = Path(__file__).parents[1] / "samples"
SURVEYS = os.environ.get("OMBUD_SURVEYS", "")
BANK_MODEL = (
    "IMAG>EXPE,IMAG>SAT,IMAG>LOY,EXPE>QUAL,EXPE>VAL,EXPE>SAT,QUAL>VAL,QUAL>SAT,VAL>SAT,SAT>LOY"  # all of its authors
)
PATHS = """
kind = "responses"
[survey]
code = "paths"
scale = [1, 10]
[number]
made = "line"
[answered_at]
value = "2026-05-04"
[groups.Q]
[groups.S]
[groups.L]
[[blocks]]
columns = ["Q*"]
parent = "Q"
[[blocks]]
columns = ["S*"]
parent = "S"
[[blocks]]
columns = ["L*"]
parent = "L"
"""


@pytest.fixture(autouse=True)
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    initialise(database_url)
    return database_url


def imported(capsys: pytest.CaptureFixture[str], source: Path, folder: Path, profile: str) -> dict[str, Any]:
    path = folder / source.name.removesuffix(".gz")
    if source.suffix == ".gz":
        path.write_bytes(gzip.decompress(source.read_bytes()))
    else:
        path.write_bytes(source.read_bytes())
    return document(capsys, "import", "responses", str(path), "--profile", profile)


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def indicators(capsys: pytest.CaptureFixture[str], survey: str) -> dict[str, dict[str, Any]]:
    (found,) = document(capsys, "satisfaction", "summary", f"survey:{survey}")["surveys"]
    return {item["indicator"]: item for item in found["indicators"]}


def test_the_airport_gives_its_check_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = imported(capsys, SAMPLES / "sfo_survey_2017.csv.gz", tmp_path, "sfo")
    assert (report["read"], report["created"], report["rejected"]) == (2831, 2831, 0)
    items = indicators(capsys, "sfo-2017")
    whole = items["Q7ALL"]
    assert whole["n"] == 2688
    assert whole["mean"] == pytest.approx(4.0644, abs=5e-5)
    assert whole["weighted_mean"] == pytest.approx(4.0712, abs=5e-5)
    assert whole["top_share"] == pytest.approx(0.8207, abs=5e-5)
    assert whole["missing"] == {"NA": 143}
    told = items["NETPRO"]
    levels = {int(level): count for level, count in told["levels"].items()}
    assert told["n"] == sum(levels.values()) == 2746
    assert sum(count for level, count in levels.items() if level >= 9) == 1436
    assert sum(count for level, count in levels.items() if level <= 6) == 342
    assert told["nps"] == pytest.approx(39.84, abs=5e-3)
    assert told["weighted_nps"] == pytest.approx(40.40, abs=5e-3)
    # Six is "never used": it is no score, and it is told from what was left blank.
    assert items["Q7RENTAL"]["missing"]["NAP"] > 0
    assert set(items["Q7RENTAL"]["levels"]) == {"1", "2", "3", "4", "5"}
    where = "survey:sfo-2017 indicator:Q7ALL"
    pivot = document(capsys, "satisfaction", "pivot", "region", "channel", "--where", where, "--measure", "mean")
    assert pivot["total"]["value"] == pytest.approx(4.0712, abs=5e-5)


def test_water_users_answer_in_words_of_seven_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = SAMPLES / "malawi_water_survey_2021.csv.gz"
    report = imported(capsys, source, tmp_path, "malawi")
    assert (report["read"], report["created"], report["rejected"]) == (423, 423, 0)
    found = indicators(capsys, "malawi-2021")
    assert found["service_level"]["levels"] == {"1": 7, "2": 27, "3": 5, "4": 25, "5": 28, "6": 150, "7": 181}
    words = (
        "very dissatisfied", "dissatisfied", "somewhat dissatisfied", "neither satisfied nor dissatisfied",
        "somewhat satisfied", "satisfied", "very satisfied",
    )  # fmt: skip
    rows = list(csv.DictReader(gzip.decompress(source.read_bytes()).decode().splitlines()))
    assert len(found) == 5
    for code, item in found.items():
        said = [row[f"satisfaction_{code}"].lower() for row in rows]
        counts = {str(level): said.count(word) for level, word in enumerate(words, 1)}
        assert item["levels"] == {level: count for level, count in counts.items() if count}
        assert item["n"] + sum(item["missing"].values()) == 423


def test_a_path_model_of_imported_answers_has_the_published_coefficients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile, path = tmp_path / "paths.toml", tmp_path / "paths.csv"
    profile.write_text(PATHS, "utf-8")
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [("Q1", "Q2", "Q3", "S1", "S2", "S3", "L1", "L2"), *synthetic_survey().astype(int)]
        )
    assert document(capsys, "import", "responses", str(path), "--profile", str(profile))["created"] == 60
    for arguments, coefficients, r_squared, total in (
        (["--standardised"], (0.70898572, 0.31164537, 0.24336885), (0.50266075, 0.26389696), 0.48419041),
        ([], (0.70498433, 0.30933802, 0.24904919), (0.49700291, 0.26634003), 0.48491379),
    ):
        found = document(capsys, "satisfaction", "drivers", "survey:paths", "--paths", "Q>S,Q>L,S>L", *arguments)
        direct = {(path["cause"], path["effect"]): path["direct"] for path in found["paths"]}
        assert [direct["Q", "S"], direct["Q", "L"], direct["S", "L"]] == pytest.approx(coefficients, abs=1e-7)
        explained = {one["name"]: one["r_squared"] for one in found["variables"]}
        assert [explained["S"], explained["L"]] == pytest.approx(r_squared, abs=1e-7)
        totals = {(path["cause"], path["effect"]): path["total"] for path in found["paths"]}
        assert totals["Q", "L"] == pytest.approx(total, abs=1e-7)


@pytest.mark.skipif(not SURVEYS, reason="OMBUD_SURVEYS does not name the folder of the bank survey")
def test_the_bank_gives_the_coefficients_of_its_authors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys, Path(SURVEYS) / "plspm_bank_satisfaction.csv", tmp_path, "plspm")
    found = document(capsys, "satisfaction", "drivers", "survey:plspm-bank", "--paths", BANK_MODEL)
    direct = {path["cause"]: path["direct"] for path in found["paths"] if path["effect"] == "SAT"}
    named = [direct[cause] for cause in ("IMAG", "EXPE", "QUAL", "VAL")]
    assert named == pytest.approx((0.200724, -0.002754, 0.122145, 0.589331), abs=1e-6)
    explained = {one["name"]: one["r_squared"] for one in found["variables"]}
    assert explained["SAT"] == pytest.approx(0.707321, abs=1e-6)
    items = indicators(capsys, "plspm-bank")
    assert [items[code]["mean"] for code in ("sat1", "sat2", "sat3", "sat4")] == pytest.approx(
        (7.18, 6.912, 6.716, 6.524)
    )
