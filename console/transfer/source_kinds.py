"""What kind of file this is, told by its content."""

from __future__ import annotations

import re

from console.transfer.encodings import is_utf16_or_32
from console.transfer.source_bytes import GZIP_MAGIC, FileBytes
from console.transfer.source_rows import EmptySourceError, SourceError, SourceOptions

SPREADSHEETS = frozenset({"xlsx", "xls", "xlsb", "ods"})
TEXTS = frozenset({"csv", "tsv", "json", "jsonl"})
FORMATS = SPREADSHEETS | TEXTS

HEAD = 64 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"{\\rtf", "an RTF document"),
    (b"\x00\x01\x00\x00Standard ", "an Access database"),
)
_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x06\x00")
_MARKUP = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|table|\?xml|svg|[a-z]+[\s>])", re.IGNORECASE | re.DOTALL
)
_JSON_OBJECT = re.compile(r'\s*\{\s*["}]')
_JSON_ARRAY = re.compile(r"\s*\[\s*[\[{\]]")
_CONTROL = bytes(
    code for code in (*range(1, 9), *range(14, 32), 127) if code not in (0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F)
)
_CONTROL_SHARE = 0.03
_NUL_SHARE = 0.30


def kind_of(file: FileBytes, options: SourceOptions) -> str:
    """Return the format of a file: one of FORMATS; of spreadsheets only that it is one (their reader tells which).

    Raises SourceError for every other kind, EmptySourceError when a compressed file holds nothing.
    """
    head = file.head(HEAD)
    if not head:
        raise EmptySourceError(f"{file.name} is empty.", "Check that the file was written and copied completely.")
    wanted = options.format.lower() if options.format else None
    found = _spreadsheet(head)
    if found is None:
        foreign = _foreign(head)
        if foreign is not None:
            raise SourceError(
                f"{file.name} is {foreign}, not a table.", "Import CSV, TSV, XLSX, XLS, XLSB, ODS, JSON or JSON Lines."
            )
    if wanted is None:
        return found or _text_kind(file, head)
    if (wanted in SPREADSHEETS) != (found is not None):
        held = "a spreadsheet" if found else "text"
        raise SourceError(
            f"{file.name} holds {held}, not {wanted.upper()}.", "Leave the format out and it will be detected."
        )
    return found or wanted


def _spreadsheet(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "xlsx"
    if head.startswith((_OLE, *_BIFF)):
        return "xls"
    return None


def _foreign(head: bytes) -> str | None:
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            return name
    if head[257:262] == b"ustar":
        return "an archive of several files (tar); unpack it and name the files in it"
    if head.startswith(GZIP_MAGIC):
        return "compressed twice"
    if head[4:8] == b"ftyp":
        return "a film or picture"
    if is_utf16_or_32(head):
        return None
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "a web page or XML document"
    sample = head[:8192]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    if controls > _CONTROL_SHARE * len(sample) or sample.count(0) > _NUL_SHARE * len(sample):
        return "of an unknown kind"
    return None


def _text_kind(file: FileBytes, head: bytes) -> str:
    suffixes = file.suffixes
    text = _readable(head)
    if _JSON_OBJECT.match(text):
        lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
        several = (
            len(lines) > 1 and all(_JSON_OBJECT.match(line) for line in lines[:2]) and lines[0].rstrip().endswith("}")
        )
        return "jsonl" if several or (suffixes and suffixes[-1] in {".jsonl", ".ndjson"}) else "json"
    if _JSON_ARRAY.match(text):
        return "json"
    if suffixes and suffixes[-1] in {".jsonl", ".ndjson"}:
        return "jsonl"
    if suffixes and suffixes[-1] == ".json":
        return "json"
    return "tsv" if suffixes and suffixes[-1] in {".tsv", ".tab"} else "csv"


def _readable(head: bytes) -> str:
    found = is_utf16_or_32(head)
    if found:
        return head.decode(found, "replace").lstrip("\ufeff")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
