"""The overview of a survey as screens and commands show it: frozen rows, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.services.satisfaction_views import Figure, NodeFigure, SurveyFigures, TreeFigures


@dataclass(frozen=True, slots=True)
class SurveyChoice:
    """A survey one may choose, the last answered one first."""

    code: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    responses: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One of the numbers on top: ``kind`` is index, top_two, top_box, nps or effort; ``indicator`` what it was asked by.

    ``change`` is the difference to the last wave in the unit of the figure, None where there is none to compare with.
    """

    kind: str
    indicator: str
    label: str
    label_zh: str
    figure: Figure
    change: Figure | None = None
    change_p: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """A node of the tree with its change to the last wave; ``weak`` is its rank among the weak points, 0 without one.

    ``is_below`` says that the whole interval lies below the target, ``has_fallen`` that the fall is proven and not mostly mix.
    """

    node: NodeFigure
    change: Figure | None = None
    change_p: float | None = None
    weak: int = 0
    is_below: bool = False
    has_fallen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakPoint:
    """One indicator in one segment that scores below the rest of the answers and below the target, beyond chance.

    ``q`` is the false-discovery rate over all ``tested`` cells; ``gain`` the points the index would win if the cell reached the
    target.
    """

    rank: int
    indicator: str
    label: str
    label_zh: str
    dimension: str
    value: str
    figure: Figure
    rest: float
    q: float
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The index of one segment; ``is_low`` when it lies below the rest, with a false-discovery rate under 5 %."""

    value: str
    figure: Figure
    is_low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The change of the index since the last wave, split over one dimension into mix and rate, which add up to it.

    ``segment`` is the one whose share of the answers moved most, from ``share_before`` to ``share_after``.
    """

    dimension: str
    change: float
    mix: float
    rate: float
    is_mostly_mix: bool
    segment: str
    share_before: float
    share_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A survey or a slice of it at a glance. ``before_filter`` chooses the last wave, empty where there is none."""

    survey: SurveyFigures
    tree: TreeFigures
    headlines: tuple[Headline, ...]
    rows: tuple[TreeRow, ...]
    target: float
    weak_points: tuple[WeakPoint, ...]
    tested: int
    drill: tuple[tuple[str, tuple[Segment, ...]], ...]
    months: tuple[tuple[str, Figure], ...]
    change_month: str
    change_month_p: float | None
    before_filter: str
    before_survey: str
    splits: tuple[Split, ...]
    is_self_selected: bool
    notes: tuple[str, ...] = ()
