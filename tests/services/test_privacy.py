"""Sensitive data: shown one field at a time and on the record, given to the person, erased for good."""

from __future__ import annotations

import copy
import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from customer_data import dated, fill
from sqlalchemy import func, select, update

from console.errors import NotAllowedError, NotFoundError, OmbudError, UnavailableError, UsageError
from console.services import audit, customers, key_changes, person_exports, privacy
from console.services.customer_records import (
    ACCOUNT_SECRETS,
    ACCOUNTS,
    CUSTOMERS,
    DATA_KEYS,
    SECRETS,
    write_customers,
)
from console.services.erasures import erasures
from console.storage import sealing
from console.storage.engine import Store, open_store
from console.storage.keys import new_key, read_keys, write_keys
from console.storage.sealing import SealError


@pytest.fixture
def filled(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    key = f"file:{tmp_path / 'outside' / 'master.key'}"
    write_keys(key, [new_key()])
    store.safe.location = key
    fill(store)
    return store


def reveals(store: Store) -> int:
    """Return how many reveals are on the record."""
    return sum(row.action == "reveal" for row in audit.log(store, limit=10_000))


def test_a_reveal_is_on_the_record_before_anything_is_opened(filled: Store) -> None:
    assert privacy.reveal(filled, "0001", "phone", "call back", "an") == "+86 138 0013 8000"
    (entry,) = audit.log(filled, object_number="0001")
    assert (entry.actor, entry.action) == ("an", "reveal")
    assert json.loads(entry.detail) == {"field": "phone", "reason": "call back"}
    assert "8000" not in entry.detail
    with filled.writing("an") as work:
        work.connection.execute(update(SECRETS).values(email=b"\x01" + bytes(40)))
        work.record("damage", "database", "x")
    opened = filled.safe.opened
    with pytest.raises(SealError):
        privacy.reveal(filled, "0001", "email", "call back", "an")
    assert filled.safe.opened == opened
    assert reveals(filled) == 2


def test_reveals_and_openings_are_equal_in_number(filled: Store) -> None:
    for field in ("phone", "email", "identity", "address", "bank"):
        privacy.reveal(filled, "0001", field, "check", "an")
    person_exports.export_person(filled, "0002", "lin")
    customers.find(filled, "8000")
    customers.detail_of_number(filled, "0001")
    key_changes.rotate(filled, "root")
    assert filled.safe.opened == reveals(filled) == 5 + 2 + 2


@pytest.mark.parametrize(
    ("customer", "field", "reason", "actor", "error"),
    [
        ("0001", "name", "why", "an", UsageError),
        ("0001", "phone", "  ", "an", UsageError),
        ("0009", "phone", "why", "an", NotFoundError),
        ("0002", "email", "why", "an", NotFoundError),
        ("0001", "phone", "why", "ana", NotAllowedError),
        ("0001", "phone", "why", "nobody", OmbudError),
    ],
)
def test_a_reveal_that_may_not_be_opens_nothing(
    filled: Store, customer: str, field: str, reason: str, actor: str, error: type[OmbudError]
) -> None:
    with pytest.raises(error) as refused:
        privacy.reveal(filled, customer, field, reason, actor)
    assert refused.value.hint
    assert filled.safe.opened == reveals(filled) == 0


def test_twenty_reveals_in_ten_minutes_are_enough(filled: Store) -> None:
    for _ in range(privacy.QUOTA):
        privacy.reveal(filled, "0001", "phone", "check", "an")
    with pytest.raises(NotAllowedError, match="20"):
        privacy.reveal(filled, "0001", "phone", "check", "an")
    assert privacy.reveal(filled, "0001", "phone", "check", "lin")
    assert filled.safe.opened == reveals(filled) == privacy.QUOTA + 1
    assert [row.action for row in audit.log(filled, actor="an", limit=1)] == ["reveal_refused"]


def test_two_sealed_values_that_were_exchanged_do_not_open(filled: Store) -> None:
    ids = {row.number: row.id for row in customers.find(filled, "")}
    with filled.writing("root") as work:
        rows = work.connection.execute(select(SECRETS.c.customer_id, SECRETS.c.phone, SECRETS.c.address)).all()
        held = {row.customer_id: row for row in rows}
        first, second = ids["0001"], ids["0002"]
        for target, source in ((first, second), (second, first)):
            work.connection.execute(
                update(SECRETS).where(SECRETS.c.customer_id == target).values(phone=held[source].phone)
            )
        work.connection.execute(update(SECRETS).where(SECRETS.c.customer_id == first).values(email=held[first].address))
        work.record("damage", "database", "x")
    for customer, field in (("0001", "phone"), ("0002", "phone"), ("0001", "email")):
        with pytest.raises(SealError, match="changed or put"):
            privacy.reveal(filled, customer, field, "check", "an")
    with filled.writing("root") as work:
        keys = dict(work.connection.execute(select(DATA_KEYS.c.customer_id, DATA_KEYS.c.wrapped)).all())
        for target, source in ((first, second), (second, first)):
            work.connection.execute(
                update(DATA_KEYS).where(DATA_KEYS.c.customer_id == target).values(wrapped=keys[source])
            )
        work.record("damage", "database", "x")
    with pytest.raises(SealError):
        privacy.reveal(filled, "0001", "address", "check", "an")


def test_a_sealed_value_does_not_open_in_another_table(filled: Store) -> None:
    (customer,) = customers.find(filled, "0002")
    with filled.writing("root") as work:
        address = work.connection.execute(
            select(SECRETS.c.address).where(SECRETS.c.customer_id == customer.id)
        ).scalar_one()
        his = select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer_id == customer.id)
        # The same customer, hence the same data key, and an address as well: only the table is another.
        work.connection.execute(
            update(ACCOUNT_SECRETS).where(ACCOUNT_SECRETS.c.account_id.in_(his)).values(address=address)
        )
        work.record("damage", "database", "x")
    assert privacy.reveal(filled, "0002", "address", "check", "an")
    with pytest.raises(SealError, match="changed or put"):
        person_exports.export_person(filled, "0002", "lin")


def test_a_person_gets_everything_and_a_changed_copy_is_seen(filled: Store) -> None:
    document = person_exports.export_person(filled, "0001", "lin")
    payload = json.loads(json.dumps(document))["payload"]
    assert payload["customer"]["phone"] == "+86 138 0013 8000"
    assert payload["customer"]["identity"] == "110101199003071234"
    assert payload["accounts"][0]["address"] == "临澜市高新区科技大道9号"
    assert person_exports.verify_export(filled, document) == "0001"
    forged = copy.deepcopy(document)
    forged["payload"]["customer"]["name"] = "Someone else"
    with pytest.raises(OmbudError, match="changed"):
        person_exports.verify_export(filled, forged)
    nothings: tuple[object, ...] = ([], {}, {"payload": {}, "signature": "x"})
    for nothing in nothings:
        with pytest.raises(UsageError):
            person_exports.verify_export(filled, nothing)
    with pytest.raises(NotAllowedError):
        person_exports.export_person(filled, "0001", "an")
    key_changes.rotate(filled, "root")
    assert person_exports.verify_export(filled, document) == "0001"


def test_the_erased_are_gone_and_statistics_stay(filled: Store) -> None:
    with filled.reading() as connection:
        counted = connection.execute(select(func.count()).select_from(CUSTOMERS)).scalar_one()
    with pytest.raises(NotAllowedError):
        privacy.erase(filled, "0001", "asked", "an")
    privacy.erase(filled, "0001", "asked", "lin")
    for sought in ("欧阳", "oyxm", "13800138000", "xm.ouyang@example.org", "钟楼广场", "科技大道"):
        assert customers.find(filled, sought) == [], sought
    (row,) = customers.find(filled, "0001")
    assert (row.name, row.phone_masked, row.accounts) == (privacy.ERASED_NAME, "", 1)
    with filled.reading() as connection:
        for table in (DATA_KEYS, SECRETS):
            assert row.id not in connection.execute(select(table.c.customer_id)).scalars().all()
        assert connection.execute(select(func.count()).select_from(ACCOUNT_SECRETS)).scalar_one() == 2
        assert connection.execute(select(func.count()).select_from(CUSTOMERS)).scalar_one() == counted
    for act in (
        lambda: privacy.reveal(filled, "0001", "phone", "check", "an"),
        lambda: person_exports.export_person(filled, "0001", "lin"),
        lambda: privacy.erase(filled, "0001", "again", "lin"),
    ):
        with pytest.raises(NotFoundError, match="erased"):
            act()
    assert [item.customer for item in erasures()] == ["0001"]


def test_without_its_ledger_nothing_is_erased(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="ledger"):
        privacy.erase(filled, "0001", "asked", "lin", tmp_path / "file" / "erasures.jsonl")
    assert privacy.reveal(filled, "0001", "phone", "check", "an")
    (tmp_path / "damaged.jsonl").write_text("{}\n")
    with pytest.raises(OmbudError, match="Line 1"):
        privacy.replay_erasures(filled, "lin", tmp_path / "damaged.jsonl")


def test_after_an_older_backup_the_erased_stay_erased(tmp_path: Path, filled: Store) -> None:
    if not filled.is_sqlite:
        pytest.skip("the copy of a server's database is its own matter")
    path = Path(filled.engine.url.database or "")
    with filled.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(tmp_path / "old.db"),))
    privacy.erase(filled, "0001", "asked", "lin")
    place = filled.safe.place()
    filled.close()
    for left in tmp_path.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(tmp_path / "old.db", path)
    with closing(open_store(f"sqlite:///{path}", key=place)) as restored:
        assert [row.name for row in customers.find(restored, "欧阳")] == ["欧阳小明"]
        assert privacy.replay_erasures(restored, "lin").erased == ("0001",)
        assert privacy.replay_erasures(restored, "lin") == privacy.Replay((), 1)
        assert customers.find(restored, "欧阳") == customers.find(restored, "13800138000") == []


def test_the_erased_leave_nothing_in_the_files(filled: Store, tmp_path: Path) -> None:
    if not filled.is_sqlite:
        pytest.skip("the files of a server are its own")
    with filled.reading() as connection:
        rows = connection.execute(select(DATA_KEYS.c.customer_id, DATA_KEYS.c.wrapped)).all()
        wrapped = dict(rows)
        vault = sealing.vault_of(connection)
        digest = vault.digest("email", "xm.ouyang@example.org")
    (row,) = customers.find(filled, "0001")
    path = Path(filled.engine.url.database or "")

    def written() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))

    assert wrapped[row.id] in written()
    assert b"ouyangxiaoming" in written()
    privacy.erase(filled, "0001", "asked", "lin")
    left = written()
    assert wrapped[row.id] not in left
    for clear in ("欧阳小明", "ouyangxiaoming", "小明"):
        assert clear.encode() not in left
    assert digest.encode() not in left


def test_a_change_of_keys_that_was_broken_off_is_carried_on(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_changes, "PART", 2)
    before = read_keys(filled.safe.place())
    done: list[int] = []

    def interrupt(count: int) -> None:
        done.append(count)
        if count >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        key_changes.rotate(filled, "root", progress=interrupt)
    halfway = key_changes.status(filled)
    assert not halfway.is_settled
    assert [key.data_keys for key in halfway.keys] == [3, 2]
    assert privacy.reveal(filled, "0001", "phone", "check", "an") == "+86 138 0013 8000"
    assert privacy.reveal(filled, "8000", "phone", "check", "an") == "95598"
    with filled.writing("an") as work:
        write_customers(work.connection, [dated({"number": "90", "name": "Meanwhile", "phone": "13366667777"})])
        work.record("fill", "database", "x")
    rotation = key_changes.rotate(filled, "root")
    assert (rotation.number, rotation.rewrapped) == (2, 3)
    settled = key_changes.status(filled)
    assert settled.is_settled
    assert [(key.data_keys, key.retired_at is None) for key in settled.keys] == [(0, False), (6, True)]
    assert read_keys(filled.safe.place())[:1] == before
    write_keys(filled.safe.place(), read_keys(filled.safe.place())[1:])
    filled.safe.forget()
    assert privacy.reveal(filled, "90", "phone", "check", "an") == "13366667777"
    with pytest.raises(NotAllowedError):
        key_changes.rotate(filled, "lin")


def test_another_session_goes_on_reading_and_writing_while_keys_change(filled: Store) -> None:
    url = filled.engine.url.set(drivername=filled.engine.url.get_backend_name()).render_as_string(hide_password=False)
    with closing(open_store(url, key=filled.safe.place())) as other:
        assert privacy.reveal(other, "0001", "phone", "check", "an")
        key_changes.rotate(filled, "root", forget_old=True)
        assert privacy.reveal(other, "0001", "email", "check", "an") == "xm.ouyang@example.org"
        with other.writing("an") as work:
            write_customers(work.connection, [dated({"number": "91", "name": "Later", "phone": "13366668888"})])
            work.record("fill", "database", "x")
    assert privacy.reveal(filled, "91", "phone", "check", "an") == "13366668888"
