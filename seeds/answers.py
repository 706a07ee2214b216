"""What the customers of Lindan answered: after a reply, and once a year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from people import Account, Row

Writer = Callable[[Path, Sequence[str], Iterable[Row]], None]

SURVEYS = (
    ("callback", "Callback after the reply", "答复后回访"),
    ("yearly", "Yearly satisfaction", "年度满意度调查"),
)
CALLBACK = (
    ("solved", "Was it solved?", "问题是否解决", 4.1),
    ("speed", "How quick were we?", "处理是否及时", 3.8),
    ("attitude", "How were you treated?", "服务态度", 4.4),
    ("overall", "All in all", "总体评价", 4.0),
)
YEARLY = (
    ("supply_stability", "Supply stability", "供应稳定", 4.0),
    ("supply_safety", "Supply safety", "供应安全", 4.4),
    ("metering_payment", "Metering and payment", "计量与缴费", 3.8),
    ("business_handling", "Business handling", "业务办理", 4.0),
    ("service_channels", "Service channels", "服务渠道", 3.9),
    ("communication", "Customer communication", "客户沟通", 3.5),
    ("problem_solving", "Problem solving", "问题解决", 3.4),
)
REGION_EFFECTS = {
    ("west", "supply_stability"): -0.9,
    ("north", "supply_stability"): -0.4,
    ("north", "supply_safety"): -0.3,
    ("east", "metering_payment"): -0.6,
    ("center", "service_channels"): -0.5,
    ("center", "supply_stability"): 0.3,
    ("west", "communication"): -0.4,
    ("south", "problem_solving"): -0.3,
}
KIND_EFFECTS = {
    ("enterprise", "metering_payment"): -0.3,
    ("government", "communication"): 0.4,
    ("intermediary", "communication"): -0.4,
}
OUTCOME_EFFECTS = {"solved": 0.25, "partly": -0.6, "unsolved": -1.5}
RESPONDENTS = 136


def _level(rng: Random, mean: float) -> int:
    """Return a level from 1 to 5 around a mean; the sum of three even draws is near enough to a bell."""
    return max(1, min(5, round(mean + (rng.random() + rng.random() + rng.random() - 1.5) * 1.5)))


def _indicators() -> list[Row]:
    return [
        {"survey": survey, "code": code, "label": label, "label_zh": label_zh, "position": position}
        for survey, topics in (("callback", CALLBACK), ("yearly", YEARLY))
        for position, (code, label, label_zh, _) in enumerate(topics, start=1)
    ]


def write_surveys(
    folder: Path, rng: Random, anchor: datetime, cases: Sequence[Row], accounts: Sequence[Account], write: Writer
) -> None:
    """Write surveys, indicators, responses and answers.

    Regions, kinds of customer and outcomes differ on purpose: the west thinks less of the supply, the east of its bills.
    """
    responses: list[Row] = []
    answers: list[Row] = []
    for case in cases:
        callback = next((event["at"] for event in case["events"] if event["verb"] == "callback"), None)
        if callback is None or rng.random() > 0.62:
            continue
        number = f"CB-{len(responses) + 1:05d}"
        hours = (callback - case["received_at"]).total_seconds() / 3600
        slow = -0.9 if hours > 96 else -0.3 if hours > 60 else 0.2
        responses.append(
            {
                "survey": "callback",
                "number": number,
                "customer": case["customer"],
                "case": case["reference"],
                "channel": rng.choices(("telephone", "sms", "app"), (60, 28, 12))[0],
                "region": case["region"],
                "answered_at": callback,
            }
        )
        for code, _, _, mean in CALLBACK:
            effect = OUTCOME_EFFECTS[case["outcome"]] * (0.3 if code == "attitude" else 1.0)
            effect += slow if code in ("speed", "overall") else 0.0
            answers.append(
                {"survey": "callback", "response": number, "indicator": code, "score": _level(rng, mean + effect)}
            )
    asked: dict[str, Account] = {}
    while len(asked) < RESPONDENTS:
        account = rng.choice(accounts)
        asked.setdefault(account.customer, account)
    for position, account in enumerate(asked.values(), start=1):
        number = f"Y-{position:05d}"
        responses.append(
            {
                "survey": "yearly",
                "number": number,
                "customer": account.customer,
                "case": "",
                "channel": rng.choices(("telephone", "web", "visit", "kiosk"), (45, 30, 15, 10))[0],
                "region": account.region,
                "answered_at": anchor - timedelta(days=rng.randrange(38, 59), minutes=rng.randrange(600)),
            }
        )
        mood = rng.random() - 0.5
        for code, _, _, mean in YEARLY:
            effect = (
                REGION_EFFECTS.get((account.region, code), 0.0) + KIND_EFFECTS.get((account.kind, code), 0.0) + mood
            )
            if rng.random() > 0.04:
                answers.append(
                    {"survey": "yearly", "response": number, "indicator": code, "score": _level(rng, mean + effect)}
                )
    surveys = [
        {"code": code, "title": title, "title_zh": title_zh, "scale_low": 1, "scale_high": 5}
        for code, title, title_zh in SURVEYS
    ]
    write(folder / "surveys.csv", ("code", "title", "title_zh", "scale_low", "scale_high"), surveys)
    write(folder / "indicators.csv", ("survey", "code", "label", "label_zh", "position"), _indicators())
    write(
        folder / "responses.csv",
        ("survey", "number", "customer", "case", "channel", "region", "answered_at"),
        responses,
    )
    write(folder / "answers.csv", ("survey", "response", "indicator", "score"), answers)
