"""Five thousand invented cases in memory, with hostile texts in every field, behind the questions the screens ask."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import cast

from console.errors import NotFoundError
from console.rules.filters import parse
from console.screens.data import PartType, Progress
from console.screens.queue_questions import QueueQuestions
from console.services.case_views import CaseDetail, ClockRow, EventRow, NoticeRow, RelatedRow, RemedyRow
from console.services.customer_views import AccountRow, AnswerRow, CustomerDetail, CustomerRow
from console.services.form_views import FormBasis, FormChoices, Intake, IntakePreview, Possibility, PromiseRow, TakenIn
from console.services.views import QUEUE_VIEWS, ActionResult, CaseRow, IdList, QueueView

HOSTILE = (
    "[/foo] closes nothing",
    "[@click=app.leave]press[/]",
    "[@click=app.simulate_key('q')]x[/] [link=http://evil.example]y[/link]",
    "\x1b]52;c;ZXZpbA==\x07clipboard",
    "\x9b31mC1 \x90dcs\x9c \x85next",
    "\u202eright to left\u202c \u2066isolate",
    "\u200binvisible\u2060 \ufeff\U000e0041tag",
    "nul\x00 del\x7f bell\x07 back\x08space \r\n return",
    "[type=x, v={'a[0]'}]",
    "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 marks \ud800 lone",
)
SUBJECTS = (
    "No water since the morning",
    "整栋楼停水",
    "电费账单多收了钱",
    "Meter reads wrong",
    "Street light out, 王府井",
)
NAMES = ("李娜", "欧阳修", "Mary Smith", "东城自来水有限公司", "Ng")
REGIONS = ("East", "城西", "North")
FIRST = 500
"""Ids that a screen is given before the rest of a list."""
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def case_row(number: int, *, hostile: str = "") -> CaseRow:
    """Return one invented line; every seventh is hostile throughout."""
    text = hostile or (HOSTILE[number // 7 % len(HOSTILE)] if number % 7 == 3 else "")
    phase = "closed" if number % 5 == 4 else "open"
    return CaseRow(
        id=number,
        reference=text or f"C-2026-{number:05d}",
        kind=text or "complaint",
        state=text or ("archived" if phase == "closed" else "dispatched"),
        phase=phase,
        severity=1 + number % 4,
        subject=text or SUBJECTS[number % len(SUBJECTS)],
        category=text or "Supply",
        channel=text or "telephone",
        region=text or REGIONS[number % len(REGIONS)],
        department=text or "Network",
        assignee=text or ("" if number % 3 else "王芳"),
        customer=text or NAMES[number % len(NAMES)],
        received_at=NOW - timedelta(hours=number),
        due_at=None if number % 11 == 10 else NOW + timedelta(hours=number - 40),
        is_supervised=number % 13 == 0,
        is_vulnerable=number % 17 == 0,
    )


def case_detail(row: CaseRow, narrative: str = "") -> CaseDetail:
    """Return a case whole; what is hostile in its line is hostile throughout."""
    text = row.subject if row.subject in HOSTILE else ""
    return CaseDetail(
        row=row,
        narrative=narrative or text or f"The caller says: {row.subject}. 停水三天了，没有人来。\n\nSecond paragraph.",
        findings=text or "A valve was closed.",
        reply=text,
        outcome=text or "solved",
        location=text or "1 High Street",
        responsible=text,
        source=text,
        external_reference=text or "0012",
        customer_number=text or "000123",
        account_number=text or "0007",
        closed_at=None,
        extras=((text or "Ward", text or "7"),),
        events=(
            EventRow(NOW, text or "clerk", text or "import", text or "Note", ((text or "state", text, text or "b"),)),
        ),
        clocks=(ClockRow(text or "reply", NOW + timedelta(hours=3), None, text or "running"),),
        measures=text,
        follow_up=text,
        cause=text,
        related=(RelatedRow(text or "repeats", text or "C-2026-00002", text or "Another"),),
        remedies=(RemedyRow(text or "refund", text or "open", 1250, text or "CNY", None, text or "wang", text),),
    )


def _sort_key(field: str, row: CaseRow) -> str | int:
    keys: dict[str, str | int] = {"severity": row.severity, "received": row.received_at.isoformat(), "due": row.id}
    return keys.get(field, row.reference)


class MemoryQueues(QueueQuestions):
    """The views and values in memory: the ready views only, and hostile names of departments."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data

    def views(self) -> tuple[QueueView, ...]:
        return QUEUE_VIEWS

    def values(self, field: str, typed: str) -> Sequence[tuple[str, str]]:
        return [(text, text) for text in ("East", "城西", *HOSTILE)]

    def first_ids(self, filter_text: str, now: datetime) -> IdList:
        found = self._data.ids(filter_text, now)
        return IdList(found.ids[:FIRST], min(found.total, FIRST), found.total > FIRST)

    def every_id(self, filter_text: str, now: datetime) -> IdList:
        return self._data.ids(filter_text, now)


class MemoryData:
    """The questions answered from memory. ``gate`` can hold the answers back; ``asked`` remembers the questions."""

    def __init__(self, count: int = 5000, *, build: Callable[[int], CaseRow] = case_row) -> None:
        self._build = build
        self.count = count
        self.asked: list[str] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.version = 1
        self.removed: set[int] = set()
        self.narratives: dict[int, str] = {}
        self.failure: Exception | None = None
        self.interrupted = 0
        self.performed: list[tuple[str, tuple[int, ...], dict[str, str], dict[int, int]]] = []
        self.name = "demo[/].db"
        self.zone: tzinfo = UTC

    def _enter(self, question: str) -> None:
        self.asked.append(question)
        self.threads.add(threading.get_ident())
        self.gate.wait(10)
        if self.failure is not None:
            raise self.failure

    def ids(self, filter_text: str, now: datetime) -> IdList:
        self._enter(f"ids {filter_text}")
        asked = parse(filter_text)
        rows = [self._build(number) for number in range(self.count) if number not in self.removed]
        for term in asked.terms:
            texts = [text.casefold() for text in term.texts]
            if term.field == "state":
                rows = [row for row in rows if row.phase in texts]
            elif term.field == "text":
                rows = [row for row in rows if any(text in row.subject.casefold() for text in texts)]
            elif term.field == "severity":
                rows = [row for row in rows if str(row.severity) in texts]
        for sort in reversed(asked.sorts):
            rows.sort(key=partial(_sort_key, sort.field), reverse=sort.is_descending)
        return IdList(array("q", [row.id for row in rows]), len(rows))

    def rows(self, ids: Sequence[int]) -> Sequence[CaseRow]:
        self._enter(f"rows {len(ids)}")
        return [self._build(number) for number in ids if number not in self.removed]

    def counts(self, views: Sequence[QueueView], now: datetime) -> Mapping[str, int]:
        return {view.id: self.ids(view.filter, now).total for view in views}

    def case(self, case_id: int) -> CaseDetail:
        self._enter(f"case {case_id}")
        if case_id in self.removed:
            raise NotFoundError(f"There is no case {case_id}.", "Refresh with r.")
        return case_detail(self._build(case_id), self.narratives.get(case_id, ""))

    def customers(self, text: str) -> Sequence[CustomerRow]:
        self._enter(f"customers {text}")
        rows = [self._customer(number) for number in range(40)]
        return [row for row in rows if text in row.name]

    @staticmethod
    def _customer(number: int) -> CustomerRow:
        text = HOSTILE[number % len(HOSTILE)] if number % 4 == 3 else ""
        name = text or NAMES[number % len(NAMES)]
        return CustomerRow(
            number, text or f"{number:06d}", name, text or "individual", text or "East", "138****8000", 2, 1
        )

    def customer(self, customer_id: int) -> CustomerDetail:
        self._enter(f"customer {customer_id}")
        row = self._customer(customer_id)
        text = row.name if row.name in HOSTILE else "residential"
        return CustomerDetail(
            row, text, text, text, text, text, text, is_vulnerable=True,
            accounts=(AccountRow(text, text, text, text, text, text),),
            cases=(replace(case_row(1), subject=text),),
            answers=(AnswerRow(NOW, text, text, 4),),
        )  # fmt: skip

    def possibilities(self, case_id: int) -> Sequence[Possibility]:
        self._enter(f"possibilities {case_id}")
        text = self._text(case_id)
        return (
            Possibility("note", True, "", ("note",), "dispatched"),
            Possibility("archive", False, text or "Neither a reply is recorded nor a reason stated; reply first."),
        )

    def _text(self, case_id: int) -> str:
        subject = self._build(case_id).subject
        return subject if subject in HOSTILE else ""

    def form_basis(self, verb: str, case_id: int) -> FormBasis:
        self._enter(f"form {verb} {case_id}")
        text = self._text(case_id)
        found = [item for item in self.possibilities(case_id) if item.verb == verb]
        possibility = found[0] if found else Possibility(verb, True, "")
        return FormBasis(possibility, self.form_choices(), (("category", text or "billing"), ("findings", text)))

    def form_choices(self) -> FormChoices:
        named = tuple((f"code{number}", text) for number, text in enumerate(HOSTILE))
        return FormChoices(
            (("wang", "王芳  wang"), *named), named, (("billing", "Billing"), *named), ("low", HOSTILE[0]),
            ("low", "high"), named, named, named,
        )  # fmt: skip

    def perform(
        self,
        verb: str,
        case_ids: Sequence[int],
        given: Mapping[str, str],
        *,
        key: str,
        versions: Mapping[int, int],
        progress: Progress,
    ) -> ActionResult:
        self._enter(f"{verb} {len(case_ids)}")
        self.performed.append((verb, tuple(case_ids), dict(given), dict(versions)))
        references = [self._build(case_id).reference for case_id in case_ids]
        progress(len(case_ids), len(case_ids))
        skipped = tuple((reference, HOSTILE[0]) for reference in references[1:2])
        return ActionResult(verb, 1, tuple((item, "dispatched") for item in (references[:1] + references[2:])), skipped)

    def undo(self, operation: int) -> ActionResult:
        self._enter(f"undo {operation}")
        return ActionResult("undo", 2, ((HOSTILE[0], "dispatched"),))

    def intake_preview(self, new: Intake) -> IntakePreview:
        return IntakePreview(2, (PromiseRow("reply", "4d", NOW), PromiseRow(HOSTILE[0], "", None)), ("contact",))

    def take_in(self, new: Intake, *, key: str) -> TakenIn:
        self._enter(f"take in {new.subject}")
        return TakenIn(1, "C-2026-99999", 3, NOW, 2, (HOSTILE[0],), (HOSTILE[1],), HOSTILE[2])

    def workflow(self) -> str:
        return f"( ) {HOSTILE[0]}"

    def notices(self) -> Sequence[NoticeRow]:
        return [NoticeRow(HOSTILE[1], "reminder", HOSTILE[2], NOW)]

    def part(self, kind: type[PartType]) -> PartType:
        if issubclass(kind, QueueQuestions):
            return cast("PartType", MemoryQueues(self))
        raise NotFoundError(f"These cases in memory have no {kind.__name__}.")

    def data_version(self) -> int:
        return self.version

    def interrupt(self, thread: int) -> None:
        self.interrupted += 1

    def close(self) -> None:
        return
