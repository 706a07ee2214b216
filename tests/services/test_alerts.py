"""Alerts: what is told, what is told only once, and what people do with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from complaint_data import CUSTOMERS, NOW, SERIES, YEAR, complain, complain_each
from office import furnish
from sqlalchemy import update

from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.models import Case
from console.models.base import table_of
from console.rules.months import months_between
from console.services import alerts
from console.services.alert_runs import run
from console.services.alert_views import PER_MONTH, PER_THOUSAND, RunReport
from console.services.audit import log
from console.services.reminders import outbox
from console.storage.engine import Store


def enter_customers(store: Store, months: tuple[str, ...] = YEAR, counts: tuple[int, ...] = CUSTOMERS) -> None:
    for month, count in zip(months, counts, strict=True):
        alerts.enter_customers(store, month, count, actor="root")


def looked(store: Store, now: datetime = NOW, **options: object) -> RunReport:
    return run(store, actor="root", zone=UTC, now=now, **options)  # type: ignore[arg-type]


def golden(store: Store) -> None:
    furnish(store)
    complain_each(store, YEAR, SERIES)
    enter_customers(store)


def test_a_month_beyond_its_limit_is_told_with_the_figures_of_its_chart(store: Store) -> None:
    golden(store)
    found = looked(store, month="2025-12", depth=1)
    assert [row.cell for row in found.new] == ["kind:complaint"]
    (row,) = found.new
    assert (row.rule, row.level, row.month, row.unit) == ("limit", "high", "2025-12", PER_THOUSAND)
    assert row.value == pytest.approx(1.337386, rel=1e-5)
    assert row.expected == pytest.approx(0.831826, rel=1e-5)
    assert row.limit == pytest.approx(1.169133, rel=1e-5)
    assert row.z == pytest.approx(4.496, abs=2e-3)
    assert row.p == pytest.approx(2.14e-5, rel=1e-2)
    assert row.q <= 0.05
    assert row.is_provisional
    assert (row.state, row.months_repeated, row.rows) == ("open", 0, "kind:complaint received:2025-12")
    assert found.explained == 2  # its region and its channel rose no more than the whole


def test_the_same_data_give_the_same_alerts_once(store: Store) -> None:
    golden(store)
    first = looked(store)
    assert len(first.new) == 1
    again = looked(store)
    assert (again.new, again.is_unchanged) == ((), True)
    complain(store, "2025-12", 5)
    third = looked(store)
    assert (third.new, third.is_unchanged) == ((), False)
    assert [(row.number, row.months_repeated, row.count) for row in third.repeated] == [("A-0001", 0, 93.0)]
    assert len(alerts.alerts(store)) == 1


def test_a_dry_run_writes_nothing(store: Store) -> None:
    golden(store)
    found = looked(store, is_dry=True)
    assert [row.cell for row in found.new] == ["kind:complaint"]
    assert alerts.alerts(store, is_all=True) == []
    assert alerts.known_baselines(store) == []


def test_an_open_cell_counts_later_months_and_a_closed_one_gets_a_new_alert(store: Store) -> None:
    golden(store)
    looked(store)
    complain(store, "2026-01", 90)
    alerts.enter_customers(store, "2026-01", 65_900, actor="root")
    january = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    found = looked(store, january)
    assert found.new == ()
    assert [(row.month, row.latest_month, row.months_repeated) for row in found.repeated] == [("2025-12", "2026-01", 1)]
    alerts.close(store, "A-0001", cause="tariff change", actor="root")
    assert looked(store, january + timedelta(hours=1)).new == ()  # the same months are answered for
    complain(store, "2026-02", 95)
    february = looked(store, datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    assert [(row.number, row.previous, row.month) for row in february.new] == [("A-0002", "A-0001", "2026-02")]


def test_the_baseline_is_frozen_until_a_person_changes_it_for_a_reason(store: Store) -> None:
    golden(store)
    looked(store)
    (before,) = alerts.known_baselines(store)
    assert (before.cell, before.first_month, before.last_month, before.months) == (
        "kind:complaint",
        "2025-01",
        "2025-10",
        10,
    )
    for month in months_between("2026-01", "2026-10"):
        complain(store, month, 88)
    later = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    assert looked(store, later).repeated[0].expected == pytest.approx(before_rate(), rel=1e-5)
    assert alerts.known_baselines(store) == [before]
    with pytest.raises(UsageError, match="for a reason"):
        alerts.rebase(store, "kind:complaint", first="2026-01", last="2026-10", reason=" ", actor="root")
    with pytest.raises(UsageError, match="9 months"):
        alerts.rebase(store, "kind:complaint", first="2026-01", last="2026-09", reason="tariff", actor="root")
    with pytest.raises(NotAllowedError):
        alerts.rebase(store, "kind:complaint", first="2026-01", last="2026-10", reason="tariff", actor="an")
    changed = alerts.rebase(store, "A-0001", first="2026-01", last="2026-10", reason="new tariff", actor="ana")
    assert (changed.cell, changed.actor, changed.reason) == ("kind:complaint", "ana", "new tariff")
    assert looked(store, later, month="2026-10").repeated == ()


def before_rate() -> float:
    return sum(SERIES[:10]) / sum(CUSTOMERS[:10]) * 1000


def test_a_rise_in_one_cell_is_told_of_that_cell(store: Store) -> None:
    furnish(store)
    for month in YEAR:
        for region in ("east", "west", "north"):
            for category in ("billing / wrong", "supply / outage"):
                rises = (region, category, month) == ("east", "billing / wrong", "2025-12")
                complain(store, month, 45 if rises else 20, region=region, category=category)
    found = looked(store, month="2025-12")
    # The higher level of the category, the region and the category alone rose by that cell only.
    assert [row.cell for row in found.new] == ["kind:complaint category:billing region:east"]
    assert found.new[0].unit == PER_MONTH


def test_a_rise_that_last_year_had_as_well_is_the_seasons(store: Store) -> None:
    furnish(store)
    months = months_between("2023-01", "2025-12")
    winter = [60 if month.endswith("-12") else 20 for month in months]
    complain_each(store, months, winter)
    found = looked(store, month="2025-12")
    assert found.new == ()
    assert found.seasonal >= 1
    complain(store, "2025-12", 45)
    assert [row.cell for row in looked(store, month="2025-12", depth=1).new] == ["kind:complaint"]


def test_months_without_any_case_are_gaps(store: Store) -> None:
    furnish(store)
    complain_each(store, YEAR, [30, 30, 30, 0, 0, 30, 30, 30, 30, 30, 30, 33])
    found = looked(store)
    assert found.new == ()
    assert found.notes == ("complaints: 8 months before 2025-11; a baseline takes 10, better 20.",)
    complain(store, "2024-11", 30)
    complain(store, "2024-12", 30)
    assert looked(store).baselines[0].months == 10
    assert looked(store, datetime(2026, 3, 1, tzinfo=UTC), is_dry=True).months == ("2025-11", "2025-12")


def test_the_running_month_is_measured_by_the_days_gone(store: Store) -> None:
    furnish(store)
    complain_each(store, YEAR[:11], [30] * 11)
    ten_days = datetime(2025, 12, 11, tzinfo=UTC)
    complain(store, "2025-12", 90)
    found = looked(store, ten_days, depth=1)
    assert [(row.cell, row.count) for row in found.new] == [("kind:complaint", 30.0)]
    assert found.new[0].exposure == pytest.approx(10 / 31)
    assert found.new[0].value == pytest.approx(93.0)


def test_the_running_month_waits_until_each_day_of_the_week_was_in_it(store: Store) -> None:
    furnish(store)
    complain_each(store, YEAR[:11], [30] * 11)
    complain(store, "2025-12", 300)
    early = looked(store, datetime(2025, 12, 7, 12, tzinfo=UTC), is_dry=True)
    assert (early.new, early.months) == ((), ("2025-10", "2025-11"))
    assert "2025-12 is not tested yet: it is from the 8th day on." in early.notes
    later = looked(store, datetime(2025, 12, 8, tzinfo=UTC), is_dry=True)
    assert [row.month for row in later.new] == ["2025-12"]
    assert "2025-12 is not over: its counts stand against 7 days, not the whole month." in later.notes


def test_an_alert_is_seen_owned_and_closed_with_its_cause(store: Store) -> None:
    golden(store)
    looked(store)
    with pytest.raises(NotAllowedError, match="A-0001"):
        alerts.acknowledge(store, "A-0001", actor="an")
    seen = alerts.acknowledge(store, "a-0001", note="asking billing", actor="ana")
    assert (seen.state, seen.owner, seen.note) == ("acknowledged", "ana", "asking billing")
    with pytest.raises(OmbudError, match="acknowledged already"):
        alerts.acknowledge(store, "A-0001", actor="ana")
    assert alerts.own(store, "A-0001", "an", actor="ana").owner == "an"
    assert [(note.reference, note.kind) for note in outbox(store, login="an")] == [("A-0001", "alert")]
    with pytest.raises(UsageError, match="nobody is not on the staff"):
        alerts.own(store, "A-0001", "nobody", actor="ana")
    with pytest.raises(UsageError, match="with its cause"):
        alerts.close(store, "A-0001", cause="", actor="an")
    closed = alerts.close(store, "A-0001", cause="tariff change", note="bills explained", actor="an")
    assert (closed.state, closed.cause, closed.note) == ("closed", "tariff change", "asking billing\nbills explained")
    with pytest.raises(OmbudError, match="closed: tariff change"):
        alerts.own(store, "A-0001", "bo", actor="ana")
    assert [step.action for step in alerts.alert(store, "A-0001").steps] == ["close", "own", "acknowledge", "alert"]
    assert alerts.alerts(store) == []
    assert [row.number for row in alerts.alerts(store, state="closed")] == ["A-0001"]
    with pytest.raises(NotFoundError, match="A-0009"):
        alerts.alert(store, "A-0009")
    assert log(store, object_number="A-0001")[0].actor == "an"


def test_the_lead_of_the_department_owns_its_alerts_and_is_told(store: Store) -> None:
    furnish(store)
    for department in ("marketing", "operations"):
        for month in YEAR:
            rises = (department, month) == ("marketing", "2025-12")
            complain(store, month, 60 if rises else 20, department=department)
    found = looked(store, month="2025-12", depth=1)
    owners = {row.cell: row.owner for row in found.new}
    assert owners["kind:complaint team:marketing"] == "ma"
    assert any("team:marketing" in note.text for note in outbox(store, login="ma"))
    assert [note.text for note in outbox(store, login="root") if "kind:complaint 2025-12" in note.text]


def test_known_events_stand_beside_alerts_of_their_cells(store: Store) -> None:
    golden(store)
    looked(store)
    alerts.add_event(store, date(2025, 12, 8), date(2025, 12, 8), "new tariff", actor="ana", cell="category:billing")
    alerts.add_event(store, date(2025, 11, 1), date(2025, 11, 2), "storm", actor="ana")
    assert [event.note for event in alerts.alert(store, "A-0001").events] == ["new tariff"]
    with pytest.raises(UsageError):
        alerts.add_event(store, date(2025, 12, 8), date(2025, 12, 7), "x", actor="ana")
    with pytest.raises(NotAllowedError):
        alerts.add_event(store, date(2025, 12, 8), date(2025, 12, 8), "x", actor="an")
    alerts.remove_event(store, alerts.events(store)[0].id, actor="ana")
    assert [event.note for event in alerts.events(store)] == ["new tariff"]


@pytest.mark.parametrize(
    "written", ["category:a,b", "-region:east", "severity:>=3", "region:east region:west", "kind:fault"]
)
def test_what_is_no_cell_is_refused(store: Store, written: str) -> None:
    with pytest.raises(UsageError, match="no cell"):
        alerts.watched_cell(store, written)


def test_a_cell_is_written_in_one_way(store: Store) -> None:
    assert alerts.watched_cell(store, "channel:web category:billing") == "kind:complaint category:billing channel:web"
    assert alerts.watched_cell(store, "kind:complaint") == "kind:complaint"
    assert alerts.watched_cell(store, "region:东 survey:callback") == "survey:callback region:东"


def test_cases_of_other_kinds_and_merged_ones_do_not_count(store: Store) -> None:
    golden(store)
    complain(store, "2025-12", 40, kind="inquiry")
    ids = complain(store, "2025-12", 40)
    cases = table_of(Case)
    with store.writing("test") as work:
        work.connection.execute(update(cases).where(cases.c.id.in_(ids[1:])).values(merged_into_id=ids[0]))
        work.record("test", "case", "merged")
    assert looked(store, month="2025-12").new[0].count == 89.0


def test_wrong_options_are_refused(store: Store) -> None:
    furnish(store)
    for options in ({"month": "2025-13"}, {"month": "2026-02"}, {"depth": 0}, {"depth": 5}, {"month": "x"}):
        with pytest.raises(UsageError):
            looked(store, **options)
    assert looked(store).notes == ("There is no case yet.",)
