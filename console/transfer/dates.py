"""Reading dates and times in the forms a profile lists, strictly, whatever the locale of the machine."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ISO = "iso"
"""Stands in a list of forms for ISO 8601: a day, or a day and a time, with or without an offset."""

EXCEL = "excel"
"""Stands for a serial number of a spreadsheet: days since 30 December 1899, with the time of day as its fraction."""
UNIX = "unix"
"""Stands for seconds, or milliseconds, since 1970 in UTC."""
TOKENS = (ISO, EXCEL, UNIX)

EARLIEST_YEAR = 1970
LATEST_YEAR = 2100
REMEMBERED = 10_000

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": rf"(?P<b>{'|'.join(_MONTHS)})[a-z]*\.?",
    "B": rf"(?P<B>{'|'.join(_FULL_MONTHS)})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})(?:\.\d+)?",
    "p": r"(?P<p>[ap]\.?m\.?|上午|下午)",
}
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(?:(Z)|([+-])(\d{2}):?(\d{2})?)?)?",
    re.IGNORECASE | re.ASCII,
)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_SECONDS = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?", re.ASCII)
_SERIALS_BEGIN = datetime(1899, 12, 30)


def form_pattern(form: str) -> re.Pattern[str]:
    """Return the pattern of one form such as ``%d-%m-%Y %I:%M:%S %p``; a blank stands for one or more.

    Raises ValueError for a directive that is unknown, stands twice, or where year, month or day is not given.
    """
    pattern = ""
    seen: set[str] = set()
    position = 0
    while position < len(form):
        char = form[position]
        if char == "%":
            directive = form[position + 1 : position + 2]
            if directive not in _DIRECTIVES or directive in seen:
                raise ValueError(f"%{directive}")
            seen.add(directive)
            pattern += _DIRECTIVES[directive]
            position += 2
            continue
        pattern += r"\s+" if char == " " else re.escape(char)
        position += 1
    if not (seen & {"Y", "y"} and seen & {"m", "b", "B"} and "d" in seen) or ("I" in seen) != ("p" in seen):
        raise ValueError(form)
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


class DateReader:
    """Reads moments written in any of the listed forms; times without an offset are those of one zone.

    A time that the clock skipped in spring is taken as if the clock had not been moved; one that it showed twice in autumn is
    the first of the two.
    """

    def __init__(self, forms: tuple[str, ...], zone: str, earliest: int = EARLIEST_YEAR) -> None:
        self._zone = ZoneInfo(zone)
        self._earliest = earliest
        self._forms = tuple((form, _PATTERNS.get(form) or form_pattern(form)) for form in forms)
        self._examples = ", ".join(_example(form) for form in forms)
        self._remembered: dict[str, datetime] = {}

    def read(self, text: str) -> datetime:
        """Return the moment in UTC, to the second. Raises ValueError with a sentence that says what was expected."""
        found = self._remembered.get(text)
        if found is None:
            found = self._read(text)
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[text] = found
        return found

    def day(self, text: str) -> date:
        """Return the day in the zone of these dates. Raises as ``read`` does."""
        return self.read(text).astimezone(self._zone).date()

    def _read(self, text: str) -> datetime:
        impossible = False
        for form, pattern in self._forms:
            match = pattern.fullmatch(text)
            if match is None:
                continue
            try:
                local = _local(form, match, self._zone)
            except ValueError:
                impossible = True
                continue
            if not self._earliest <= local.year <= LATEST_YEAR:
                raise ValueError(f"the year is not between {self._earliest} and {LATEST_YEAR}")
            return local.astimezone(UTC).replace(microsecond=0)
        if impossible:
            raise ValueError("there is no such day or time")
        raise ValueError(f"not a date of the expected form ({self._examples})")


_PATTERNS = {ISO: _ISO, EXCEL: _SERIAL, UNIX: _SECONDS}
_EXAMPLES = {ISO: "2026-11-30 14:05:00", EXCEL: "46356.5", UNIX: "1796047500"}


def _local(form: str, match: re.Match[str], zone: ZoneInfo) -> datetime:
    """Return the moment that a text of a form says."""
    if form == ISO:
        return _iso(match, zone)
    if form == EXCEL:
        days = float(match[0].replace(",", "."))
        return (_SERIALS_BEGIN + timedelta(seconds=round(days * 86_400))).replace(tzinfo=zone)
    if form == UNIX:
        return datetime.fromtimestamp(int(match[1]), UTC)
    return _moment(match).replace(tzinfo=zone)


def _example(form: str) -> str:
    shown = _EXAMPLES.get(form, form)
    for directive, sample in (
        ("%Y", "2026"), ("%y", "26"), ("%m", "11"), ("%d", "30"), ("%b", "Nov"), ("%B", "November"),
        ("%H", "14"), ("%I", "02"), ("%M", "05"), ("%S", "00"), ("%p", "PM"),
    ):  # fmt: skip
        shown = shown.replace(directive, sample)
    return shown


def _iso(match: re.Match[str], zone: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second, z, sign, offset_hours, offset_minutes = match.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone)
    if z:
        return local.replace(tzinfo=UTC)
    if sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
        return local.replace(tzinfo=UTC) - (offset if sign == "+" else -offset)
    return local


def _moment(match: re.Match[str]) -> datetime:
    found = match.groupdict()
    if found.get("Y"):
        year = int(found["Y"])
    else:
        short = int(found["y"])
        year = short + (2000 if short < 70 else 1900)
    name = found.get("b") or found.get("B") or ""
    month = int(found["m"]) if found.get("m") else _MONTHS.index(name[:3].lower()) + 1
    if found.get("I"):
        hour = int(found["I"])
        if not 1 <= hour <= 12:
            raise ValueError("hour")
        hour = hour % 12 + (12 if found["p"][0].lower() in ("p", "下") else 0)
    else:
        hour = int(found.get("H") or 0)
    return datetime(year, month, int(found["d"]), hour, int(found.get("M") or 0), int(found.get("S") or 0))
