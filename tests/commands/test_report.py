"""``ombud report``: the figures regulators ask for, checked against published ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from commanding import Ombud

from console.commands.main import run
from console.measures.proportions import wilson
from console.services.access import caller
from console.services.complaint_reports import complaint_report
from console.services.handling import perform
from console.services.intake import NewCase, take_in
from console.services.setup import initialise
from console.storage.engine import Store

PUBLISHED = [
    # Complaints resolved, accounts, per 100,000 accounts: EDF, fourth quarter of 2020 (Ofgem standards).
    ("--accounts", 69_794, 4_837_755, "1,443", 1_442.69),
    ("--accounts", 69_794, 4_837_755, "1442.7", 1_442.69),
    # Complaints, connections, per 10,000 connections: CCW, 2024-25 part year.
    ("--connections", 8_312, 3_082_287, "26.97", 26.97),
    ("--connections", 8_499, 4_518_810, "18.81", 18.81),
    ("--connections", 5_229, 1_022_599, "51.13", 51.13),
    ("--connections", 3_147, 1_266_440, "24.85", 24.85),
    ("--connections", 149, 100_686, "14.80", 14.80),
]


@pytest.mark.parametrize(("option", "count", "divisor", "published", "rate"), PUBLISHED)
def test_published_rates_are_reproduced(
    option: str, count: int, divisor: int, published: str, rate: float, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["report", "rate", "--complaints", str(count), option, str(divisor), "--published", published]
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rate"], document["agrees"]) == (rate, True)


def test_a_misprinted_rate_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["report", "rate", "--complaints", "5826", "--connections", "1498832", "--published", "338.87"]
    assert run(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == "38.87\n"
    assert "Published is 338.87, the arithmetic gives 38.87" in printed.err
    assert run(["report", "rate", "--complaints", "1"]) == 2


def resolved(store: Store, received: str, replied: str, *, region: str = "east", subject: str = "x") -> int:
    """A complaint received and answered at times of London."""
    me = caller().login
    details = {"contact": "1", "complainant": "A", "medium": "oral", "address": "B"}
    begun = datetime.fromisoformat(received).astimezone(UTC)
    taken = take_in(
        store,
        NewCase(subject, received_at=begun, region=region, details=details),
        actor=me,
        now=begun,
    )
    if replied:
        at = datetime.fromisoformat(replied).astimezone(UTC)
        given = {"category": "billing", "severity": "1"}
        assert perform(store, "triage", [taken.id], given, actor=me, now=begun).done
        answer = {"reply": "y", "outcome": "solved"}
        report = perform(store, "reply", [taken.id], answer, actor=me, now=at)
        assert report.done, report
    return taken.id


def test_by_the_end_of_the_next_working_day_is_counted_in_days_of_the_calendar(store: Store, database_url: str) -> None:
    initialise(database_url)
    me = caller().login
    resolved(store, "2026-01-09T16:50+08:00", "2026-01-12T19:00+08:00")  # Friday, Monday evening: in time
    resolved(store, "2026-01-09T16:50+08:00", "2026-01-13T09:00+08:00", region="west")  # Friday, Tuesday: late
    resolved(store, "2026-01-05T10:00+08:00", "2026-03-02T23:00+08:00")  # on the last day of eight weeks
    resolved(store, "2026-01-05T10:00+08:00", "2026-03-03T00:30+08:00")  # half an hour after it
    back = resolved(store, "2026-01-30T10:00+08:00", "2026-01-30T11:00+08:00")
    called = {"opinion": "dissatisfied", "opinion_reason": "too slow"}
    assert perform(store, "callback", [back], called, actor=me, now=datetime(2026, 2, 2, tzinfo=UTC)).done
    pleased = resolved(store, "2026-01-30T10:00+08:00", "2026-01-30T11:00+08:00")
    perform(store, "callback", [pleased], {"opinion": "satisfied"}, actor=me, now=datetime(2026, 2, 2, tzinfo=UTC))
    found = complaint_report(
        store,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
        by="region",
        accounts=1000,
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )
    total = found.total
    assert (total.received, total.resolved) == (6, 3)
    assert total.received_rate is not None
    assert total.received_rate.value == pytest.approx(600.0)
    assert total.by_next_working_day.value == pytest.approx(2 / 6)
    assert total.by_next_working_day.n == 6
    assert total.within_eight_weeks.value == pytest.approx(4 / 6)
    assert total.reopened.value == pytest.approx(1 / 6)
    assert total.called_back.value == pytest.approx(2 / 6)
    assert total.called_back.n == 6
    assert total.satisfied.value == pytest.approx(0.5)
    assert total.satisfied.n == 2
    interval = wilson(1, 2)
    assert interval is not None
    assert total.satisfied.interval is not None
    assert (total.satisfied.interval.low, total.satisfied.interval.high) == (interval.low, interval.high)
    assert [(group.name, group.received) for group in found.groups] == [("east", 5), ("west", 1)]


def test_a_report_is_a_table_or_a_document(ombud: Ombud) -> None:
    for region in ("east", "west"):
        ombud("case", "new", "--subject", "x", "--region", region, "--received", "2024-10-08T10:00")
    document = ombud(
        *("report", "complaints", "--period", "2024-Q4", "--by", "region", "--connections", "20000", "--json")
    ).document
    assert (document["from"], document["to"]) == ("2024-09-30T16:00:00Z", "2024-12-31T16:00:00Z")
    assert (document["total"]["received"], document["total"]["received_rate"], document["per"]) == (
        *(2, 1.0, "10,000 connections"),
    )
    assert document["total"]["by_next_working_day"]["hidden"] == "fewer than 5"
    assert [group["name"] for group in document["groups"]] == ["east", "west"]
    printed = ombud("report", "complaints", "--period", "2024-10-08..2024-10-08", "--accounts", "100000")
    assert any(line.split() == ["Received", "2"] for line in printed.lines)
    assert any(line.startswith("Received per 100,000 accounts") and " 2.00 " in line for line in printed.lines)
    for arguments in (
        ("--period", "2026-13"),
        ("--period", "2026-02-01..2026-01-01"),
        ("--period", "2026", "--by", "colour"),
        ("--period", "2026", "--accounts", "1", "--connections", "1"),
    ):
        assert ombud("report", "complaints", *arguments).code == 2


def test_steps_that_closed_complaints_do_not_show(ombud: Ombud) -> None:
    ombud("case", "new", "--subject", "lost bill", "--key", "one")
    ombud("case", "withdraw", "C-000001", "--reason", "found again")
    year = str(datetime.now(UTC).year)
    told = ombud("report", "steps", "--period", year, "--json").document
    assert (told["closed"], told["complete"], told["excused"], told["missing"]) == (1, 0, 1, {})
    assert told["gaps"][0]["reason"] == "found again"
    assert "C-000001" in ombud("report", "steps", "--period", year).out
    assert ombud("report", "steps", "--period", "soon").code == 2
