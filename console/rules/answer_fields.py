"""What a filter may ask of answers: ``survey:callback region:east,south month:2026-11 level:<=2``."""

from __future__ import annotations

from console.rules.filter_fields import Field, Fields, FieldType

_MISSING_LABELS = {
    "NA": "Not answered",
    "DK": "Don't know",
    "NAP": "Not applicable",
    "REF": "Refused",
}
_MISSING_WORDS = {"未答": "NA", "不知道": "DK", "不适用": "NAP", "拒答": "REF"}

_FIELDS = (
    Field("survey", FieldType.REFERENCE, "Survey", ("调查",), is_sortable=True),
    Field("series", FieldType.TEXT, "Series", ("系列",), may_be_absent=True),
    Field("wave", FieldType.TEXT, "Wave", ("期次",), may_be_absent=True),
    Field(
        "assessor",
        FieldType.CHOICE,
        "Assessor",
        ("评价方",),
        {"self": "Self", "third_party": "Third party"},
        {"自评": "self", "第三方": "third_party"},
    ),
    Field("indicator", FieldType.REFERENCE, "Indicator", ("指标", "item"), is_sortable=True),
    Field("weights", FieldType.REFERENCE, "Weights version", ("权重",)),
    Field("region", FieldType.TEXT, "Region", ("区域",), is_sortable=True, may_be_absent=True),
    Field("kind", FieldType.TEXT, "Kind of customer", ("客户类型",), is_sortable=True, may_be_absent=True),
    Field("supply", FieldType.TEXT, "Supply", ("用电类别", "用能类别"), is_sortable=True, may_be_absent=True),
    Field("channel", FieldType.TEXT, "Channel", ("渠道",), is_sortable=True, may_be_absent=True),
    Field("department", FieldType.TEXT, "Department", ("部门", "team"), is_sortable=True, may_be_absent=True),
    Field("month", FieldType.TEXT, "Month", ("月份",), is_sortable=True),
    Field("answered", FieldType.TIME, "Answered", ("答复时间",), is_sortable=True),
    Field("level", FieldType.INTEGER, "Level", ("分值", "score"), is_sortable=True),
    Field("missing", FieldType.CHOICE, "No answer", ("缺失",), _MISSING_LABELS, _MISSING_WORDS, may_be_absent=True),
    Field("customer", FieldType.REFERENCE, "Customer", ("客户",), may_be_absent=True),
    Field("case", FieldType.REFERENCE, "Case", ("工单",), may_be_absent=True),
    Field("interviewer", FieldType.TEXT, "Interviewer", ("访问员",), may_be_absent=True),
    Field("language", FieldType.TEXT, "Language", ("语言",), may_be_absent=True),
    Field("number", FieldType.REFERENCE, "Response number", ("答卷编号",), is_sortable=True),
    Field("double", FieldType.FLAG, "Double entry", ("重复",)),
    Field(
        "excluded",
        FieldType.CHOICE,
        "Left out of figures",
        ("排除",),
        {
            "double": "Double entry",
            "straight_line": "All answers alike",
            "too_fast": "Too fast",
            "contradiction": "Contradiction",
        },
        {"重复": "double", "答案全同": "straight_line", "过快": "too_fast", "矛盾": "contradiction"},
        may_be_absent=True,
    ),
    Field("batch", FieldType.INTEGER, "Import batch", ("导入批次",), may_be_absent=True),
    Field("text", FieldType.WORDS, "Written answer", ("内容",)),
)

ANSWER_FIELDS: Fields = {item.name: item for item in _FIELDS}
"""The fields of answers."""

CELL_FIELDS = frozenset(
    (
        "survey",
        "series",
        "wave",
        "assessor",
        "indicator",
        "region",
        "kind",
        "supply",
        "channel",
        "department",
        "month",
        "level",
        "missing",
        "weights",
    )
)
"""The fields that answer cells can tell apart; any other takes the answers themselves."""
