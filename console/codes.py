"""Codes stored in the database; labels are translated where they are drawn."""

from __future__ import annotations

from enum import StrEnum


class CaseKind(StrEnum):
    """What a customer turned to the utility with (requirement B1)."""

    COMPLAINT = "complaint"
    FAULT = "fault"
    INQUIRY = "inquiry"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    REPORT = "report"
    REQUEST = "request"


class CasePhase(StrEnum):
    """The part of its way a case is on, whatever the workflow calls its states."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class CaseState(StrEnum):
    """The states of the standard workflow (requirement B4); a policy may name others."""

    RECEIVED = "received"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    INVESTIGATING = "investigating"
    AWAITING = "awaiting"
    REPLIED = "replied"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    REJECTED = "rejected"


class Channel(StrEnum):
    """The way a case came in (requirement B3)."""

    TELEPHONE = "telephone"
    WEB = "web"
    APP = "app"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"
    KIOSK = "kiosk"
    SMS = "sms"
    SOCIAL = "social"
    REGULATOR = "regulator"
    LEADER = "leader"
    OTHER = "other"


class Outcome(StrEnum):
    """How far a reply solved the matter."""

    SOLVED = "solved"
    PARTLY = "partly"
    UNSOLVED = "unsolved"


class Opinion(StrEnum):
    """What the customer said of the reply when called back."""

    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"


class CustomerKind(StrEnum):
    """Person or organisation (requirement A2)."""

    INDIVIDUAL = "individual"
    INTERMEDIARY = "intermediary"
    ENTERPRISE = "enterprise"
    GOVERNMENT = "government"


class Relationship(StrEnum):
    """How the customer stands to the utility (requirement A2)."""

    POTENTIAL = "potential"
    NEW = "new"
    LONG_TERM = "long_term"
    FORMER = "former"
    NEEDS_CARE = "needs_care"


class SupplyCategory(StrEnum):
    """What the supply is used for (requirement A2)."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    INDUSTRIAL = "industrial"
    NON_INDUSTRIAL = "non_industrial"
    AGRICULTURAL = "agricultural"


class Utility(StrEnum):
    """What is supplied."""

    ELECTRICITY = "electricity"
    WATER = "water"
    GAS = "gas"
    TELECOM = "telecom"


class AccountState(StrEnum):
    """Whether a service account is supplied."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class ContractState(StrEnum):
    """Whether a contract binds."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Performance(StrEnum):
    """How a customer keeps his contract (requirement A1)."""

    KEPT = "kept"
    LATE = "late"
    BROKEN = "broken"


class BillState(StrEnum):
    """Whether a bill still has to be paid, as its source says."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """What a member of staff may do (requirement E3)."""

    AGENT = "agent"
    LEAD = "lead"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class BatchState(StrEnum):
    """How far an import has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class LinkKind(StrEnum):
    """How two cases belong together (requirement B8)."""

    RELATED = "related"
    DUPLICATE = "duplicate"
    SPLIT = "split"


class RemedyKind(StrEnum):
    """What the customer is given (requirement B10)."""

    REFUND = "refund"
    REPLACEMENT = "replacement"
    REPAIR_VISIT = "repair_visit"
    APOLOGY = "apology"
    PRICE_CORRECTION = "price_correction"


class TaskState(StrEnum):
    """How far a remedy or a corrective action has come; *checked* means somebody saw that it happened."""

    OPEN = "open"
    DONE = "done"
    CHECKED = "checked"
    CANCELLED = "cancelled"


class CaseTaskKind(StrEnum):
    """What a promise on a case makes somebody do."""

    LETTER = "letter"
    PAYMENT = "payment"
    CALL = "call"
    VISIT = "visit"
    REPORT = "report"


class NoticeKind(StrEnum):
    """Why somebody is told of a case or an alert (requirements B7 and D2)."""

    REMINDER = "reminder"
    ESCALATION = "escalation"
    URGING = "urging"
    ALERT = "alert"


class AlertState(StrEnum):
    """How far people have come with an alert (requirement D2)."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlertRule(StrEnum):
    """By which rule a cell left what its baseline lets expect (specification 1.14)."""

    LIMIT = "limit"
    RARE = "rare"
    SEASON = "season"
    EWMA = "ewma"
    CUSUM = "cusum"
    SHARE = "share"
    INDEX = "index"


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ImprovementState(StrEnum):
    """Whether an improvement is still being watched (requirement C7)."""

    OPEN = "open"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What came of an improvement, as whoever closed it judged."""

    WORKED = "worked"
    NOT_WORKED = "not_worked"
    UNCLEAR = "unclear"


class Assessor(StrEnum):
    """Who asked: the utility itself, or somebody independent (requirement C1)."""

    SELF = "self"
    THIRD_PARTY = "third_party"


class IndicatorKind(StrEnum):
    """What an indicator is: a node above others, or the way its answers are read."""

    GROUP = "group"
    SCORE = "score"
    NPS = "nps"
    CES = "ces"
    TEXT = "text"


class MissingCode(StrEnum):
    """Why an answer has no score: not answered, don't know, not applicable, refused; none is ever counted as 0."""

    NOT_ANSWERED = "NA"
    DO_NOT_KNOW = "DK"
    NOT_APPLICABLE = "NAP"
    REFUSED = "REF"


class SampleState(StrEnum):
    """How far asking a member of a sample has come, after the dispositions of AAPOR."""

    DRAWN = "drawn"
    INVITED = "invited"
    DELIVERED = "delivered"
    STARTED = "started"
    COMPLETE = "complete"
    PARTIAL = "partial"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    OTHER = "other"
    UNKNOWN = "unknown"
    INELIGIBLE = "ineligible"


class AttemptOutcome(StrEnum):
    """How one attempt to ask a member of a sample ended."""

    INVITED = "invited"
    DELIVERED = "delivered"
    STARTED = "started"
    COMPLETE = "complete"
    PARTIAL = "partial"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALL_BACK = "call_back"
    MACHINE = "machine"
    LANGUAGE = "language"
    WRONG_NUMBER = "wrong_number"
    BOUNCED = "bounced"
    INELIGIBLE = "ineligible"
    NEVER = "never"


class InterviewState(StrEnum):
    """How far an interview has come."""

    OPEN = "open"
    COMPLETE = "complete"
    PARTIAL = "partial"
    BROKEN = "broken"


class Direction(StrEnum):
    """Who turned to whom: the customer to the utility, or the utility to the customer."""

    IN = "in"
    OUT = "out"


class ContactPurpose(StrEnum):
    """What a contact is for (requirement A4)."""

    SERVICE = "service"
    CALLBACK = "callback"
    CARE = "care"
    VISIT = "visit"
    NOTICE = "notice"
    COLLECTION = "collection"


class ContactOutcome(StrEnum):
    """How a contact ended."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    MESSAGE_LEFT = "message_left"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"


class CustomerSize(StrEnum):
    """How large a customer is (requirement A2)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"


class CustomerStage(StrEnum):
    """Where a customer stands in his life with the utility (requirement A6)."""

    POTENTIAL = "potential"
    NEW = "new"
    GROWING = "growing"
    STABLE = "stable"
    AT_RISK = "at_risk"
    LEFT = "left"


class ValueTier(StrEnum):
    """What a customer contributes: one of those who make up most of it, something, nothing (requirement A6)."""

    HIGH = "high"
    SOME = "some"
    LOW = "low"


class StageAlarm(StrEnum):
    """A sign that a customer may leave."""

    USAGE = "usage"
    COMPLAINTS = "complaints"
    SATISFACTION = "satisfaction"
    OVERDUE = "overdue"


class CampaignState(StrEnum):
    """Whether a campaign is under way."""

    OPEN = "open"
    CLOSED = "closed"


class CallState(StrEnum):
    """How far one customer of a campaign has come; *dropped* means that nobody will try any more."""

    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


SEVERITIES = (1, 2, 3, 4)
"""Severity from 1, ordinary (一般), over 2, important (重要), and 3, major (重大), to 4, special (特殊)."""
