"""Figures of satisfaction as screens, commands and exports show them: frozen rows, importable without the data layer.

Every figure says on which scale it stands, from how many answers, how sure it is, what is missing, and by which weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with all that is needed to judge it; ``value`` is None where nothing may or can be said.

    ``unit`` says what the value is: ``level`` (on ``scale``), ``0-100``, ``share`` (0 to 1), ``nps`` (−100 to 100), ``points``.
    ``disclosure`` is ``hidden`` below 5 answers (no numbers are given), ``marked`` below 30, else ``normal``. ``filter`` finds
    the answers behind it.
    """

    value: float | None
    unit: str
    scale: str
    n: int
    n_missing: int = 0
    low: float | None = None
    high: float | None = None
    interval: str = ""
    method: str = ""
    coverage: float = 1.0
    weights_version: str = ""
    disclosure: str = "normal"
    deff: float = 1.0
    filter: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """What stands behind the number: ``~`` where few answered."""
        return "~" if self.disclosure == "marked" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFigures:
    """One indicator: its mean level, weighted and plain, its 0–100 score, top two and top box, NPS or effort where asked so."""

    survey: str
    code: str
    label: str
    label_zh: str
    kind: str
    mean: Figure
    plain_mean: Figure
    score: Figure
    top_two: Figure
    plain_top_two: Figure
    top_box: Figure
    special: Figure | None = None
    plain_special: Figure | None = None
    levels: Mapping[int, int] | None = None
    missing: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFigures:
    """One survey under a filter: what it is, how many answered, and its indicators.

    ``responses`` counts all of the survey, whatever the filter; ``excluded`` those of them that its ``quality_rule`` leaves out
    of every figure.
    """

    code: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    scale: str
    weights_version: str
    responses: int
    doubles: int
    excluded: int
    quality_rule: str
    invited: int
    response_rate: Figure | None
    first_at: datetime | None
    last_at: datetime | None
    filter: str
    index: Figure
    items: tuple[ItemFigures, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigure:
    """One node of an indicator tree rolled up, parents before children.

    ``weight`` is the declared one within the parent, ``used_weight`` after siblings without answers gave theirs up, ``shortfall``
    what it costs its parent against the target in points.
    """

    id: str
    parent: str | None
    depth: int
    label: str
    label_zh: str
    figure: Figure
    weight: float
    used_weight: float | None
    shortfall: float | None
    target: float | None
    is_publishable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFigures:
    """An indicator tree rolled up from answers; ``unplaced`` are items of the survey that the tree has no leaf for."""

    survey: str
    tree: str
    weights_version: str
    root: Figure
    nodes: tuple[NodeFigure, ...]
    unplaced: tuple[str, ...]
    filter: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotCell:
    """One cell of a pivot; a hidden one has no figure."""

    row: str
    column: str
    figure: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotTable:
    """Two dimensions against each other, with totals by pooling; ``measure`` is mean, score, top2 or n.

    ``source`` says what was added up: ``pairs`` (of a large survey), ``cells``, or ``answers`` where the filter asks for more
    than cells can tell.
    """

    survey: str
    indicator: str
    row_dimension: str
    column_dimension: str
    measure: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[PivotCell, ...]
    row_totals: tuple[Figure, ...]
    column_totals: tuple[Figure, ...]
    total: Figure
    filter: str
    source: str

    def cell(self, row: str, column: str) -> Figure | None:
        """Return the figure of a row and a column, None where nobody answered."""
        return next((cell.figure for cell in self.cells if (cell.row, cell.column) == (row, column)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    """One driver: its share of what is explained, performance on 0–100, priority, quadrant and how sure that is.

    ``chances`` are those of the quadrants improve first, keep up, minor, overdone; ``stated`` is how important respondents
    call it, where the survey asks that.
    """

    code: str
    label: str
    label_zh: str
    share: float
    importance: float
    correlation: float
    performance: Figure
    priority: float | None
    quadrant: str
    is_sure: bool
    probability: float | None
    chances: tuple[float, ...] = ()
    stated: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverTable:
    """What moves overall satisfaction, most important first; ``r_squared`` is the share of it that the drivers explain.

    ``cross`` is where the crosshair stands (share, performance); ``first_by`` names the drivers to improve first by each rule.
    """

    survey: str
    overall: str
    method: str
    crosshair: str
    r_squared: float
    n: int
    n_missing: int
    is_publishable: bool
    drivers: tuple[DriverRow, ...]
    filter: str
    seed: int
    cross: tuple[float, float] = (0.0, 0.0)
    first_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replicates: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFigures:
    """A fitted path model: latent variables with index and R², direct and total effects by (cause, effect)."""

    survey: str
    n: int
    variables: tuple[tuple[str, float | None, float | None], ...]
    paths: tuple[tuple[str, str, float, float], ...]
    goodness: float | None
    scheme: str
    is_standardised: bool
    iterations: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two slices or waves of one indicator: both figures, the difference with its test, and what of it is mix.

    ``verdict`` is a sentence. ``mix`` and ``rate`` add up to the difference, over the dimension ``split_by``; None
    where no dimension tells the slices apart. The surveys are named by their codes.
    """

    indicator: str
    label: str
    label_zh: str
    first_survey: str
    second_survey: str
    first_filter: str
    second_filter: str
    first: Figure
    second: Figure
    difference: Figure
    p: float | None
    top_two_first: Figure
    top_two_second: Figure
    top_two_difference: Figure
    top_two_p: float | None
    split_by: str = ""
    mix: float | None = None
    rate: float | None = None
    segments: tuple[tuple[str, float, float], ...] = ()
    is_mostly_mix: bool = False
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One single answer with where it was given: the end of every drill-down."""

    survey: str
    number: str
    indicator: str
    label: str
    score: int | None
    missing: str
    scale: str
    text: str
    answered_at: datetime
    region: str
    kind: str
    supply: str
    channel: str
    department: str
    interviewer: str
    language: str
    customer: str
    case: str
    weight: float
    is_double: bool
    excluded: str = ""
    label_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightVersion:
    """One version of a survey's weights."""

    name: str
    tree: str
    method: str
    weights: Mapping[str, float]
    consistency: float | None
    is_active: bool
    note: str
    actor: str
    made_at: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumProgress:
    """One stratum of a sample: population, planned, how asking stands, and what is to be expected."""

    name: str
    population: int
    planned: int
    drawn: int
    invited: int
    complete: int
    partial: int
    refused: int
    not_reached: int
    other: int
    expected: float | None
    half_width: float | None
    meets: bool | None
    delivered: int = 0
    started: int = 0
    ineligible: int = 0
    pending: int = 0
    needed: int = 0
    rr1: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyPlan:
    """The plan of a survey and how far fieldwork has come.

    ``state`` is new, planned, drawn, field or closed; ``frame`` limits the population, ``frame_on`` is the day it was counted;
    ``exclusions`` counts those left out of the draw by reason; ``questionnaire`` is the version of the script, 0 where the
    survey's indicators make it.
    """

    code: str
    title: str
    title_zh: str
    assessor: str
    channel: str
    population: int | None
    needed: int | None
    margin: float | None
    share: float | None
    deff: float | None
    response_rate: float | None
    invitations: int | None
    allocation: str
    stratify_by: str
    seed: int | None
    excluded: int
    strata: tuple[StratumProgress, ...]
    rates: Mapping[str, float | None]
    responses: int
    warnings: tuple[str, ...] = ()
    series: str = ""
    wave: str = ""
    tree: str = ""
    scale: str = ""
    state: str = ""
    starts_on: str = ""
    ends_on: str = ""
    frame_on: str = ""
    purpose: str = ""
    mode: str = ""
    trigger: str = ""
    owner: str = ""
    budget: str = ""
    rest_days: int = 90
    attempts: int = 3
    minimum: int = 0
    frame: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exclusions: Mapping[str, int] = field(default_factory=dict)
    questionnaire: int = 0
    closed_at: datetime | None = None
    total: StratumProgress | None = None
