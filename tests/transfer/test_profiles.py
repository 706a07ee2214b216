"""Profiles are checked as a whole before a row is read, and find their columns under any usual spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import OmbudError, UsageError
from console.transfer.profiles import load_profile, ready_profiles

SMALL = """
kind = "cases"
source = "town"
[fields.external_reference]
column = "No"
required = true
[fields.received_at]
column = "Day"
required = true
[fields.subject]
column = "Title"
"""


def written(folder: Path, text: str) -> str:
    path = folder / "town.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("name", ready_profiles())
def test_every_ready_profile_loads(name: str) -> None:
    profile = load_profile(name)
    assert profile.kind == "cases"
    assert profile.rule("received_at") is not None


def test_a_profile_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, SMALL))
    assert (profile.name, profile.source) == ("town", "town")


@pytest.mark.parametrize(
    ("old", "new", "complaint", "hint"),
    [
        ('kind = "cases"', 'kind = "case"', "unknown kind case", "cases"),
        ('source = "town"', 'sourse = "town"', "unknown key sourse", "source"),
        ("[fields.subject]", "[fields.subjekt]", "unknown field subjekt", "subject"),
        ('column = "Title"', 'colum = "Title"', "unknown key in fields.subject: colum", "column"),
        ('column = "Title"', 'column = "Title"\nvalue = "x"', "needs one of column, columns and value", ""),
        ('column = "Title"', "column = 3", "must be a quoted text", ""),
        ('source = "town"', '[dates]\nzone = "Asia/Shangai"', "unknown time zone Asia/Shangai", ""),
        ('source = "town"', '[dates]\nformats = ["%Q"]', "is no form of a date", ""),
        ('source = "town"', '[dates]\nformats = ["%d.%m."]', "is no form of a date", ""),
        ('source = "town"', '[aliases]\n"Titel" = ["T"]', "unknown column in aliases: Titel", "Title"),
        ('source = "town"', '[fields.channel]\ncolumn = "C"\nunknown = "web"', "no meaning without", ""),
        ('source = "town"', '[fields.channel]\ncolumn = "C"\n[fields.channel.values]\n"W" = "webb"', "webb", "web"),
        ('source = "town"', '[fields.state]\ncolumn = "S"\ndefault = "recieved"', "recieved", "received"),
        ('[fields.received_at]\ncolumn = "Day"\nrequired = true', "", "from which column received_at comes", ""),
    ],
)
def test_what_is_wrong_in_a_profile_is_named(tmp_path: Path, old: str, new: str, complaint: str, hint: str) -> None:
    assert old in SMALL
    with pytest.raises(UsageError) as caught:
        load_profile(written(tmp_path, SMALL.replace(old, new, 1)))
    assert complaint in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_profile_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        load_profile("cfbp")
    assert "Did you mean cfpb?" in caught.value.hint


@pytest.mark.parametrize("text", ["kind = ", "\ufeff kind"])
def test_a_profile_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_profile(written(tmp_path, text))


def test_columns_are_found_under_other_case_blanks_and_known_other_names() -> None:
    columns = load_profile("cfpb").columns_of(
        ("complaint_id", " DATE  RECEIVED", "issue", "complaint_what_happened", "Company response"), "x.csv"
    )
    assert columns.places["Complaint ID"] == 0
    assert columns.places["Date received"] == 1
    assert columns.places["Consumer complaint narrative"] == 3
    assert columns.places["Company response to consumer"] == 4
    assert columns.extras == ()


def test_columns_the_profile_does_not_map_are_extras() -> None:
    columns = load_profile("tipdm").columns_of(("留言编号", "留言主题", "留言时间", "点赞数"), "x.csv")
    assert columns.extras == ((3, "点赞数"),)


def test_a_missing_column_is_named_with_the_nearest_one_of_the_file() -> None:
    with pytest.raises(OmbudError) as caught:
        load_profile("comcast").columns_of(("Tickets", "Date", "Customer Complaint"), "x.csv")
    assert "x.csv has no column Ticket #, which the profile comcast needs" in caught.value.message
    assert "The nearest column is Tickets." in caught.value.hint


def test_a_file_that_says_nowhere_what_cases_are_about_is_refused() -> None:
    with pytest.raises(OmbudError, match="has no column"):
        load_profile("comcast").columns_of(("Ticket #", "Date"), "x.csv")
