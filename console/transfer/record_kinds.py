"""The kinds of customers' records that are imported and exported: their fields, what they are known by, what they hang on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from sqlalchemy import Table

from console.codes import (
    AccountState,
    BillState,
    Channel,
    ContactOutcome,
    ContactPurpose,
    ContractState,
    CustomerKind,
    Direction,
    Performance,
    Relationship,
    SupplyCategory,
    Utility,
)
from console.models import Bill, Case, Consumption, Contact, Contract, Customer, Meter, Payment, ServiceAccount
from console.models.base import table_of


class Sort(Enum):
    """How the value of a field is read and kept."""

    NUMBER = "number"
    LINE = "line"
    TEXT = "text"
    CODE = "code"
    FLAG = "flag"
    DAY = "day"
    MOMENT = "moment"
    MONTH = "month"
    MONEY = "money"
    QUANTITY = "quantity"
    CURRENCY = "currency"
    SECRET = "secret"
    LINK = "link"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how it is read, in which column it stands, and under what names files have it.

    ``length`` is in characters; ``default`` is stored where a new record brings nothing. ``is_negative`` says that a number may
    be below zero. A field without a column is read only.
    """

    name: str
    sort: Sort
    column: str = ""
    length: int = 64
    codes: type[StrEnum] | None = None
    default: object = ""
    is_required: bool = False
    is_negative: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record: ``key`` are the fields it is known by, ``any_of`` those of which one at least has to be given.

    ``noun`` is what one of them is called in a sentence.
    """

    name: str
    noun: str
    table: Table
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("number",)
    any_of: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """Return a field by its name."""
        return next(field for field in self.fields if field.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in the order in which they are exported."""
        return tuple(field.name for field in self.fields)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The fields that are kept sealed."""
        return tuple(field.name for field in self.fields if field.sort is Sort.SECRET)


LINKED: Mapping[str, tuple[Table, str, str]] = {
    "customer": (table_of(Customer), "number", "customers"),
    "account": (table_of(ServiceAccount), "number", "accounts"),
    "bill": (table_of(Bill), "number", "bills"),
    "case": (table_of(Case), "reference", ""),
}
"""What fields of the sort LINK name: the table, its column, and the kind of record."""


def _number(*aliases: str) -> Field:
    return Field("number", Sort.NUMBER, "number", is_required=True, aliases=aliases)


def _link(name: str, *aliases: str, is_required: bool = False) -> Field:
    return Field(name, Sort.LINK, f"{name}_id", default=None, is_required=is_required, aliases=aliases)


def _day(name: str, *aliases: str) -> Field:
    return Field(name, Sort.DAY, name, default=None, aliases=aliases)


def _code(name: str, codes: type[StrEnum], default: object, *aliases: str, is_required: bool = False) -> Field:
    return Field(name, Sort.CODE, name, codes=codes, default=default, is_required=is_required, aliases=aliases)


def _secret(name: str, length: int, *aliases: str) -> Field:
    return Field(name, Sort.SECRET, f"{name}_masked", length, aliases=aliases)


AMOUNT = ("金额", "total", "amount_due")
CUSTOMER = ("customer_number", "customer id", "客户编号", "户号")
ACCOUNT = ("account_number", "account id", "用电户号", "用户编号")

CUSTOMERS = RecordKind(
    "customers",
    "customer",
    table_of(Customer),
    (
        _number(*CUSTOMER),
        Field("name", Sort.LINE, "name", 200, aliases=("customer_name", "full name", "客户名称", "姓名")),
        _code("kind", CustomerKind, CustomerKind.INDIVIDUAL.value, "type", "客户类型"),
        _code("relationship", Relationship, Relationship.LONG_TERM.value, "客户关系"),
        _code("supply_category", SupplyCategory, None, "用电类别"),
        Field("size", Sort.LINE, "size", 10, aliases=("规模",)),
        Field("credit_grade", Sort.LINE, "credit_grade", 2, aliases=("信用等级",)),
        _secret("phone", 64, "telephone", "mobile", "phone number", "电话", "联系电话", "手机"),
        _secret("email", 200, "e-mail", "邮箱", "电子邮箱"),
        _secret("identity", 64, "id_number", "身份证号", "证件号码"),
        _secret("address", 500, "地址", "通信地址"),
        _secret("bank", 64, "bank_account", "银行账号"),
        Field("region", Sort.LINE, "region", 100, aliases=("区域", "地区")),
        Field("is_vulnerable", Sort.FLAG, "is_vulnerable", default=False, aliases=("vulnerable", "重点关怀")),
        Field(
            "has_life_support", Sort.FLAG, "has_life_support", default=False, aliases=("life support", "生命支持设备")
        ),
    ),
)
ACCOUNTS = RecordKind(
    "accounts",
    "account",
    table_of(ServiceAccount),
    (
        _number(*ACCOUNT),
        _link("customer", *CUSTOMER, is_required=True),
        _code("utility", Utility, None, "service", "供应类型", is_required=True),
        _code("supply_category", SupplyCategory, SupplyCategory.RESIDENTIAL.value, "用电类别"),
        _code("state", AccountState, AccountState.ACTIVE.value, "status", "状态"),
        Field("meter_number", Sort.NUMBER, "meter_number", aliases=("meter", "表号", "电表编号")),
        _secret("address", 500, "supply address", "地址", "用电地址"),
        Field("region", Sort.LINE, "region", 100, aliases=("区域", "地区")),
        _day("opened_on", "开户日期"),
        _day("closed_on", "销户日期"),
    ),
)
METERS = RecordKind(
    "meters",
    "meter",
    table_of(Meter),
    (
        _number("meter", "meter_number", "表号", "电表编号"),
        _link("account", *ACCOUNT, is_required=True),
        Field("kind", Sort.LINE, "kind", 40, aliases=("type", "表类型")),
        _day("installed_on", "装表日期"),
        _day("removed_on", "拆表日期"),
    ),
    key=("account", "number"),
)
CONTRACTS = RecordKind(
    "contracts",
    "contract",
    table_of(Contract),
    (
        _number("contract", "contract_number", "合同编号"),
        _link("customer", *CUSTOMER),
        _link("account", *ACCOUNT),
        _code("state", ContractState, ContractState.ACTIVE.value, "status", "状态"),
        _code("performance", Performance, None, "履行情况"),
        Field("terms", Sort.TEXT, "terms", 20_000, aliases=("合同条款",)),
        _day("starts_on", "start", "from", "生效日期"),
        _day("ends_on", "end", "to", "终止日期"),
    ),
    any_of=("customer", "account"),
)
CONSUMPTION = RecordKind(
    "consumption",
    "month",
    table_of(Consumption),
    (
        _link("account", *ACCOUNT, is_required=True),
        Field("month", Sort.MONTH, "month", is_required=True, aliases=("period", "月份", "账期")),
        Field("meter", Sort.NUMBER, "meter", aliases=("meter_number", "表号", "电表编号")),
        Field(
            "quantity",
            Sort.QUANTITY,
            "quantity_milli",
            is_required=True,
            aliases=("consumption", "usage", "kwh", "用量", "用电量"),
        ),
        Field("unit", Sort.LINE, "unit", 10, aliases=("单位",)),
        Field("reading", Sort.QUANTITY, "reading_milli", default=None, aliases=("示数", "表底")),
    ),
    key=("account", "month", "meter"),
)
BILLS = RecordKind(
    "bills",
    "bill",
    table_of(Bill),
    (
        _number("bill", "bill_number", "invoice", "invoice_number", "账单编号"),
        _link("account", *ACCOUNT, is_required=True),
        _code("state", BillState, BillState.OPEN.value, "status", "状态"),
        Field("amount", Sort.MONEY, "amount_minor", is_required=True, aliases=AMOUNT),
        Field("currency", Sort.CURRENCY, "currency", 3, aliases=("币种",)),
        Field("month", Sort.PERIOD, aliases=("period", "月份", "账期")),
        _day("starts_on", "from", "period_start"),
        _day("ends_on", "to", "period_end"),
        _day("issued_on", "issued", "bill_date", "invoice_date", "出账日期"),
        _day("due_on", "due", "due_date", "缴费期限"),
    ),
)
PAYMENTS = RecordKind(
    "payments",
    "payment",
    table_of(Payment),
    (
        _number("payment", "payment_number", "receipt", "流水号"),
        _link("account", *ACCOUNT),
        _link("bill", "bill_number", "invoice", "账单编号"),
        Field(
            "paid_at", Sort.MOMENT, "paid_at", is_required=True, aliases=("paid", "payment_date", "paid_on", "缴费时间")
        ),
        Field("amount", Sort.MONEY, "amount_minor", is_required=True, is_negative=True, aliases=AMOUNT),
        Field("currency", Sort.CURRENCY, "currency", 3, aliases=("币种",)),
        Field("method", Sort.LINE, "method", 40, aliases=("payment_method", "缴费方式")),
    ),
    any_of=("account", "bill"),
)
CONTACTS = RecordKind(
    "contacts",
    "contact",
    table_of(Contact),
    (
        Field(
            "number",
            Sort.NUMBER,
            "external_reference",
            200,
            is_required=True,
            aliases=("contact", "contact_id", "编号"),
        ),
        Field("source", Sort.LINE, "source", 64),
        _link("customer", *CUSTOMER, is_required=True),
        _link("account", *ACCOUNT),
        _link("case", "case_reference", "工单编号"),
        Field("at", Sort.MOMENT, "at", is_required=True, aliases=("contacted_at", "date", "时间")),
        _code("channel", Channel, Channel.TELEPHONE.value, "渠道"),
        _code("direction", Direction, Direction.OUT.value, "方向"),
        _code("purpose", ContactPurpose, ContactPurpose.SERVICE.value, "目的"),
        Field("place", Sort.LINE, "place", 200, aliases=("地点",)),
        Field("content", Sort.TEXT, "content", 100_000, aliases=("notes", "内容")),
        Field("cost", Sort.MONEY, "cost_minor", default=0, aliases=("费用",)),
        Field("currency", Sort.CURRENCY, "currency", 3, aliases=("币种",)),
        Field("who", Sort.LINE, "who", 64, aliases=("staff", "agent", "经办人")),
        _code("outcome", ContactOutcome, None, "结果"),
    ),
    key=("source", "number"),
)
KINDS: Mapping[str, RecordKind] = {
    kind.name: kind for kind in (CUSTOMERS, ACCOUNTS, METERS, CONTRACTS, CONSUMPTION, BILLS, PAYMENTS, CONTACTS)
}
"""Every kind by its name, in the order in which they hang on one another."""
