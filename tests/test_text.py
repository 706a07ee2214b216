"""Text from the public is made safe, folded, cut for search and masked."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.identifiers import mask_email, mask_identity, mask_phone, natural_key, normalise_phone
from console.search_words import QueryToken, query_segments, segments
from console.text import clean, clean_line, fold, is_safe_for_terminal, strip_unsafe

ANY_TEXT = st.text(st.characters(exclude_categories=()))
EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))
HOSTILE = {
    char
    for char, category in zip(EVERY_CHARACTER, map(unicodedata.category, EVERY_CHARACTER), strict=True)
    if category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    or (category == "Cn" and not (0x20000 <= ord(char) <= 0x3FFFD and char not in "\U0002fffe\U0002ffff"))
}


def hostile(text: str) -> set[str]:
    return HOSTILE.intersection(text)


def test_no_character_of_all_survives_cleaning_that_is_hostile() -> None:
    assert hostile(clean(EVERY_CHARACTER)) == {"\n", "\t"}


def test_no_character_of_all_survives_line_cleaning_that_is_hostile() -> None:
    assert hostile(clean_line(EVERY_CHARACTER)) == set()


def test_no_character_of_all_survives_the_second_layer_that_is_hostile() -> None:
    assert hostile(strip_unsafe(EVERY_CHARACTER)) == {"\n", "\t"}
    assert hostile(strip_unsafe(EVERY_CHARACTER, keep="")) == set()


def test_the_second_layer_deletes_nothing_that_is_safe() -> None:
    assert len(strip_unsafe(EVERY_CHARACTER, keep="")) == len(EVERY_CHARACTER) - len(HOSTILE)


def test_one_character_is_judged_as_a_text_is() -> None:
    assert all(is_safe_for_terminal(char) == (char not in HOSTILE) for char in EVERY_CHARACTER)


def test_each_character_alone_is_treated_as_in_company() -> None:
    alone = [code for code in range(0x3000) if clean(chr(code)) != clean("\x1b" + chr(code))[1:]]
    assert alone == []


def test_every_filler_letter_is_made_visible() -> None:
    fillers = [
        char
        for char in EVERY_CHARACTER
        if "HANGUL" in unicodedata.name(char, "") and "FILLER" in unicodedata.name(char)
    ]
    assert [clean(char) for char in fillers] == [f"⟨U+{ord(char):04X}⟩" for char in fillers]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]52;c;AAAA\x07", "␛]52;c;AAAA␇"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("abc\u202ecba", "abc⟨U+202E⟩cba"),
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("停\u200b水\ufeff", "停⟨U+200B⟩水⟨U+FEFF⟩"),
        ("\ud800x", "⟨U+D800⟩x"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("a\u00a0b\u2003c", "a b c"),
        ("　　您好\t！", "　　您好\t！"),
        ("\U0002ebf0\U00031350", "\U0002ebf0\U00031350"),
        ("\U0002ffff", "⟨U+2FFFF⟩"),
        ("💧 ok", "💧 ok"),
    ],
)
def test_cleaning_makes_visible(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@given(ANY_TEXT)
@example("\r\r\n\n")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert strip_unsafe(clean(text)) == clean(text)


def test_a_line_holds_no_line_ends_and_no_towers_of_marks() -> None:
    assert clean_line("  王\t小\n\n明　 先生 ") == "王 小 明 先生"
    assert clean_line("e\u0301") == "é"
    assert clean_line("a" + "\u0300\u0316" * 500 + "b") == "à" + "\u0316" * 4 + "b"
    assert max(len(part) for part in clean_line("x" + "\u0489" * 1000 + " y").split(" ")) == 5


@given(ANY_TEXT)
@example("\u1e9e\u0345\u03b9")
@example("\U0001d400\u0130\uff21")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("Café", "cafe\u0301"),
        ("ＡＢＣ１２", "abc12"),
        ("ﾊﾞｽ", "バス"),
        ("한국", "한국"),
        ("ǅ", "dž"),
    ],
)
def test_folding_unites(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_voiced_kana_stay_apart() -> None:
    assert fold("が") != fold("か")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("No heat, since 3pm!", ["no", "heat", "since", "3pm"]),
        ("小区停水了", ["小区", "区停", "停水", "水了", "了"]),
        ("水", ["水"]),
        ("停水，报修", ["停水", "水", "报修", "修"]),
        ("A3区", ["a3", "区"]),
        ("１２号楼Ｂ座", ["12", "号楼", "楼", "b", "座"]),
        ("naïve_Café", ["naive", "cafe"]),
        ("一二〇 々", ["一二", "二〇", "〇", "々"]),
        ("\U00020000\U00031350", ["\U00020000\U00031350", "\U00031350"]),
        ("ｶﾞｽ 가스", ["ガス", "ス", "가스", "스"]),
        ("…！_-", []),
        ("x" * 500, ["x" * 100]),
    ],
)
def test_text_is_cut_into_segments(text: str, cut: list[str]) -> None:
    assert segments(text) == cut


@pytest.mark.parametrize(
    ("query", "tokens"),
    [
        ("停水", [("停水", False)]),
        ("停水了", [("停水", False), ("水了", False)]),
        ("水", [("水", True)]),
        ("heat", [("heat", True)]),
        ("No heat", [("no", False), ("heat", True)]),
        ("A3区", [("a3", False), ("区", True)]),
        ("停水heat", [("停水", False), ("水", False), ("heat", True)]),
        ("“，”!", []),
    ],
)
def test_a_query_is_cut_the_same_way(query: str, tokens: list[tuple[str, bool]]) -> None:
    assert query_segments(query, is_prefix=True) == [QueryToken(*token) for token in tokens]


def test_a_whole_word_is_asked_for_without_the_prefix() -> None:
    assert query_segments("no heat", is_prefix=False) == [QueryToken("no"), QueryToken("heat")]


def is_found(query: str, text: str, *, is_prefix: bool) -> bool:
    """Match as a phrase of consecutive segments, as FTS5 and tsvector do."""
    tokens = query_segments(query, is_prefix=is_prefix)
    words = segments(text)
    return any(
        all(
            word.startswith(token.text) if token.is_prefix else word == token.text
            for token, word in zip(tokens, words[start:], strict=False)
        )
        for start in range(len(words) - len(tokens) + 1)
    )


HAN = st.text(st.sampled_from("停水电断报，。 "), max_size=20)


@given(HAN, HAN, st.booleans())
def test_a_han_phrase_is_found_exactly_where_a_scan_finds_it(query: str, text: str, is_prefix: bool) -> None:
    def plain(value: str) -> str:
        return " ".join(value.replace("，", " ").replace("。", " ").split())

    if plain(query):
        assert is_found(query, text, is_prefix=is_prefix) == (plain(query) in plain(text))


@given(st.text(st.sampled_from("ab1 -"), max_size=4), st.text(st.sampled_from("ab1 -"), max_size=20))
def test_latin_words_are_found_whole_or_by_their_beginning(query: str, text: str) -> None:
    words = " ".join(query.replace("-", " ").split())
    if words:
        padded = " " + " ".join(text.replace("-", " ").split()) + " "
        assert is_found(query, text, is_prefix=True) == (f" {words}" in padded)
        assert is_found(query, text, is_prefix=False) == (f" {words} " in padded)


@given(ANY_TEXT)
def test_every_text_finds_itself(text: str) -> None:
    if segments(text):
        assert is_found(text, text, is_prefix=False)
        assert all(not any(char.isspace() for char in segment) for segment in segments(text))


@pytest.mark.parametrize(
    ("written", "normal", "masked"),
    [
        ("138 0013-8000", "13800138000", "138****8000"),
        ("+86 138 0013 8000", "13800138000", "138****8000"),
        ("008613800138000", "13800138000", "138****8000"),
        ("8613800138000", "13800138000", "138****8000"),
        ("１３８００１３８０００", "13800138000", "138****8000"),
        ("+86 10 6655 4433", "01066554433", "010****4433"),
        ("+44 20 7946 0018", "+442079460018", "+442*****0018"),
        ("87654321", "87654321", "****4321"),
        ("95598", "95598", "***98"),
        ("110", "110", "***"),
        ("none", "", ""),
    ],
)
def test_a_phone_number_is_normalised_and_masked(written: str, normal: str, masked: str) -> None:
    assert normalise_phone(written) == normal
    assert mask_phone(written) == masked


def test_other_secrets_are_masked() -> None:
    assert mask_email("wang.xm@example.org") == "w***@example.org"
    assert mask_email("no address") == "***"
    assert mask_email("") == ""
    assert mask_identity("110101199003071234") == "110***********1234"
    assert mask_identity("12345678") == "********"


def test_keys_keep_zeros_and_case() -> None:
    assert natural_key(" ００１２ab\u200b ") == "0012ab⟨U+200B⟩"
