"""What commands print reaches its reader in any encoding."""

from __future__ import annotations

import io
import json
import sys

import pytest

from console.commands.output import emit, emit_json


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "gb2312", "gb18030", "utf-8"])
def test_a_document_is_whole_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"subject": "停水 ǚ 𠮷 é", "control": "\x1b\u202e"}
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    emit_json(value)
    emit("停水 𠮷")
    sys.stdout.flush()
    document, _line = raw.getvalue().decode(encoding).splitlines()
    assert json.loads(document) == value
    assert "\x1b" not in document
    assert "\u202e" not in document
