"""What the columns of an exported table hold: declared with the table, never guessed from a name or from its values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ColumnType(StrEnum):
    """What stands in a column; None may stand in any."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"


Types = Mapping[str, ColumnType]
"""The columns of a table that hold something else than texts and JSON objects."""
