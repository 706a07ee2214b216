"""Textual bindings made from the registry of actions."""

from __future__ import annotations

import re

from textual import events
from textual.binding import Binding, BindingType

from console.actions import BY_ID, Action, actions_of, key_name

ACTS_WHILE_TYPING = re.compile(r"ctrl\+.+|f\d+")
"""Keys of the application that no line to write in takes for itself."""

OF_TEXTUAL = {",": "comma"}
"""Textual reads a comma as the end of a key."""


def bindings(*contexts: str) -> list[BindingType]:
    """Return the bindings of some contexts; control and function keys of urgent actions act while somebody types."""
    return [
        Binding(
            OF_TEXTUAL.get(key, key),
            action.method,
            description=action.label,
            show=False,
            id=action.id if index == 0 else f"{action.id}.{index}",
            priority=action.is_urgent or (action.context == "app" and bool(ACTS_WHILE_TYPING.fullmatch(key))),
        )
        for action in actions_of(contexts)
        for index, key in enumerate(action.keys)
    ]


def while_typing(action: Action) -> tuple[str, ...]:
    """Return the keys of an action that no line to write in takes for itself."""
    return tuple(key for key in action.keys if ACTS_WHILE_TYPING.fullmatch(key))


def keys_of(action: Action) -> str:
    """Return the keys of an action for reading; what has none is chosen from all commands."""
    return " ".join(key_name(key) for key in action.keys or BY_ID["app.palette"].keys)


def is_key_of(event: events.Key, *action_ids: str) -> bool:
    """Return whether a key pressed is one of those of some actions."""
    keys = {key for action_id in action_ids for key in BY_ID[action_id].keys}
    return event.key in keys or (event.character is not None and event.character in keys)


LIST_STEPS = {
    "table.down": "cursor_down",
    "table.up": "cursor_up",
    "table.half-down": "page_down",
    "table.half-up": "page_up",
    "table.page-down": "page_down",
    "table.page-up": "page_up",
    "table.first": "first",
    "table.last": "last",
}
"""What moves in a small list as it does in a large one: the action, and what Textual's list calls it."""


def list_step(event: events.Key) -> str:
    """Return how a key moves in a list without a line to write in, by Textual's name, or nothing."""
    return next((step for action_id, step in LIST_STEPS.items() if is_key_of(event, action_id)), "")


__all__ = ["bindings", "is_key_of", "key_name", "keys_of", "list_step", "while_typing"]
