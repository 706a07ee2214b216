"""Which encoding a text file has, and strict decoding that loses nothing.

A byte that cannot be decoded becomes one code point of U+DC00 to U+DCFF, whatever its value, so that the record it
stands in
can be refused with its line; such code points never leave the readers.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from console.errors import UsageError
from console.transfer.source_rows import SourceError

MARK = "ombud.mark"
"""The name of the error handler for ``bytes.decode`` and ``TextIOWrapper`` that marks undecodable bytes."""

MARKED = re.compile("[\ud800-\udfff]")
"""Finds a marked byte, or a lone surrogate that no database can store."""

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_SUPERSETS = {"utf-8": "utf-8-sig", "gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "ascii": "ascii"}
_REFUSED = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7", "mbcs", "oem"})
_BROKEN_SHARE = 0.1
_COMMON_SHARE = 0.8
_FREQUENT_SHARE = 0.16
_ALONE_SHARE = 0.7
_TELLING_BYTES = 64
_RUNS = re.compile(rb"[\x80-\xff]+")
# The characters that run through any Chinese text of this field, in both scripts: function words, numbers, places, dates,
# supply, family names. Prose has 35 to 45 % of them, text of another language read as Chinese below 5 %.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日"
    "這個們來為國說時會對於著過發後裡經麼學現當沒動還進樣開從實無與業點縣區號樓電話戶費"
    "二三四五六七八九十市区县路号街道镇村楼室月水电气热停供网公司客户电话姓名地址编主题详情投诉"
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓韩冯曹張劉陳楊黃趙吳孫馬鄭謝許鄧韓馮蔡伟芳娜敏静丽强军"
)
_PUNCTUATION = re.compile("[\u2010-\u2027\u2030-\u205e\u3000-\u303f\u3100-\u312f\uff00-\uffef\u00b7\u00d7\u2103]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(MARK, _mark)


def named_encoding(name: str) -> str:
    """Return the codec for an encoding that a person or a profile names; old Chinese names mean their supersets.

    Raises UsageError when there is no such encoding.
    """
    plain = name.strip().lower().replace("_", "-").replace(" ", "-")
    try:
        codec = codecs.lookup(plain)
        io.TextIOWrapper(io.BytesIO(), encoding=codec.name).close()
    except (LookupError, ValueError) as error:
        raise _unknown(name) from error
    found = codec.name.replace("_", "-")
    if found in _REFUSED:
        raise _unknown(name)
    return _SUPERSETS.get(found, found)


def _unknown(name: str) -> UsageError:
    return UsageError(
        f"There is no text encoding {name!r}.", "Usual ones are utf-8, utf-16, gb18030, big5 and windows-1252."
    )


def is_utf16_or_32(head: bytes) -> str | None:
    """Return the codec when a mark or the pattern of NUL bytes shows UTF-16 or UTF-32, else None."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name if name.startswith(("utf-16", "utf-32")) else None
    return _utf16_without_mark(head)


def _utf16_without_mark(head: bytes) -> str | None:
    sample = head[: len(head) & ~1][:65_536]
    units = len(sample) // 2
    if units < 2 or b"\x00" not in sample:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if max(even, odd) < max(1, units // 50) or min(even, odd) * 10 > max(even, odd):
        return None
    text = codecs.getincrementaldecoder(name)("replace").decode(sample)
    controls = sum(1 for char in text if char < " " and char not in "\t\n\r")
    doubtful = controls + text.count("\ufffd") + sum(1 for char in text if "\ue000" <= char <= "\uf8ff")
    return name if doubtful * 50 <= len(text) and ("\n" in text or "\r" in text or max(even, odd) * 2 > units) else None


def detect_encoding(sample: bytes, name: str) -> str:
    """Return the codec of a text file from bytes that show its trouble: its head, and what surrounds the first byte
    over 127.

    A mark decides, then the pattern of UTF-16, then strict UTF-8, then which of GB18030, Big5 and Windows-1252 gives
    common
    characters. Text that is UTF-8 but for a few bytes stays UTF-8, and its broken records are refused one by one.
    Raises SourceError when nothing fits: no guess is made for scripts that cannot be told apart.
    """
    for mark, codec in _BOMS:
        if sample.startswith(mark):
            return codec
    wide = _utf16_without_mark(sample)
    if wide:
        return wide
    if sample.isascii():
        return "utf-8"
    utf8 = _decoded(sample, "utf-8")
    chinese = _chinese(sample)
    if utf8.broken <= _BROKEN_SHARE * (utf8.good + utf8.broken) and not (chinese and _is_unlikely(utf8)):
        return "utf-8"
    if chinese:
        return chinese
    other = _other(sample)
    if other:
        return other
    raise SourceError(f"The encoding of {name} cannot be told.", "Name it, for example: --encoding windows-1251.")


def _is_unlikely(utf8: _Decoded) -> bool:
    """Whether all the text would be phonetic signs: 水 in GBK is the UTF-8 of U+02EE, and one word may be all there is."""
    signs = [char for char in utf8.text if char > "\x7f"]
    return utf8.broken == 0 and all("\u0250" <= char <= "\u036f" or "\u0530" <= char <= "\u07ff" for char in signs)


@dataclass(frozen=True, slots=True)
class _Decoded:
    text: str
    good: int
    broken: int


def _decoded(sample: bytes, codec: str) -> _Decoded:
    text = codecs.getincrementaldecoder(codec)(MARK).decode(sample)
    broken = len(MARKED.findall(text))
    good = sum(1 for char in text if char > "\x7f") - broken
    return _Decoded(text, good, broken)


@lru_cache(maxsize=2)
def _common(codec: str) -> frozenset[str]:
    """The first level of the GB 2312 or the Big5 standard: the characters in everyday use."""
    if codec == "gb18030":
        pairs = (bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    else:
        trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
        pairs = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset(pair.decode(codec, "ignore") for pair in pairs)


def _chinese(sample: bytes) -> str | None:
    best: tuple[float, str] = (0.0, "")
    for codec in ("gb18030", "cp950"):
        decoded = _decoded(sample, codec)
        total = decoded.good + decoded.broken
        if not total or decoded.broken > 0.02 * total:
            continue
        common = _common(codec)
        han = _HAN.findall(decoded.text)
        everyday = sum(1 for char in han if char in common) + len(_PUNCTUATION.findall(decoded.text))
        share = everyday / total
        frequent = sum(1 for char in han if char in _FREQUENT) / len(han) if han else 0.0
        if len(han) >= 30 and frequent < _FREQUENT_SHARE:
            continue
        if han and share >= _COMMON_SHARE:
            best = max(best, (share + frequent, codec))
    return best[1] or None


def _other(sample: bytes) -> str | None:
    """Windows-1252 when bytes over 127 stand alone or in pairs, as accented letters do; other scripts come in runs."""
    high = sum(1 for byte in sample if byte > 127)
    alone = sum(len(run) for run in _RUNS.findall(sample) if len(run) <= 2)
    if alone >= _ALONE_SHARE * high and _decoded(sample, "cp1252").broken <= 0.02 * high:
        return "cp1252"
    if high < _TELLING_BYTES:
        return None
    from charset_normalizer import from_bytes

    match = from_bytes(sample[:65_536]).best()
    if match is None:
        return None
    codec = named_encoding(match.encoding)
    return codec if _decoded(sample, codec).broken == 0 else None


_WINDOW = 256 * 1024


def text_encoding(stream: BinaryIO, name: str, wanted: str | None) -> str:
    """Return the codec in which to decode a stream; a wanted encoding wins over whatever the bytes look like.

    The whole stream is read while it is UTF-8, so a single accented letter after a million plain rows is not missed.
    Raises UsageError for an unknown name, SourceError when no encoding fits.
    """
    head = stream.read(_WINDOW)
    if wanted is not None:
        codec = named_encoding(wanted)
        if codec in {"utf-16", "utf-32"}:
            return is_utf16_or_32(head) or f"{codec}-le"
        return codec
    if is_utf16_or_32(head) or head.startswith(tuple(mark for mark, _ in _BOMS)):
        return detect_encoding(head, name)
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    before, chunk = b"", head
    while chunk:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            break
        before, chunk = chunk, stream.read(_WINDOW)
    else:
        return "utf-8" if head.isascii() else detect_encoding(head, name)
    if not before:
        return detect_encoding(head, name)
    around = before[-4096:] + chunk
    return detect_encoding(_whole_lines(head) + around[around.find(b"\n") + 1 :], name)


def _whole_lines(head: bytes) -> bytes:
    return head[: head.rfind(b"\n") + 1]
