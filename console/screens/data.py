"""What the screens ask and where the answers come from: one object behind the whole console, used from threads only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.errors import OmbudError
from console.i18n import chosen_language
from console.loading import loading
from console.services.views import ActionResult
from console.zone import zone_name, zone_named

if TYPE_CHECKING:
    from console.services.case_views import CaseDetail, NoticeRow
    from console.services.customer_views import CustomerDetail, CustomerRow
    from console.services.form_views import FormBasis, FormChoices, Intake, IntakePreview, Possibility, TakenIn
    from console.services.handling import Report
    from console.services.views import CaseRow, IdList, QueueView
    from console.storage.engine import Store

FOUND_CUSTOMERS = 200
"""The most customers a search lists; who looks for one person refines the words rather than reading further."""
NOTICES_SHOWN = 200
CACHE = 1_000
"""KiB of the file kept at hand by each connection: four of them at most, beside the system's own cache of files."""

Progress = Callable[[int, int], bool]
"""Told how many cases of how many are worked; answers whether to go on."""


class Part(Protocol):
    """The questions and verbs of one subject, such as dossiers or surveys: made for a database, its viewer and its zone."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None: ...


PartType = TypeVar("PartType", bound=Part)


class DataAccess(Protocol):
    """The questions of the console. Each may take long and is asked from a worker thread."""

    @property
    def name(self) -> str: ...

    @property
    def zone(self) -> tzinfo: ...

    def ids(self, filter_text: str, now: datetime) -> IdList: ...

    def rows(self, ids: Sequence[int]) -> Sequence[CaseRow]: ...

    def counts(self, views: Sequence[QueueView], now: datetime) -> Mapping[str, int]: ...

    def case(self, case_id: int) -> CaseDetail: ...

    def customers(self, text: str) -> Sequence[CustomerRow]: ...

    def customer(self, customer_id: int) -> CustomerDetail: ...

    def possibilities(self, case_id: int) -> Sequence[Possibility]: ...

    def form_basis(self, verb: str, case_id: int) -> FormBasis: ...

    def form_choices(self) -> FormChoices: ...

    def perform(
        self,
        verb: str,
        case_ids: Sequence[int],
        given: Mapping[str, str],
        *,
        key: str,
        versions: Mapping[int, int],
        progress: Progress,
    ) -> ActionResult: ...

    def undo(self, operation: int) -> ActionResult: ...

    def intake_preview(self, new: Intake) -> IntakePreview: ...

    def take_in(self, new: Intake, *, key: str) -> TakenIn: ...

    def workflow(self) -> str: ...

    def notices(self) -> Sequence[NoticeRow]: ...

    def part(self, kind: type[PartType]) -> PartType: ...

    def data_version(self) -> int: ...

    def interrupt(self, thread: int) -> None: ...

    def close(self) -> None: ...


class ServiceData:
    """The answers of the services; the data layer is imported when the first question is asked."""

    def __init__(self, url: str, *, zone: str = "", viewer: str = "") -> None:
        with loading():
            from console.services import queues  # noqa: F401 - the first question, asked next
            from console.services.policy_words import take_words
            from console.storage.engine import open_store
            from console.storage.schema import require_newest

        self._store: Store = open_store(url, cache=CACHE)
        require_newest(self._store)
        take_words(self._store, zone)
        self._keep_erased()
        self._zone = zone_name()
        self._viewer = viewer or self._login()

    def _keep_erased(self) -> None:
        """Erase again whom an older copy of the database brought back."""
        from console.services.erasures import is_any

        if is_any():
            from console.services.privacy import keep_erased

            # What stands in the way is told by every command; the key may be elsewhere.
            with suppress(OmbudError):
                keep_erased(self._store)

    @staticmethod
    def _login() -> str:
        from console.services.access import caller

        return caller().login

    @property
    def name(self) -> str:
        """The database's own name."""
        return self._store.name

    @property
    def zone(self) -> tzinfo:
        """The utility's time zone."""
        return zone_named(self._zone)

    def part(self, kind: type[PartType]) -> PartType:
        """Return the questions and verbs of one subject."""
        return kind(self._store, self._viewer, self._zone)

    def ids(self, filter_text: str, now: datetime) -> IdList:
        """Return the cases a filter finds. Raises FilterError."""
        from console.services import queues

        return queues.ids(self._store, filter_text, now=now, viewer=self._viewer, zone=self._zone)

    def rows(self, ids: Sequence[int]) -> Sequence[CaseRow]:
        """Return the lines of cases."""
        from console.services import queues

        return queues.rows(self._store, ids)

    def counts(self, views: Sequence[QueueView], now: datetime) -> Mapping[str, int]:
        """Return how many cases each queue holds."""
        from console.services import queues

        return queues.counts(self._store, views, now=now, viewer=self._viewer, zone=self._zone)

    def case(self, case_id: int) -> CaseDetail:
        """Return one case whole."""
        from console.services import cases

        return cases.detail(self._store, case_id)

    def customers(self, text: str) -> Sequence[CustomerRow]:
        """Return the customers that words find."""
        from console.services import customers

        return customers.find(self._store, text, FOUND_CUSTOMERS)

    def customer(self, customer_id: int) -> CustomerDetail:
        """Return one customer's dossier."""
        from console.services import customers

        return customers.detail(self._store, customer_id)

    def possibilities(self, case_id: int) -> Sequence[Possibility]:
        """Return what may be done to a case now, and why the rest may not."""
        from console.services import possibilities

        return possibilities.possible(self._store, case_id, actor=self._viewer)

    def form_basis(self, verb: str, case_id: int) -> FormBasis:
        """Return what a form for a verb is built from."""
        from console.services import possibilities

        return possibilities.form_basis(self._store, verb, case_id, actor=self._viewer, language=chosen_language())

    def form_choices(self) -> FormChoices:
        """Return what the forms let one choose from."""
        from console.services import possibilities

        return possibilities.form_choices(self._store, language=chosen_language())

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
        """Do a verb to cases, once under a key however often it is asked for."""
        from console.services import handling

        report = handling.perform(
            self._store, verb, case_ids, given, actor=self._viewer, key=key, versions=versions, progress=progress
        )
        return _result(report)

    def undo(self, operation: int) -> ActionResult:
        """Take an operation back where nobody has changed its cases since."""
        from console.services import undoing

        return _result(undoing.undo(self._store, operation, actor=self._viewer))

    def intake_preview(self, new: Intake) -> IntakePreview:
        """Return what a case being taken down would come to."""
        from console.services import possibilities

        return possibilities.preview(self._store, new)

    def take_in(self, new: Intake, *, key: str) -> TakenIn:
        """Make a case of what was taken down, once under a key however often it is asked for."""
        from console import clock
        from console.services import intake, policies, possibilities
        from console.services.form_views import TakenIn

        policy = policies.policy_in_force(self._store, clock.now()).policy
        details = {"complainant": new.complainant, "contact": new.contact}
        taken = intake.take_in(
            self._store,
            intake.NewCase(
                new.subject,
                narrative=new.narrative,
                kind=new.kind,
                channel=new.channel,
                category=new.category,
                severity=possibilities.severity_of(policy, new.impact, new.urgency),
                customer=new.customer,
                account=new.account,
                region=new.region,
                area=new.area,
                location=new.location,
                details={name: value for name, value in details.items() if value},
            ),
            actor=self._viewer,
            key=key,
        )
        return TakenIn(
            taken.id,
            taken.reference,
            taken.operation,
            taken.due_at,
            taken.repeat.times,
            taken.repeat.earlier,
            tuple(other.reference for other in taken.duplicates),
            taken.incident,
        )

    def workflow(self) -> str:
        """Return the state machine of the policy in force, drawn in text."""
        from console import clock
        from console.services import policies

        policy = policies.policy_in_force(self._store, clock.now()).policy
        return policy.workflow.diagram("zh" if chosen_language().startswith("zh") else "en")

    def notices(self) -> Sequence[NoticeRow]:
        """Return the notices for whoever sits here that wait to be read."""
        from console.services import reminders
        from console.services.case_views import NoticeRow

        found = reminders.outbox(self._store, login=self._viewer, limit=NOTICES_SHOWN)
        return [NoticeRow(item.reference, item.kind, item.text, item.not_before) for item in found]

    def data_version(self) -> int:
        """Return a number that differs after somebody else wrote."""
        return self._store.data_version()

    def interrupt(self, thread: int) -> None:
        """Stop the question another thread is asking."""
        self._store.interrupt(thread)

    def close(self) -> None:
        """Give the connections back."""
        self._store.close()


def _result(report: Report) -> ActionResult:
    return ActionResult(
        report.verb,
        report.operation,
        tuple((outcome.reference, outcome.text) for outcome in report.done),
        tuple((outcome.reference, outcome.text) for outcome in report.skipped),
        report.left,
    )


class DataLink:
    """Opens the data when it is first asked for, once, in the thread that asks."""

    def __init__(self, open_data: Callable[[], DataAccess]) -> None:
        self._open = open_data
        self._lock = threading.Lock()
        self._data: DataAccess | None = None
        self.first_version: int | None = None
        """The number that tells of others' changes, as it was before anything was asked."""
        self.version: int | None = None
        """The same as it was last seen."""
        self._asking: dict[str, int] = {}

    @property
    def opened(self) -> DataAccess | None:
        """The data, if it has been opened."""
        return self._data

    def get(self) -> DataAccess:
        """Return the data, opened if need be; called from worker threads only."""
        with self._lock:
            if self._data is None:
                data = self._open()
                with suppress(OmbudError):  # whoever asks the first question is told
                    self.first_version = self.version = data.data_version()
                self._data = data
            return self._data

    def begin(self, group: str) -> None:
        """Remember that this thread asks the question of a group."""
        self._asking[group] = threading.get_ident()

    def end(self, group: str) -> None:
        """Remember that this thread asks no more."""
        if self._asking.get(group) == threading.get_ident():
            self._asking.pop(group, None)

    def interrupt(self, group: str | None = None) -> bool:
        """Stop the question of a group (of all groups without one); return whether any was being asked."""
        data = self._data
        threads = [thread for name, thread in list(self._asking.items()) if group in (None, name)]
        if data is not None:
            for thread in threads:
                data.interrupt(thread)
        return bool(threads)
