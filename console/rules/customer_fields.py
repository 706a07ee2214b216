"""What a filter of customers may ask: the same language as for cases, with the fields of customers."""

from __future__ import annotations

from console.codes import CustomerKind, CustomerSize, CustomerStage, Relationship, SupplyCategory, Utility, ValueTier
from console.rules.filter_fields import Field, Fields, FieldType
from console.rules.filters import Filter, parse

_KIND_WORDS = {
    "个人": "individual",
    "person": "individual",
    "中间商": "intermediary",
    "企业": "enterprise",
    "company": "enterprise",
    "政府": "government",
    "政府团体": "government",
}
_RELATIONSHIP_WORDS = {"潜在": "potential", "新": "new", "长期": "long_term", "曾经": "former", "麻烦": "needs_care"}
_SUPPLY_WORDS = {
    "居民": "residential",
    "商业": "commercial",
    "工业": "industrial",
    "非工业": "non_industrial",
    "农业": "agricultural",
}
_SIZE_WORDS = {"大": "large", "中": "medium", "小": "small"}
_STAGE_WORDS = {
    "潜在": "potential",
    "新户": "new",
    "成长": "growing",
    "稳定": "stable",
    "预警": "at_risk",
    "流失": "left",
    "销户": "left",
}
_TIER_WORDS = {"高": "high", "高价值": "high", "有价值": "some", "无贡献": "low"}
_UTILITY_WORDS = {"电": "electricity", "水": "water", "燃气": "gas", "通信": "telecom"}

CREDIT_GRADES = ("A", "B", "C")


def _labels(codes: type) -> dict[str, str]:
    return {code.value: code.value.replace("_", " ").capitalize() for code in codes}  # type: ignore[attr-defined]


def _fields(*items: Field) -> Fields:
    return {item.name: item for item in items}


CUSTOMER_FIELDS: Fields = _fields(
    Field("number", FieldType.REFERENCE, "Number", ("编号", "customer"), is_sortable=True),
    Field("text", FieldType.WORDS, "Name", ("名称", "name")),
    Field("kind", FieldType.CHOICE, "Kind", ("类型",), _labels(CustomerKind), _KIND_WORDS, is_sortable=True),
    Field(
        "relationship",
        FieldType.CHOICE,
        "Relationship",
        ("关系",),
        _labels(Relationship),
        _RELATIONSHIP_WORDS,
        is_sortable=True,
    ),
    Field(
        "supply", FieldType.CHOICE, "Supply", ("用电类别", "供应类别"), _labels(SupplyCategory), _SUPPLY_WORDS,
        may_be_absent=True,
    ),
    Field("size", FieldType.CHOICE, "Size", ("规模",), _labels(CustomerSize), _SIZE_WORDS, may_be_absent=True),
    Field(
        "credit", FieldType.CHOICE, "Credit grade", ("信用", "信用等级"), {grade: grade for grade in CREDIT_GRADES},
        is_sortable=True, may_be_absent=True,
    ),
    Field("region", FieldType.TEXT, "Region", ("区域",), is_sortable=True, may_be_absent=True),
    Field("utility", FieldType.CHOICE, "Utility", ("业务",), _labels(Utility), _UTILITY_WORDS, may_be_absent=True),
    Field("stage", FieldType.CHOICE, "Stage", ("阶段", "生命周期"), _labels(CustomerStage), _STAGE_WORDS, may_be_absent=True),
    Field("value", FieldType.CHOICE, "Value", ("价值",), _labels(ValueTier), _TIER_WORDS, is_sortable=True, may_be_absent=True),
    Field("rfm", FieldType.REFERENCE, "RFM", (), may_be_absent=True),
    Field("segment", FieldType.TEXT, "Segment", ("细分",), may_be_absent=True),
    Field("manager", FieldType.PERSON, "Manager", ("客户经理",), may_be_absent=True),
    Field("vulnerable", FieldType.FLAG, "Needs care", ("需关照",)),
    Field("key", FieldType.FLAG, "Key customer", ("重点", "重点客户")),
    Field("complete", FieldType.FLAG, "Complete", ("完整",)),
    Field("true", FieldType.FLAG, "Complete and verified", ("双百",)),
    Field("overdue", FieldType.FLAG, "Bill overdue", ("欠费",)),
    Field("verified", FieldType.TIME, "Verified", ("核实时间",), is_sortable=True, may_be_absent=True),
    Field("contacted", FieldType.TIME, "Last contact", ("最近联系",), may_be_absent=True),
    Field("created", FieldType.TIME, "Entered", ("建档时间",), is_sortable=True),
    Field("accounts", FieldType.INTEGER, "Accounts", ("户数",)),
    Field("cases", FieldType.INTEGER, "Open cases", ("未结工单",)),
    Field("complaints", FieldType.INTEGER, "Complaints lately", ("近期投诉",)),
    Field("phone", FieldType.FLAG, "Has a telephone", ("电话",)),
    Field("email", FieldType.FLAG, "Has an e-mail address", ("邮箱",)),
)  # fmt: skip
"""The fields of customers."""

COMPUTED = frozenset({"key", "complete", "true", "segment", "manager"})
"""The fields that a policy's own filter of key customers cannot ask: they would ask themselves."""


def parse_customers(text: str) -> Filter:
    """Return the filter of customers that a text writes. Raises FilterError, which points at the character."""
    return parse(text, CUSTOMER_FIELDS)
