"""The demonstration utility in a database: whole, clean, in its own time, and never mixed with anything real."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Table, create_engine, func, insert, select, text
from sqlalchemy.engine import make_url

from console.errors import OmbudError, UnavailableError
from console.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseText,
    Category,
    Clock,
    Customer,
    Department,
    ServiceAccount,
    Staff,
    whole_schema,
)
from console.models.base import table_of
from console.services import queues
from console.services.policies import adopt_default
from console.services.promises import recompute
from console.services.views import QUEUE_VIEWS
from console.storage.engine import Store, open_store
from console.storage.schema import upgrade
from console.storage.search import matching
from console.text import strip_unsafe
from console.transfer import demo

NOW = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
STAFF: Table = table_of(Staff)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
DEPARTMENTS: Table = table_of(Department)
CATEGORIES: Table = table_of(Category)
CLOCKS: Table = table_of(Clock)
AUDIT: Table = table_of(AuditEntry)
SEEDED = (
    "departments", "staff", "categories", "customers", "service_accounts", "incidents", "cases", "case_texts", "case_events",
    "surveys", "indicators", "responses", "answers",
)  # fmt: skip


def counted(store: Store, table: Table, *conditions: Any) -> int:
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def rows(store: Store, question: Any) -> list[Any]:
    with store.reading() as connection:
        return list(connection.execute(question).all())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A loaded database on each engine in turn, for the tests that only read it."""
    control, name = None, f"demo_{uuid.uuid4().hex}"
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'ombud.db'}"
    if request.param == "postgresql":
        server = make_url(os.environ["OMBUD_TEST_POSTGRESQL"]).set(drivername="postgresql+psycopg")
        control = create_engine(server, isolation_level="AUTOCOMMIT")
        with control.connect() as connection:
            connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"))
        url = server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    opened = open_store(url, must_exist=False)
    upgrade(opened)
    demo.load_demo(opened, NOW, "night.lead", uid=4242)
    yield opened
    opened.close()
    if control is not None:
        with control.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        control.dispose()


def test_the_report_says_what_the_database_holds(store: Store) -> None:
    report = demo.load_demo(store, NOW.replace(microsecond=777), "night.lead")
    assert (report.customers, report.cases) == (310, 550)
    assert report.customers == counted(store, CUSTOMERS)
    assert report.cases == counted(store, CASES) == counted(store, TEXTS)
    assert report.answers == counted(store, whole_schema().tables["answers"]) >= 800
    assert report.seconds > 0


def test_every_file_reaches_its_table(loaded: Store) -> None:
    for name in SEEDED:
        assert counted(loaded, whole_schema().tables[name]) > 0, name


def test_nothing_in_the_database_can_reach_the_terminal_as_a_command(loaded: Store) -> None:
    for name in SEEDED:
        table = whole_schema().tables[name]
        texts = [column for column in table.columns if isinstance(column.type, String)]
        if not texts:
            continue
        for row in rows(loaded, select(*texts)):
            for column, value in zip(texts, row, strict=True):
                keep = "\n\t" if column.name in ("narrative", "findings", "reply", "note") else ""
                assert value is None or strip_unsafe(value, keep=keep) == value, (name, column.name)


def test_hostile_texts_are_kept_but_made_visible(loaded: Store) -> None:
    question = select(CASES.c.subject, TEXTS.c.narrative, TEXTS.c.extras).join_from(CASES, TEXTS)
    awkward = {
        extras["awkward"]: (subject, narrative)
        for subject, narrative, extras in ((s, n, json.loads(e)) for s, n, e in rows(loaded, question))
        if "awkward" in extras
    }
    assert len(awkward) == 20
    assert awkward["closing tag"][0] == "[/foo] bill is wrong"
    assert awkward["escape sequences"][0].startswith("␛[2J␛[H")
    assert awkward["clipboard"][0] == "Water brown␛]52;c;cm0gLXJmIH4=␇ since Monday"
    assert "⟨U+202E⟩" in awkward["direction"][0]
    assert "⟨U+D800⟩" in awkward["invisible"][1]
    assert awkward["formulas"][0] == "=1+1"
    assert len(awkward["very long"][1].encode()) > 50_000
    assert awkward["line breaks"][0] == "Line one line two line three tabbed"


def test_leading_zeros_survive(loaded: Store) -> None:
    numbers = {row.number for row in rows(loaded, select(ACCOUNTS.c.number))}
    assert {"0000000042", "42", "007"} <= numbers
    question = select(ACCOUNTS.c.number).join_from(CASES, ACCOUNTS).where(CASES.c.external_reference == "000000042")
    assert [row.number for row in rows(loaded, question)] == ["0000000042"]


def test_times_move_so_that_some_are_late_some_urgent_and_some_new(loaded: Store) -> None:
    is_open = CASES.c.phase == "open"
    assert counted(loaded, CASES, is_open, CASES.c.due_at < NOW) >= 15
    assert counted(loaded, CASES, is_open, CASES.c.due_at >= NOW, CASES.c.due_at < NOW + timedelta(hours=24)) >= 15
    assert counted(loaded, CASES, is_open, CASES.c.due_at >= NOW + timedelta(hours=24)) >= 20
    assert counted(loaded, CASES, CASES.c.received_at > NOW - timedelta(hours=4)) >= 10
    assert counted(loaded, CASES, CASES.c.received_at < NOW - timedelta(days=360)) >= 1
    for column in (CASES.c.received_at, CASES.c.updated_at, CASES.c.closed_at, EVENTS.c.at, CUSTOMERS.c.updated_at):
        assert counted(loaded, column.table, column > NOW) == 0, column


@pytest.mark.parametrize(
    "condition",
    [
        CASES.c.assignee_id.is_(None),
        CASES.c.is_supervised,
        CASES.c.is_vulnerable,
        CASES.c.state == "replied",
        CASES.c.category_id.is_(None),
        CASES.c.severity >= 3,
    ],
    ids=["unassigned", "supervised", "vulnerable", "to call back", "not yet reviewed", "grave"],
)
def test_no_queue_of_open_cases_is_empty(loaded: Store, condition: Any) -> None:
    assert counted(loaded, CASES, CASES.c.phase == "open", condition) >= 3


def test_waiting_and_closed_cases_are_there(loaded: Store) -> None:
    assert counted(loaded, CASES, CASES.c.phase == "waiting") >= 8
    assert counted(loaded, CASES, CASES.c.phase == "closed", CASES.c.closed_at.is_not(None)) >= 350


def test_whoever_runs_it_is_a_lead_with_work_of_his_own(loaded: Store) -> None:
    (person,) = rows(loaded, select(STAFF).where(STAFF.c.login == "night.lead"))
    assert (person.role, person.uid, person.name, person.is_active) == ("lead", 4242, "night.lead", True)
    assert [
        row.code for row in rows(loaded, select(DEPARTMENTS.c.code).where(DEPARTMENTS.c.id == person.department_id))
    ] == ["customer-service"]
    mine = CASES.c.assignee_id == person.id
    assert counted(loaded, CASES, mine, CASES.c.phase == "open") >= 10
    assert counted(loaded, CASES, mine, CASES.c.phase == "open", CASES.c.due_at < NOW) >= 2
    assert counted(loaded, CASES, mine, CASES.c.phase == "waiting") >= 1
    assert counted(loaded, EVENTS, EVENTS.c.actor == "night.lead") >= 10
    assert counted(loaded, EVENTS, EVENTS.c.actor == "caller") == 0
    assert counted(loaded, STAFF, STAFF.c.login == "caller") == 0


def test_every_actor_is_a_member_of_staff(loaded: Store) -> None:
    actors = {row.actor for row in rows(loaded, select(EVENTS.c.actor).distinct())}
    assert actors <= {row.login for row in rows(loaded, select(STAFF.c.login))}


def test_who_is_enrolled_already_keeps_the_role(store: Store) -> None:
    with store.writing("root") as work:
        work.connection.execute(
            insert(STAFF).values(
                login="root", uid=0, name="Root", role="administrator", is_active=True, created_at=NOW, version=1
            )
        )
        work.record("enrol", "staff", "root")
    demo.load_demo(store, NOW, "root")
    (person,) = rows(store, select(STAFF).where(STAFF.c.login == "root"))
    assert (person.role, person.name) == ("administrator", "Root")
    assert person.department_id is not None
    assert counted(store, CASES, CASES.c.assignee_id == person.id) >= 10


def test_a_person_who_bears_the_login_of_one_of_the_staff_takes_that_place(store: Store) -> None:
    demo.load_demo(store, NOW, "mara.tesk")
    with store.writing("mara.tesk") as work:  # ids given by the database go on after those of the load
        work.connection.execute(insert(DEPARTMENTS).values(code="new", name="New", is_active=True, version=1))
        work.record("add", "department", "new")
    (person,) = rows(store, select(STAFF).where(STAFF.c.login == "mara.tesk"))
    assert counted(store, CASES, CASES.c.assignee_id == person.id, CASES.c.phase == "open") >= 10


def test_the_texts_can_be_found(loaded: Store) -> None:
    with loaded.reading() as connection:
        condition = matching(loaded.engine.dialect.name, "停水", is_prefix=False)
        assert condition is not None
        found = set(connection.execute(select(CASES.c.id).where(condition)).scalars())
        plain = connection.execute(
            select(CASES.c.id)
            .join_from(CASES, TEXTS)
            .where(CASES.c.subject.contains("停水") | TEXTS.c.narrative.contains("停水"))
        )
        assert found == set(plain.scalars())
        assert len(found) >= 5


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 18, 6, 30, tzinfo=UTC),
        datetime(2026, 11, 22, 19, 0, tzinfo=UTC),
        datetime(2026, 10, 3, 2, 0, tzinfo=UTC),
    ],
    ids=["in the week", "on a Sunday night", "on a holiday"],
)
def test_under_a_policy_every_queue_holds_something_whatever_the_day(store: Store, now: datetime) -> None:
    with store.writing("night.lead") as work:
        adopt_default(work)
    demo.load_demo(store, now, "night.lead")
    counts = queues.counts(store, QUEUE_VIEWS, now=now, viewer="night.lead")
    assert {name for name, count in counts.items() if count < 3} == set()
    assert counts["overdue"] < counts["open"] / 2
    with store.reading() as connection:
        dues = {row.id: row.due_at for row in connection.execute(select(CASES.c.id, CASES.c.due_at))}
        clocks = connection.execute(select(func.count()).select_from(CLOCKS)).scalar_one()
        names = (
            connection.execute(select(CATEGORIES.c.name).where(CATEGORIES.c.code == "quality / voltage"))
            .scalars()
            .all()
        )
    assert clocks > len(dues)
    assert len(names) == 1
    assert counted(store, CASES, CASES.c.policy_id.is_(None)) == 0
    assert counted(store, CASES, CASES.c.phase == "closed", CASES.c.due_at.is_not(None)) == 0
    with store.writing("night.lead") as work:
        recompute(work.connection, list(dues))
        work.record("check", "clocks", "all")
    assert dues == {row.id: row.due_at for row in rows(store, select(CASES.c.id, CASES.c.due_at))}


def test_cases_name_the_incident_the_earlier_case_and_the_one_they_were_merged_into(loaded: Store) -> None:
    for column, least in ((CASES.c.incident_id, 25), (CASES.c.repeat_of_id, 10), (CASES.c.merged_into_id, 2)):
        assert counted(loaded, CASES, column.is_not(None)) >= least, column
    assert counted(loaded, CASES, CASES.c.state == "merged", CASES.c.merged_into_id.is_(None)) == 0
    assert counted(loaded, CASES, CASES.c.repeat_of_id >= CASES.c.id) == 0


def test_every_event_says_in_which_state_it_left_the_case(loaded: Store) -> None:
    assert counted(loaded, EVENTS, (EVENTS.c.state == "") | (EVENTS.c.phase == "")) == 0
    last = select(func.max(EVENTS.c.id)).group_by(EVENTS.c.case_id)
    different = (EVENTS.c.state != CASES.c.state) | (EVENTS.c.phase != CASES.c.phase)
    assert (
        rows(loaded, select(CASES.c.reference).join_from(CASES, EVENTS).where(EVENTS.c.id.in_(last), different)) == []
    )


def test_one_entry_on_the_record_says_so(loaded: Store) -> None:
    (entry,) = rows(loaded, select(AUDIT))
    assert (entry.actor, entry.action) == ("night.lead", "demo")
    assert json.loads(entry.detail)["cases"] == 550


def test_a_database_with_cases_is_left_alone(loaded: Store) -> None:
    with pytest.raises(OmbudError, match="holds data already") as caught:
        demo.load_demo(loaded, NOW, "night.lead")
    assert "--database" in caught.value.hint
    assert counted(loaded, CASES) == 550
    assert counted(loaded, AUDIT) == 1


def test_a_database_where_others_work_is_left_alone(store: Store) -> None:
    with store.writing("root") as work:
        work.connection.execute(
            insert(STAFF).values(
                login="someone", name="Someone", role="agent", is_active=True, created_at=NOW, version=1
            )
        )
        work.record("enrol", "staff", "someone")
    with pytest.raises(OmbudError, match="staff"):
        demo.load_demo(store, NOW, "root")
    assert counted(store, CASES) == 0


def test_a_load_that_fails_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    for file in demo.seeds_directory().iterdir():
        if file.suffix in (".csv", ".json", ".jsonl"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "answers.csv").write_text("survey,response,indicator,score\ncallback,none,solved,5\n", "utf-8")
    with pytest.raises(KeyError):
        demo.load_demo(store, NOW, "night.lead", folder=tmp_path)
    assert counted(store, CASES) == counted(store, CUSTOMERS) == counted(store, STAFF) == 0


def test_the_files_are_found_in_the_package_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "console"
    (package / "seeds").mkdir(parents=True)
    monkeypatch.setattr("console.__file__", str(package / "__init__.py"))
    with pytest.raises(UnavailableError, match="not installed"):
        demo.seeds_directory()
    (package / "seeds" / "cases.jsonl").touch()
    assert demo.seeds_directory() == package / "seeds"
