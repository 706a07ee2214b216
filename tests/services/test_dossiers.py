"""The dossier of a customer on both engines: everything there is, counted right, the newest first."""

from __future__ import annotations

import json

import pytest
from dossier_data import NOW, supplied
from sqlalchemy import func, select

from console.errors import NotFoundError
from console.i18n import choose_language
from console.models import AuditEntry
from console.models.base import table_of
from console.portraits import amount, portrait, quantity
from console.services import customers, dossiers
from console.services.dossier_views import Dossier
from console.storage.engine import Store


def found(store: Store) -> Dossier:
    return dossiers.dossier(store, supplied(store)["0002"], NOW)


def test_everything_is_in_it_the_newest_first(store: Store) -> None:
    held = found(store)
    assert [account.number for account in held.detail.accounts] == ["A-200", "B-300"]
    assert [(meter.number, meter.kind) for meter in held.meters] == [("W0320054", ""), ("W0320053", ""), ("W0", "old")]
    assert [month.month for month in held.months] == ["2026-02", "2026-01", "2024-02"]
    assert [(bill.number, bill.paid_minor, bill.is_overdue) for bill in held.bills] == [
        ("B-3", 0, False),
        ("B-2", 500, True),
        ("B-1", 1_000, False),
    ]
    assert [payment.bill for payment in held.payments] == ["B-2", "B-1"]
    assert [case.reference for case in held.detail.cases] == ["C-1", "C-2", "C-3"]
    assert [contact.content for contact in held.contacts] == ["Asked about the bill"]


def test_the_figures_are_those_of_its_rows(store: Store) -> None:
    held = found(store)
    assert (held.totals.accounts, held.totals.meters, held.totals.months, held.totals.bills) == (2, 3, 3, 3)
    assert (held.totals.overdue, held.totals.payments, held.totals.cases, held.totals.open_cases) == (1, 2, 3, 3)
    assert (held.year.billed, held.year.paid) == ((("CNY", 6_000),), (("CNY", 1_500),))
    assert (held.year.cases, held.year.complaints, held.year.satisfaction) == (3, 3, None)
    assert dict(held.consumption[0].months) == {
        **{f"2025-{month:02d}": 0 for month in range(4, 13)},
        "2026-01": 7_000,
        "2026-02": 8_500,
        "2026-03": 0,
    }
    assert sum(total for _month, total in held.paid[0].months) == 1_500


def test_flags_say_what_to_be_careful_about(store: Store) -> None:
    held = found(store)
    assert held.flags == ("life_support", "repeat_complainant", "overdue")


def test_the_portrait_is_three_sentences_in_either_language(store: Store) -> None:
    held = found(store)
    choose_language("en")
    assert portrait(held) == (
        "曾國強: Individual, Long-term; 2 accounts (Electricity).",
        "In twelve months 60.00 CNY were billed and 15.00 CNY paid; 1 bill is overdue.",
        "3 cases in twelve months, 3 complaints, 3 open; not asked in a survey.",
    )
    choose_language("zh_CN")
    try:
        assert portrait(held) == (
            "曾國強：个人、长期客户；2 个户号（电力）。",
            "近十二个月出账 60.00 CNY，已缴 15.00 CNY；1 张账单逾期未缴。",
            "近十二个月 3 件工单，其中投诉 3 件，3 件未结；未参加调查。",
        )
    finally:
        choose_language("en")


def test_nothing_sealed_is_opened_for_it(store: Store) -> None:
    ids = supplied(store)
    entries = table_of(AuditEntry)
    with store.reading() as connection:
        before = connection.execute(select(func.count()).select_from(entries)).scalar_one()
    held = dossiers.dossier(store, ids["0001"], NOW)
    assert dict(held.masked)["phone"] == "138****8000"
    assert "13800138000" not in json.dumps(dossiers.record_of(held), default=str).replace(" ", "")
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(entries)).scalar_one() == before


def test_who_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(NotFoundError, match="No customer has the number 77"):
        dossiers.dossier_of_number(store, "77")


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [(123456, "CNY", "1,234.56 CNY"), (-5, "USD", "-0.05 USD"), (1234, "JPY", "1,234 JPY"), (1234, "KWD", "1.234 KWD")],
)
def test_money_is_written_as_its_currency_has_it(minor: int, currency: str, said: str) -> None:
    assert amount(minor, currency) == said


def test_quantities_have_no_needless_zeros() -> None:
    assert (quantity(123_500, "kWh"), quantity(7_000, "m3"), quantity(1)) == ("123.5 kWh", "7 m3", "0.001")


def test_a_meter_that_was_removed_still_leads_to_who_had_it(store: Store) -> None:
    supplied(store)
    assert [row.number for row in customers.find(store, "W0")] == ["0002"]
    assert [row.number for row in customers.find(store, "w0320053")] == ["0002"]
