"""The pane to read in."""

from __future__ import annotations

from rich.cells import cell_len

from console.widgets.content import Piece
from console.widgets.reading import Facts, Gap, Grid, Heading, Paragraph, lay_out


def texts(*blocks: Heading | Paragraph | Facts | Grid | Gap, width: int = 40) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in lay_out(blocks, width)]


def test_facts_stand_under_one_another_and_empty_ones_are_left_out() -> None:
    facts = Facts((("Region", "East"), ("客户", "李娜"), ("Nothing", ""), ("Due", Piece("! 45m", "soon"))))
    assert texts(facts) == ["Region  East", "客户    李娜", "Due     ! 45m"]


def test_long_values_hang_under_their_beginning() -> None:
    assert texts(Facts((("Where", "the second house on the left behind the mill"),)), width=26) == [
        "Where  the second house on",
        "       the left behind the",
        "       mill",
    ]


def test_tables_align_by_cells_and_the_flexible_column_gives_way() -> None:
    grid = Grid(("Name", "n"), (("供电质量", "704"), ("a very long name of an indicator", "2")), right=frozenset({1}))
    lines = texts(grid, width=24)
    assert lines == ["Name                   n", "供电质量             704", "a very long name o…    2"]
    assert {cell_len(line) for line in lines} == {24}


def test_hostile_text_is_made_visible() -> None:
    assert texts(Paragraph("\x1b]52;c;AA\x07 [@click=app.leave]x[/] \u202e")) == [
        "␛]52;c;AA␇ [@click=app.leave]x[/]",
        "⟨U+202E⟩",
    ]
