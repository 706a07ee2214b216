"""What an import changed in a response that was there: kept as text, and read back to undo it."""

from __future__ import annotations

import json
from datetime import datetime

from console.services.answering import FACTS, Said


def changed_fields(before: Said, after: Said) -> set[str]:
    """Return the names of what one response says otherwise than another."""
    found = {name for name in FACTS if getattr(before, name) != getattr(after, name)}
    if before.answers != after.answers:
        found.add("answers")
    if before.texts != after.texts:
        found.add("texts")
    return found


def said_text(said: Said, month: str = "") -> str:
    """Return a response, and the month it was counted by, as the JSON object that an undo reads back."""
    facts = {name: getattr(said, name) for name in FACTS if name != "answered_at"}
    content = {
        **facts,
        "number": said.number,
        "answered_at": said.answered_at.isoformat(),
        "answers": {str(key): list(value) for key, value in said.answers.items()},
        "texts": {str(key): value for key, value in said.texts.items()},
        "is_double": said.is_double,
        "month": month,
    }
    return json.dumps(content, ensure_ascii=False)


def said_back(text: str) -> tuple[Said, str]:
    """Return the response and the month that ``said_text`` was given."""
    values = json.loads(text)
    values["answered_at"] = datetime.fromisoformat(values["answered_at"])
    values["answers"] = {int(key): (value[0], value[1]) for key, value in values["answers"].items()}
    values["texts"] = {int(key): value for key, value in values["texts"].items()}
    month = values.pop("month")
    return Said(**values), month
