"""What forms are built from and what they hand over, the intake included; importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.services.views import Choice


@dataclass(frozen=True, slots=True)
class Possibility:
    """Whether a verb may be done to a case now by somebody; if not, why, and if so, what has to be filled in."""

    verb: str
    is_possible: bool
    reason: str
    required: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What the forms let one choose from, as the policy in force and the staff have it."""

    people: tuple[Choice, ...] = ()
    departments: tuple[Choice, ...] = ()
    categories: tuple[Choice, ...] = ()
    impacts: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    areas: tuple[Choice, ...] = ()
    regions: tuple[Choice, ...] = ()
    similar: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class FormBasis:
    """What a form for a verb is built from: may it be done, the choices, and what the case holds already by field.

    ``version`` is that of the case as it is then.
    """

    possibility: Possibility
    choices: FormChoices
    held: tuple[Choice, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known of a case that is being taken down; empty texts are unknown."""

    subject: str = ""
    narrative: str = ""
    kind: str = "complaint"
    channel: str = "telephone"
    category: str = ""
    impact: str = ""
    urgency: str = ""
    customer: str = ""
    account: str = ""
    region: str = ""
    area: str = ""
    location: str = ""
    complainant: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise that a case would get: the clock, its target as the policy writes it, and when it would be due."""

    name: str
    target: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class IntakePreview:
    """What a case would come to: its severity from 1 to 4, its promises, and what the intake still wants."""

    severity: int
    promises: tuple[PromiseRow, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A case that was taken in: what it repeats, what it may double, and the incident it belongs to."""

    id: int
    reference: str
    operation: int
    due_at: datetime | None
    times: int = 1
    earlier: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    incident: str = ""
