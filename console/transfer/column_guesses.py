"""What the columns of an unknown survey file probably hold, judged by their names and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from console.text import fold
from console.transfer.answer_scales import BEHIND, LABELLED, canonical, ready_scales, word_key
from console.transfer.dates import EXCEL, ISO, UNIX, DateReader

MISSING_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("na", "n/a", "n.a.", "none", "null", "nan", "#n/a", "-", "--", ".", "blank", "missing", "no answer", "not answered",
         "no response", "skipped", "timeout", "未答", "未评价", "超时", "未回答", "未填", "空", "缺失"), "NA",
    ),
    **dict.fromkeys(
        ("dk", "don't know", "dont know", "do not know", "unsure", "not sure", "no opinion", "don’t know", "dk/na", "不知道",
         "不清楚", "说不清楚", "不了解"), "DK",
    ),
    **dict.fromkeys(("not applicable", "does not apply", "never used", "have not used", "不适用", "未使用", "没用过"), "NAP"),
    **dict.fromkeys(("refused", "prefer not to say", "prefer not to answer", "ref", "rf", "拒答", "拒绝回答", "不愿回答"), "REF"),
}  # fmt: skip
"""Words that are no answer, folded, with the reason."""
SENTINELS: Mapping[int, str] = {
    99: "NA", 999: "NA", 9999: "NA", -1: "NA", -9: "NA", -99: "NA", 98: "DK", 88: "DK", -8: "DK", 97: "REF", 77: "REF",
    -7: "REF", 96: "NAP", 66: "NAP", 998: "DK", 997: "REF",
}  # fmt: skip
"""Numbers that usually say why there is no answer, where they lie off the scale."""
DATE_FORMS = (
    ISO, "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d.%m.%Y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%m/%d/%y", "%d/%m/%y", "%m/%d/%y %H:%M",
    "%d/%m/%y %H:%M", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y.%m.%d", "%Y%m%d", EXCEL, UNIX,
)  # fmt: skip
DAY_FIRST_AND_MONTH_FIRST = {form: form.replace("%m/%d", "%d/%m") for form in DATE_FORMS if form.startswith("%m/%d")}
NAMES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "number": r"(^|[_ ])(id|no|nr|uuid|key)$|^(resp|respondent|response|case|record|answer)[ _]?(id|num|number|no|key)?$"
        r"|respnum|respid|responseid|编号|序号|答卷|问卷号",
        "date": r"date|time|day|answered|submitted|completed|created|recorded|timestamp|_at$|日期|时间|提交",
        "weight": r"^(survey|sample|final|post)?[ _]?(weight|wt|wgt|weighting)(ing)?[ _]?\d*$|权重",
        "region": r"region|district|county|province|state$|city|borough|barea|area|区域|地区|区县|城市|片区",
        "channel": r"channel|method|mode|渠道|方式",
        "department": r"department|branch|office|station|hall|team|airline|部门|营业厅|网点|供电所",
        "kind": r"customer[ _]?type|segment|class$|kind|客户类型|客户类别|用户类型",
        "supply": r"supply|tariff|usage[ _]?type|用电类别|用水类别",
        "interviewer": r"interviewer|enumerator|surveyor|agent|访问员|调查员|工号",
        "language": r"^lang|language|语言",
        "customer": r"customer[ _]?(id|no|number)|account[ _]?(id|no|number)|户号|客户编号|客户号",
        "item": r"^(item|question|indicator|variable|metric)([ _]?(id|code|name))?$|^题号$|^指标$|^问题$|^项目$",
        "score": r"^(score|rating|value|answer|response|level)$|^评分$|^得分$|^分值$|^答案$|^选项$",
        "nps": r"nps|recommend|推荐",
        "seconds": r"duration|seconds|interviewtime|elapsed|用时|时长|耗时",
        "text": r"comment|remark|suggestion|feedback|verbatim|explain|reason|other|意见|建议|备注|说明|原因",
    }.items()
}
"""What the name of a column, folded, says of it."""
MOST_LEVELS = 11
MOST_DISTINCT = 60
FITS = 0.9
FITS_WORDS = 0.85
"""The part of all answers that a scale must know, for numbers and for words."""
ONLY = "only"


@dataclass(slots=True)
class ColumnSample:
    """A column as far as it was read: its name, its values with their counts, and how many cells were empty."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    empty: int = 0

    @property
    def filled(self) -> int:
        """How many cells held something."""
        return sum(self.counts.values())

    @property
    def is_unique(self) -> bool:
        """Whether no value stands twice, and none is lacking."""
        return bool(self.counts) and not self.empty and max(self.counts.values()) == 1

    def is_named(self, what: str) -> bool:
        """Whether the name of the column says that it is this."""
        return bool(NAMES[what].search(fold(self.name).strip()))


@dataclass(frozen=True, slots=True)
class ScaleGuess:
    """A scale that fits a column: a ready one by name, or its two ends; with the values that are no answer."""

    ready: str = ""
    low: int = 0
    high: int = 0
    missing: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    is_whole: bool = False
    """Whether every level of a ready scale stands in the column."""


def samples_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[ColumnSample]:
    """Return the columns with the values of some rows."""
    found = [ColumnSample(name) for name in columns]
    for row in rows:
        for column, value in zip(found, row, strict=False):
            text = value.strip()
            if text:
                column.counts[text] += 1
            else:
                column.empty += 1
    return found


def date_forms(column: ColumnSample, zone: str = "UTC") -> tuple[str, ...]:
    """Return the fewest forms that read nearly all values as dates, empty where none do."""
    left = [value for value in column.counts if canonical(value) not in MISSING_WORDS]
    wanted = len(left)
    if not wanted:
        return ()
    chosen: list[str] = []
    while left:
        best, unread = max(((form, _unread(form, left, zone)) for form in DATE_FORMS), key=lambda pair: -len(pair[1]))
        if len(unread) == len(left):
            break
        chosen.append(best)
        left = unread
    return tuple(chosen) if len(left) <= (1 - FITS) * wanted and len(chosen) <= 3 else ()


def _unread(form: str, values: Sequence[str], zone: str) -> list[str]:
    reader = DateReader((form,), zone)
    unread = []
    for value in values:
        try:
            reader.read(value)
        except ValueError:
            unread.append(value)
    return unread


def is_ambiguous(forms: Sequence[str], column: ColumnSample) -> bool:
    """Whether the day might as well be the month."""
    return any(
        form in DAY_FIRST_AND_MONTH_FIRST and not _unread(DAY_FIRST_AND_MONTH_FIRST[form], list(column.counts), "UTC")
        for form in forms
    )


def scale_of(column: ColumnSample) -> ScaleGuess | None:
    """Return the scale that the values of a column fit, None where it is probably no rating."""
    if not column.counts or len(column.counts) > MOST_DISTINCT + len(MISSING_WORDS):
        return None
    missing: dict[str, str] = {}
    values: dict[str, int] = {}
    for text, count in column.counts.items():
        written = canonical(text)
        if written in MISSING_WORDS:
            missing[written] = MISSING_WORDS[written]
        else:
            values[written] = values.get(written, 0) + count
    return _numeric(column, values, missing) or _worded(values, missing)


def _number_of(written: str) -> int | None:
    text = written[:-1].strip() if written.endswith("%") else written
    if re.fullmatch(r"[+-]?\d{1,4}", text):
        return int(text)
    found, behind = LABELLED.fullmatch(text), BEHIND.fullmatch(text)
    if found:
        return int(found[1])
    return int(behind[2]) if behind else None


def _named_missing(written: str) -> str:
    """Why a number with words behind it is no answer: ``9 (don't know)``."""
    found, behind = LABELLED.fullmatch(written), BEHIND.fullmatch(written)
    words = found[2] if found else behind[1] if behind else ""
    return MISSING_WORDS.get(words.strip(" ()[]"), "")


def _numeric(column: ColumnSample, values: Mapping[str, int], missing: Mapping[str, str]) -> ScaleGuess | None:
    numbers = {written: _number_of(written) for written in values}
    named = {written: _named_missing(written) for written in values}
    said = {str(numbers[written]): reason for written, reason in named.items() if reason}
    known = {number for number in numbers.values() if number is not None and str(number) not in said}
    # Words beside numbers may be a second way to say a level, or one more reason for none: a person has to see them.
    strange = sum(count for written, count in values.items() if numbers[written] is None)
    if not known or strange > (1 - FITS) * sum(values.values()):
        return None
    is_percent = any(written.endswith("%") for written in values)
    core = sorted(number for number in known if number not in SENTINELS or (is_percent and 0 <= number <= 100))
    off = {**said, **{str(number): SENTINELS[number] for number in known if number not in core}}
    if not core:
        return None
    low, high = core[0], core[-1]
    if is_percent:
        return ScaleGuess(low=0, high=100, missing={**missing, **off}) if low >= 0 and high <= 100 else None
    doubts: list[str] = []
    if column.is_named("nps") and low >= 0 and high <= 11:
        if high == 11:
            off["11"], high = "NA", 10
            doubts.append("11 was taken as no answer")
        return ScaleGuess(low=0, high=10, missing={**missing, **off}, doubts=tuple(doubts))
    if low == 0 and 3 <= high <= 7 and 1 in known:
        off["0"], low = "NA", 1
        doubts.append("0 was taken as no answer")
    if low < 0 or high > 10 or len(core) < 2 or high - low > MOST_LEVELS:
        return None
    ends = next(
        (
            ends
            for ends in ((0, 1), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 10), (0, 10))
            if ends[0] <= low and high <= ends[1]
        ),
        None,
    )
    if ends is None:
        return None
    if high - low + 1 < ends[1] - ends[0] + 1 or ends[1] in (4, 6):
        doubts.append(f"{ONLY} {low} to {high} were seen")
    return ScaleGuess(low=ends[0], high=ends[1], missing={**missing, **off}, doubts=tuple(doubts))


def _worded(values: Mapping[str, int], missing: Mapping[str, str]) -> ScaleGuess | None:
    """The ready scale of words that fits nearly all values; numbers beside words are levels of it."""
    words = {written: count for written, count in values.items() if not written.isdecimal()}
    if len(words) < 2:
        return None
    keys = {word_key(written): written for written in words}
    best: tuple[int, int, int, str] | None = None
    for name, table in ready_scales().items():
        rows = table.get("words")
        if not isinstance(rows, list):
            continue
        levels = {word_key(word): level for level, row in enumerate(rows) for word in row}
        fitting = [key for key in keys if key in levels]
        strange = sum(words[written] for key, written in keys.items() if key not in levels)
        if len(fitting) < 2 or strange > (1 - FITS_WORDS) * sum(words.values()):
            continue
        # Two words that are one level in a short scale are two levels in a longer one, where it has both.
        merged = len(fitting) - len({levels[key] for key in fitting})
        best = min(best or (strange, merged, len(rows), name), (strange, merged, len(rows), name))
    if best is None:
        return None
    strange, merged, size, name = best
    levels = _levels(name)
    unknown = [written for key, written in keys.items() if key not in levels]
    doubts = (f"no level of the scale: {', '.join(unknown[:5])}",) if unknown else ()
    is_whole = not merged and not strange and len({levels[key] for key in keys if key in levels}) == size
    return ScaleGuess(ready=name, missing=dict(missing), doubts=doubts, is_whole=is_whole)


def _levels(ready: str) -> dict[str, int]:
    """The words of a ready scale with their levels from 0."""
    rows = ready_scales()[ready].get("words")
    return {word_key(word): level for level, row in enumerate(rows) for word in row} if isinstance(rows, list) else {}


def widened(guesses: Mapping[str, ScaleGuess], columns: Sequence[ColumnSample]) -> dict[str, ScaleGuess]:
    """Return the guesses with worded scales made one for all columns of a family, such as satisfied-4 and -5.

    A question to which nobody said "neutral" is still asked on the scale of its neighbours, and so is one of numbers whose ends
    nobody used.
    """
    found = dict(guesses)
    ends = Counter((guess.low, guess.high) for guess in guesses.values() if not guess.ready)
    usual = ends.most_common(1)[0][0] if ends else (0, 0)
    for name, guess in guesses.items():
        is_unsure = not guess.ready and any(doubt.startswith(ONLY) for doubt in guess.doubts)
        if is_unsure and usual[0] <= guess.low and guess.high <= usual[1] and usual[1] - guess.high <= 3:
            found[name] = ScaleGuess(low=usual[0], high=usual[1], missing=guess.missing)
    families: dict[str, list[str]] = {}
    for name, guess in guesses.items():
        if guess.ready:
            families.setdefault(guess.ready.rpartition("-")[0], []).append(name)
    values = {column.name: column.counts for column in columns}
    for names in families.values():
        whole = sorted({guesses[name].ready for name in names if guesses[name].is_whole})
        lacking = [name for name in names if not guesses[name].is_whole]
        together = {
            canonical(text): 1 for name in lacking for text in values[name] if canonical(text) not in MISSING_WORDS
        }
        widest = _worded(together, {}) if lacking else None
        for name in lacking:
            own = {canonical(text): 1 for text in values[name] if canonical(text) not in MISSING_WORDS}
            fitting = [ready for ready in whole if _fits(own, ready)]
            ready = fitting[0] if fitting else widest.ready if widest is not None else guesses[name].ready
            found[name] = ScaleGuess(ready=ready, missing=guesses[name].missing, doubts=guesses[name].doubts)
    return found


def _fits(values: Mapping[str, int], ready: str) -> bool:
    """Whether all words stand in a ready scale, each as a level of its own."""
    levels = _levels(ready)
    keys = {word_key(written) for written in values}
    return keys <= set(levels) and len({levels[key] for key in keys}) == len(keys)
