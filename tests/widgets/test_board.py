"""Walking through a page of figures by the keys."""

from __future__ import annotations

from textual.app import App, ComposeResult

from console.widgets.board import Board, BoardLine, Spot


def page(width: int) -> tuple[BoardLine, ...]:
    head = (Spot("指标 ", "label"), Spot("74.0", key="index"), Spot("  "), Spot("77.7%", key="share"))
    rows = tuple((Spot(f"row {number}", key=f"row{number}"),) for number in range(40))
    return (head, (Spot("-" * width, "quiet"),), *rows)


class Walk(App[None]):
    """One board, and what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.wishes: list[tuple[str, str]] = []
        self.copied: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def compose(self) -> ComposeResult:
        yield Board("board")

    def on_mount(self) -> None:
        self.board.show(page)
        self.board.focus()

    @property
    def board(self) -> Board:
        return self.query_one(Board)

    def on_board_line_copied(self, event: Board.LineCopied) -> None:
        self.copied.append((event.cells, event.keys))

    def on_board_chosen(self, event: Board.Chosen) -> None:
        self.wishes.append((event.key, event.wish))


async def test_the_cursor_goes_by_line_and_by_figure() -> None:
    app = Walk()
    async with app.run_test(size=(40, 10)) as pilot:
        assert app.board.key == "index"
        await pilot.press("l", "enter", "question_mark", "right", "j", "h")
        assert app.wishes == [("share", "open"), ("share", "explain"), ("share", "unfold"), ("row0", "fold")]
        await pilot.press("k")
        assert app.board.key == "index"
        await pilot.press("G")
        assert (app.board.key, app.board.scroll_offset.y) == ("row39", 32)
        await pilot.press("g")
        assert (app.board.key, app.board.scroll_offset.y) == ("index", 0)
        await pilot.press(*["j"] * 12)
        assert (app.board.key, app.board.scroll_offset.y) == ("row11", 4)
        await pilot.press("pagedown")
        first = app.board.scroll_offset.y
        assert first <= app.board._places()[[key for _, _, key in app.board._places()].index(app.board.key)][0]


async def test_a_page_drawn_anew_keeps_the_cursor_where_its_figure_went() -> None:
    app = Walk()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("j", "j", "j")
        app.board.show(lambda width: page(width)[:1] + page(width)[4:])
        await pilot.pause()
        assert app.board.key == "row2"
        app.board.show(lambda width: page(width)[:2])
        await pilot.pause()
        assert app.board.key == "index"
        app.board.show(lambda width: ((Spot("nothing"),),))
        await pilot.press("enter", "j", "l")
        assert (app.board.key, app.wishes) == ("", [])


async def test_a_click_puts_the_cursor_and_a_second_one_opens() -> None:
    app = Walk()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click("#board", offset=(2, 4))
        assert app.board.key == "row2"
        await pilot.click("#board", offset=(2, 4), times=2)
        assert app.wishes == [("row2", "open")]


async def test_the_line_under_the_cursor_is_copied_figure_by_figure() -> None:
    app = Walk()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("Y", "j", "Y")
        assert app.copied == [(("指标 74.0", "77.7%"), ("index", "share")), (("row 0",), ("row0",))]
        app.board.show(lambda width: ((Spot("nothing"),),))
        await pilot.press("Y")
        assert len(app.copied) == 2
