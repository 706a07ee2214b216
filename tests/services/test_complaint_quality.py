"""The figures of complaint quality: trend, ageing and score cards, against figures worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from complaint_data import CUSTOMERS, NOW, SERIES, YEAR, complain, complain_each
from office import furnish
from sqlalchemy import insert, update

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.models import Case, CaseText, Staff
from console.models.base import table_of
from console.services import alerts
from console.services.ageing import ageing
from console.services.complaint_trends import complaint_trend
from console.services.quality_views import ComplaintTrend, is_missed
from console.services.score_cards import card_history, score_card
from console.storage.engine import Store

CASES = table_of(Case)
DAY_30 = datetime(2025, 1, 31, tzinfo=UTC)
GOLDEN_41 = (
    # class, day, limit, days to close (None: open), reopened, repeat of
    ("service", 1, 5, 2.0, 0, False),
    ("billing", 2, 5, 6.0, 1, False),
    ("quality", 3, 10, 4.0, 0, False),
    ("service", 9, 5, 1.0, 0, True),
    ("price", 10, 5, 5.0, 0, False),
    ("billing", 12, 5, None, 0, False),
    ("service", 15, 5, 0.5, 0, False),
    ("billing", 16, 5, 3.0, 0, True),
    ("quality", 18, 10, 9.0, 0, False),
    ("other", 22, 5, 7.0, 1, False),
    ("service", 24, 5, None, 0, False),
    ("quality", 26, 10, None, 0, False),
)
CONTACTS = (1, 3, 2, 1, 2, 2, 1, 1, 2, 4, 1, 1)


def trend(store: Store, filter_text: str = "", **options: Any) -> ComplaintTrend:
    options.setdefault("now", NOW)
    return complaint_trend(store, filter_text, zone=UTC, viewer="root", **options)


def golden_27(store: Store) -> None:
    furnish(store)
    half = [count // 2 for count in SERIES]
    rest = [count - part for count, part in zip(SERIES, half, strict=True)]
    complain_each(store, YEAR, half, category="service / attitude")
    complain_each(store, YEAR[:11], rest[:11], category="billing / wrong", channel="web")
    complain(store, "2025-12", 14, category="billing / wrong", channel="web")
    complain(store, "2025-12", 30, category="billing / wrong", channel="telephone", region="west")
    for month, customers in zip(YEAR, CUSTOMERS, strict=True):
        alerts.enter_customers(store, month, customers, actor="root")


def golden_41(store: Store) -> list[int]:
    """Enter the twelve complaints of golden case 41, as of day 30; returns their ids."""
    furnish(store)
    zero = datetime(2025, 1, 1, tzinfo=UTC)
    ids: list[int] = []
    events = table_of(Case).metadata.tables["case_events"]
    for place, (category, day, limit, closed, reopened, again) in enumerate(GOLDEN_41):
        at = zero + timedelta(days=day)
        is_open = closed is None
        ids += complain(
            store,
            "2025-01",
            1,
            category=category,
            department="marketing",
            received_at=at,
            due_at=at + timedelta(days=limit),
            closed_at=None if is_open else at + timedelta(days=closed or 0),
            phase="open" if is_open else "closed",
            state="received" if is_open else "archived",
            times_reopened=reopened,
            repeat_of_id=ids[0] if again else None,
            opinion=None if is_open else ("satisfied" if place % 2 else "dissatisfied"),
        )
        with store.writing("test") as work:
            for extra in range(CONTACTS[place] - 1):
                work.connection.execute(
                    insert(events).values(
                        case_id=ids[-1], at=at + timedelta(minutes=extra), actor="an", verb="contact", note="",
                        before="{}", after="{}", state="", phase="", origin="customer", is_public=True, is_undone=False,
                    )
                )  # fmt: skip
            work.record("test", "case", str(ids[-1]))
    return ids


def test_the_trend_is_a_u_chart_of_the_slice(store: Store) -> None:
    golden_27(store)
    alerts.rebase(store, "kind:complaint", first="2025-01", last="2025-11", reason="golden case 27", actor="root")
    found = trend(store, month="2025-12")
    last = found.points[-1]
    assert (found.unit, found.focus, last.month, last.count) == ("per_1000", "2025-12", "2025-12", 88)
    assert found.centre == pytest.approx(0.831826, rel=1e-5)
    assert last.value == pytest.approx(1.337386, rel=1e-4)
    assert last.upper == pytest.approx(1.169133, rel=1e-4)
    assert last.lower == pytest.approx(0.494520, rel=1e-4)
    assert last.is_outside
    assert found.spread == pytest.approx(0.9967, abs=2e-3)
    assert found.dispersion_p == pytest.approx(0.883, abs=2e-3)
    assert [point.month for point in found.points if point.is_outside] == ["2025-12"]
    sources = dict(found.sources)
    assert sum(source.added for source in sources["channel"]) == pytest.approx(88 - 54.734, abs=0.01)
    assert (sources["region"][0].value, sources["region"][0].count) == ("west", 30)
    assert sources["region"][0].rows == "kind:complaint region:west received:2025-12"
    assert found.change is not None
    narrow = trend(store, "channel:web")
    assert [point.count for point in narrow.points][-1] == 14
    assert narrow.points[0].rows == "kind:complaint channel:web received:2025-01"


def test_a_trend_without_enough_months_says_so(store: Store) -> None:
    furnish(store)
    with pytest.raises(NotFoundError):
        trend(store)
    complain_each(store, YEAR[:3], [5, 6, 7])
    found = trend(store, now=datetime(2025, 3, 31, tzinfo=UTC))
    assert found.centre is None
    assert found.notes == ("Limits take 10 months before 2025-02.",)
    assert [point.count for point in found.points] == [5, 6, 7]


def test_words_that_are_new_this_week_and_complaints_alike_are_found(store: Store) -> None:
    furnish(store)
    texts = table_of(CaseText)
    old = complain(store, "2025-11", 60, subject="The bill is wrong 账单错误")
    week = []
    for minute in range(6):
        at = datetime(2025, 12, 1, 8, minute, tzinfo=UTC)
        week += complain(store, "2025-12", 1, subject=f"Tiered prices since Monday 阶梯电价 {minute}", received_at=at)
    with store.writing("test") as work:
        work.connection.execute(
            insert(texts), [{"case_id": id_, "narrative": "my meter", "extras": "{}"} for id_ in old]
        )
        work.record("test", "case", "texts")
    found = trend(store, now=datetime(2025, 12, 1, 12, tzinfo=UTC))
    words = {word.word: (word.now, word.before) for word in found.words}
    assert words["tiered"] == (6, 0)
    assert words["阶梯"] == (6, 0)
    assert "bill" not in words
    assert [len(alike.references) for alike in found.alike if "Tiered" in alike.subject] == [6]


def test_ageing_has_the_figures_of_golden_case_41(store: Store) -> None:
    ids = golden_41(store)
    found = ageing(store, now=DAY_30)
    assert found.whole.total == 3
    assert found.whole.sizes == (0, 0, 1, 1, 0, 1, 0)
    assert sum(found.whole.overdue) == 2
    assert dict(found.km_quantiles)[0.5] == pytest.approx(5.0)
    assert dict(found.km_quantiles)[0.9] is None
    assert dict(found.closed_quantiles)[0.5] == pytest.approx(4.0)
    assert dict(found.closed_quantiles)[0.8] == pytest.approx(6.4)
    assert dict(found.closed_quantiles)[0.9] == pytest.approx(7.4)
    assert [old.id for old in found.oldest] == [ids[5], ids[10], ids[11]]
    assert [round(old.overdue_days) for old in found.oldest] == [13, 1, 0]
    assert [(row.name, row.total) for row in found.rows] == [("billing", 1), ("quality", 1), ("service", 1)]
    assert found.rows[0].rows == "kind:complaint category:billing -state:closed"
    assert len(found.weeks) == 12
    assert found.weeks[-1] == 3
    assert ageing(store, "category:billing", by="region", now=DAY_30).whole.total == 1
    with pytest.raises(UsageError, match="no group"):
        ageing(store, by="colour", now=DAY_30)


def test_the_score_card_has_the_figures_of_golden_case_41(store: Store) -> None:
    golden_41(store)
    found = score_card(store, datetime(2025, 1, 1, tzinfo=UTC), DAY_30, viewer="root", now=DAY_30)
    (card,) = found.cards
    assert (card.name, card.received, card.backlog, card.overdue) == ("marketing", 12, 3, 2)
    assert card.on_time.value == pytest.approx(7 / 11)
    assert card.on_time.n == 11
    assert card.closed_only.value == pytest.approx(7 / 9)
    assert card.first_contact.value == pytest.approx(4 / 9)
    assert card.reopened.value == pytest.approx(2 / 9)
    assert card.repeats.value == pytest.approx(2 / 12)
    assert card.p50 == pytest.approx(4.0)
    assert card.p90 == pytest.approx(7.4)
    assert card.satisfied.n == 9
    assert card.satisfied.interval is not None
    assert card.funnel == "too_small"
    assert dict(found.medians)["on_time"] is None
    assert card.rows.startswith("kind:complaint received:2025-01-01..2025-01-30 team:marketing")


def test_a_department_far_from_the_others_stands_outside_the_funnel(store: Store) -> None:
    furnish(store)
    golden = {"marketing": (97, 120), "operations": (219, 300), "construction": (533, 650), "emergency": (966, 1200)}
    for department, (good, asked) in golden.items():
        complain(store, "2025-03", good, department=department, opinion="satisfied")
        complain(store, "2025-03", asked - good, department=department, opinion="dissatisfied")
    complain(store, "2025-03", 20, department="customer-service", opinion="satisfied")
    now = datetime(2025, 6, 1, tzinfo=UTC)
    found = score_card(
        store, datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC), viewer="root", now=now
    )
    places = {card.name: card.funnel for card in found.cards}
    assert places == {
        "construction": "inside",
        "customer-service": "too_small",
        "emergency": "inside",
        "marketing": "inside",
        "operations": "below_95",
    }


def test_people_are_shown_to_themselves_and_their_leads_only(store: Store) -> None:
    furnish(store)
    staff = table_of(Staff)
    with store.reading() as connection:
        ids: dict[str, int] = dict(
            connection.execute(staff.select().with_only_columns(staff.c.login, staff.c.id)).all()
        )
    for login, count in (("bo", 25), ("cai", 5), ("dong", 25)):
        complain(store, "2025-03", count, assignee_id=ids[login])
    span = (datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC))
    now = datetime(2025, 6, 1, tzinfo=UTC)

    def seen(viewer: str) -> dict[str, float | None]:
        found = score_card(store, *span, by="person", viewer=viewer, now=now)
        return {card.name: card.on_time.value for card in found.cards}

    assert seen("bo") == {"bo": 1.0}
    assert seen("ma") == {"bo": 1.0, "cai": None}
    assert seen("root") == {"bo": 1.0, "cai": None, "dong": 1.0}
    with pytest.raises(NotAllowedError):
        seen("aud")
    with pytest.raises(UsageError):
        score_card(store, *span, by="colour", viewer="root", now=now)


def test_the_case_mix_is_taken_out(store: Store) -> None:
    furnish(store)
    late = {"due_at": datetime(2025, 3, 1, tzinfo=UTC)}
    for department, hard in (("marketing", 40), ("operations", 10)):
        complain(store, "2025-03", hard // 2, department=department, category="hard", severity=3)
        complain(store, "2025-03", hard // 2, department=department, category="hard", severity=3, **late)
        complain(store, "2025-03", 50 - hard, department=department, category="easy")
    with store.writing("test") as work:
        work.connection.execute(
            update(CASES).where(CASES.c.due_at == late["due_at"]).values(due_at=datetime(2025, 2, 1, tzinfo=UTC))
        )
        work.record("test", "case", "late")
    found = score_card(
        store, datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC), viewer="root",
        now=datetime(2025, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    cards = {card.name: card for card in found.cards}
    assert cards["marketing"].on_time.value == pytest.approx(0.6)
    assert cards["operations"].on_time.value == pytest.approx(0.9)
    assert cards["marketing"].adjusted == pytest.approx(0.75)
    assert cards["operations"].adjusted == pytest.approx(0.75)


def test_the_months_of_a_score_card_are_those_of_single_cards(store: Store) -> None:
    golden_27(store)
    complain(store, "2025-11", 40, category="billing / wrong", department="operations", region="west", due_at=None)
    found = card_history(store, "2025-12", viewer="root", zone=UTC, now=NOW)
    assert (found.months[0], found.months[-1], len(found.months)) == ("2025-01", "2025-12", 12)
    assert [card.received for card in found.whole] == [*SERIES[:10], SERIES[10] + 40, SERIES[11]]
    november = score_card(
        store, datetime(2025, 11, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC), viewer="root", now=NOW
    )
    for name, cards in found.cards:
        alone = next((card for card in november.cards if card.name == name), None)
        assert cards[10].received == (0 if alone is None else alone.received)
        assert alone is None or (cards[10].on_time, cards[10].rows) == (alone.on_time, alone.rows)
    assert found.of("operations")[10].received == 40
    assert found.of("operations")[9].received == 0
    assert found.of(None) is found.of("nobody") is found.whole
    with pytest.raises(UsageError):
        card_history(store, "2025-12", by="colour", viewer="root", now=NOW)
    west = card_history(store, "2025-12", "region:west", viewer="root", zone=UTC, now=NOW)
    assert [card.received for card in west.whole] == [*[0] * 10, 40, 30]


def test_only_what_may_be_shown_misses_a_target(store: Store) -> None:
    furnish(store)
    late = {"closed_at": NOW, "department": "marketing"}
    complain(store, "2025-10", 4, **late)
    complain(store, "2025-11", 5, **late)
    complain(store, "2025-12", 5, department="marketing", times_reopened=1)
    cards = card_history(store, "2025-12", viewer="root", zone=UTC, now=NOW).of("marketing")
    assert [is_missed("on_time", card.on_time, 0.95) for card in cards[-3:]] == [False, True, False]
    assert [is_missed("reopened", card.reopened, 0.03) for card in cards[-3:]] == [False, False, True]
