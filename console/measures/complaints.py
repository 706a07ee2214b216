"""Complaint metrics whose denominators cannot flatter: rate, on time of all due, first contact, repeats, ageing.

Durations are in the unit of their limits (working days as the calendar of the office counts them); NaN marks a case
that is still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, complete, counts, floats, vector
from console.measures.controlcharts import rate_interval
from console.measures.disclosure import response_warnings, sample_warnings
from console.measures.proportions import proportion
from console.measures.results import Measure, MeasureError
from console.measures.survival import SurvivalCurve, kaplan_meier

AGE_BOUNDS = (1.0, 3.0, 5.0, 7.0, 15.0, 30.0)
REPEAT_DAYS = 30.0
QUANTILES = (0.50, 0.80, 0.90, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime(Measure):
    """The share closed by due of all due, open and overdue counting as late.

    ``of_closed`` is the version that flatters; it is never shown alone. ``overdue`` numbers the open overdue cases.
    """

    n_on_time: int
    n_overdue: int
    n_not_due: int
    of_closed: Measure
    overdue: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionTimes(Measure):
    """Times to close; ``value`` is the Kaplan–Meier median including open cases, the headline.

    ``mean`` and ``quantiles`` (P50, P80, P90, P95) are of closed cases only and too short while cases are open.
    """

    mean: float | None
    quantiles: tuple[float | None, ...]
    curve: SurvivalCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog(Measure):
    """Open cases by age; ``value`` is their number. Bands run up to and including each bound, the last beyond it."""

    bounds: tuple[float, ...]
    sizes: tuple[int, ...]
    overdue_sizes: tuple[int, ...]
    mean_age: float | None
    oldest: float | None
    net_inflow: float | None


def complaint_rate(received: int, customers: float, per: float = 1000.0) -> Measure:
    """Complaints per ``per`` customers (average of the period), with the exact Poisson interval.

    None without customers. Raises MeasureError for negative inputs.
    """
    if received < 0 or customers < 0 or per <= 0:
        raise MeasureError("Complaints, customers and the unit cannot be negative.")
    interval = rate_interval(received, customers / per)
    return Measure(
        value=received / customers * per if customers > 0 else None,
        n=received,
        coverage=1.0 if customers > 0 else 0.0,
        interval=interval,
        method=f"complaints per {per:,.0f} customers",
        warnings=() if customers > 0 else ("There are no customers to divide by.",),
    )


def on_time(days_to_close: ArrayLike, limits: ArrayLike, ages: ArrayLike) -> OnTime:
    """Closed by due / all due, shapes (cases,); ``ages`` are those of open cases at the cut-off (NaN for closed ones).

    A case closed exactly at its limit is on time; an open one is due when its age exceeds its limit. Raises
    MeasureError for missing limits or ages.
    """
    days, limit = vector(days_to_close, "days to close"), counts(np.asarray(limits, dtype=np.float64), "limits")
    age = vector(ages, "ages", days.size)
    if limit.shape != days.shape:
        raise MeasureError("Every case needs its limit.")
    closed = ~np.isnan(days)
    if np.isnan(age[~closed]).any():
        raise MeasureError("An open case has no age.")
    good = closed & (np.nan_to_num(days) <= limit + 1e-9)
    overdue = ~closed & (np.nan_to_num(age) > limit + 1e-9)
    due = int((closed | overdue).sum())
    share = proportion(float(good.sum()), due, method="on time of all due")
    return OnTime(
        value=share.value,
        n=due,
        n_missing=int(days.size - due),
        coverage=share.coverage,
        interval=share.interval,
        method=share.method,
        warnings=share.warnings,
        n_on_time=int(good.sum()),
        n_overdue=int(overdue.sum()),
        n_not_due=int(days.size - due),
        of_closed=proportion(float(good.sum()), int(closed.sum()), method="on time of closed only"),
        overdue=tuple(int(i) for i in np.flatnonzero(overdue)),
    )


def first_contact_resolution(
    is_closed: ArrayLike, contacts: ArrayLike, is_reopened: ArrayLike, is_followed: ArrayLike | None = None
) -> Measure:
    """Closed with one contact and not reopened / closed, shapes (cases,).

    With ``is_followed`` (another complaint of the same cause within 30 days, see ``followed``) the strict form.
    Raises MeasureError.
    """
    closed = _flags(is_closed, "closed marks")
    number = counts(vector(contacts, "contacts", closed.size), "contacts")
    resolved = closed & (number <= 1) & ~_flags(is_reopened, "reopened marks", closed.size)
    if is_followed is not None:
        resolved &= ~_flags(is_followed, "followed marks", closed.size)
    name = "first contact resolution" if is_followed is None else "first contact resolution, strict"
    return proportion(float(resolved.sum()), int(closed.sum()), method=name)


def reopened_share(is_closed: ArrayLike, is_reopened: ArrayLike) -> Measure:
    """Reopened / closed, shapes (cases,); a case reopened and open again counts as closed once. Raises MeasureError."""
    again = _flags(is_reopened, "reopened marks")
    closed = _flags(is_closed, "closed marks", again.size) | again
    return proportion(float(again.sum()), int(closed.sum()), method="reopened of closed")


def repeats(
    customers: Sequence[str], causes: Sequence[str], received: ArrayLike, within: float = REPEAT_DAYS
) -> tuple[bool, ...]:
    """Whether each complaint follows one of the same customer and cause within 30 days; ``received`` in days."""
    return _near(customers, causes, received, within, forward=False)


def followed(
    customers: Sequence[str], causes: Sequence[str], received: ArrayLike, within: float = REPEAT_DAYS
) -> tuple[bool, ...]:
    """Whether each complaint was followed by one of the same customer and cause within 30 days; ``received`` in days."""
    return _near(customers, causes, received, within, forward=True)


def repeat_share(is_repeat: ArrayLike) -> Measure:
    """Repeats / received, shape (cases,); raises MeasureError."""
    again = _flags(is_repeat, "repeat marks")
    return proportion(float(again.sum()), int(again.size), method="repeats of received")


def resolution_times(days_to_close: ArrayLike, ages: ArrayLike) -> ResolutionTimes:
    """Times of closed cases (type 7 quantiles) and the Kaplan–Meier curve with open cases at their age, shapes
    (cases,).

    Raises MeasureError for an open case without age.
    """
    days = vector(days_to_close, "days to close")
    age = vector(ages, "ages", days.size)
    closed = ~np.isnan(days)
    done = days[closed]
    curve = kaplan_meier(np.where(closed, days, age), closed)
    found: tuple[float | None, ...] = (None,) * len(QUANTILES)
    if done.size:
        found = floats(np.quantile(done, QUANTILES))
    notes = ("Open cases make the times of closed ones too short.",) if not closed.all() else ()
    return ResolutionTimes(
        value=curve.value,
        n=curve.n,
        n_missing=curve.n_missing,
        interval=curve.interval,
        method="time to close, Kaplan-Meier median",
        warnings=curve.warnings + notes,
        mean=float(done.mean()) if done.size else None,
        quantiles=found,
        curve=curve,
    )


def backlog(
    ages: ArrayLike,
    is_overdue: ArrayLike | None = None,
    bounds: Sequence[float] = AGE_BOUNDS,
    received: int | None = None,
    closed: int | None = None,
) -> Backlog:
    """Open cases by age in days, shape (open cases,), whole days counted: 0–1, 2–3, 4–5, 6–7, 8–15, 16–30, over 30.

    ``received`` and ``closed`` of the period give the net inflow. Raises MeasureError.
    """
    age = counts(vector(ages, "ages"), "ages")
    late = np.zeros(age.size, dtype=bool) if is_overdue is None else _flags(is_overdue, "overdue marks", age.size)
    edges = np.asarray(sorted(bounds), dtype=np.float64)
    band = np.searchsorted(edges, np.floor(age), side="left")
    sizes = np.bincount(band, minlength=edges.size + 1)
    overdue = np.bincount(band, weights=late, minlength=edges.size + 1)
    return Backlog(
        value=float(age.size),
        n=int(age.size),
        method="open cases by age",
        bounds=floats(edges),
        sizes=tuple(int(size) for size in sizes),
        overdue_sizes=tuple(int(size) for size in overdue),
        mean_age=float(age.mean()) if age.size else None,
        oldest=float(age.max()) if age.size else None,
        net_inflow=None if received is None or closed is None else float(received - closed),
    )


def within_promise(elapsed: ArrayLike, limit: float, ages: ArrayLike) -> Measure:
    """The share contacted or answered within a limit of all that are due for it, shapes (cases,), NaN for not yet.

    The same rule as ``on_time`` with one limit; raises MeasureError.
    """
    days = vector(elapsed, "elapsed")
    return on_time(days, np.full(days.size, limit), ages)


def callback_result(satisfied: int, reached: int, closed: int) -> Measure:
    """The share satisfied among those reached by call-back; coverage is reached / closed, also its response rate.

    Raises MeasureError when more are reached than closed.
    """
    if reached > closed:
        raise MeasureError("More call-backs reached than cases closed.")
    share = proportion(satisfied, reached, closed - reached, method="satisfied on call-back")
    rate = reached / closed if closed else 0.0
    return Measure(
        value=share.value,
        n=reached,
        n_missing=closed - reached,
        coverage=rate,
        interval=share.interval,
        method=share.method,
        warnings=sample_warnings(reached) + response_warnings(rate),
    )


def _near(
    customers: Sequence[str], causes: Sequence[str], received: ArrayLike, within: float, *, forward: bool
) -> tuple[bool, ...]:
    when: FloatArray = complete(vector(received, "received", len(customers)), "received")
    if len(causes) != len(customers):
        raise MeasureError("Every complaint needs its cause.")
    order = np.argsort(when, kind="stable").tolist()
    last: dict[tuple[str, str], int] = {}
    found = [False] * len(customers)
    for i in order:
        key = (customers[i], causes[i])
        before = last.get(key)
        if before is not None and when[i] - when[before] <= within:
            found[before if forward else i] = True
        last[key] = i
    return tuple(found)


def _flags(values: ArrayLike, name: str, size: int | None = None) -> BoolArray:
    return np.asarray(complete(vector(values, name, size), name) > 0)
