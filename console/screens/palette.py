"""The palette: every action that applies now, the queues and the themes, found by typing a part of their names."""

from __future__ import annotations

from console.actions import Action, actions_of
from console.i18n import N_, _
from console.screens.base import ConsoleScreen
from console.screens.view_list import view_name
from console.settings import THEMES
from console.widgets.bindings import keys_of

VIEW = "view."
THEME = "theme."
TYPED = frozenset({"filter", "find"})
"""Contexts of a line that is written in: their actions mean nothing once the palette has taken the focus."""

THEME_NAMES = {
    "dark": N_("dark"),
    "light": N_("light"),
    "contrast": N_("strong contrast"),
    "ansi": N_("the terminal's own 16 colours, dark"),
    "ansi-light": N_("the terminal's own 16 colours, light"),
    "mono": N_("no colour"),
}


def contexts(screen: ConsoleScreen) -> set[str]:
    """Return where actions may come from: what has the focus, the screen, and its table even without the focus."""
    return {context for context, _node in screen.nodes()} | ({"table"} if screen.query("#table") else set())


def _text(action: Action) -> str:
    text = _("{label}: {help}").format(label=_(action.label), help=_(action.help))
    return f"{text}  [{keys_of(action)}]" if action.keys else text


def code_of(name: str) -> str:
    """Return the words of an entry's name, in English in every language: ``queues.save-view`` is found by ``save view``."""
    return name.partition(".")[2].replace("-", " ")


def commands(screen: ConsoleScreen) -> list[tuple[str, str]]:
    """Return what the palette offers on a screen, each as (name, text)."""
    offered = [
        (action.id, _text(action))
        for action in actions_of(contexts(screen))
        if action.is_offered and action.context not in TYPED
    ]
    views = [(f"{VIEW}{view.id}", f"{_('Queue')}: {view_name(view)}") for view in screen.console.queue_views]
    themes = [(f"{THEME}{name}", f"{_('Looks')}: {_(THEME_NAMES[name])}") for name in THEMES]
    return [*offered, *views, *themes]
