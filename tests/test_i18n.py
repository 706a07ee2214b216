"""The program speaks English and Simplified Chinese, and no text is forgotten in either."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import console
from console import codes, i18n
from console.errors import UsageError
from console.i18n import LANGUAGES, N_, _, choose_language, chosen_language, ngettext, pgettext, read_catalogue
from console.labels import LABELS, label
from console.services.views import QUEUE_VIEWS

PACKAGE = Path(console.__file__).parent
CALLS = {"_", "N_", "ngettext"}


@pytest.fixture(autouse=True)
def language_kept() -> Iterator[None]:
    before = chosen_language()
    yield
    choose_language(before)


def chinese() -> i18n.Catalogue:
    return i18n.catalogue_of("zh_CN")


def messages() -> Iterator[tuple[str, str]]:
    """Every text given to ``_``, ``N_`` or ``ngettext`` as (message, place); f-strings too, which find no entry."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS):
                continue
            place = f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"
            message = node.args[0]
            if isinstance(message, ast.Constant) and isinstance(message.value, str):
                yield message.value, place
            elif isinstance(message, ast.JoinedStr):
                yield ast.unparse(message), place


def label_messages() -> set[str]:
    return {f"{group}\x04{english}" for group, texts in LABELS.items() for english in texts.values()}


def holes(text: str) -> list[str]:
    return sorted(name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None)


def test_every_text_of_the_program_has_a_chinese_one() -> None:
    known = chinese()
    missing = sorted({f"{place}: {text!r}" for text, place in messages() if text not in known})
    assert not missing, "no entry in console/locale/zh_CN/LC_MESSAGES/*.po for:\n" + "\n".join(missing)


def test_every_label_has_a_chinese_one() -> None:
    missing = sorted(key.replace("\x04", ": ") for key in label_messages() - set(chinese()))
    assert not missing, "no entry in console/locale/zh_CN/LC_MESSAGES/*.po for:\n" + "\n".join(missing)


def test_no_chinese_entry_is_left_over() -> None:
    used = {text for text, _place in messages()} | label_messages()
    assert sorted(set(chinese()) - used) == []


def test_a_translation_has_the_holes_of_its_message() -> None:
    wrong = {
        key: forms
        for key, forms in chinese().items()
        if "{" in key and any(not set(holes(form)) <= set(holes(key.rpartition("\x04")[2])) for form in forms)
    }
    assert wrong == {}


def test_chinese_sentences_have_chinese_marks() -> None:
    marks = re.compile(r"[\u3400-\u9fff）][,;:!?](?![0-9a-z])|[,;:!?](?=[\u3400-\u9fff（])")
    assert [text for texts in chinese().values() for text in texts if marks.search(text)] == []


def test_every_code_has_a_label() -> None:
    enumerations = [
        value
        for value in vars(codes).values()
        if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
    ]
    assert len(enumerations) > 10
    choose_language("en")
    unnamed = [code for enumeration in enumerations for code in enumeration if label(code) == str(code)]
    assert unnamed == []
    assert [label(level, "severity") for level in codes.SEVERITIES] == ["Ordinary", "Important", "Major", "Special"]


def test_every_queue_has_a_label() -> None:
    choose_language("en")
    assert [label(view.id, "view") for view in QUEUE_VIEWS] == [view.label for view in QUEUE_VIEWS]


def test_labels_are_translated_when_drawn() -> None:
    choose_language("en")
    assert label(codes.CaseKind.COMPLAINT) == "Complaint"
    choose_language("zh_CN")
    assert label(codes.CaseKind.COMPLAINT) == "投诉"
    assert label("closed", "phase") == "已结"
    assert label("closed", "account_state") == "销户"
    assert label("site-visit", "state") == "site-visit"


def test_a_message_is_translated_when_it_is_called() -> None:
    marked = N_("Queues")
    choose_language("zh_CN")
    translated = _(marked)
    choose_language("en")
    assert (translated == "Queues", _(marked)) == (False, "Queues")


def test_a_message_nobody_translated_is_english() -> None:
    choose_language("zh_CN")
    assert _("no such message") == "no such message"
    assert pgettext("nowhere", "Open") == "Open"
    assert ngettext("{n} thing", "{n} things", 2) == "{n} things"


def test_numbers_choose_the_form_in_english() -> None:
    choose_language("en")
    assert [ngettext("one case", "more cases", count) for count in (0, 1, 2)] == [
        "more cases",
        "one case",
        "more cases",
    ]


@pytest.mark.parametrize(
    ("named", "language"),
    [
        ("en", "en"),
        ("en_GB.UTF-8", "en"),
        ("C", "en"),
        ("zh", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_Hans", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh_CN.GB18030@pinyin", "zh_CN"),
    ],
)
def test_a_language_may_be_named_in_many_ways(named: str, language: str) -> None:
    assert choose_language(named) == language
    assert chosen_language() == language


@pytest.mark.parametrize("named", ["fr", "zh_TW", "english", "zh_CNN"])
def test_a_language_we_do_not_speak_is_refused_with_those_we_do(named: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_language(named)
    assert named in caught.value.message
    assert all(code in caught.value.hint for code in LANGUAGES)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "C", "LC_ALL": "zh_CN"}, "zh_CN"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh_CN"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_system_says_which_language(environment: dict[str, str], language: str) -> None:
    assert choose_language(None, environment) == language


def test_a_catalogue_is_read() -> None:
    text = (
        'msgid ""\nmsgstr "Language: x\\n"\n\n# said to people\n#: a.py:3\nmsgid "a \\"b\\"\\n"\nmsgstr ""\n"甲"\n"乙"\n\n'
        'msgctxt "phase"\nmsgid "Open"\nmsgstr "开"\nmsgid "Open"\nmsgstr "打开"\n\n#, fuzzy\nmsgid "guess"\nmsgstr "猜"\n\n'
        'msgid "sure"\nmsgstr "定"\n\nmsgid "empty"\nmsgstr ""\n\n'
        'msgid "{n} case"\nmsgid_plural "{n} cases"\nmsgstr[0] "{n} 件"\nmsgstr[1] "{n} 件们"\n'
    )
    assert read_catalogue(text) == {
        'a "b"\n': ("甲乙",),
        "phase\x04Open": ("开",),
        "Open": ("打开",),
        "sure": ("定",),
        "{n} case": ("{n} 件", "{n} 件们"),
    }


@pytest.mark.parametrize("text", ['msgid "a', "nonsense", '"lost"', "msgid"])
def test_what_is_no_catalogue_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match="line 2 is not gettext"):
        read_catalogue("# a comment\n" + text)


def test_no_text_is_translated_in_two_files() -> None:
    found: dict[str, str] = {}
    for source in sorted((PACKAGE / "locale/zh_CN/LC_MESSAGES").glob("*.po")):
        for key in read_catalogue(source.read_text(encoding="utf-8")):
            assert key not in found, f"{key!r} is in {found[key]} and in {source.name}"
            found[key] = source.name
