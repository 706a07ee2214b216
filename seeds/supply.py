"""What the accounts of the demonstration have, use, are billed and pay: twelve months up to the anchor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from people import Row

SEED = 12_398
MONTHS = 12
BILLED_MONTHS = 3
DUE_DAYS = 20
SEASONS = {
    "electricity": (1.5, 1.3, 0.9, 0.7, 0.7, 0.8, 1.1, 1.5, 1.6, 1.0, 0.8, 1.1),
    "gas": (2.4, 2.1, 1.5, 0.9, 0.5, 0.3, 0.3, 0.3, 0.4, 0.7, 1.3, 2.0),
    "water": (0.9, 0.9, 0.9, 1.0, 1.0, 1.1, 1.2, 1.2, 1.1, 1.0, 0.9, 0.9),
}
"""How much more or less than usual is used, January to December."""

USUAL = {"electricity": 180, "gas": 25, "water": 11}
UNITS = {"electricity": "kWh", "gas": "m3", "water": "m3"}
PRICES = {"electricity": 56, "gas": 285, "water": 320}
"""Minor units of the currency for one unit."""

LARGER = {"residential": 1, "commercial": 6, "industrial": 40, "non_industrial": 8, "agricultural": 12}
PLANS = (5_900, 9_900, 12_900)
METHODS = ("bank", "app", "counter", "wechat")
TERMS = {
    "electricity": "Peak and off-peak rates 峰谷电价",
    "gas": "Three price steps 三档气价",
    "water": "Three price steps 三档水价",
    "telecom": "Monthly plan 包月套餐",
}
METER = ("number", "account", "kind", "installed_on", "removed_on")
CONTRACT = ("number", "account", "state", "performance", "terms", "starts_on", "ends_on")
USED = ("account", "unit", "reading", "first_month", "quantities")
BILL = ("number", "account", "state", "amount_minor", "starts_on", "ends_on", "issued_on", "due_on")
PAYMENT = ("bill", "paid_at", "method")


class _Account:
    """One account, whose twelve months are made in order."""

    def __init__(self, rng: Random, row: Row, anchor: datetime, tables: dict[str, list[Row]]) -> None:
        self.rng = rng
        self.row = row
        self.anchor = anchor
        self.tables = tables
        self.utility = str(row["utility"])
        self.is_late = rng.random() < 0.1
        self.size = LARGER[str(row["supply_category"])] * rng.uniform(0.5, 1.6)
        self.reading = rng.randrange(500, 9_000)
        self.fee = rng.choice(PLANS)
        self.used: list[int] = []

    def make(self) -> None:
        number, opened = self.row["number"], self.row["opened_on"]
        if self.row["meter_number"]:
            self.tables["meters"].append(
                {
                    "number": self.row["meter_number"],
                    "account": number,
                    "kind": self.rng.choice(("smart", "smart", "mechanical")),
                    "installed_on": opened,
                    "removed_on": self.row["closed_on"],
                }
            )
        is_closed = self.row["state"] == "closed"
        self.tables["contracts"].append(
            {
                "number": f"K{number}",
                "account": number,
                "state": "ended" if is_closed else "active",
                "performance": "late" if self.is_late else "kept",
                "terms": TERMS[self.utility],
                "starts_on": opened,
                "ends_on": self.row["closed_on"] if is_closed else None,
            }
        )
        if is_closed:
            return
        amount, reading = 0, self.reading
        for back in range(MONTHS, 0, -1):
            first = _month(self.anchor.date(), back)
            amount += self._month(first)
            if (back - 1) % BILLED_MONTHS == 0:
                self._bill(first, amount, is_last=back <= BILLED_MONTHS)
                amount = 0
        if self.used:
            self.tables["consumption"].append(
                {
                    "account": number,
                    "unit": UNITS[self.utility],
                    "reading": reading,
                    "first_month": _month(self.anchor.date(), MONTHS).strftime("%Y-%m"),
                    "quantities": " ".join(map(str, self.used)),
                }
            )

    def _month(self, first: date) -> int:
        """Use something in a month, and return what it costs."""
        if self.utility not in USUAL:
            return self.fee
        season = SEASONS[self.utility][first.month - 1]
        used = max(1, round(USUAL[self.utility] * self.size * season * self.rng.uniform(0.85, 1.15)))
        self.used.append(used)
        return used * PRICES[self.utility]

    def _bill(self, last_month: date, amount: int, *, is_last: bool) -> None:
        ends = _month(last_month, -1) - timedelta(days=1)
        issued = ends + timedelta(days=3)
        due = issued + timedelta(days=DUE_DAYS)
        is_unpaid = (is_last and issued > self.anchor.date() - timedelta(days=10)) or (
            self.is_late and due.month % 3 == 0
        )
        number = f"{self.row['number']}-{ends:%y%m}"
        self.tables["bills"].append(
            {
                "number": number,
                "account": self.row["number"],
                "state": "open" if is_unpaid else "paid",
                "amount_minor": amount,
                "starts_on": _month(last_month, BILLED_MONTHS - 1),
                "ends_on": ends,
                "issued_on": issued,
                "due_on": due,
            }
        )
        if not is_unpaid:
            paid = datetime(issued.year, issued.month, issued.day, tzinfo=self.anchor.tzinfo)
            last = 30 if self.is_late else DUE_DAYS
            paid += timedelta(days=self.rng.randrange(1, last), minutes=self.rng.randrange(480, 1_200))
            method = self.rng.choice(METHODS)
            self.tables["payments"].append({"bill": number, "paid_at": min(paid, self.anchor), "method": method})


def _month(day: date, back: int) -> date:
    """Return the first day of the month so many months before that of a day."""
    number = day.year * 12 + day.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def mark_life_support(customers: Sequence[Row]) -> None:
    """Say of each customer whether equipment keeps him alive: of some of the vulnerable it does."""
    for row in customers:
        row["has_life_support"] = bool(row["is_vulnerable"]) and int(str(row["number"])) % 4 == 0


def write_supply(folder: Path, accounts: Sequence[Row], anchor: datetime, write: Any) -> None:
    """Write what the accounts have, use, are billed and pay."""
    rng = Random(SEED)
    tables: dict[str, list[Row]] = {name: [] for name in ("meters", "contracts", "consumption", "bills", "payments")}
    for row in accounts:
        _Account(rng, row, anchor, tables).make()
    for name, columns in zip(tables, (METER, CONTRACT, USED, BILL, PAYMENT), strict=True):
        write(folder / f"{name}.csv", columns, tables[name])
