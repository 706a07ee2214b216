"""Tables are defined when one of their subject is named; whoever needs all of them gets all of them."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from console import models
from console.models import SUBJECTS, whole_schema

PACKAGE = Path(models.__file__).parent
SHARED = {"__init__", "base"}


def test_every_file_of_the_package_is_a_subject() -> None:
    assert set(SUBJECTS) == {path.stem for path in PACKAGE.glob("*.py")} - SHARED


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_a_subject_names_exactly_the_tables_that_its_file_defines(subject: str) -> None:
    module = import_module(f"console.models.{subject}")
    defined = {
        name
        for name, held in vars(module).items()
        if isinstance(held, type) and issubclass(held, SQLModel) and held.__module__ == module.__name__
    }
    assert set(SUBJECTS[subject]) == defined
    assert all(getattr(models, name) is getattr(module, name) for name in defined)


def test_what_the_package_offers_is_every_noun() -> None:
    nouns = {name for names in SUBJECTS.values() for name in names}
    assert set(models.__all__) == nouns | {"SUBJECTS", "whole_schema"}


def test_the_whole_schema_holds_a_table_for_every_noun() -> None:
    named = {str(getattr(models, name).__tablename__) for names in SUBJECTS.values() for name in names}
    assert set(whole_schema().tables) == named


def test_a_noun_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        models.Nonsense  # noqa: B018


def test_nobody_takes_the_tables_known_so_far_for_all_there_are() -> None:
    found = [
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.parent.rglob("*.py")
        if path.parent != PACKAGE and re.search(r"\b[A-Z]\w*\.metadata\b", path.read_text(encoding="utf-8"))
    ]
    assert found == []
