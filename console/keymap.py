"""The keymap: a TOML file that gives actions other keys, checked as a whole before any of it holds.

An entry is an action's id and its keys: ``"queues.refresh" = ["f5"]``, or in a table ``[queues]`` the line ``refresh = "f5"``.
Several keys stand in a list, or in one text with commas between them; an empty list takes all keys away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from console.actions import ACTIONS, BY_ID, Action, choose_keys
from console.errors import UsageError, nearest
from console.settings import Settings, configuration_directory

Keys = Mapping[str, tuple[str, ...]]
"""Keys by the id of their action."""

LARGEST = 1 << 18
"""Bytes of a file that is read as a keymap: a larger one is something else."""

NAMED = (
    "enter", "escape", "space", "tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert",
    "delete", "backspace",
)  # fmt: skip
FUNCTION_KEYS = tuple(f"f{number}" for number in range(1, 25))
MODIFIERS = ("ctrl", "shift", "alt")
ALIASES = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown",
           "ins": "insert", "del": "delete", "control": "ctrl", "comma": ","}  # fmt: skip
SAME_AS = {"ctrl+i": "Tab", "ctrl+m": "Enter", "ctrl+j": "Enter", "ctrl+h": "Backspace", "ctrl+[": "Esc"}
"""What terminals send the same bytes for, so that one of the two would never come or never be meant."""

DIALOGS = frozenset({"confirm", "progress", "chooser", "columns", "form", "help"})
"""Contexts that stand alone above a screen; a form also stands in one."""

FOCUSED = frozenset(action.context for action in ACTIONS if action.method in ("down", "up"))
"""Contexts of what has the focus and is moved in: one at a time."""

TYPED = frozenset({"filter", "find", "form", "chooser"})
"""Contexts in which letters are written: an action there needs a key that is none."""

EXITS = frozenset({"back", "leave", "give-up", "no", "halt"})
"""Verbs that lead out of something; where there are any, one has to keep a key."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a keymap, and what to do about it."""

    message: str
    hint: str = ""


def keymap_path(settings: Settings) -> Path | None:
    """Return the keymap's file: the one set, or ``keymap.toml`` in the configuration directory if it is there."""
    if settings.keymap:
        return Path(settings.keymap).expanduser()
    usual = configuration_directory() / "keymap.toml"
    return usual if usual.is_file() else None


def use_keymap(settings: Settings) -> None:
    """Give this process the keys of the keymap set. Raises UsageError, and changes nothing, when any of it is wrong."""
    path = keymap_path(settings)
    if path is None:
        return
    keys, faults = read_keymap(path)
    if faults:
        more = f" ({len(faults) - 1} more: ombud keymap check)" if len(faults) > 1 else ""
        raise UsageError(f"The keymap {path}: {faults[0].message}{more}", faults[0].hint)
    choose_keys(keys)


def read_keymap(path: Path) -> tuple[Keys, list[Fault]]:
    """Return the keys that a file gives to actions, and everything that is wrong with it.

    Raises UsageError for a file that cannot be read or is not TOML.
    """
    import tomllib  # here, since most people have no such file

    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise UsageError(f"The keymap {path} is too large.", "It must be a TOML file of keys.")
        entries = tomllib.loads(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"The keymap {path} does not exist.", "ombud keymap show prints one to begin with.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"The keymap {path} cannot be read: {error}.", "It must be a TOML file.") from error
    keys: dict[str, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for action_id, value in _flat(entries):
        found = _read_entry(action_id, value)
        if isinstance(found, Fault):
            faults.append(found)
        elif action_id in keys:
            faults.append(Fault(f"{action_id} stands in it twice.", "Leave one of the two."))
        else:
            keys[action_id] = found
    return keys, [*faults, *faults_of(keys)]


def _flat(entries: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in entries.items():
        if isinstance(value, dict):
            for verb, keys in value.items():
                yield f"{name}.{verb}", keys
        else:
            yield name, value


def _read_entry(action_id: str, value: object) -> tuple[str, ...] | Fault:
    if action_id not in BY_ID:
        close = nearest(action_id, tuple(BY_ID))
        hint = f"Did you mean {close}?" if close else "ombud keymap show names them all."
        return Fault(f"there is no action {action_id}.", hint)
    words = _words(value)
    if words is None:
        return Fault(f"{action_id} has no keys but something else.", 'Write one key, or a list such as ["f5", "r"].')
    keys: list[str] = []
    for word in words:
        key = normal_key(word)
        if isinstance(key, Fault):
            return Fault(f"{action_id}: {key.message}", key.hint)
        if key not in keys:
            keys.append(key)
    return tuple(keys)


def _words(value: object) -> list[str] | None:
    if isinstance(value, str):
        if value.strip() in ("", ","):
            return [value.strip()] if value.strip() else []
        return value.split(",")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    return None


def normal_key(text: str) -> str | Fault:
    """Return a key as the registry writes it, or what is wrong with it; spaces around it mean nothing."""
    word = text.strip()
    if not word:
        return Fault("a key is empty.", 'The space bar is written "space".')
    if len(word) == 1:
        return word if word.isprintable() else Fault("a key is not a character.", "Write its name.")
    *modifiers, base = word.split("+") if not word.endswith("++") else [*word[:-2].split("+"), "+"]
    modifiers = [ALIASES.get(part.strip().lower(), part.strip().lower()) for part in modifiers]
    base = base.strip()
    base = base if len(base) == 1 else ALIASES.get(base.lower(), base.lower())
    known = base in (*NAMED, *FUNCTION_KEYS) or (len(base) == 1 and base.isprintable())
    if not known or any(part not in MODIFIERS for part in modifiers) or len(set(modifiers)) < len(modifiers):
        close = nearest(word.lower(), (*NAMED, *FUNCTION_KEYS, *ALIASES))
        hint = f"Did you mean {close}?" if close else "Keys are written as r, R, f5, enter, ctrl+n, shift+tab."
        return Fault(f"there is no key {word}.", hint)
    if modifiers == ["shift"] and len(base) == 1:
        return Fault(f"{word} does not come from a terminal.", f"Write {base.upper()} as it is typed.")
    if "ctrl" in modifiers and len(base) == 1:
        base = base.lower()
    key = "+".join([*(part for part in MODIFIERS if part in modifiers), base])
    if key in SAME_AS:
        return Fault(f"terminals send the same for {key} and for {SAME_AS[key]}.", "Choose another key.")
    return key


def faults_of(keys: Keys) -> list[Fault]:
    """Return what would be wrong if some actions had other keys: clashes, and places one could not leave."""
    now = {action.id: keys.get(action.id, action.default_keys) for action in ACTIONS}
    return [*_untypable(keys), *_clashes(now, keys), *_dead_ends(now)]


def is_written(key: str) -> bool:
    """Return whether a key writes a character, so that a line with the focus takes it."""
    return len(key) == 1 or key in ("space", "backspace", "delete", "left", "right", "home", "end")


def _untypable(keys: Keys) -> Iterator[Fault]:
    for action_id, given in keys.items():
        action = BY_ID[action_id]
        for key in given:
            if is_written(key) and (action.context in TYPED or action.is_urgent):
                yield Fault(
                    f"{action_id} has the key {key}, which writes or moves where one types.",
                    "Choose a control or function key.",
                )


def are_together(first: Action, second: Action) -> bool:
    """Return whether two actions may be wanted by the same key press."""
    one, other = first.context, second.context
    if one == other:
        return True
    pair = {one, other}
    if pair <= FOCUSED:
        return False
    if "form" in pair:
        return not pair & (FOCUSED | (DIALOGS - {"form"}))
    if pair & DIALOGS:
        return pair == {"help", "reading"}
    screens = pair - FOCUSED - TYPED - {"app", "work"}
    return len(screens) < 2


def _clashes(now: Keys, keys: Keys) -> Iterator[Fault]:
    for first, second in combinations(ACTIONS, 2):
        if first.id not in keys and second.id not in keys:
            continue
        if not are_together(first, second):
            continue
        shared = set(now[first.id]) & set(now[second.id]) - (set(first.default_keys) & set(second.default_keys))
        for key in sorted(shared):
            new, old = (first, second) if first.id in keys else (second, first)
            yield Fault(
                f"{key} means {new.id} and {old.id} in the same place.", "Give one of them another key in the keymap."
            )


def _dead_ends(now: Keys) -> Iterator[Fault]:
    exits: dict[str, list[Action]] = {}
    for action in ACTIONS:
        if action.id.partition(".")[2] in EXITS and action.default_keys:
            exits.setdefault(action.context, []).append(action)
    for actions in (*exits.values(), [BY_ID["app.palette"]]):
        context = actions[0].context
        usable = [key for action in actions for key in now[action.id] if context not in TYPED or not is_written(key)]
        if not usable:
            names = " or ".join(action.id for action in actions)
            is_palette = actions[0].id == "app.palette"
            lost = "the list of all commands would have no key." if is_palette else f"nothing would leave {context}."
            yield Fault(lost, f"Leave {names} a key{' that writes nothing' if context in TYPED else ''}.")


def template(keys: Keys) -> Iterator[str]:
    """Yield the lines of a keymap with every action: those with keys of their own as they are, the rest as comments."""
    yield "# Keys of the console. Take the # away from a line and write other keys; an empty list takes them away."
    context = ""
    contexts = list(dict.fromkeys(action.context for action in ACTIONS))
    for action in sorted(ACTIONS, key=lambda action: contexts.index(action.context)):
        if action.context != context:
            context = action.context
            yield ""
            yield f"[{context}]"
        is_own = action.id in keys
        verb = action.id.partition(".")[2]
        given = ", ".join(_quoted(key) for key in keys.get(action.id, action.default_keys))
        yield f"{'' if is_own else '# '}{verb} = [{given}]  # {action.label}: {action.help}"


def _quoted(key: str) -> str:
    return "'" + key + "'" if key in ('"', "\\") else f'"{key}"'
