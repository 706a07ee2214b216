"""The themes: one accent, blue and orange for states, and for those who need it strong contrast, 16 colours, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping

from textual.theme import Theme

from console.choices import Choices
from console.settings import Settings

THEMES = (
    Theme(
        name="dark",
        primary="#3b7dd8",
        secondary="#5a8ac6",
        accent="#6cb6ff",
        warning="#e8b04b",
        error="#ff8c42",
        success="#6cb6ff",
        foreground="#d8dee6",
        background="#14181d",
        surface="#1d232a",
        panel="#232b34",
        dark=True,
        variables={"quiet": "#8b97a5"},
    ),
    Theme(
        name="light",
        primary="#1f5fb0",
        secondary="#3f6ea8",
        accent="#0b5cad",
        warning="#9a6200",
        error="#b84a00",
        success="#0b5cad",
        foreground="#1c2127",
        background="#fbfbfa",
        surface="#eceff2",
        panel="#e2e7ec",
        dark=False,
        variables={"quiet": "#5d6975"},
    ),
    Theme(
        name="contrast",
        primary="#1a6dff",
        secondary="#ffffff",
        accent="#ffff00",
        warning="#ffd700",
        error="#ffa040",
        success="#66d9ff",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#1a1a1a",
        dark=True,
        variables={"quiet": "#e6e6e6", "block-cursor-background": "#ffff00", "block-cursor-foreground": "#000000"},
    ),
    Theme(
        name="mono",
        primary="#ffffff",
        secondary="#ffffff",
        accent="#ffffff",
        warning="#ffffff",
        error="#ffffff",
        success="#ffffff",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        dark=True,
        variables={"quiet": "#ffffff", "block-cursor-background": "#ffffff", "block-cursor-foreground": "#000000"},
    ),
)
TEXTUAL_NAMES: Mapping[str, str] = {"ansi": "ansi-dark", "ansi-light": "ansi-light"}
"""Our names of the themes that use the terminal's own 16 colours."""


def textual_name(theme: str) -> str:
    """Return the name under which Textual knows one of our themes."""
    return TEXTUAL_NAMES.get(theme, theme)


def starting_theme(settings: Settings, choices: Choices, environment: Mapping[str, str] | None = None) -> str:
    """Return the theme to begin with: none of colours where NO_COLOR is set, else the one set, chosen last, or dark."""
    environment = os.environ if environment is None else environment
    if environment.get("NO_COLOR") and settings.sources.get("theme") != "--theme":
        return "mono"
    return settings.theme or choices.theme() or "dark"
