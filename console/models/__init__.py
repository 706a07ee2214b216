"""The nouns: SQLModel tables, one file a subject, no queries."""

from console.models.alerts import Alert, AlertBaseline, AlertRun, CustomerCount, Improvement, KnownEvent
from console.models.audit import AuditEntry
from console.models.care import Campaign, CampaignCall, ManagerPost, PointsEntry
from console.models.case import Case, CaseEvent, CaseLink, CaseText, Category, Incident
from console.models.contact import Contact
from console.models.customer import Customer, ServiceAccount
from console.models.fieldwork import Interview, Questionnaire, SampleContact, SurveyRefusal
from console.models.merging import CustomerMerge, DistinctCustomers
from console.models.people import Department, Staff
from console.models.queue_view import SavedView
from console.models.sealed import AccountSecret, CustomerKey, CustomerSecret, MasterKey
from console.models.standing import CustomerRefresh, Segment, SegmentMember, StageInQuarter, Standing
from console.models.supply import Bill, Consumption, Contract, Meter, Payment
from console.models.survey import (
    Answer,
    AnswerCell,
    AnswerPair,
    AnswerSegment,
    AnswerText,
    Indicator,
    Response,
    ResponseChange,
    SampleMember,
    Survey,
    WeightSet,
)
from console.models.transfer import ImportBatch, ImportChange, RefusedRow
from console.models.workflow import (
    CaseTask,
    Clock,
    CorrectiveAction,
    CorrectiveActionCase,
    Notice,
    Operation,
    Policy,
    Remedy,
)

__all__ = [
    "AccountSecret",
    "Alert",
    "AlertBaseline",
    "AlertRun",
    "Answer",
    "AnswerCell",
    "AnswerPair",
    "AnswerSegment",
    "AnswerText",
    "AuditEntry",
    "Bill",
    "Campaign",
    "CampaignCall",
    "Case",
    "CaseEvent",
    "CaseLink",
    "CaseTask",
    "CaseText",
    "Category",
    "Clock",
    "Consumption",
    "Contact",
    "Contract",
    "CorrectiveAction",
    "CorrectiveActionCase",
    "Customer",
    "CustomerCount",
    "CustomerKey",
    "CustomerMerge",
    "CustomerRefresh",
    "CustomerSecret",
    "Department",
    "DistinctCustomers",
    "ImportBatch",
    "ImportChange",
    "Improvement",
    "Incident",
    "Indicator",
    "Interview",
    "KnownEvent",
    "ManagerPost",
    "MasterKey",
    "Meter",
    "Notice",
    "Operation",
    "Payment",
    "PointsEntry",
    "Policy",
    "Questionnaire",
    "RefusedRow",
    "Remedy",
    "Response",
    "ResponseChange",
    "SampleContact",
    "SampleMember",
    "SavedView",
    "Segment",
    "SegmentMember",
    "ServiceAccount",
    "Staff",
    "StageInQuarter",
    "Standing",
    "Survey",
    "SurveyRefusal",
    "WeightSet",
]
