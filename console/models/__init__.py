"""The nouns: SQLModel tables, one file a subject, no queries.

A table costs five milliseconds to define, and most runs need few of the sixty: a subject's file is imported when one of its
nouns is first named. What has to see every table, such as a migration, asks ``whole_schema`` for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import MetaData

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
        PolicyWord,
        Remedy,
    )

SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "alerts": ("Alert", "AlertBaseline", "AlertRun", "CustomerCount", "Improvement", "KnownEvent"),
    "audit": ("AuditEntry",),
    "care": ("Campaign", "CampaignCall", "ManagerPost", "PointsEntry"),
    "case": ("Case", "CaseEvent", "CaseLink", "CaseText", "Category", "Incident"),
    "contact": ("Contact",),
    "customer": ("Customer", "ServiceAccount"),
    "fieldwork": ("Interview", "Questionnaire", "SampleContact", "SurveyRefusal"),
    "merging": ("CustomerMerge", "DistinctCustomers"),
    "people": ("Department", "Staff"),
    "queue_view": ("SavedView",),
    "sealed": ("AccountSecret", "CustomerKey", "CustomerSecret", "MasterKey"),
    "standing": ("CustomerRefresh", "Segment", "SegmentMember", "StageInQuarter", "Standing"),
    "supply": ("Bill", "Consumption", "Contract", "Meter", "Payment"),
    "survey": (
        "Answer",
        "AnswerCell",
        "AnswerPair",
        "AnswerSegment",
        "AnswerText",
        "Indicator",
        "Response",
        "ResponseChange",
        "SampleMember",
        "Survey",
        "WeightSet",
    ),
    "transfer": ("ImportBatch", "ImportChange", "RefusedRow"),
    "workflow": (
        "CaseTask",
        "Clock",
        "CorrectiveAction",
        "CorrectiveActionCase",
        "Notice",
        "Operation",
        "Policy",
        "PolicyWord",
        "Remedy",
    ),
}
"""The nouns by the file that defines them."""

_FILES = {noun: subject for subject, nouns in SUBJECTS.items() for noun in nouns}

__all__ = [
    "SUBJECTS",
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
    "PolicyWord",
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
    "whole_schema",
]


def __getattr__(name: str) -> Any:
    """Import the file of a noun that is named for the first time."""
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    noun = getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
    globals()[name] = noun
    return noun


def whole_schema() -> MetaData:
    """Return all tables there are."""
    from sqlmodel import SQLModel

    from console.models.base import tell_dialects

    for subject in SUBJECTS:
        import_module(f"{__name__}.{subject}")
    tell_dialects(SQLModel.metadata)
    return SQLModel.metadata
