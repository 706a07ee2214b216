"""The demonstration utility: the files of ``seeds/`` put into an empty database, moved in time so that now is now."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

import console
from console.codes import CasePhase, CaseState, Role
from console.errors import OmbudError, UnavailableError
from console.models import (
    Answer,
    Case,
    CaseEvent,
    CaseText,
    Category,
    Customer,
    Department,
    Incident,
    Indicator,
    Policy,
    Response,
    ServiceAccount,
    Staff,
    Survey,
)
from console.models.base import table_of
from console.services.answer_cells import rebuild as rebuild_cells
from console.services.answering import month_of
from console.services.customer_records import write_accounts, write_customers
from console.services.policy_words import keep_words
from console.services.promises import recompute
from console.storage.engine import Store, analyse
from console.storage.search import index_cases
from console.text import clean, clean_line
from console.transfer.demo_supply import load_supply
from console.words import Word

Row = dict[str, Any]

DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)
CATEGORIES: Table = table_of(Category)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
INCIDENTS: Table = table_of(Incident)
POLICIES: Table = table_of(Policy)
CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
ANSWERS: Table = table_of(Answer)
MUST_BE_EMPTY = (CASES, CUSTOMERS, ACCOUNTS, INCIDENTS, SURVEYS)

SUPERVISOR = "mara.tesk"
PHASES = {
    **dict.fromkeys(("received", "reviewed", "dispatched", "investigating", "replied"), CasePhase.OPEN),
    CaseState.AWAITING.value: CasePhase.WAITING,
}
ASKED_BY_CUSTOMER = frozenset({"new", "withdraw", "reopen"})
UNHEARD = frozenset({"note"})


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What was loaded, and how long it took."""

    customers: int
    cases: int
    answers: int
    seconds: float


def seeds_directory() -> Path:
    """Return the folder of the demonstration files: in the installed package, or beside it in a checkout.

    Raises UnavailableError where neither has them.
    """
    package = Path(console.__file__).parent
    for folder in (package / "seeds", package.parent / "seeds"):
        if (folder / "cases.jsonl").is_file():
            return folder
    raise UnavailableError(
        "The files of the demonstration are not installed.", "Install ombud again: pip install ombud"
    )


def load_demo(
    store: Store, now: datetime, login: str, *, uid: int | None = None, folder: Path | None = None
) -> DemoReport:
    """Put the demonstration utility into a database that holds no customers and cases yet.

    Departments and categories that a policy has entered already are used, and the departments renamed.

    Where a policy is in force, the promises on the cases are computed under it, and with them when they are due.
    All times move by the distance from the files' own moment to ``now`` (aware), so that whatever the day some cases are
    overdue, some due soon and some just in. ``login`` (and ``uid``) is who runs it: he becomes a lead of customer service with
    cases of his own; who is enrolled already keeps his role. One transaction, one audit entry.

    Raises OmbudError where the database holds data already.
    """
    began = time.perf_counter()
    folder = folder or seeds_directory()
    with store.writing(login) as work:
        _refuse_data(work.connection, login)
        report = _Loading(work.connection, folder, now, login, uid).run()
        work.record("demo", "database", store.name, {**report, "source": "seeds"})
    analyse(store)
    return DemoReport(**report, seconds=time.perf_counter() - began)


def _refuse_data(connection: Connection, login: str) -> None:
    held = [
        table.name for table in MUST_BE_EMPTY if connection.execute(select(table.c.id).limit(1)).first() is not None
    ]
    if connection.execute(select(STAFF.c.id).where(STAFF.c.login != login).limit(1)).first() is not None:
        held.append(STAFF.name)
    if held:
        raise OmbudError(
            f"The database holds data already ({', '.join(held).replace('_', ' ')}); the demonstration is kept apart from it.",
            "Name a new one: ombud demo --database sqlite:///demo.db",
        )


@dataclass(slots=True)
class _Loading:
    """One run of the loader: where from, where to, and the ids given so far."""

    connection: Connection
    folder: Path
    now: datetime
    login: str
    uid: int | None
    shift: timedelta = timedelta(0)
    caller: str = ""
    policy_id: int | None = None
    ids: dict[str, dict[str, int]] = field(default_factory=dict)
    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    departments: dict[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, int]:
        about = json.loads((self.folder / "about.json").read_text("utf-8"))
        self.shift = self.now.replace(microsecond=0) - datetime.fromisoformat(about["anchor"])
        self.caller = about["caller"]
        self.people()
        customers = self.customers()
        load_supply(
            self.connection, self.table, self.ids[ACCOUNTS.name], datetime.fromisoformat(about["anchor"]), self.shift
        )
        cases = self.cases()
        return {"customers": customers, "cases": cases, "answers": self.answers()}

    def table(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file, cleaned as at any other door."""
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [{column: clean_line(value) for column, value in row.items()} for row in csv.DictReader(file)]

    def at(self, text: str) -> datetime:
        """Return a moment of the files, moved."""
        return datetime.fromisoformat(text) + self.shift

    def day(self, text: str) -> date | None:
        """Return a day of the files, moved."""
        return date.fromisoformat(text) + timedelta(days=self.shift.days) if text else None

    def id_of(self, table: Table, key: str | None) -> int | None:
        """Return the id of what a file names, None for nothing."""
        return self.ids[table.name][key] if key else None

    def put(self, table: Table, rows: Iterable[Row], key: str = "") -> int:
        """Insert rows; where other files name them by ``key``, learn the ids they were given."""
        listed = list(rows)
        if listed:
            self.connection.execute(insert(table), listed)
        if key:
            given = self.connection.execute(select(table.c[key], table.c.id))
            self.ids[table.name] = {str(name): int(id_) for name, id_ in given}
        return len(listed)

    def put_tree(self, table: Table, rows: list[Row]) -> None:
        """Insert rows level by level, since those below need the ids of those above; what is there already stays."""
        self.put(table, (), "code")
        rows = [row for row in rows if row["code"] not in self.ids[table.name]]
        while rows:
            ready = [row for row in rows if not row["parent"] or row["parent"] in self.ids[table.name]]
            rows = [row for row in rows if row not in ready]
            if not ready:
                raise OmbudError(
                    f"Nothing is above {rows[0]['code']} in {table.name}.", "Make the files again: seeds/make.py"
                )
            named = [{name: value for name, value in row.items() if name != "parent"} for row in ready]
            parents = [self.id_of(table, row["parent"]) for row in ready]
            self.put(table, ({**row, "parent_id": parent} for row, parent in zip(named, parents, strict=True)), "code")

    def people(self) -> None:
        departments = self.table("departments")
        self.put_tree(
            DEPARTMENTS,
            [
                {"code": row["code"], "name": row["name"], "parent": row["parent"], "is_active": True, "version": 1}
                for row in departments
            ],
        )
        for row in departments:
            changes = {"name": row["name"], "parent_id": self.id_of(DEPARTMENTS, row["parent"])}
            self.connection.execute(update(DEPARTMENTS).where(DEPARTMENTS.c.code == row["code"]).values(**changes))
        categories = self.table("categories")
        self.put_tree(
            CATEGORIES,
            [
                {
                    "code": row["code"],
                    "name": row["name"],
                    "parent": row["parent"],
                    "department_id": self.id_of(DEPARTMENTS, row["department"]),
                    "is_active": True,
                    "version": 1,
                }
                for row in categories
            ],
        )
        for subject, named in (("department", departments), ("category", categories)):
            keep_words(self.connection, (Word(subject, row["code"], row["name"], row["name_zh"]) for row in named))
        enrolled = self.connection.execute(select(STAFF.c.id).where(STAFF.c.login == self.login)).scalar()
        rows = []
        for row in self.table("staff"):
            is_caller = row["login"] == self.caller
            if row["login"] == self.login:
                continue
            department = self.id_of(DEPARTMENTS, row["department"])
            if is_caller and enrolled is not None:
                self.connection.execute(update(STAFF).where(STAFF.c.id == enrolled).values(department_id=department))
                continue
            rows.append(
                {
                    "login": self.login if is_caller else row["login"],
                    "uid": self.uid if is_caller else None,
                    "name": row["name"] or clean_line(self.login),
                    "department_id": department,
                    "role": Role.LEAD.value if is_caller else row["role"],
                    "is_active": True,
                    "created_at": self.at(row["created_at"]),
                    "version": 1,
                }
            )
        self.put(STAFF, rows, "login")
        self.ids[STAFF.name][self.caller] = self.ids[STAFF.name][self.login]

    def customers(self) -> int:
        self.ids[CUSTOMERS.name] = write_customers(
            self.connection,
            [
                {
                    **row,
                    "supply_category": row["supply_category"] or None,
                    **{name: row[name] == "true" for name in ("is_vulnerable", "has_life_support")},
                    "created_at": self.at(row["created_at"]),
                    "updated_at": self.at(row["updated_at"]),
                }
                for row in self.table("customers")
            ],
        )
        self.ids[ACCOUNTS.name] = write_accounts(
            self.connection,
            [
                {
                    "number": row["number"],
                    "customer_id": self.id_of(CUSTOMERS, row["customer"]),
                    "utility": row["utility"],
                    "supply_category": row["supply_category"],
                    "state": row["state"],
                    "meter_number": row["meter_number"],
                    "address": row["address"],
                    "region": row["region"],
                    "opened_on": self.day(row["opened_on"]),
                    "closed_on": self.day(row["closed_on"]),
                }
                for row in self.table("service_accounts")
            ],
        )
        return len(self.ids[CUSTOMERS.name])

    def incidents(self) -> None:
        self.put(
            INCIDENTS,
            (
                {
                    "number": row["number"],
                    "kind": row["kind"],
                    "title": row["title"],
                    "region": row["region"],
                    "category_id": self.id_of(CATEGORIES, row["category"]),
                    "started_at": self.at(row["started_at"]),
                    "ended_at": self.at(row["ended_at"]) if row["ended_at"] else None,
                    "version": 1,
                }
                for row in self.table("incidents")
            ),
            "number",
        )

    def cases(self) -> int:
        self.incidents()
        newest = select(POLICIES.c.id).order_by(POLICIES.c.valid_from.desc(), POLICIES.c.id.desc()).limit(1)
        self.policy_id = self.connection.execute(newest).scalar()
        with (self.folder / "cases.jsonl").open(encoding="utf-8") as file:
            found: list[Row] = [json.loads(line) for line in file]
        count = self.put(CASES, (self.case(row) for row in found), "reference")
        self.link(found)
        texts = [self.case_text(row) for row in found]
        self.put(TEXTS, texts)
        self.put(EVENTS, (event for row in found for event in self.events(row)))
        if self.policy_id is not None:
            recompute(self.connection, list(self.ids[CASES.name].values()))
        subjects = [clean_line(row["subject"]) for row in found]
        index_cases(
            self.connection,
            [(text["case_id"], subject, text["narrative"]) for text, subject in zip(texts, subjects, strict=True)],
        )
        return count

    def link(self, rows: list[Row]) -> None:
        """Tie cases to the ones they repeat or were merged into."""
        for name in ("merged_into", "repeat_of"):
            pairs = [(self.id_of(CASES, row["reference"]), self.id_of(CASES, row[name])) for row in rows if name in row]
            for case_id, other in pairs:
                self.connection.execute(update(CASES).where(CASES.c.id == case_id).values({f"{name}_id": other}))

    def case(self, row: Row) -> Row:
        def line(name: str) -> str:
            return clean_line(row.get(name, ""))

        def moment(name: str) -> datetime | None:
            return self.at(row[name]) if name in row else None

        return {
            "reference": line("reference"),
            "source": line("source") or None,
            "external_reference": line("external_reference") or None,
            "kind": row["kind"],
            "state": row["state"],
            "phase": row["phase"],
            "category_id": self.id_of(CATEGORIES, row.get("category")),
            "channel": row["channel"],
            "severity": row["severity"],
            "region": line("region"),
            "department_id": self.id_of(DEPARTMENTS, row.get("department")),
            "assignee_id": self.id_of(STAFF, row.get("assignee")),
            "customer_id": self.id_of(CUSTOMERS, row.get("customer")),
            "account_id": self.id_of(ACCOUNTS, row.get("account")),
            "subject": line("subject"),
            "responsible": line("responsible"),
            "received_at": moment("received_at"),
            "due_at": moment("due_at"),
            "closed_at": moment("closed_at"),
            "updated_at": moment("updated_at"),
            "is_supervised": row.get("is_supervised", False),
            "is_vulnerable": row.get("is_vulnerable", False),
            "opinion": row.get("opinion"),
            "incident_id": self.id_of(INCIDENTS, row.get("incident")),
            "policy_id": self.policy_id,
            "supervisor_id": self.id_of(STAFF, SUPERVISOR) if row.get("is_supervised") else None,
            "times_repeated": row.get("times_repeated", 0),
            "times_reopened": row.get("times_reopened", 0),
            "source_digest": "",
            "version": 1,
        }

    def case_text(self, row: Row) -> Row:
        return {
            "case_id": self.id_of(CASES, row["reference"]),
            "narrative": clean(row.get("narrative", "")),
            "findings": clean(row.get("findings", "")),
            "reply": clean(row.get("reply", "")),
            "outcome": row.get("outcome"),
            "location": clean_line(row.get("location", "")),
            "extras": _json(row.get("extras", {})),
        }

    def events(self, row: Row) -> Iterator[Row]:
        """Yield the steps of a case, each with the state it left the case in."""
        state = ""
        for event in row["events"]:
            state = event.get("after", {}).get("state", state)
            yield {
                **self.event(row["reference"], event),
                "state": state,
                "phase": PHASES.get(state, CasePhase.CLOSED).value,
            }

    def event(self, reference: str, event: Row) -> Row:
        before, after = event.get("before", {}), event.get("after", {})
        if after.get("assignee") == self.caller:
            after = {**after, "assignee": self.login}
        return {
            "case_id": self.id_of(CASES, reference),
            "at": self.at(event["at"]),
            "actor": self.login if event["actor"] == self.caller else event["actor"],
            "verb": event["verb"],
            "note": clean(event.get("note", "")),
            "before": _json(before),
            "after": _json(after),
            "origin": "customer" if event["verb"] in ASKED_BY_CUSTOMER else "staff",
            "is_public": event["verb"] not in UNHEARD,
            "is_undone": False,
            "import_batch_id": None,
            "operation_id": None,
        }

    def answers(self) -> int:
        scales = ("scale_low", "scale_high")
        self.put(
            SURVEYS, ({**row, **{name: int(row[name]) for name in scales}} for row in self.table("surveys")), "code"
        )
        for table, rows in (
            (INDICATORS, [self.indicator(row) for row in self.table("indicators")]),
            (RESPONSES, [self.response(row) for row in self.table("responses")]),
        ):
            self.put(table, rows)
        indicators = self.by_survey(INDICATORS, "code")
        responses = self.by_survey(RESPONSES, "number")
        count = self.put(
            ANSWERS,
            (
                {
                    "response_id": responses[row["survey"], row["response"]],
                    "indicator_id": indicators[row["survey"], row["indicator"]],
                    "score": int(row["score"]),
                }
                for row in self.table("answers")
            ),
        )
        rebuild_cells(self.connection)
        return count

    def indicator(self, row: dict[str, str]) -> Row:
        return {
            "survey_id": self.id_of(SURVEYS, row["survey"]),
            "code": row["code"],
            "label": row["label"],
            "label_zh": row["label_zh"],
            "position": int(row["position"]),
        }

    def response(self, row: dict[str, str]) -> Row:
        answered_at = self.at(row["answered_at"])
        return {
            "survey_id": self.id_of(SURVEYS, row["survey"]),
            "number": row["number"],
            "customer_id": self.id_of(CUSTOMERS, row["customer"]),
            "case_id": self.id_of(CASES, row["case"]),
            "channel": row["channel"],
            "region": row["region"],
            **self.segment(row["customer"], row["case"]),
            "month": month_of(answered_at),
            "answered_at": answered_at,
        }

    def segment(self, customer: str, case: str) -> Row:
        """Return what is known of a response by its customer and case."""
        if not self.kinds:
            for row in self.table("customers"):
                self.kinds[row["number"]] = (row["kind"], row["supply_category"])
            question = select(CASES.c.reference, DEPARTMENTS.c.code).join_from(
                CASES, DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id
            )
            self.departments.update({row[0]: row[1] for row in self.connection.execute(question)})
        kind, supply = self.kinds.get(customer, ("", ""))
        return {"kind": kind, "supply": supply, "department": self.departments.get(case, "")}

    def by_survey(self, table: Table, key: str) -> dict[tuple[str, str], int]:
        """Return the ids of what belongs to surveys, by the survey's code and the own key."""
        question = select(SURVEYS.c.code, table.c[key], table.c.id).join_from(table, SURVEYS)
        return {(survey, own): id_ for survey, own, id_ in self.connection.execute(question)}


def _json(values: Row) -> str:
    cleaned = {clean_line(name): clean(value) if isinstance(value, str) else value for name, value in values.items()}
    return json.dumps(cleaned, ensure_ascii=False)
