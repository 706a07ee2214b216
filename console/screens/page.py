"""A page to read above the screen: the workflow, the notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.i18n import _
from console.labels import label
from console.screens.base import NAVIGATION, ConsoleScreen
from console.services.case_views import NoticeRow
from console.widgets.bindings import bindings
from console.widgets.content import line, moment
from console.widgets.reading import Block, Gap, Paragraph, Reading


class Page(ConsoleScreen):
    """A page that is asked for and read; Escape closes it."""

    context = "page"
    AUTO_FOCUS = "#page"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("page"), *NAVIGATION]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose_body(self) -> ComposeResult:
        """Lay out title and text."""
        yield Static(line(self._title), id="page-title")
        yield Reading("page")

    def begin(self) -> None:
        """Ask for the page."""
        self.query_one("#page", Reading).show([Paragraph(_("Asking the database…"), "quiet")])
        self.renew()

    def show(self, blocks: Sequence[Block]) -> None:
        """Show the page."""
        self.query_one("#page", Reading).show(blocks, keep=True)

    def action_back(self) -> None:
        self.dismiss(None)


class WorkflowPage(Page):
    """The state machine of the policy in force, drawn in text."""

    def __init__(self) -> None:
        super().__init__(_("The way of a case"))

    def renew(self) -> None:
        """Ask for the drawing."""
        self.ask("page", lambda data: data.workflow())

    def answered(self, group: str, answer: object) -> None:
        """Show the drawing, line by line as it is."""
        self.show([Paragraph(text) if text.strip() else Gap() for text in cast("str", answer).split("\n")])


class NoticePage(Page):
    """The reminders and escalations for whoever sits here."""

    def __init__(self) -> None:
        super().__init__(_("Notices for you"))

    def renew(self) -> None:
        """Ask for the notices."""
        self.ask("page", lambda data: data.notices())

    def answered(self, group: str, answer: object) -> None:
        """Show the notices, the newest first."""
        self.show(notice_blocks(cast("Sequence[NoticeRow]", answer), self.console.zone))


def notice_blocks(notices: Sequence[NoticeRow], zone: tzinfo) -> list[Block]:
    """Return the notices to be read."""
    if not notices:
        return [Paragraph(_("No notice waits for you."))]
    blocks: list[Block] = []
    for notice in notices:
        head = f"{moment(notice.at, zone)}  {label(notice.kind, 'notice')}  {notice.reference}"
        blocks += [Paragraph(head, "label"), Paragraph(f"  {notice.text}"), Gap()]
    return blocks


class MessagesPage(Page):
    """What the console said in this session: a message goes when the next one comes, or before it was read."""

    def __init__(self, messages: Sequence[tuple[datetime, str]]) -> None:
        """Take messages with the time of each, the newest last."""
        super().__init__(_("Messages"))
        self._messages = tuple(messages)

    def renew(self) -> None:
        """Show the messages, the newest first."""
        if not self._messages:
            self.show([Paragraph(_("Nothing was said in this session."))])
            return
        blocks: list[Block] = []
        for said_at, text in reversed(self._messages):
            blocks += [Paragraph(moment(said_at, self.console.zone), "quiet"), Paragraph(text), Gap()]
        self.show(blocks[:-1])


class CopiedPage(Page):
    """What was sent to the clipboard, in plain lines to be selected by hand, since no terminal says whether it took it."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(_("Copied texts"))
        self._texts = tuple(texts)

    def renew(self) -> None:
        """Show the texts, the newest first."""
        if not self._texts:
            self.show([Paragraph(_("Nothing was copied in this session."))])
            return
        blocks: list[Block] = [Paragraph(_("To select text with the mouse, hold Shift."), "quiet")]
        for text in reversed(self._texts):
            blocks += [Gap(), Paragraph(text)]
        self.show(blocks)
