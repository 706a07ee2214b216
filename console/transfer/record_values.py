"""Reading the single values of customers' records: money, quantities, months, codes, as they are usually written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Digits of the minor unit where they are not two (ISO 4217)."""

LARGEST = Decimal(10) ** 15
"""Money and quantities from here on are mistakes, and would not fit."""

NOISE = Decimal("0.000001")
MILLI = 3
_SIGNS = re.compile(r"[¥$€£￥]|\b(?:CNY|RMB|USD|EUR|GBP|HKD|TWD|JPY)\b|元|圆", re.IGNORECASE)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:[, ']\d{2,3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[. ']\d{3})+|\d+)?(?:,\d+)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FORMS = (
    re.compile(r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})(?:月|[-/.月]\d{1,2}日?(?:[T ].*)?)?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?:\d{2})?"),
    re.compile(r"(?P<m>\d{1,2})[-/.](?P<y>\d{4})"),
    re.compile(r"(?P<b>[A-Za-z]{3,9})\.?[ \-/]*(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})[ \-/]*(?P<b>[A-Za-z]{3,9})\.?"),
)


def read_decimal(text: str, decimal: str = ".") -> Decimal:
    """Return a number that is written with ``decimal`` (point or comma) and whatever parts its thousands.

    A minus before or behind it, or brackets around it, make it negative; signs and codes of currencies are passed over. Raises
    ValueError with a sentence.
    """
    plain = _SIGNS.sub("", unicodedata.normalize("NFKC", text)).strip()
    is_bracketed = plain.startswith("(") and plain.endswith(")")
    if is_bracketed:
        plain = plain[1:-1].strip()
    if plain.endswith("-"):
        plain = f"-{plain[:-1].strip()}"
    plain = plain.replace("−", "-").replace("- ", "-")
    form = _POINT if decimal == "." else _COMMA
    if not any(char.isdecimal() for char in plain) or not form.fullmatch(plain):
        raise ValueError("is not a number")
    for mark in (",", " ", "'") if decimal == "." else (".", " ", "'"):
        plain = plain.replace(mark, "")
    try:
        value = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if abs(value) >= LARGEST:
        raise ValueError("is larger than any that can be right")
    return -value if is_bracketed else value


def minor_units(value: Decimal, currency: str) -> int:
    """Return money as whole minor units of its currency. Raises ValueError where it has more decimals than that.

    What binary fractions leave behind (118.35000000000001) is no further decimal.
    """
    digits = MINOR_DIGITS.get(currency, 2)
    scaled = value.scaleb(digits)
    if abs(scaled - scaled.to_integral_value()) > NOISE:
        raise ValueError(f"has more than {digits} decimals, which {currency} does not have")
    return int(scaled.to_integral_value())


def major_text(minor: int, currency: str) -> str:
    """Return whole minor units as the plain number that ``read_decimal`` and ``minor_units`` read back."""
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def milli_units(value: Decimal) -> int:
    """Return a quantity as whole thousandths, to the nearest (half to even)."""
    return int(value.scaleb(MILLI).to_integral_value())


def milli_text(milli: int) -> str:
    """Return whole thousandths as a plain number without needless zeros."""
    text = f"{Decimal(milli).scaleb(-MILLI):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_month(text: str) -> str:
    """Return a month as ``YYYY-MM``.

    It may be written ``2026-03``, ``2026/3``, ``202603``, ``2026年3月``, ``03/2026``, ``Mar 2026``, or be a day in it.
    Raises ValueError with a sentence.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for form in _MONTH_FORMS:
        match = form.fullmatch(plain)
        if match is None:
            continue
        found = match.groupdict()
        name = found.get("b")
        if name is not None and name[:3].lower() not in _MONTHS:
            continue
        month = _MONTHS.index(name[:3].lower()) + 1 if name else int(found["m"])
        if not 1 <= month <= 12 or not 1900 <= int(found["y"]) <= 2100:
            break
        return f"{int(found['y']):04d}-{month:02d}"
    raise ValueError("is not a month, such as 2026-03")


def month_days(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month ``YYYY-MM``."""
    year, number = int(month[:4]), int(month[5:])
    first = date(year, number, 1)
    following = date(year + number // 12, number % 12 + 1, 1)
    return first, date.fromordinal(following.toordinal() - 1)
