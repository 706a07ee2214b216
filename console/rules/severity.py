"""How grave a case is: a matrix of impact and urgency gives 1, ordinary, to 4, special (requirement B7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.codes import SEVERITIES
from console.rules.policy_reading import Section, one_of

DEFAULT_LEVELS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class SeverityMatrix:
    """Severities by impact and urgency, each listed from the least to the greatest."""

    impacts: tuple[str, ...] = DEFAULT_LEVELS
    urgencies: tuple[str, ...] = DEFAULT_LEVELS
    cells: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def severity(self, impact: str, urgency: str) -> int:
        """Return the severity (1 to 4) of a case.

        Raises ``KeyError`` for an impact or urgency the policy does not know; the entry form offers only known ones.
        """
        return self.cells[impact, urgency]


def read_severity(root: Section) -> SeverityMatrix:
    """Read ``[severity]``: the two lists and one row of numbers for each impact; gaps and descents are faults."""
    section = root.section("severity", is_required=True)
    if section is None:
        return SeverityMatrix()
    impacts = section.texts("impacts") or DEFAULT_LEVELS
    urgencies = section.texts("urgencies") or DEFAULT_LEVELS
    matrix = section.section("matrix", is_required=True)
    cells: dict[tuple[str, str], int] = {}
    if matrix is not None:
        for impact in impacts:
            row = matrix.section(impact, is_required=True)
            if row is None:
                continue
            for urgency in urgencies:
                value = row.raw(urgency)
                if value is None:
                    row.fault(None, f'The urgency "{urgency}" has no severity here.', f"Add {urgency} = 1.")
                elif type(value) is not int or value not in SEVERITIES:
                    row.fault(urgency, f"{value!r} is not a severity.", one_of([str(item) for item in SEVERITIES]))
                else:
                    cells[impact, urgency] = value
            _check_rising(row, [(urgency, cells.get((impact, urgency))) for urgency in urgencies], "urgency")
            row.finish()
        for urgency in urgencies:
            _check_rising(matrix, [(impact, cells.get((impact, urgency))) for impact in impacts], "impact")
        matrix.finish()
    section.finish()
    return SeverityMatrix(impacts, urgencies, cells)


def _check_rising(section: Section, values: list[tuple[str, int | None]], kind: str) -> None:
    """A greater impact or urgency must not make a case less grave: that is a slip of the pen."""
    highest = 0
    for name, value in values:
        if value is None:
            continue
        if value < highest:
            section.fault(
                name, f'The greater {kind} "{name}" gives the lower severity {value}.', f"Write {highest} or more."
            )
        highest = max(highest, value)
