"""Finding customers by whatever the caller says first, without opening anything sealed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from customer_data import ACCOUNTS as ACCOUNT_ROWS
from customer_data import CUSTOMERS as ROWS
from customer_data import account, dated, fill
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from console import clock
from console.errors import ConflictError, NotFoundError, UsageError
from console.search_words import pieces, segments
from console.services import customers
from console.services.customer_records import ACCOUNTS, CUSTOMERS, change_customer, write_accounts, write_customers
from console.storage import customer_search, sealing
from console.storage.customer_search import Part
from console.storage.engine import Store
from console.storage.keys import KeyMissingError, new_key, write_keys
from console.storage.name_forms import simplified
from console.storage.sealing import WrongKeyError


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


def numbers(store: Store, sought: str, limit: int = 100) -> list[str]:
    """Return the numbers of the customers found, in order."""
    return [row.number for row in customers.find(store, sought, limit)]


def test_each_way_to_a_customer(filled: Store) -> None:
    for sought, found in {
        "0001": ["0001"],
        "000": ["0001", "0002", "0003"],
        "A-100": ["0001"],
        "a-100": ["0001"],
        "W0320053": ["0002"],
        "E0972": ["0001"],
        "13800138000": ["0001"],
        "+86 138-0013-8000": ["0001"],
        "8001 38": ["0001"],
        "5550149": ["0003"],
        "6234": ["0103"],
        "9559": ["8000"],
        "xm.ouyang@example.org": ["0001"],
        "XM.Ouyang@Example.org": ["0001"],
        "110101199003071234": ["0001"],
        "6222020200112233445": ["0001"],
        "欧": ["0001"],
        "歐陽": ["0001"],
        "小明": ["0001"],
        "国强": ["0002"],
        "曾國": ["0002"],
        "ouyangxm": [],
        "ouyangxiaom": ["0001"],
        "oyxm": ["0001"],
        "xm": ["0001"],
        "zengguoq": ["0002"],
        "zgq": ["0002"],
        "lvbu": ["0103"],
        "lubu": ["0103"],
        "lyu": ["0103"],
        "chongqing": ["8000"],
        "zoe": ["0003"],
        "muller": ["0003"],
        "MÜLL": ["0003"],
        "zoe mul": ["0003"],
        "钟楼广场": ["0001"],
        "科技大道": ["0001"],
        "old market": ["0003"],
        "106": ["0001", "0003"],
        "欧 8000": ["0001"],
        "曾 人民路": ["0002"],
        "曾 8000": [],
        "zzz": [],
        "138": [],
        "!?": [],
        "' OR 1=1 --": [],
        '"*" NEAR(a b)': [],
        "phone:138*": [],
    }.items():
        assert sorted(numbers(filled, sought)) == found, sought
    assert filled.safe.opened == 0


def test_the_closest_come_first(filled: Store) -> None:
    # 0103 begins a number, Oldman stands in a name, Old Market in an address.
    assert numbers(filled, "old") == ["K-77", "0003"]
    assert numbers(filled, "8000") == ["8000"]
    assert numbers(filled, "") == ["0001", "0002", "0003", "0103", "8000", "K-77"]
    assert numbers(filled, "000", 2) == ["0001", "0002"]


def test_lists_show_masks_only(filled: Store) -> None:
    (row,) = customers.find(filled, "0001")
    detail = customers.detail(filled, row.id)
    assert (row.phone_masked, detail.email_masked) == ("138****8000", "x***@example.org")
    assert detail.address == "临澜市城中区****"
    assert [(item.number, item.address) for item in detail.accounts] == [("A-100", "临澜市高新区****")]
    assert "13800138000" not in repr(detail) + repr(row)
    assert filled.safe.opened == 0


def test_no_lookup_reads_the_whole_table(filled: Store) -> None:
    explain = "EXPLAIN QUERY PLAN " if filled.is_sqlite else "EXPLAIN "
    with filled.reading() as connection:
        if not filled.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        for sought in (
            "0001",
            "8000",
            "欧阳",
            "oyxm",
            "钟楼",
            "a@b.c",
            "110101199003071234",
            "曾 人民路 1391",
            "人民路7号",
        ):
            for rank, question in customers.questions(connection, sought):
                written = question.limit(50).compile(connection.engine, compile_kwargs={"literal_binds": True})
                plan = [
                    " ".join(map(str, row))
                    for row in connection.exec_driver_sql(
                        explain + str(written).replace("%", "%%" if not filled.is_sqlite else "%")
                    )
                ]
                for line in plan:
                    assert "Seq Scan" not in line, (sought, rank, plan)
                    for table in ("customers", "service_accounts"):
                        assert not line.strip().endswith(f"SCAN {table}"), (sought, rank, plan)


STREETS = {
    "人民路7号": ["0002"],
    "人民路7": ["0002"],
    "江北区人民路7号": ["0002"],
    "民路7": ["0002"],
    "路7号": ["0002"],
    "人民路 7": ["0002"],
    "人民路9号": [],
    "科技大道9": ["0001"],
    "钟楼广场106号168室": ["0001"],
    "广场106号168": ["0001"],
    "106号168室": ["0001"],
    "82 old market": ["0003"],
    "market flat": ["0003"],
    "市江北": ["0002"],
}


def test_streets_and_houses(filled: Store) -> None:
    for sought, found in {**STREETS, "广场168": []}.items():
        assert sorted(numbers(filled, sought)) == found, sought


def test_addresses_indexed_by_an_earlier_version_are_found(filled: Store) -> None:
    with filled.writing("root") as work:
        connection = work.connection
        vault = sealing.vault_of(connection)
        customer_search.forget_blind(connection, [0], [customer_search.PAIRED])
        owners = [
            (Part.ADDRESS, owner, row["address"])
            for row in ROWS
            for owner in connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == row["number"])).scalars()
            if row.get("address")
        ]
        owners += [
            (Part.ACCOUNT_ADDRESS, owner, row["address"])
            for row in ACCOUNT_ROWS
            for owner in connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.number == row["number"])).scalars()
        ]
        for part, owner, address in owners:
            customer_search.forget_blind(connection, [owner], [part])
            words = vault.digests("address", segments(simplified(address)))
            customer_search.index_blind(connection, [(part, owner, words)])
        work.record("change", "database", "index")
    for sought, found in STREETS.items():
        assert sorted(numbers(filled, sought)) == found, sought
    with filled.writing("root") as work:
        ids = write_customers(work.connection, [dated({"number": "9", "name": "Li", "address": "临澜市中山街7号"})])
        work.record("add", "customer", str(ids["9"]))
    assert numbers(filled, "中山街7号") == ["9"]


RUNS = st.text("临澜市人民路号栋", min_size=1, max_size=5)
WORDS = st.from_regex("[0-9]{1,3}|[a-z]{2,3}", fullmatch=True)


@given(st.lists(st.one_of(RUNS, WORDS), min_size=1, max_size=8), st.data())
def test_every_part_of_an_address_is_in_its_words(parts: list[str], data: st.DataObject) -> None:
    written = "，".join(parts) if data.draw(st.booleans()) else " ".join(parts)
    whole = pieces(written)
    words = [word for phrase in customer_search.address_phrases(whole, is_paired=True) for word in phrase]
    first = data.draw(st.integers(0, len(whole) - 1))
    part = whole[first : data.draw(st.integers(first + 1, len(whole)))]
    # A part may begin and end within a run, not within a number.
    if part[0][0]:
        part[0] = (part[0][0][data.draw(st.integers(0, len(part[0][0]) - 1)) :], "")
    if part[-1][0]:
        part[-1] = (part[-1][0][: data.draw(st.integers(1, len(part[-1][0])))], "")
    for phrase in customer_search.address_phrases(part, is_paired=True):
        assert any(words[at : at + len(phrase)] == phrase for at in range(len(words))), (words, phrase)


def test_a_changed_value_is_found_and_the_old_one_is_not(filled: Store) -> None:
    ids = {row.number: row.id for row in customers.find(filled, "")}
    with filled.writing("an") as work:
        change_customer(work.connection, ids["0002"], {"name": "Zhou Li", "phone": "13377778888", "address": ""})
        change_customer(work.connection, ids["K-77"], {"email": "mark@example.org"})
        work.record("change", "customer", "0002")
    assert numbers(filled, "77778888") == numbers(filled, "zhou") == ["0002"]
    assert numbers(filled, "13912345678") == numbers(filled, "曾") == []
    assert numbers(filled, "mark@example.org") == ["K-77"]
    with pytest.raises(NotFoundError), filled.writing("an") as work:
        change_customer(work.connection, 999_999, {"phone": "13377778888"})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"number": "", "name": "Nobody"}, "without a number"),
        ({"number": "9", "name": ""}, "without a name"),
        ({"number": "9", "name": "No phone", "phone": "ask wife"}, "telephone"),
        ({"number": "9", "name": "No phone", "phone": "1234"}, "telephone"),
        ({"number": "9", "name": "No phone", "phone": "1" * 30}, "telephone"),
        ({"number": "9", "name": "No mail", "email": "at home"}, "e-mail"),
        ({"number": " 9 ", "name": "Blank"}, "no customer number"),
    ],
)
def test_a_row_that_is_none_is_refused_and_nothing_is_lost(filled: Store, wrong: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused, filled.writing("an") as work:
        write_customers(work.connection, [dated({"number": "10", "name": "Good"}), dated(wrong)])
    assert wrong.get("phone", "?") not in str(refused.value)
    assert numbers(filled, "10") == []
    assert len(numbers(filled, "")) == len(ROWS)


def test_a_number_has_one_customer(filled: Store) -> None:
    twice = [dated({"number": "11", "name": "One"}), dated({"number": "11", "name": "Other"})]
    for rows in (twice, [dated({"number": "0001", "name": "Again"})]):
        with pytest.raises(ConflictError), filled.writing("an") as work:
            write_customers(work.connection, rows)
    assert numbers(filled, "11") == []


def test_two_customers_cannot_claim_one_account(filled: Store) -> None:
    ids = {row.number: row.id for row in customers.find(filled, "")}
    rows = [{"number": "C-1", "customer": "0001", "address": ""}, {"number": "C-1", "customer": "0002", "address": ""}]
    for claimed in (rows, [{"number": "A-100", "customer": "0002", "address": ""}]):
        with pytest.raises(ConflictError), filled.writing("an") as work:
            write_accounts(work.connection, [account(row, ids) for row in claimed])
    assert numbers(filled, "A-100") == ["0001"]


def test_one_premise_is_seen_without_its_address(filled: Store) -> None:
    with filled.reading() as connection:
        premises = dict(connection.execute(select(ACCOUNTS.c.number, ACCOUNTS.c.premise)).all())
    assert premises["A-200"] == premises["B-300"] != premises["A-100"]


def test_names_are_found_without_a_key_where_nothing_is_sealed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.safe.location = "file:/nonexistent/master.key"
    with store.writing("an") as work:
        write_customers(work.connection, [dated({"number": "1", "name": "Plain"})])
        work.record("fill", "database", "x")
    assert numbers(store, "plain") == ["1"]
    with pytest.raises(KeyMissingError), store.writing("an") as work:
        write_customers(work.connection, [dated({"number": "2", "name": "Sealed", "phone": "13800138000"})])
    assert numbers(store, "") == ["1"]


def test_another_key_is_refused(filled: Store, tmp_path: Path) -> None:
    write_keys(f"file:{tmp_path / 'other.key'}", [new_key()])
    filled.safe.location = f"file:{tmp_path / 'other.key'}"
    filled.safe.forget()
    with pytest.raises(WrongKeyError, match="not the one this database was made with"):
        customers.find(filled, "13800138000")


def test_a_key_taken_on_in_an_undone_transaction_is_forgotten(store: Store) -> None:
    with store.writing("an") as work:
        write_customers(work.connection, [dated(ROWS[0])])
        work.abandon()
    fill(store)
    store.safe.forget()
    assert numbers(store, "13800138000") == ["0001"]


def test_customers_another_session_enters_meanwhile_are_left_to_it(filled: Store) -> None:
    with filled.writing("an") as work:
        made = write_customers(
            work.connection, [dated(ROWS[0]), dated({"number": "55", "name": "New"})], may_exist=True
        )
        work.record("fill", "database", "x")
    assert list(made) == ["55"]
    assert numbers(filled, "") == ["0001", "0002", "0003", "0103", "55", "8000", "K-77"]


def test_digests_differ_by_field_and_by_database(filled: Store) -> None:
    with filled.reading() as connection:
        vault = sealing.vault_of(connection)
        assert vault.digest("phone", "1234") != vault.digest("address", "1234")
        assert vault.digest("phone", "1234") == vault.digest("phone", "1234")
        assert len(vault.digest("phone", "1234")) == 32
        created = connection.execute(select(CUSTOMERS.c.created_at)).scalars().first()
    assert created is not None
    assert clock.now() - created > timedelta(0)
