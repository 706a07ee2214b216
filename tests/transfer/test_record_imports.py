"""Imports and exports of customers' records on both engines: repeatable, resumable, sealed, refused clearly, taken back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from customer_data import fill
from pyarrow import parquet
from sqlalchemy import Table, func, select

from console.errors import NotAllowedError, OmbudError, UsageError
from console.models import (
    AuditEntry,
    Bill,
    Consumption,
    Contract,
    Customer,
    CustomerSecret,
    ImportChange,
    Meter,
    Payment,
    RefusedRow,
    ServiceAccount,
)
from console.models.base import table_of
from console.services import contacts, customers, person_exports, privacy
from console.storage.engine import Store
from console.transfer.batches import list_batches
from console.transfer.record_export import export_records
from console.transfer.record_kinds import KINDS, Sort
from console.transfer.record_profiles import load_record_profile, ready_record_profiles
from console.transfer.records import RecordsReport, import_records
from console.transfer.run import Progress
from console.transfer.undo import undo_batch

CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
SECRETS: Table = table_of(CustomerSecret)
HELD = (Customer, ServiceAccount, Meter, Contract, Consumption, Bill, Payment)

PEOPLE = (
    ("number", "name", "phone", "email", "address", "region"),
    ("0001", "欧阳小明", "+86 138 0013 8000", "xm@example.org", "临澜市城中区钟楼广场106号", "east"),
    ("0002", "Zoë Müller", "(010) 6234-5678", "", "82 Old Market, Lindan", "west"),
)
PLACES = (
    ("number", "customer", "utility", "meter_number", "address", "opened_on"),
    ("A-1", "0001", "electricity", "E1", "临澜市城中区钟楼广场106号", "1950-01-02"),
    ("A-2", "0002", "water", "W1", "82 Old Market, Lindan", "2001/2/3"),
)
METERS = (
    ("number", "account", "kind", "installed_on", "removed_on"),
    ("E1", "A-1", "mechanical", "2001-02-03", "2020-01-01"),
    ("E2", "A-1", "smart", "2020-01-01", ""),
)
CONTRACTS = (
    ("number", "account", "state", "performance", "terms", "starts_on"),
    ("C-1", "A-1", "active", "kept", "Peak and off-peak", "2020-01-01"),
)
USE = (
    ("account", "month", "quantity", "unit", "reading"),
    ("A-1", "2026-02", "120.5", "kWh", "1000"),
    ("A-1", "2026年3月", "1,230", "kWh", ""),
    ("A-2", "202603", "7.25", "m3", ""),
)
BILLS = (
    ("number", "account", "amount", "currency", "month", "due_on"),
    ("B-1", "A-1", "¥1,234.50", "CNY", "2026-02", "2026-03-20"),
    ("B-2", "A-2", "12", "CNY", "2026-03", "2026-04-20"),
)
PAYMENTS = (
    ("number", "bill", "paid_at", "amount", "currency", "method"),
    ("P-1", "B-1", "2026-03-10 10:00:00", "1234.50", "CNY", "bank"),
)
FILES: dict[str, Sequence[Sequence[str]]] = {
    "customers": PEOPLE,
    "accounts": PLACES,
    "meters": METERS,
    "contracts": CONTRACTS,
    "consumption": USE,
    "bills": BILLS,
    "payments": PAYMENTS,
}


def written(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def brought(
    store: Store, folder: Path, kind: str, rows: Iterable[Sequence[str]], profile: str = "ombud", **options: Any
) -> RecordsReport:
    path = written(folder / f"{kind}.csv", rows)
    return import_records(store, path, load_record_profile(profile, KINDS[kind]), actor="lin", **options)


def all_brought(store: Store, folder: Path) -> dict[str, RecordsReport]:
    return {kind: brought(store, folder, kind, rows) for kind, rows in FILES.items()}


def counts(report: RecordsReport) -> tuple[int, int, int, int]:
    held = report.counts
    return held.created, held.updated, held.unchanged, held.rejected


def sizes(store: Store) -> list[int]:
    with store.reading() as connection:
        return [connection.execute(select(func.count()).select_from(table_of(model))).scalar_one() for model in HELD]


def value(store: Store, column: Any, *conditions: Any) -> Any:
    with store.reading() as connection:
        return connection.execute(select(column).where(*conditions)).scalar()


def exported(store: Store, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    export_records(store, KINDS[kind], output=stream, actor="lin", **options)
    return stream.getvalue()


def reasons(report: RecordsReport) -> list[tuple[int, str, str]]:
    return [(refusal.line, refusal.column, refusal.reason) for refusal in report.refusals]


def test_every_kind_comes_in_once_however_often_it_is_brought(store: Store, tmp_path: Path) -> None:
    first = all_brought(store, tmp_path)
    assert {kind: counts(report) for kind, report in first.items()} == {
        kind: (len(rows) - 1, 0, 0, 0) for kind, rows in FILES.items()
    }
    held = sizes(store)
    again = all_brought(store, tmp_path)
    # The account says which meter it had in its own file, and the file of meters which it has now.
    assert counts(again.pop("accounts")) == (0, 1, 1, 0)
    assert {kind: counts(report) for kind, report in again.items()} == {
        kind: (0, 0, len(rows) - 1, 0) for kind, rows in FILES.items() if kind != "accounts"
    }
    assert sizes(store) == held


def test_what_is_sealed_is_found_masked_and_never_clear(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, "customers", PEOPLE)
    assert value(store, CUSTOMERS.c.phone_masked, CUSTOMERS.c.number == "0001") == "138****8000"
    assert [row.number for row in customers.find(store, "13800138")] == ["0001"]
    assert [row.number for row in customers.find(store, "oyxm")] == ["0001"]


def test_a_changed_row_updates_what_differs_and_nothing_else(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, "customers", PEOPLE)
    report = brought(
        store, tmp_path, "customers", [PEOPLE[0], ("0001", "", "139 1234 5678", "", "", "north"), PEOPLE[2]]
    )
    assert counts(report) == (0, 1, 1, 0)
    assert dict(report.changes) == {"phone": 1, "region": 1}
    assert value(store, CUSTOMERS.c.name, CUSTOMERS.c.number == "0001") == "欧阳小明"
    assert value(store, CUSTOMERS.c.email_masked, CUSTOMERS.c.number == "0001") == "x***@example.org"
    assert [row.number for row in customers.find(store, "91234567")] == ["0001"]
    assert customers.find(store, "13800138") == []


def test_bad_rows_are_refused_with_a_clear_reason_and_the_others_taken(store: Store, tmp_path: Path) -> None:
    report = brought(
        store,
        tmp_path,
        "customers",
        [
            PEOPLE[0],
            ("", "Nobody", "", "", "", ""),
            ("0003", "No Phone", "call me back", "", "", ""),
            ("0004", "Masked", "138****8000", "", "", ""),
            ("0005", "Mail", "", "nowhere", "", ""),
            PEOPLE[1],
            ("0001", "Somebody Else", "", "", "", ""),
        ],
    )
    assert counts(report) == (1, 0, 0, 5)
    assert reasons(report) == [
        (2, "number", "is empty, and no customer can do without it"),
        (3, "phone", "is no telephone number of 5 to 20 digits"),
        (4, "phone", "is masked: only its owner's export with --reveal holds it in clear"),
        (5, "email", "is no e-mail address"),
        (7, "number", "customer 0001 already stands on line 6 with other content"),
    ]


def test_an_account_belongs_to_one_customer_who_is_there(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, "customers", PEOPLE)
    brought(store, tmp_path, "accounts", PLACES)
    report = brought(
        store,
        tmp_path,
        "accounts",
        [
            PLACES[0],
            ("A-1", "0002", "electricity", "", "", ""),
            ("A-7", "", "water", "", "", ""),
            ("A-8", "0099", "water", "", "", ""),
            ("A-9", "0002", "gas", "", "", ""),
        ],
    )
    assert counts(report) == (1, 0, 0, 3)
    assert sorted(reasons(report)) == [
        (2, "customer", "account A-1 belongs to customer 0001, and 0002 claims it too"),
        (3, "customer", "is empty, and no account can do without it"),
        (4, "customer", "there is no customer 0099 for this account; import the customers first"),
    ]


@pytest.mark.parametrize(
    ("kind", "row", "column", "said"),
    [
        ("bills", ("B-9", "A-1", "-5", "CNY", "2026-03", ""), "amount", "is negative"),
        ("bills", ("B-9", "A-1", "5.005", "CNY", "2026-03", ""), "amount", "more than 2 decimals"),
        ("bills", ("B-9", "A-1", "five", "CNY", "2026-03", ""), "amount", "is not a number"),
        ("bills", ("B-9", "A-1", "5", "", "2026-03", ""), "currency", "money needs its currency"),
        ("bills", ("B-9", "A-1", "5", "CNY", "2026-13", ""), "month", "is not a month"),
        ("bills", ("B-9", "A-7", "5", "CNY", "2026-03", ""), "account", "there is no account A-7"),
        ("bills", ("B-9", "A-1", "5", "CNY", "2026-03", "2026-02-30"), "due_on", "there is no such day"),
        ("consumption", ("A-1", "2026-00", "5", "kWh", ""), "month", "is not a month"),
        ("consumption", ("A-1", "2026-05", "-5", "kWh", ""), "quantity", "is negative"),
        ("payments", ("P-9", "B-7", "2026-03-10", "5", "CNY", ""), "bill", "there is no bill B-7"),
        ("meters", ("E9", "A-1", "", "2026-03-02", "2026-03-01"), "removed_on", "is before"),
        ("contracts", ("C-9", "A-1", "maybe", "", "", ""), "state", "is none of active"),
        ("contracts", ("C-9", "", "active", "", "", ""), "account", "each contract needs its"),
    ],
)
def test_a_value_that_is_none_is_refused(
    store: Store, tmp_path: Path, kind: str, row: Sequence[str], column: str, said: str
) -> None:
    all_brought(store, tmp_path)
    held = sizes(store)
    report = brought(store, tmp_path, kind, [FILES[kind][0], row])
    assert counts(report) == (0, 0, 0, 1)
    assert report.refusals[0].column == column
    assert said in report.refusals[0].reason
    assert sizes(store) == held


def test_the_database_keeps_nothing_sensitive_of_a_refused_row(store: Store, tmp_path: Path) -> None:
    rejects = tmp_path / "refused.csv"
    rows = [PEOPLE[0], ("", "Nobody", "13800138000", "a@example.org", "Hidden Street 5", "east")]
    brought(store, tmp_path, "customers", rows, rejects=rejects)
    assert "Hidden Street 5" in rejects.read_text("utf-8")
    kept = value(store, table_of(RefusedRow).c.content)
    assert json.loads(kept) == {"name": "Nobody", "region": "east"}


def test_a_dry_run_says_the_same_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    report = brought(store, tmp_path, "customers", PEOPLE, dry_run=True)
    assert counts(report) == (2, 0, 0, 0)
    assert sizes(store) == [0] * len(HELD)
    assert list_batches(store) == []


def test_an_interrupted_import_goes_on_where_it_broke_off(store: Store, tmp_path: Path) -> None:
    rows = [("number", "name"), *((f"{place:05d}", f"Customer {place}") for place in range(700))]

    def stop(progress: Progress) -> None:
        if progress.read >= 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        brought(store, tmp_path, "customers", rows, progress=stop)
    before = sizes(store)[0]
    assert 0 < before < 700
    report = brought(store, tmp_path, "customers", rows, resume=True)
    assert report.resumed_at == before
    assert counts(report) == (700, 0, 0, 0)
    assert sizes(store)[0] == 700


def test_what_was_imported_is_taken_back_exactly(store: Store, tmp_path: Path) -> None:
    fill(store)
    before = sizes(store)
    reports = all_brought(store, tmp_path)
    for report in reversed(reports.values()):
        assert report.batch is not None
        undone = undo_batch(store, report.batch, "lin")
        assert undone.kept == ()
    assert sizes(store) == before
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(table_of(ImportChange))).scalar_one() == 0
        assert connection.execute(select(CUSTOMERS.c.name).where(CUSTOMERS.c.number == "0001")).scalar() == "欧阳小明"
    assert [row.number for row in customers.find(store, "13800138")] == ["0001"]


def test_an_undone_change_of_what_is_sealed_can_be_found_and_shown_again(store: Store, tmp_path: Path) -> None:
    fill(store)
    held = privacy.reveal(store, "0001", "phone", "test", "lin")
    report = brought(store, tmp_path, "customers", [("number", "phone"), ("0001", "139 8765 4321")])
    assert counts(report) == (0, 1, 0, 0)
    assert customers.find(store, "13800138") == []
    undo_batch(store, report.batch or 0, "lin")
    assert [row.number for row in customers.find(store, "13800138")] == ["0001"]
    assert customers.find(store, "98765432") == []
    assert privacy.reveal(store, "0001", "phone", "test", "lin") == held


def test_what_others_changed_or_need_stays_when_an_import_is_taken_back(store: Store, tmp_path: Path) -> None:
    reports = all_brought(store, tmp_path)
    undone = undo_batch(store, reports["customers"].batch or 0, "lin")
    assert undone.deleted == 0
    assert sorted(undone.kept) == ["customer 0001", "customer 0002"]
    later = brought(store, tmp_path, "bills", [BILLS[0], ("B-2", "A-2", "13", "CNY", "2026-03", "2026-04-20")])
    assert counts(later) == (0, 1, 0, 0)
    assert undo_batch(store, reports["bills"].batch or 0, "lin").kept == ("bill B-2", "bill B-1")
    assert undo_batch(store, later.batch or 0, "lin").restored == 1
    assert value(store, table_of(Bill).c.amount_minor, table_of(Bill).c.number == "B-2") == 1200


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_an_export_comes_back_unchanged(store: Store, tmp_path: Path, form: str) -> None:
    fill(store)
    all_brought(store, tmp_path)
    for kind in FILES:
        path = tmp_path / f"back-{kind}.{form}"
        options: dict[str, Any] = {"reveal": True, "reason": "move"} if kind in ("customers", "accounts") else {}
        written_report = export_records(store, KINDS[kind], output=path, actor="lin", **options)
        report = import_records(store, path, load_record_profile("ombud", KINDS[kind]), actor="lin")
        assert counts(report) == (0, 0, written_report.rows, 0), (kind, report.refusals, report.changes)


def test_sealed_columns_are_exported_with_the_right_and_a_reason_only(store: Store, tmp_path: Path) -> None:
    fill(store)
    plain = exported(store, "customers").decode()
    assert "phone" not in plain.splitlines()[0]
    assert "13800138000" not in plain.replace(" ", "")
    with pytest.raises(UsageError, match="kept sealed"):
        exported(store, "customers", columns=["phone"])
    with pytest.raises(UsageError, match="reason"):
        exported(store, "customers", reveal=True)
    with pytest.raises(NotAllowedError):
        export_records(store, KINDS["customers"], output=io.BytesIO(), actor="an", reveal=True, reason="curious")
    entries = table_of(AuditEntry)
    revealed = select(func.count()).select_from(entries).where(entries.c.action == "reveal")
    with store.reading() as connection:
        before = connection.execute(revealed).scalar_one()
    rows = list(csv.DictReader(io.StringIO(exported(store, "customers", reveal=True, reason="move").decode())))
    values = [row[name] for row in rows for name in ("phone", "email", "identity", "address", "bank") if row[name]]
    with store.reading() as connection:
        assert connection.execute(revealed).scalar_one() - before == len(values) > 5


def test_the_erased_lose_what_was_billed_and_used(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    all_brought(store, tmp_path)
    document = person_exports.export_person(store, "0001", "lin")
    payload = document["payload"]
    assert [bill["number"] for bill in payload["bills"]] == ["B-1"]
    assert [month["month"] for month in payload["consumption"]] == ["2026-03", "2026-02"]
    assert [payload[name] != [] for name in ("meters", "contracts", "payments")] == [True] * 3
    privacy.erase(store, "0001", "asked", "lin", tmp_path / "erasures.jsonl")
    owner = (
        select(ACCOUNTS.c.id)
        .join(CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer_id)
        .where(CUSTOMERS.c.number == "0001")
    )
    with store.reading() as connection:
        accounts = list(connection.execute(owner).scalars())
        for model in (Meter, Contract, Consumption, Bill, Payment):
            table = table_of(model)
            assert connection.execute(select(table.c.id).where(table.c.account_id.in_(accounts))).all() == []
    report = brought(store, tmp_path, "customers", PEOPLE)
    assert "0001 was erased" in report.refusals[0].reason


def test_one_row_makes_several_records_or_none(store: Store, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(
        """
kind = "customers"
currency = "EUR"
decimal = ","
missing = ["-"]
[dates]
formats = ["%d.%m.%Y"]
[fields.number]
column = "Kunde"
[fields.name]
columns = ["Vorname", "Name"]
[fields.phone]
column = "Tel"
[also.accounts.fields.number]
column = "Vertragskonto"
[also.accounts.fields.customer]
column = "Kunde"
[also.accounts.fields.utility]
value = "gas"
[also.bills]
needs = ["Betrag"]
[also.bills.fields.number]
columns = ["Vertragskonto", "Monat"]
separator = "-"
prefix = "R"
[also.bills.fields.account]
column = "Vertragskonto"
[also.bills.fields.amount]
column = "Betrag"
[also.bills.fields.month]
column = "Monat"
[also.bills.fields.due_on]
column = "Frist"
""",
        "utf-8",
    )
    rows = [
        ("Kunde", "Vorname", "Name", "Tel", "Vertragskonto", "Monat", "Betrag", "Frist", "Farbe"),
        ("0017", "Ada", "Weiß", "030 5550100", "V-1", "2026-03", "1.234,50 €", "20.04.2026", "rot"),
        ("0017", "Ada", "Weiß", "030 5550100", "V-1", "2026-04", "10,00", "20.05.2026", "rot"),
        ("0018", "Bo", "Grün", "-", "V-2", "2026-03", "-", "20.04.2026", "rot"),
        ("0019", "Cy", "Blau", "-", "V-1", "2026-05", "7,00", "20.04.2026", "rot"),
        ("0020", "Di", "Rot", "030 5550101", "V-4", "2026-05", "-7,00", "20.04.2026", "rot"),
    ]
    report = brought(store, tmp_path, "customers", rows, str(profile))
    assert report.unused == ("Farbe",)
    assert report.records == (("customers", 2, 0), ("accounts", 2, 0), ("bills", 2, 0))
    assert sizes(store)[:2] == [2, 2]
    assert counts(report)[3] == 2
    assert [line for line, _, _ in reasons(report)] == [5, 6]
    assert value(store, table_of(Bill).c.amount_minor, table_of(Bill).c.number == "RV-1-2026-03") == 123450
    dry = brought(store, tmp_path, "customers", rows, str(profile), dry_run=True)
    assert counts(dry) == (0, 0, 3, 2)


def test_a_wrong_profile_or_file_is_refused_before_anything_is_read(store: Store, tmp_path: Path) -> None:
    with pytest.raises(OmbudError, match="has no column number"):
        brought(store, tmp_path, "customers", [("nummer", "name"), ("1", "A")])
    assert list_batches(store) == []
    cases = {
        'kind = "customer"': "unknown kind customer",
        'kind = "customers"\n[fields.name]\ncolumn = "n"': "does not say where number",
        'kind = "customers"\n[fields.number]\ncolumn = "n"\n[fields.fone]\ncolumn = "t"': "unknown field of customers fone",
        'kind = "customers"\n[fields.number]\ncolumn = "n"\n[fields.kind]\nvalue = "person"': "unknown kind in",
        'kind = "bills"\ncurrency = "Euro"': "no code of three",
        'kind = "customers"\n[fields.number]\ncolumn = "n"\nvalue = "1"': "needs one of column",
        'kind = "payments"\n[fields.number]\ncolumn = "n"\n[fields.paid_at]\ncolumn = "p"\n[fields.amount]\ncolumn = "a"': (
            "which account or bill"
        ),
    }
    for text, said in cases.items():
        path = tmp_path / "wrong.toml"
        path.write_text(text, "utf-8")
        with pytest.raises(UsageError, match=said):
            load_record_profile(str(path), KINDS["customers"])
    with pytest.raises(UsageError, match="is for customers, not for bills"):
        load_record_profile("telco", KINDS["bills"])
    assert ready_record_profiles() == ("telco",)


def test_chinese_columns_in_their_own_encoding_need_no_profile(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "客户.csv"
    path.write_bytes(
        "客户编号,客户名称,联系电话,地址\r\n0001,王小明,１３８-0013-8000,临澜市城中区\r\n".encode("gb18030")
    )
    report = import_records(store, path, load_record_profile("ombud", KINDS["customers"]), actor="lin")
    assert counts(report) == (1, 0, 0, 0)
    assert value(store, CUSTOMERS.c.phone_masked) == "138****8000"


def test_contacts_are_known_again_by_their_number_and_source(store: Store, tmp_path: Path) -> None:
    fill(store)
    rows = [
        ("number", "source", "customer", "at", "channel", "content", "cost", "currency"),
        ("K1", "crm", "0001", "2026-03-01 10:00:00", "telephone", "Asked for the bill", "1.50", "CNY"),
        ("K1", "old", "0002", "2026-03-01 11:00:00", "visit", "Meter seen", "", ""),
    ]
    assert counts(brought(store, tmp_path, "contacts", rows)) == (2, 0, 0, 0)
    assert counts(brought(store, tmp_path, "contacts", rows)) == (0, 0, 2, 0)
    contacts.log(store, contacts.NewContact("0001", "Entered by hand"), "an")
    path = tmp_path / "back.csv"
    path.write_bytes(exported(store, "contacts"))
    report = import_records(store, path, load_record_profile("ombud", KINDS["contacts"]), actor="lin")
    assert counts(report) == (0, 0, 3, 0)


def test_parquet_holds_what_json_lines_hold_typed_by_the_field_and_not_by_its_name(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    all_brought(store, tmp_path)
    arrow = {Sort.FLAG: pyarrow.bool_(), Sort.MOMENT: pyarrow.timestamp("ms", tz="UTC")}
    for kind in FILES:
        target = tmp_path / f"{kind}.parquet"
        names = export_records(store, KINDS[kind], output=target, actor="lin").columns
        table = parquet.read_table(target)
        lines = [json.loads(line) for line in exported(store, kind, format="jsonl").splitlines()]
        assert [field.type for field in table.schema] == [
            arrow.get(KINDS[kind].field(name).sort, pyarrow.string()) for name in names
        ]
        assert table.num_rows == len(lines) > 0
        for row, line in zip(table.to_pylist(), lines, strict=True):
            for name, value in line.items():
                is_moment = KINDS[kind].field(name).sort is Sort.MOMENT and value is not None
                assert row[name] == (datetime.fromisoformat(value) if is_moment else value), (kind, name)
