"""Texts and names that break programs which trust them; each is marked, so that a person can find it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from people import Row

ESC = "\x1b"
LONG = " ".join(
    f"Entry {number}: on this day the pressure was {16 + number % 17} hundredths at {6 + number % 15} o'clock, "
    f"第{number}天早上水压{16 + number % 17}，晚上又没有水。"
    for number in range(1, 441)
)


@dataclass(frozen=True, slots=True)
class AwkwardCase:
    """A case whose texts are a test; ``fields`` are further fields of the case."""

    mark: str
    subject: str
    narrative: str
    fields: dict[str, Any] = field(default_factory=dict)


CASES = (
    AwkwardCase("closing tag", "[/foo] bill is wrong", "The form shows [/foo] and then [/] and stops. [/b][/]"),
    AwkwardCase(
        "style tags",
        "[bold]x[/bold] [red]urgent[/red] meter E0004711",
        "[bold]x[/bold] [blink]look[/blink] [link=https://example.org]here[/link] \\[escaped\\] [[double]]",
        {"location": "[bold]12 Foundry Street[/bold]"},
    ),
    AwkwardCase(
        "action tags",
        "[@click=app.quit]press[/] to see my photograph",
        "[@click=app.quit]press[/] [@click=\"app.bell()\"]here[/] [@click=screen.dismiss]or here[/]",
        {"responsible": "[@click=app.quit]Fitter[/]"},
    ),
    AwkwardCase(
        "escape sequences",
        f"{ESC}[2J{ESC}[H{ESC}[31mPower off{ESC}[0m",
        f"{ESC}]0;another title\x07{ESC}]8;;https://example.org{ESC}\\click{ESC}]8;;{ESC}\\ {ESC}[?1049l{ESC}c",
        {"location": f"{ESC}[8mhidden{ESC}[28m"},
    ),
    AwkwardCase(
        "clipboard",
        f"Water brown{ESC}]52;c;cm0gLXJmIH4=\x07 since Monday",
        f"{ESC}]52;c;cm0gLXJmIH4={ESC}\\ and once more \x9d52;c;cm0gLXJmIH4=\x9c, then text goes on.",
    ),
    AwkwardCase(
        "eight-bit controls",
        "Gas alarm \x9b31mred\x9b0m",
        "A\x84B\x85C\x8dD\x90E\x98F\x9eG\x9fH and NUL \x00, bell \x07, backspace \x08, delete \x7f, vertical tab \x0b.",
        {"responsible": "Crew \x9b7m4"},
    ),
    AwkwardCase(
        "direction",
        "Bill \u202e00.081\u202c yuan paid",
        "\u202ereversed\u202c \u2066isolated\u2069 \u200fmark\u200e \u061cletter mark \u2067left open",
    ),
    AwkwardCase(
        "invisible",
        "pay\u200bment\u2060 not\u00ad credited\ufeff",
        "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg \U000e0041\U000e007f h\u3164i \ud800 j\ufffe k\ue000 l",
        {"location": "\u3164"},
    ),
    AwkwardCase("formulas", "=1+1", "=cmd|' /C calc'!A0\n+1+1\n-2+3\n@SUM(A1:A9)\n\t=1+1", {"responsible": "@SUM(1;2)"}),
    AwkwardCase(
        "formula link", '=HYPERLINK("https://example.org","refund")', '+HYPERLINK("https://example.org")', {"location": "-1+1"}
    ),
    AwkwardCase("very long", "A diary of low pressure, 水压日记", LONG),
    AwkwardCase("long word", "Meter " + "9" * 300, "无" * 600 + " " + "x" * 3000),
    AwkwardCase(
        "emoji",
        "No light 😡😡 since 🕗 👨‍👩‍👧‍👦 at home",
        "Family 👨‍👩‍👧‍👦, flag 🇺🇳, skin 👍🏽, keycap 1️⃣, heart ❤️ and ❤, lamp 💡.",
    ),
    AwkwardCase(
        "combining marks",
        "Cafe\u0301 without water, o\u0308rtlich",
        "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da"
        "\u036b\u0357\u0334\u0362\u0335\u031c\u0330\u0354l\u0368\u0367\u0369\u0358\u0320"
        "g\u0311\u0357\u030e\u0305o, A\u030angstro\u0308m",
    ),
    AwkwardCase(
        "leading zeros",
        "Account 0000000042 is not 42",
        "My numbers are 0000000042, 007 and 00; phone 0120 0000 042.",
        {"source": "hotline", "external_reference": "000000042", "customer": "0009000001", "account": "0000000042"},
    ),
    AwkwardCase(
        "line breaks",
        "Line one\nline two\r\nline three\ttabbed",
        "First\r\nsecond\rthird\u2028fourth\u2029fifth\n\n\n\n\n\tindented\n  spaced\u00a0out\u2003wide\n",
    ),
    AwkwardCase(
        "right to left",
        "انقطاع الكهرباء منذ الأمس",
        "الكهرباء مقطوعة في شارع الميناء 12 منذ الساعة 19:40. החשבון שגוי: 180.00. Thank you.",
    ),
    AwkwardCase(
        "full width",
        "ＡＣＣＯＵＮＴ　０１２３　多收１８０元",
        "户号０１００４７１１，电费１８０．００元，（括号）：全角！　行首空格。",
    ),
    AwkwardCase(
        "rare characters", "𠮷野家门口停水，㐂寿路", "𠮷𡃁𨋢㐂䶮，龘靐齉，ｶﾞｽ漏れ，정전 신고，ไฟดับ，बिजली नहीं।"
    ),
    AwkwardCase(
        "quotes",
        "\"O'Malley'); DROP TABLE cases;--\"",
        "It's \"quoted\", `ticked`, \\ back, % percent, _ under, ; semi, | pipe, 100%.",
    ),
)  # fmt: skip


def customers(anchor: datetime) -> list[Row]:
    """Return customers whose names and addresses are tests; their numbers begin with 0009."""
    names = (
        ("[bold]Brackets[/bold] Trading", "1 [/foo] Street, Lindan East"),
        ("Siobhán O'Brien-D'Ambry", "3 Bell Street\nback yard\tleft door, Lindan Center"),
        ("=1+1 Stationers", "@home, 5 Kiln Street"),
        ("شركة النور", "7 Harbour Street, Lindan East"),
        ("李[测试]汐", "临澜市城南区桑林巷00号"),
        ("于 汐", "临澜市城北区白桦里０９号"),
        ("诸葛砚", '9 "Quarry" Road; Lindan, West'),
        ("X", ""),
        ("The Honourable Society of Keepers of the Lamps, Sluices, Wires and Wells of Old Lindan and Beyond", "11 Old Market"),
        ("[@click=app.quit]Press & Sons[/]", "13 Depot Street, Lindan North"),
    )  # fmt: skip
    regions = ("east", "center", "south", "east", "south", "north", "west", "center", "center", "north")
    return [
        {
            "number": f"0009{position:06d}",
            "name": name,
            "kind": "enterprise" if position in (1, 3, 4, 9, 10) else "individual",
            "relationship": "long_term",
            "supply_category": "commercial" if position in (1, 3, 4, 9, 10) else "residential",
            "size": "small",
            "credit_grade": "A",
            "phone": f"00000{position:02d}",
            "email": "",
            "address": address,
            "region": region,
            "is_vulnerable": False,
            "created_at": anchor - timedelta(days=900 + position),
            "updated_at": anchor - timedelta(days=90 + position),
        }
        for position, ((name, address), region) in enumerate(zip(names, regions, strict=True), start=1)
    ]


def accounts(anchor: datetime) -> list[Row]:
    """Return service accounts of awkward customers, whose numbers are only right with all their zeros."""
    return [
        {
            "number": number,
            "customer": customer,
            "utility": "electricity",
            "supply_category": "commercial",
            "state": "active",
            "meter_number": meter,
            "address": "1 [/foo] Street, Lindan East",
            "region": "east",
            "opened_on": (anchor - timedelta(days=800)).date(),
            "closed_on": None,
        }
        for number, customer, meter in (
            ("0000000042", "0009000001", "00000042"),
            ("42", "0009000003", "42"),
            ("007", "0009000009", "E-007/00"),
        )
    ]
