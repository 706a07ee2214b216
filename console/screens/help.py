"""The help: what the keys of a screen do, from the registry of actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.actions import GROUPS, Action, actions_of
from console.i18n import _
from console.screens.base import ConsoleDialog
from console.widgets.bars import KeyBar
from console.widgets.bindings import bindings, key_name, keys_of
from console.widgets.content import Piece
from console.widgets.reading import Block, Gap, Grid, Heading, Paragraph, Reading


class HelpScreen(ConsoleDialog):
    """Lists the actions that apply, by group."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS = bindings("help")

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._actions = tuple(actions)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield Reading("help")
        yield KeyBar(lambda: [(a.id, key_name(a.keys[0]), _(a.label)) for a in actions_of(["help"])])
        yield self.notice()

    def on_mount(self) -> None:
        """Show the list."""
        reading = self.query_one(Reading)
        reading.show(help_blocks(self._actions))
        reading.focus()
        self.query_one(KeyBar).renew()

    def show_help(self) -> None:
        """Close: the key that opened the help closes it."""
        self.dismiss(None)

    def action_back(self) -> None:
        self.dismiss(None)


def help_blocks(actions: Sequence[Action]) -> list[Block]:
    """Return the help of some actions, by group in their order."""
    blocks: list[Block] = []
    for group in GROUPS:
        rows = tuple((Piece(keys_of(action), "later"), _does(action)) for action in actions if action.group == group)
        if not rows:
            continue
        blocks += [Heading(_(group)), Grid((_("Key"), _("Does")), rows, flexible=1), Gap()]
    if any(action.id == "form.save" for action in actions):
        blocks += [Heading(_("Filling in")), *_form_help(), Gap()]
    if any(action.id == "queues.filter" for action in actions):
        blocks += [Heading(_("Filters")), *_filter_help(), Gap()]
    blocks.append(Paragraph(_("To select text with the mouse, hold Shift."), "quiet"))
    return blocks


def _does(action: Action) -> str:
    """Return what an action does, after its name where it is found by that alone."""
    help_text = _(action.help)
    return help_text if action.keys else _("{label}: {help}").format(label=_(action.label), help=help_text)


def _form_help() -> list[Block]:
    steps = (
        (f"{key_name('tab')} {key_name('enter')}", _("the next field; Enter in a text begins a new line")),
        (key_name("shift+tab"), _("the field before")),
        (f"{key_name('down')} {key_name('up')}", _("through the list of a field; typing narrows it")),
    )
    return [Grid((_("Key"), _("Goes to")), steps, flexible=1)]


def _filter_help() -> list[Block]:
    examples = (
        ("leak", _("cases whose text holds a word that begins so")),
        ('"meter reading"', _("cases that hold these words in this order")),
        ("severity:>=3 due:<4h", _("severe and due within four hours")),
        ("region:east,south -channel:web", _("of two regions, and not from the web")),
        ("assignee:none received:2026-11", _("nobody's, received in November 2026")),
        ("sort:-received", _("the newest first")),
    )
    return [Grid((_("Write"), _("Finds")), examples, flexible=1)]
