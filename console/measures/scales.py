"""Scales of items: what the lowest and highest answer are, which end is good, and the way to 0–100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, floats, vector
from console.measures.results import MeasureError, ScaleError


@dataclass(frozen=True, slots=True)
class Scale:
    """A named answer scale; numbers of different scale ids are never compared or added."""

    id: str
    minimum: float
    maximum: float
    is_reversed: bool = False

    def __post_init__(self) -> None:
        if not self.minimum < self.maximum:
            raise ScaleError(
                f"Scale {self.id} ends at {self.maximum:g} but begins at {self.minimum:g}.",
                "Give a minimum below the maximum; say that it is reversed where a high answer is bad.",
            )


HUNDRED = Scale("0-100", 0.0, 100.0)
LEVEL_SHARE = Scale("level-0.2-1.0", 0.2, 1.0)
FIVE = Scale("1-5", 1.0, 5.0)
TEN = Scale("1-10", 1.0, 10.0)
RECOMMENDATION = Scale("0-10", 0.0, 10.0)

LEVEL_SCORES = (1.0, 0.8, 0.6, 0.4, 0.2)


def rescale(values: ArrayLike, scale: Scale) -> FloatArray:
    """Answers on their scale as 0–100 scores, 100 always good; shape kept, NaN kept.

    Raises ScaleError when an answer lies outside the scale.
    """
    array = np.asarray(values, dtype=np.float64)
    present = array[~np.isnan(array)]
    slack = 1e-9 * (scale.maximum - scale.minimum)
    if present.size and (present.min() < scale.minimum - slack or present.max() > scale.maximum + slack):
        raise ScaleError(
            f"Answers from {present.min():g} to {present.max():g} do not fit scale {scale.id} "
            f"({scale.minimum:g} to {scale.maximum:g}).",
            "Declare the codes of missing answers, or choose the scale the question was asked on.",
        )
    score = 100.0 * (array - scale.minimum) / (scale.maximum - scale.minimum)
    return 100.0 - score if scale.is_reversed else score


def common_scale(scale_ids: Sequence[str]) -> str:
    """The one scale id all of these share; raises ScaleError when they differ or there is none."""
    known = sorted(set(scale_ids))
    if len(known) != 1:
        raise ScaleError(
            f"Scores of different scales ({', '.join(known) or 'none'}) cannot be compared or added.",
            "Bring every item to 0-100 first.",
        )
    return known[0]


def value_score(
    values: ArrayLike, worst: float, target: float, best: float, target_score: float = 80.0
) -> tuple[float, ...]:
    """Operational figures as 0–100 scores: 0 at ``worst``, ``target_score`` at ``target``, 100 at ``best``, clipped.

    Linear between the three points; ``worst`` may lie above ``best`` (outage minutes). NaN stays NaN. Raises
    MeasureError when the target does not lie between the two ends.
    """
    if not (worst < target < best or worst > target > best):
        raise MeasureError(
            f"The target {target:g} does not lie between the worst ({worst:g}) and the best ({best:g}) figure.",
            "Order the three points.",
        )
    sign = 1.0 if best > worst else -1.0
    points = [sign * worst, sign * target, sign * best]
    return floats(np.interp(sign * vector(values, "figures"), points, [0.0, target_score, 100.0]))


def level_of(index: float, level_scores: Sequence[float] = LEVEL_SCORES) -> int:
    """The position of the highest level whose score the index reaches; the last level when it reaches none.

    Index and level scores are on one scale. A margin of 1e-12 keeps an index that equals a level score on that level.
    """
    reached = [(score, i) for i, score in enumerate(level_scores) if score <= index + 1e-12]
    if reached:
        return max(reached)[1]
    return min((score, i) for i, score in enumerate(level_scores))[1]
