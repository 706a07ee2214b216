"""What the customers of Lindan turned to their utility with, and how each case was handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import awkward
import people
from people import Account, Row

ANCHOR = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
"""The moment that the files call now; who loads them moves every time by the same distance."""
TARGET_HOURS = {1: 120, 2: 72, 3: 24, 4: 8}
WAVES = {1: range(290, 336), 2: range(130, 200)}
"""Days before the anchor in which some troubles come more often."""
CHANNELS = {
    "telephone": 44, "app": 16, "web": 12, "visit": 8, "sms": 4, "email": 5, "social": 4, "kiosk": 2, "letter": 2,
    "regulator": 2, "leader": 1,
}  # fmt: skip
STEPS = {
    "received": ("new",),
    "reviewed": ("new", "triage"),
    "dispatched": ("new", "triage", "dispatch"),
    "investigating": ("new", "triage", "dispatch", "take"),
    "awaiting": ("new", "triage", "dispatch", "take", "await-customer"),
    "replied": ("new", "triage", "dispatch", "take", "reply"),
    "archived": ("new", "triage", "dispatch", "take", "reply", "callback", "archive"),
    "withdrawn": ("new", "triage", "withdraw"),
    "rejected": ("new", "triage", "reject"),
    "merged": ("new", "triage", "merge"),
}
STATE_AFTER = {
    "new": "received", "triage": "reviewed", "dispatch": "dispatched", "take": "investigating", "await-customer": "awaiting",
    "resume": "investigating", "reply": "replied", "archive": "archived", "withdraw": "withdrawn", "reject": "rejected",
    "merge": "merged", "reopen": "investigating", "return": "dispatched",
}  # fmt: skip
PROMPT = {
    "triage": (2, 6),
    "dispatch": (7, 17),
    "take": (18, 30),
    "arrive": (31, 43),
    "restore": (60, 165),
    "contact": (60, 1200),
}
"""Steps that are promised within minutes, and the minutes from receipt in which they are mostly taken."""
MOST_HOURS = {"fault": 20, "inquiry": 22, "praise": 22}
"""How old a case that is not overdue may be where the answer is promised soon."""
OPINIONS = {"solved": (90, 8, 2), "partly": (45, 35, 20), "unsolved": (15, 30, 55)}
CLOSED = ("archived", "withdrawn", "rejected", "merged")
LIVE = (
    ("overdue", 18, ("dispatched", "investigating", "investigating", "reviewed")),
    ("soon", 20, ("investigating", "investigating", "dispatched")),
    ("later", 24, ("investigating", "dispatched")),
    ("fresh", 12, ("received",)),
    ("untaken", 8, ("dispatched",)),
    ("waiting", 11, ("awaiting",)),
    ("replied", 10, ("replied",)),
)
"""Cases still on their way: how near their time they are, how many, and in which states."""


INCIDENT = ("number", "kind", "title", "region", "category", "started_at", "ended_at")


@dataclass(slots=True)
class Topic:
    """What a complaint can be about, with its phrases by language."""

    name: str
    category: str
    utilities: list[str]
    kinds: dict[str, int]
    tone: str
    severities: list[int]
    weight: int
    waves: list[int]
    regions: dict[str, float]
    en: dict[str, list[str]]
    zh: dict[str, list[str]]
    department: str = ""
    mixed: bool = False

    def kind(self, rng: Random) -> str:
        """Return a kind of case that such a matter comes as."""
        return rng.choices(list(self.kinds), list(self.kinds.values()))[0]


@dataclass(slots=True)
class Maker:
    """All that the making of cases draws on."""

    rng: Random
    topics: list[Topic]
    phrases: dict[str, dict[str, list[str]]]
    accounts: list[Account]
    departments: dict[str, str]
    staff: dict[str, list[str]]
    cases: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)

    def topic_of(self, days_ago: float) -> Topic:
        """Return a topic; some come in waves."""
        weights = [
            topic.weight * (2.6 if any(int(days_ago) in WAVES[wave] for wave in topic.waves) else 1.0)
            for topic in self.topics
        ]
        return self.rng.choices(self.topics, weights)[0]

    def account_for(self, topic: Topic, region: str = "") -> Account:
        """Return an account that can have this trouble, likelier in some regions and with those who need care."""
        fitting = [held for held in self.accounts if held.utility in topic.utilities and region in ("", held.region)]
        weights = [topic.regions.get(held.region, 1.0) * (1.5 if held.is_vulnerable else 1.0) for held in fitting]
        return self.rng.choices(fitting, weights)[0]

    def fill(self, text: str, account: Account, figures: Row) -> str:
        """Return a phrase with its gaps filled."""
        return text.format(street=account.street, meter=account.meter or account.number, name=account.name, **figures)

    def figures(self) -> Row:
        """Return the numbers of one case, the same wherever it names them."""
        rng = self.rng
        usual = rng.randrange(60, 240)
        return {
            "days": rng.randrange(2, 19),
            "hours": rng.randrange(2, 11),
            "clock": f"{rng.randrange(17, 23)}:{rng.randrange(0, 60, 5):02d}",
            "amount": f"{usual * rng.randrange(2, 6) + rng.randrange(1, 99) / 100:.2f}",
            "usual": usual,
            "times": rng.randrange(4, 10),
        }

    def texts(self, topic: Topic, account: Account, language: str, figures: Row, *, is_replied: bool) -> Row:
        """Return subject and narrative, with findings and reply where there is one."""
        rng = self.rng
        shared = self.phrases[language]
        own = topic.en if language == "en" else topic.zh
        theme = rng.randrange(len(own["subjects"]))
        first, second = rng.choice(own["details"]), rng.choice(own["details"])
        if topic.mixed:
            first, second = own["details"][theme], rng.choice([*own["details"][len(own["subjects"]) :], ""])
        parts = [
            rng.choice(shared["openings"]) if topic.tone != "plain" else "",
            first,
            second if second != first else "",
        ]
        if topic.tone != "plain":
            effects = [*shared[f"{topic.tone}_effects"]]
            if topic.tone == "supply":
                effects += shared[f"{account.utility}_effects"]
            parts += [rng.choice(effects) if rng.random() < 0.75 else "", rng.choice(shared["requests"])]
        gap = " " if language == "en" else ""
        narrative = gap.join(part for part in parts if part)
        if rng.random() < 0.12:
            narrative = narrative.replace(
                f".{gap}" if language == "en" else "。", ".\n\n" if language == "en" else "。\n\n", 1
            )
        found = {"subject": self.fill(own["subjects"][theme], account, figures)}
        found["narrative"] = self.fill(narrative, account, figures).strip()
        if is_replied:
            cause = theme if topic.mixed else rng.randrange(len(own["findings"]))
            measure = own["measures"][min(cause, len(own["measures"]) - 1)]
            closings = shared["plain_closings" if topic.tone == "plain" else "closings"]
            parts = [rng.choice(shared["greetings"]), measure, rng.choice(closings)]
            found["findings"] = self.fill(own["findings"][min(cause, len(own["findings"]) - 1)], account, figures)
            found["reply"] = self.fill(gap.join(parts), account, figures)
        return found

    def case(
        self,
        topic: Topic,
        account: Account,
        state: str,
        received: datetime,
        until: datetime,
        *,
        due: datetime | None = None,
        severity: int = 0,
        assignee: str | None = "",
        is_supervised: bool = False,
        kind: str = "",
    ) -> Row:
        """Add a case: received, brought to a state at most until a time, with a history of how it got there."""
        rng = self.rng
        language = "zh" if account.is_chinese == (rng.random() < 0.92) else "en"
        figures = self.figures()
        severity = severity or rng.choices((1, 2, 3, 4), topic.severities)[0]
        department = topic.department or self.departments[topic.category]
        if assignee == people.CALLER:
            department = "customer-service"
        if assignee == "":
            assignee = rng.choice(self.staff[department])
        if "take" not in STEPS[state] and (state != "dispatched" or rng.random() < 0.4):
            assignee = assignee if assignee == people.CALLER else None
        is_replied = "reply" in STEPS[state]
        row: Row = {
            "kind": kind or topic.kind(rng),
            "state": state,
            "phase": "closed" if state in CLOSED else "waiting" if state == "awaiting" else "open",
            "category": topic.category if state != "received" or rng.random() < 0.3 else None,
            "channel": rng.choices(list(CHANNELS), list(CHANNELS.values()))[0],
            "severity": severity,
            "region": account.region,
            "department": department if "dispatch" in STEPS[state] or assignee or state in CLOSED else None,
            "assignee": assignee,
            "customer": account.customer,
            "account": account.number,
            "received_at": received,
            "due_at": None if state in CLOSED else due or received + timedelta(hours=TARGET_HOURS[severity]),
            "closed_at": None,
            "is_supervised": is_supervised or (severity >= 3 and rng.random() < 0.2),
            "is_vulnerable": account.is_vulnerable,
            "location": account.address if rng.random() < 0.5 else "",
            "topic": topic.name,
        }
        row.update(self.texts(topic, account, language, figures, is_replied=is_replied))
        if is_replied:
            row["outcome"] = rng.choices(("solved", "partly", "unsolved"), (76, 16, 8))[0]
        if topic.name in ("attitude", "charges") and rng.random() < 0.3:
            row["responsible"] = rng.choice(("Window 3", "Meter reader, round 12", "外协班组", "95598 坐席 0042"))
        row["events"] = self.history(row, received, until, self.phrases[language])
        row["updated_at"] = row["events"][-1]["at"]
        row["times_reopened"] = sum(event["verb"] == "reopen" for event in row["events"])
        row["opinion"] = next(
            (event["after"]["opinion"] for event in row["events"] if event["verb"] == "callback"), None
        )
        if state in CLOSED:
            row["closed_at"] = row["updated_at"]
        self.cases.append(row)
        return row

    def incident(
        self, kind: str, title: str, region: str, category: str, started: datetime, ended: datetime | None
    ) -> str:
        """Add an event under which many cases hang, and return its number."""
        number = f"I-{len(self.incidents) + 1:06d}"
        fields = (number, kind, title, region, category, started, ended)
        self.incidents.append(dict(zip(INCIDENT, fields, strict=True)))
        return number

    def history(self, row: Row, received: datetime, until: datetime, shared: dict[str, list[str]]) -> list[Row]:
        """Return the steps of a case from its coming in to its state, in order of time."""
        rng = self.rng
        verbs = list(STEPS[row["state"]])
        worked = verbs.index("take" if "take" in verbs else "dispatch") + 1 if "dispatch" in verbs else 0
        if worked and row["kind"] == "fault" and row["assignee"] and rng.random() < 0.9:
            verbs[worked:worked] = (
                ["arrive", "restore"] if row["state"] != "dispatched" and rng.random() < 0.9 else ["arrive"]
            )
        elif worked and row["kind"] == "complaint" and rng.random() < 0.9:
            verbs.insert(worked, "contact")
        desk = rng.choice(self.staff["customer-service"])
        if row["assignee"] and "take" not in verbs:
            verbs.append("assign")
        if "take" in verbs:
            after = verbs.index("take") + 1
            if rng.random() < 0.3:
                verbs.insert(after + (verbs[after : after + 1] in (["arrive"], ["contact"])), "note")
            if "reply" in verbs and rng.random() < 0.08:
                verbs[after:after] = ["await-customer", "resume"]
            if rng.random() < 0.05:
                verbs[after - 1 : after] = ["return", "dispatch", "take"]
        if row["state"] == "archived" and rng.random() < 0.03:
            verbs += ["reopen", "reply", "archive"]
        if row["is_supervised"]:
            verbs.insert(min(2, len(verbs)), "supervise")
        times = self.times(verbs, received, until)
        events: list[Row] = []
        state = ""
        for verb, at in zip(verbs, times, strict=True):
            is_early = verb in (
                "new",
                "triage",
                "dispatch",
                "supervise",
                "callback",
                "withdraw",
                "reject",
                "merge",
                "reopen",
            )
            event: Row = {"at": at, "actor": desk if is_early else row["assignee"] or desk, "verb": verb}
            after_state = STATE_AFTER.get(verb, state)
            if after_state != state:
                event["before"] = {"state": state} if state else {}
                event["after"] = {"state": after_state}
                state = after_state
            event.update(self.said(verb, row, shared))
            event["after"] = {**event.get("after", {}), **event.pop("set", {})}
            events.append(event)
        return events

    def times(self, verbs: Sequence[str], received: datetime, until: datetime) -> list[datetime]:
        """Return when each step was taken: the first ones within the minutes promised, mostly, the others spread out."""
        rng = self.rng
        span = (until - received).total_seconds()
        slow = 9.0 if rng.random() < 0.07 else 1.0
        found = [0.0]
        for verb in verbs[1:]:
            last = found[-1]
            if verb in PROMPT:
                low, high = PROMPT[verb]
                found.append(min(max(last + rng.randrange(20, 200), slow * rng.randrange(low, high) * 60), span))
            else:
                found.append(last + (span - last) * (0.08 + 0.5 * rng.random()))
        return [received + timedelta(seconds=int(seconds)) for seconds in found]

    def said(self, verb: str, row: Row, shared: dict[str, list[str]]) -> Row:
        """Return what a step notes and sets beyond the state."""
        rng = self.rng
        if verb in ("note", "contact"):
            return {"note": rng.choice(shared[f"{verb}s"])}
        if verb == "await-customer":
            return {"note": rng.choice(shared["awaits"])}
        sets: dict[str, Row] = {
            "triage": {"severity": row["severity"]},
            "dispatch": {"department": row["department"]},
            "take": {"assignee": row["assignee"]},
            "assign": {"assignee": row["assignee"]},
            "reply": {"outcome": row.get("outcome", "")},
            "supervise": {"is_supervised": True},
        }
        if verb == "callback":
            return {
                "set": {"opinion": rng.choices(("satisfied", "neutral", "dissatisfied"), OPINIONS[row["outcome"]])[0]}
            }
        reasons = {
            "withdraw": "The customer took it back by telephone.",
            "reject": "Not within our duty; the customer was told where to turn.",
            "return": "Not ours; the address belongs to another district.",
            "reopen": "The customer says it came back.",
            "merge": "Same event as an earlier case.",
        }
        found: Row = {"set": sets[verb]} if verb in sets else {}
        return found | {"note": reasons[verb]} if verb in reasons else found


def add_past(maker: Maker) -> None:
    """Add the cases of the year that are closed, with their waves, one mass outage, one wrong billing run, and repeats."""
    rng = maker.rng
    for _ in range(370):
        days_ago = 12 + 352 * rng.random()
        if rng.random() < 0.22:
            days_ago = rng.choice(WAVES[rng.choice((1, 2))]) + rng.random()
        topic = maker.topic_of(days_ago)
        _add_closed(maker, topic, maker.account_for(topic), days_ago)
    for _ in range(12):
        topic = next(topic for topic in maker.topics if topic.name == "inquiry")
        _add_closed(maker, topic, maker.account_for(topic), 1 + 9 * rng.random(), state="archived", longest=0.8)
    by_name = {topic.name: topic for topic in maker.topics}
    for name, region, days_ago, spread, count, kind, title in (
        ("power_cut", "west", 318.0, 0.15, 12, "outage", "Transformer failure in the west 西区变压器故障"),
        ("wrong_bill", "east", 96.0, 3.0, 11, "billing", "Billing run started twice 东区重复发行"),
    ):
        first = None
        began = ANCHOR - timedelta(days=days_ago + 0.2)
        incident = maker.incident(
            kind, title, region, by_name[name].category, began, began + timedelta(days=spread + 1)
        )
        for _ in range(count):
            account = maker.account_for(by_name[name], region)
            state = "merged" if first and rng.random() < 0.3 else "archived"
            made = _add_closed(maker, by_name[name], account, days_ago - spread * rng.random(), state=state)
            made["incident"] = incident
            if state == "merged":
                made["merged_into"] = first
            else:
                first = first or made
    for name in ("voltage", "pressure", "meter", "slow_line", "wrong_bill"):
        account = maker.account_for(by_name[name])
        earlier = None
        for times, days_ago in enumerate((70, 44, 19)):
            made = _add_closed(maker, by_name[name], account, days_ago + rng.random(), state="archived")
            made.update(repeat_of=earlier, times_repeated=times)
            earlier = made


def _add_closed(
    maker: Maker, topic: Topic, account: Account, days_ago: float, *, state: str = "", longest: float = 11.0
) -> Row:
    rng = maker.rng
    received = _office_hour(rng, ANCHOR - timedelta(days=days_ago))
    state = state or rng.choices(("archived", "withdrawn", "rejected"), (93, 4, 3))[0]
    late = 2.2 if account.region == "west" else 1.2
    days = min(longest, longest * 0.12 + longest * 0.5 * rng.random() * late)
    return maker.case(topic, account, state, received, received + timedelta(days=days))


def _office_hour(rng: Random, at: datetime) -> datetime:
    """Return a moment of the same day, mostly between 8:00 and 21:00 in Lindan, eight hours before Greenwich."""
    hour = rng.randrange(0, 14) if rng.random() < 0.88 else rng.randrange(0, 24)
    moment = at.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)
    return min(moment, at.replace(microsecond=0)) if at > ANCHOR - timedelta(days=2) else moment


def add_live(maker: Maker) -> None:
    """Add the cases still on their way, each with its time to go; the caller has some of every sort."""
    rng = maker.rng
    position = 0
    for bucket, count, states in LIVE:
        for index in range(count):
            position += 1
            topic = maker.topic_of(0)
            severity = rng.choices((1, 2, 3, 4), topic.severities)[0]
            is_watched = bucket == "overdue" and index % 3 == 0
            if topic.tone != "plain" and (is_watched or (bucket == "soon" and index % 4 == 0)):
                severity = max(severity, 4 if topic.tone == "supply" else 3)
            severity, due = _due(rng, bucket, severity)
            received = due - timedelta(hours=TARGET_HOURS[severity])
            if bucket == "replied":
                received -= timedelta(days=4)
            kind = topic.kind(rng)
            if bucket != "overdue" and kind in MOST_HOURS:
                received = max(received, ANCHOR - timedelta(minutes=rng.randrange(60, MOST_HOURS[kind] * 60)))
            if bucket == "fresh":
                received = ANCHOR - timedelta(minutes=rng.randrange(1, 17) if index % 3 else rng.randrange(17, 230))
            received = min(received, ANCHOR - timedelta(minutes=rng.randrange(1, 3)))
            assignee: str | None = "" if bucket not in ("fresh", "untaken") else None
            if assignee is not None and position % 5 == 0:
                assignee = people.CALLER
            state = states[index % len(states)]
            if state == "reviewed" and assignee == people.CALLER:
                state = "dispatched"
            account = maker.account_for(topic)
            maker.case(
                topic,
                account,
                state,
                received,
                ANCHOR,
                due=due,
                severity=severity,
                assignee=assignee,
                is_supervised=is_watched,
                kind=kind,
            )
    outage = next(topic for topic in maker.topics if topic.name == "water_cut")
    began = ANCHOR - timedelta(minutes=24)
    incident = maker.incident("outage", "Burst main in the north 北区爆管", "north", outage.category, began, None)
    for _ in range(7):
        received = ANCHOR - timedelta(minutes=rng.randrange(2, 19))
        row = maker.case(
            outage, maker.account_for(outage, "north"), "received", received, ANCHOR, severity=2, assignee=None
        )
        row["incident"] = incident


def _due(rng: Random, bucket: str, severity: int) -> tuple[int, datetime]:
    """Return a severity and a due time that go together and fall where the bucket says."""
    if bucket == "overdue":
        return severity, ANCHOR - timedelta(
            minutes=rng.choice((25, 70, 190, 600, 1500, 2900, 5200)) + rng.randrange(20)
        )
    if bucket == "soon":
        severity = min(severity, 3)
        return severity, ANCHOR + timedelta(minutes=rng.randrange(20, 22 * 60))
    if bucket == "fresh":
        return severity, ANCHOR + timedelta(hours=TARGET_HOURS[severity], minutes=-rng.randrange(2, 290))
    severity = min(severity, 2)
    return severity, ANCHOR + timedelta(minutes=rng.randrange(25 * 60, 68 * 60))


def add_awkward(maker: Maker, numbers: Sequence[str]) -> None:
    """Add the cases whose texts are tests, all open, some near their time; they belong to the awkward customers."""
    rng = maker.rng
    by_name = {topic.name: topic for topic in maker.topics}
    for index, made in enumerate(awkward.CASES):
        topic = by_name[("wrong_bill", "pressure", "power_cut", "attitude")[index % 4]]
        state = ("dispatched", "investigating", "dispatched", "reviewed")[index % 4 if index < 4 else index % 3]
        received = ANCHOR - timedelta(hours=3 * index, minutes=5 + rng.randrange(60))
        severity = 1 + index % 2
        account = maker.account_for(topic)
        row = maker.case(topic, account, state, received, ANCHOR, severity=severity)
        row.update(
            customer=numbers[index % len(numbers)],
            account=None,
            subject=made.subject,
            narrative=made.narrative,
            extras={"awkward": made.mark},
        )
        row.update(made.fields)
        row["events"].append(
            {
                "at": row["updated_at"],
                "actor": "mara.tesk",
                "verb": "note",
                "note": f"{made.subject} | {made.narrative[:200]}",
            }
        )


def numbered(cases: list[Row]) -> list[Row]:
    """Return the cases in the order they came in, with their references, and with what refers to a case resolved."""
    ordered = sorted(cases, key=lambda row: (row["received_at"], row["account"] or "", row["subject"]))
    for position, row in enumerate(ordered, start=1):
        row["reference"] = f"C-{position:06d}"
    for row in ordered:
        for name in ("merged_into", "repeat_of"):
            if row.get(name) is not None:
                row[name] = row[name]["reference"]
        if row["state"] == "merged":
            row["events"][-1]["after"]["merged_into"] = row["merged_into"]
    return ordered
