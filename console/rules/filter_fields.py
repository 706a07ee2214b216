"""What a filter may ask of: the fields of each subject, their types, their words, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from console.codes import CaseKind, CasePhase, CaseState, Channel, Opinion
from console.errors import nearest
from console.rules.filter_times import ValueProblem, checked_time
from console.words import words_for

MINE = "mine"
"""The value of a team field that stands for the team of whoever asks."""
NONE = "none"
"""The value that asks for rows where a field is empty."""
ME = "me"
"""The value of a person field that stands for whoever asks."""


class FieldType(StrEnum):
    """What the values of a field are, and so which operators it knows.

    ``TEXT`` is compared whole, ``WORDS`` is searched (bare words are prefixes, quoted ones phrases), ``PATH`` also finds
    what lies below it, ``REFERENCE`` may end in ``*``.
    """

    CHOICE = "choice"
    TEXT = "text"
    WORDS = "words"
    PATH = "path"
    REFERENCE = "reference"
    PERSON = "person"
    TEAM = "team"
    FLAG = "flag"
    INTEGER = "integer"
    TIME = "time"
    AGE = "age"


ORDERED = frozenset({FieldType.INTEGER, FieldType.TIME, FieldType.AGE})
"""The types whose values can be compared and stand in ranges."""

_FLAGS: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "true", "1", "on", "是"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "off", "否"), "no"),
}


NO_WORDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the filter language.

    ``choices`` are the codes of a choice with their English labels; ``synonyms`` other ways to write a value; ``aliases``
    other names of the field; ``least`` and ``most`` bound an integer. A time field that ``is_ahead`` counts durations
    from now into the future (``due:<4h``), the others into the past (``received:<4h``).
    """

    name: str
    type: FieldType
    label: str
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, str] = field(default_factory=dict)
    least: int = 0
    most: int = 2**31 - 1
    is_ahead: bool = False
    is_sortable: bool = False
    may_be_absent: bool = False

    @property
    def is_ordered(self) -> bool:
        """Whether ``<``, ``>`` and ranges may be used."""
        return self.type in ORDERED


Fields = Mapping[str, Field]


def field_names(fields: Fields) -> Mapping[str, str]:
    """Return the name of each field by every way to write it."""
    return {written: item.name for item in fields.values() for written in (item.name, *item.aliases)}


def checked_value(item: Field, written: str) -> str:
    """Return a value in its one canonical form. Raises ValueProblem when the field does not take it."""
    folded = written.casefold()
    if folded in (NONE, "无") and item.may_be_absent:
        return NONE
    if item.type in (FieldType.TIME, FieldType.AGE):
        return checked_time(written, only_durations=item.type is FieldType.AGE, words=item.choices)
    if item.type is FieldType.INTEGER:
        return _checked_integer(item, item.synonyms.get(folded, written))
    if item.type is FieldType.FLAG:
        return _known(item, folded, _FLAGS, ("yes", "no"))
    if item.type is FieldType.CHOICE:
        labels = {text.casefold(): code for code, text in item.choices.items()}
        codes = {code.casefold(): code for code in item.choices}
        return _known(item, folded, {**labels, **item.synonyms, **codes}, tuple(item.choices))
    if item.type is FieldType.PERSON and folded in (ME, "我"):
        return ME
    if item.type is FieldType.TEAM and folded in (MINE, ME, "我的", "本部门"):
        return MINE
    return written


def _known(item: Field, folded: str, known: Mapping[str, str], offered: tuple[str, ...]) -> str:
    for written in (folded, folded.replace("-", "_"), folded.replace("_", "-")):
        if written in known:
            return known[written]
    close = nearest(folded, tuple(known))
    hint = f"Did you mean {known[close]}?" if close else f"Known: {', '.join(offered)}."
    raise ValueProblem(f"{item.name} has no value {folded}", hint)


def _checked_integer(item: Field, written: str) -> str:
    if not (written.isdecimal() and len(written) <= 10):
        raise ValueProblem(
            f"{item.name} is a whole number, not {written}", f"Write {item.name}:{item.least}, for example."
        )
    number = int(written)
    if not item.least <= number <= item.most:
        hint = f"It goes from {item.least} to {item.most}." if item.most < 2**31 - 1 else f"It is {item.least} or more."
        raise ValueProblem(f"{item.name} cannot be {number}", hint)
    return str(number)


_KIND_WORDS = {
    "投诉": "complaint",
    "complaints": "complaint",
    "报修": "fault",
    "faults": "fault",
    "咨询": "inquiry",
    "enquiry": "inquiry",
    "inquiries": "inquiry",
    "建议": "suggestion",
    "表扬": "praise",
    "举报": "report",
    "业务申请": "request",
    "申请": "request",
}
_STATE_WORDS = {
    "处理中": "open",
    "未结": "open",
    "等待客户": "waiting",
    "已结": "closed",
    "已接收": "received",
    "接收": "received",
    "已审核": "reviewed",
    "已派发": "dispatched",
    "派发": "dispatched",
    "调查处理": "investigating",
    "已答复": "replied",
    "已回复": "replied",
    "已归档": "archived",
    "归档": "archived",
    "已撤销": "withdrawn",
    "已撤回": "withdrawn",
    "已合并": "merged",
    "不予受理": "rejected",
}
_CHANNEL_WORDS = {
    "phone": "telephone",
    "call": "telephone",
    "电话": "telephone",
    "网站": "web",
    "website": "web",
    "手机应用": "app",
    "e-mail": "email",
    "mail": "email",
    "邮件": "email",
    "电子邮件": "email",
    "信函": "letter",
    "来访": "visit",
    "自助终端": "kiosk",
    "短信": "sms",
    "社交媒体": "social",
    "监管转办": "regulator",
    "领导接待日": "leader",
    "其他": "other",
}
_OPINION_WORDS = {"满意": "satisfied", "一般": "neutral", "不满意": "dissatisfied"}
_SEVERITY_WORDS = {
    "ordinary": "1",
    "important": "2",
    "major": "3",
    "special": "4",
    "一般": "1",
    "重要": "2",
    "重大": "3",
    "特殊": "4",
}


def _labels(codes: type[StrEnum]) -> dict[str, str]:
    return {code.value: code.value.replace("_", " ").capitalize() for code in codes}


def _by_name(*items: Field) -> Fields:
    return {item.name: item for item in items}


CASE_FIELDS: Fields = _by_name(
    Field("kind", FieldType.CHOICE, "Kind", ("类型",), _labels(CaseKind), _KIND_WORDS, is_sortable=True),
    Field(
        "state",
        FieldType.CHOICE,
        "State",
        ("状态",),
        {**_labels(CasePhase), **_labels(CaseState)},
        _STATE_WORDS,
        is_sortable=True,
    ),
    Field("category", FieldType.PATH, "Category", ("类别",), is_sortable=True, may_be_absent=True),
    Field("channel", FieldType.CHOICE, "Channel", ("渠道",), _labels(Channel), _CHANNEL_WORDS, is_sortable=True),
    Field(
        "severity",
        FieldType.INTEGER,
        "Severity",
        ("级别",),
        synonyms=_SEVERITY_WORDS,
        least=1,
        most=4,
        is_sortable=True,
    ),
    Field("region", FieldType.TEXT, "Region", ("区域",), is_sortable=True, may_be_absent=True),
    Field("team", FieldType.TEAM, "Team", ("部门", "department"), is_sortable=True, may_be_absent=True),
    Field("assignee", FieldType.PERSON, "Assignee", ("处理人",), is_sortable=True, may_be_absent=True),
    Field("customer", FieldType.REFERENCE, "Customer", ("客户",), may_be_absent=True),
    Field("segment", FieldType.TEXT, "Segment", ("细分",), may_be_absent=True),
    Field("account", FieldType.REFERENCE, "Account", ("户号",), may_be_absent=True),
    Field("reference", FieldType.REFERENCE, "Reference", ("编号", "ref"), is_sortable=True),
    Field("source", FieldType.TEXT, "Source", ("来源",), may_be_absent=True),
    Field("external", FieldType.REFERENCE, "Reference of the source", ("来源编号",), may_be_absent=True),
    Field("text", FieldType.WORDS, "Text", ("内容",)),
    Field("subject", FieldType.WORDS, "Subject", ("主题",)),
    Field("received", FieldType.TIME, "Received", ("受理时间",), is_sortable=True),
    Field("age", FieldType.AGE, "Age", ("已过时间",)),
    Field(
        "due",
        FieldType.TIME,
        "Due",
        ("到期",),
        {"overdue": "Before now"},
        is_ahead=True,
        is_sortable=True,
        may_be_absent=True,
    ),
    Field("closed", FieldType.TIME, "Closed", ("结案时间",), is_sortable=True, may_be_absent=True),
    Field("updated", FieldType.TIME, "Updated", ("更新时间",), is_sortable=True),
    Field("supervised", FieldType.FLAG, "Supervised", ("督办",)),
    Field("overdue", FieldType.FLAG, "Overdue", ("超期",)),
    Field("vulnerable", FieldType.FLAG, "Needs care", ("需关照",)),
    Field("callback", FieldType.FLAG, "To call back", ("待回访",)),
    Field(
        "opinion",
        FieldType.CHOICE,
        "Opinion",
        ("回访意见",),
        _labels(Opinion),
        _OPINION_WORDS,
        may_be_absent=True,
    ),
    Field("times_repeated", FieldType.INTEGER, "Times repeated", ("重复次数",), is_sortable=True),
    Field("times_urged", FieldType.INTEGER, "Times urged", ("催办次数",), is_sortable=True),
    Field("times_reopened", FieldType.INTEGER, "Times reopened", ("重开次数",), is_sortable=True),
    Field("batch", FieldType.INTEGER, "Import batch", ("导入批次",), may_be_absent=True),
    Field("responsible", FieldType.TEXT, "Responsible", ("责任方",), may_be_absent=True),
    Field("parent", FieldType.REFERENCE, "Parent case", ("父事件",), may_be_absent=True),
)
"""The fields of cases."""


def with_choices(
    fields: Fields, name: str, choices: Mapping[str, str], synonyms: Mapping[str, str] = NO_WORDS
) -> Fields:
    """Return the fields with more choices for one of them, such as the states of a utility's own workflow."""
    item = fields[name]
    return {
        **fields,
        name: replace(item, choices={**item.choices, **choices}, synonyms={**item.synonyms, **synonyms}),
    }


def case_fields() -> Fields:
    """Return the fields of cases with the states that the utility's own workflow has, by its own words for them."""
    own = words_for("state")
    if not own:
        return CASE_FIELDS
    known = CASE_FIELDS["state"].choices
    choices = {code: word.text for code, word in own.items() if code not in known}
    synonyms = {named.casefold(): word.code for word in own.values() for named in (word.text, word.text_zh) if named}
    return with_choices(CASE_FIELDS, "state", choices, {**synonyms, **_STATE_WORDS})
