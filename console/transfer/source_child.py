"""Reads one workbook in a process of its own, under limits on memory and time, and writes its rows to standard output.

Run as a script, isolated (``python -I``); the workbook is standard input, opened by the parent. Arguments: the folder
that holds
``python_calamine``, and the worksheet wanted or nothing. Output is one JSON value a line: first an object that
describes the sheet
or names the trouble, then ``[row, [cell, ...]]`` for every row that is not blank, last an object ``{"end": rows}``.
It imports
nothing of this package, so that what reads a hostile file knows nothing of the database or its keys.
"""

from __future__ import annotations

import json
import os
import re
import resource
import struct
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

MIB = 1024**2
MEMORY_BYTES = 1024 * MIB
PARSE_SECONDS = 30
"""Processor time until the sheet is in memory; a bomb of 860 KB took openpyxl 43 s."""
TOTAL_SECONDS = 120
MEMBERS_LIMIT = 200
ENTRIES_LIMIT = 5000
"""Members with pictures and other media, which are never unpacked, included."""
UNPACKED_LIMIT = 256 * MIB
RATIO_LIMIT = 100
RATIO_FREE = 8 * MIB
"""A member that unpacks to less may be as dense as it likes: empty formatted cells of real workbooks reach 100."""
DIRECTORY_LIMIT = 1 * MIB
_FILEPASS = re.compile(rb"\x09\x08[\x08\x10]\x00(?:.{8}|.{16})(?:\x86\x00\x00\x00)?\x2f\x00[\x04-\xff]\x00", re.DOTALL)


class Trouble(Exception):  # noqa: N818
    """Why there is no sheet: a word the parent knows, and a detail for a person."""

    def __init__(self, word: str, detail: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.detail = detail


def limit() -> None:
    """Set limits that the whole process keeps."""
    for what, soft, hard in (
        (resource.RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES),
        (resource.RLIMIT_CPU, PARSE_SECONDS, TOTAL_SECONDS),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (soft, hard))


def allow_more_time() -> None:
    """After the dangerous part, leave time for a large sheet to be written out."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (TOTAL_SECONDS, TOTAL_SECONDS))


def checked_kind(file: BinaryIO) -> str:
    """Return xlsx, xlsb, ods or xls; a zip directory that promises too much is refused before anything is unpacked."""
    start = file.read(4)
    file.seek(0)
    if not start.startswith(b"PK"):
        return "xls"
    _check_directory_size(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError) as error:
        raise Trouble("damaged", "its zip directory cannot be read") from error
    finally:
        file.seek(0)
    names = [member.filename.replace("\\", "/") for member in members]
    lowered = {name.lower().lstrip("/") for name in names}
    parts = [
        member
        for member, name in zip(members, names, strict=True)
        if not any(folder in f"/{name.lower()}" for folder in ("/media/", "/pictures/", "/thumbnails/"))
    ]
    total = sum(member.file_size for member in parts)
    if len(parts) > MEMBERS_LIMIT or len(members) > ENTRIES_LIMIT:
        raise Trouble("bomb", f"it holds {len(members)} files")
    if total > UNPACKED_LIMIT:
        raise Trouble("bomb", f"it unpacks to {total // MIB} MiB")
    for member in parts:
        if member.file_size > RATIO_FREE and member.file_size > RATIO_LIMIT * max(1, member.compress_size):
            raise Trouble(
                "bomb", f"one of its parts unpacks to {member.file_size // max(1, member.compress_size)} times its size"
            )
        if member.flag_bits & 1:
            raise Trouble("password")
    return _kind(lowered, names)


def _check_directory_size(file: BinaryIO) -> None:
    """Look at the end record first: a directory of a million entries takes a gigabyte once it is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place >= 0 and len(tail) >= place + 16:
        (directory,) = struct.unpack_from("<I", tail, place + 12)
        if directory > DIRECTORY_LIMIT:
            raise Trouble("bomb", "its zip directory is far too long")
    file.seek(0)


def _kind(lowered: set[str], names: list[str]) -> str:
    if any(name.startswith("xl/") and name.endswith("workbook.bin") for name in lowered):
        return "xlsb"
    if any(name.startswith("xl/") for name in lowered) or "workbook.xml" in lowered:
        return "xlsx"
    if "content.xml" in lowered:
        return "ods"
    for folder, what in (("word/", "a Word document"), ("ppt/", "a presentation")):
        if any(name.startswith(folder) for name in lowered):
            raise Trouble("foreign", what)
    raise Trouble("archive", ", ".join(names[:3]) + (" …" if len(names) > 3 else ""))


def open_sheet(file: BinaryIO, wanted: str | None) -> tuple[str, Any]:
    """Return the name and the sheet wanted, or the first visible sheet that holds a cell."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
    except calamine.PasswordError as error:
        raise Trouble("password") from error
    except Exception as error:
        if _is_encrypted(file):
            raise Trouble("password") from error
        raise _damage(error) from error
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet and sheet.visible == calamine.SheetVisibleEnum.Visible
    ]
    names = list(book.sheet_names)
    try:
        if wanted is not None:
            return _wanted_sheet(book, names, wanted)
        for name in visible or names:
            sheet = book.get_sheet_by_name(name)
            if sheet.start is not None and any(any(cell != "" for cell in row) for row in sheet.iter_rows()):
                return name, sheet
    except Trouble:
        raise
    except Exception as error:
        raise _damage(error) from error
    raise Trouble("empty")


def _damage(error: Exception) -> Trouble:
    return Trouble("damaged", (str(error).splitlines() or [""])[0][:200])


def _is_encrypted(file: BinaryIO) -> bool:
    """Whether an OLE file holds an encrypted package, or a BIFF stream that begins with a FILEPASS record ([MS-XLS]
    2.4.117).
    """
    file.seek(0)
    content = file.read()
    return "EncryptedPackage".encode("utf-16-le") in content or _FILEPASS.search(content) is not None


def _wanted_sheet(book: Any, names: list[str], wanted: str) -> tuple[str, Any]:
    if wanted in names:
        return wanted, book.get_sheet_by_name(wanted)
    folded = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    if folded:
        return folded[0], book.get_sheet_by_name(folded[0])
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        name = names[int(wanted) - 1]
        return name, book.get_sheet_by_name(name)
    raise Trouble("sheet", ", ".join(names[:20]))


def cell_text(value: object) -> str:
    """Return a cell as text: whole numbers without a point, ISO dates and times, TRUE and FALSE, texts as they are."""
    if isinstance(value, str):
        return _unpadded(value) if "\x00" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _clock_text(
            timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        )
    if isinstance(value, timedelta):
        return _clock_text(value)
    return "" if value is None else str(value)


def _unpadded(text: str) -> str:
    """Some old writers store UTF-16 where the reader expects bytes: every second character is NUL."""
    return text[::2] if len(text) % 2 == 0 and not text[1::2].strip("\x00") else text


def _moment_text(value: datetime) -> str:
    # A spreadsheet keeps a moment as a fraction of days, exact to about a millisecond. The blank instead of T makes the same
    # table equal whether it comes as a workbook or as the CSV saved from it.
    with suppress(OverflowError):
        value = value + timedelta(microseconds=500)
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value.isoformat(" ", timespec="milliseconds" if value.microsecond else "seconds")


def _clock_text(value: timedelta) -> str:
    milliseconds = round(value / timedelta(milliseconds=1))
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:03}" if rest else text


def rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Return the number and the cells of every row that is not blank, empty cells at the end left off."""
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [cell_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def main() -> int:
    """Read the workbook on standard input and write its rows."""
    limit()
    sys.path.append(sys.argv[1])
    wanted = sys.argv[2] if len(sys.argv) > 2 else None
    out = os.fdopen(1, "w", 256 * 1024, encoding="ascii", newline="\n")
    write = out.write
    try:
        with os.fdopen(0, "rb", closefd=False) as file:
            file.seek(0)
            kind = checked_kind(file)
            file.seek(0)
            name, sheet = open_sheet(file, wanted)
        height = (sheet.start[0] if sheet.start else 0) + sheet.height
        write(json.dumps({"kind": kind, "sheet": name, "height": height}) + "\n")
        allow_more_time()
        count = 0
        for number, cells in rows(sheet):
            write(json.dumps([number, cells]) + "\n")
            count += 1
        write(json.dumps({"end": count}) + "\n")
    except Trouble as trouble:
        write(json.dumps({"trouble": trouble.word, "detail": trouble.detail}) + "\n")
    except MemoryError:
        write(json.dumps({"trouble": "memory", "detail": ""}) + "\n")
    out.flush()
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
    os._exit(0)
