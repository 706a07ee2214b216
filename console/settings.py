"""Settings: a TOML file, then OMBUD_* variables, then flags; each value remembers where it came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from console.errors import UsageError, nearest

APPLICATION = "ombud"
THEMES = ("dark", "light", "contrast", "ansi", "ansi-light", "mono")
"""The names of the console's themes; ansi ones use the terminal's own 16 colours, mono no colour at all."""


def data_directory() -> Path:
    """Return the user's data directory for this program (not made here)."""
    from platformdirs import user_data_path

    return user_data_path(APPLICATION)


def state_directory() -> Path:
    """Return the user's directory for logs and drafts (not made here)."""
    from platformdirs import user_state_path

    return user_state_path(APPLICATION)


def configuration_directory() -> Path:
    """Return the user's directory for settings and keys (not made here)."""
    from platformdirs import user_config_path

    return user_config_path(APPLICATION)


def settings_path(environment: Mapping[str, str]) -> Path:
    """Return the settings file: ``OMBUD_SETTINGS``, or ``settings.toml`` in the user's configuration directory."""
    named = environment.get("OMBUD_SETTINGS")
    if named:
        return Path(named)
    return configuration_directory() / "settings.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this run is configured.

    ``database`` is an SQLAlchemy-style URL or a plain file path; ``language`` a code such as ``zh_CN`` or None for the
    system's; ``zone`` the utility's time zone; ``theme`` one of ``THEMES``, or empty for the one chosen last; ``ascii`` draws
    with 7-bit characters only; ``keymap`` is a file of keys; ``key`` says where the master key is
    kept (``file:PATH``, ``systemd:NAME``), ``erasures`` which file lists the customers that were erased; ``sources`` says for
    each value whether it is a default or which file, variable or flag set it.
    """

    database: str = ""
    language: str | None = None
    zone: str = ""
    theme: str = ""
    mouse: bool = True
    ascii: bool = False
    keymap: str = ""
    key: str = ""
    erasures: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def given(self, **flags: str | bool | None) -> Settings:
        """Return these settings with the flags that were typed on top."""
        typed = {name: value for name, value in flags.items() if value is not None}
        sources = {**self.sources, **{name: f"--{name}" for name in typed}}
        return _checked(replace(self, **typed, sources=sources))  # type: ignore[arg-type]


SWITCHES = frozenset({"mouse", "ascii"})
"""Settings that are on or off."""

NAMES = tuple(item.name for item in fields(Settings) if item.name != "sources")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the file and the environment.

    Raises UsageError for an unknown name, a wrong type, or a file that is not TOML.
    """
    environment = os.environ if environment is None else environment
    path = settings_path(environment)
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for name, value in _read(path, is_named="OMBUD_SETTINGS" in environment).items():
        _known(name, str(path))
        values[name] = value
        sources[name] = str(path)
    for name in NAMES:
        variable = f"OMBUD_{name.upper()}"
        if variable in environment:
            text = environment[variable]
            values[name] = _yes_or_no(text, variable) if name in SWITCHES else text
            sources[name] = variable
    for name, value in values.items():
        if not isinstance(value, bool if name in SWITCHES else str):
            hint = "Write it as true or false." if name in SWITCHES else "Write it as a quoted text."
            raise UsageError(f"The setting {name} in {sources[name]} has the wrong type.", hint)
    return _checked(Settings(**values, sources=sources))  # type: ignore[arg-type]


def _read(path: Path, *, is_named: bool) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if is_named:
            raise UsageError(f"The settings file {path} does not exist.", "OMBUD_SETTINGS names it.") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    import tomllib  # here, since most people have no such file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"The settings file {path} cannot be read: {error}.", "It must be a TOML file.")


def _yes_or_no(text: str, variable: str) -> bool:
    word = text.strip().lower()
    if word in ("1", "yes", "true", "on"):
        return True
    if word in ("0", "no", "false", "off", ""):
        return False
    raise UsageError(f"{variable} is neither yes nor no: {text}.", "Write yes or no.")


def _known(name: str, source: str) -> None:
    if name in NAMES:
        return
    close = nearest(name, NAMES)
    hint = f"Did you mean {close}?" if close else f"Known: {', '.join(NAMES)}."
    raise UsageError(f"Unknown setting {name} in {source}.", hint)


def _checked(settings: Settings) -> Settings:
    if settings.theme and settings.theme not in THEMES:
        close = nearest(settings.theme, THEMES)
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(THEMES)}."
        raise UsageError(f"Unknown theme {settings.theme} in {settings.sources.get('theme', 'theme')}.", hint)
    if settings.zone:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(settings.zone)
        except (ValueError, OSError, KeyError) as error:
            source = settings.sources.get("zone", "zone")
            hint = "Use a name such as Asia/Shanghai or Europe/London."
            raise UsageError(f"Unknown time zone {settings.zone} in {source}.", hint) from error
    return settings


def database_url(settings: Settings) -> str:
    """Return the database's URL: the one set, or a file in the user's data directory."""
    text = settings.database or str(data_directory() / "ombud.db")
    return text if "://" in text else f"sqlite:///{Path(text).expanduser().absolute()}"
