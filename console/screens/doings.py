"""What was done in a session: verbs with their fields, remembered so that they can be taken back and done again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb with its fields for some cases; ``key`` is the same however often it is tried."""

    verb: str
    case_ids: tuple[int, ...]
    given: Mapping[str, str]
    versions: Mapping[int, int] = field(default_factory=dict)
    form: str = ""
    key: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass(slots=True)
class Doings:
    """What was done in this session, newest last, what of it was taken back, and which cases were taken."""

    done: list[tuple[Deed, int]] = field(default_factory=list)
    undone: list[Deed] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
