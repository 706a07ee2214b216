"""A calendar laid out as working segments on the UTC time line, so that a due time is two binary searches."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from threading import Lock

from console.errors import OmbudError
from console.rules.calendar_days import DAY, Blocks

FIRST_YEAR = 1900
LAST_YEAR = 2200


def seconds_of(at: datetime) -> int:
    """Return a moment as whole UTC seconds since 1970; a part of a second is cut off. Refuses a time without zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return int(at.timestamp() // 1)


def moment_of(seconds: int) -> datetime:
    """Return whole UTC seconds since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Working segments of the years ``first`` to ``last``, in order, and the sums that make searching quick.

    ``before[i]`` is the working time before segment i, counted from a fixed point (negative to its left), in seconds;
    ``ordinals[i]`` its local date. ``working_days`` are the distinct local dates with working time, ``closings``
    the end of the last segment of each.
    """

    first: int
    last: int
    from_: int
    to: int
    starts: array[int]
    ends: array[int]
    before: array[int]
    ordinals: array[int]
    working_days: array[int]
    openings: array[int]
    closings: array[int]
    total: int


class Timeline:
    """Working time between 1900 and 2200, laid out year by year as it is asked for.

    A moment works when a clock on the wall shows a time inside a block of that date: an hour that the clocks
    repeat counts twice, an hour they skip does not count. Laying out replaces one immutable layout by a longer one
    under a lock, and positions stay what they were, so threads may share a timeline.
    """

    __slots__ = ("_blocks_on", "_layout", "_lock", "_zone")

    def __init__(self, zone: tzinfo, blocks_on: Callable[[date], Blocks]) -> None:
        self._zone = zone
        self._blocks_on = blocks_on
        self._layout: _Layout | None = None
        self._lock = Lock()

    def position(self, at: int) -> int:
        """Return the working seconds up to a moment (UTC seconds), from a point fixed for this timeline."""
        layout = self._layout
        if layout is None or not layout.from_ <= at < layout.to:
            layout = self._laid_out_for(at)
        index = bisect_right(layout.starts, at) - 1
        if index < 0:
            return layout.before[0] if layout.before else layout.total
        end = layout.ends[index]
        return layout.before[index] + (at if at < end else end) - layout.starts[index]

    def moment_at(self, position: int) -> int | None:
        """Return the earliest moment (UTC seconds) by which a position is reached; None when not from 1900 to 2200.

        The earliest, so that time which runs out at closing ends at closing time and not at the next opening.
        """
        layout = self._layout or self._laid_out_for(0)
        while not layout.before or position <= layout.before[0]:
            if layout.first <= FIRST_YEAR:
                break
            layout = self._extended(max(FIRST_YEAR, 2 * layout.first - layout.last - 1), layout.last)
        while layout.total < position:
            if layout.last >= LAST_YEAR:
                return None
            layout = self._doubled(layout)
        index = bisect_left(layout.before, position) - 1
        if index < 0:
            return None
        return layout.starts[index] + position - layout.before[index]

    def working_day_after(self, ordinal: int, count: int) -> tuple[int, int, int] | None:
        """Return (date ordinal, opening, closing) of the count-th working day after a date; None when not before 2201."""
        layout = self._laid_out_for((ordinal - _EPOCH) * DAY)
        while True:
            index = bisect_right(layout.working_days, ordinal) + count - 1
            # The last day laid out may be cut short: a layout ends at midnight UTC, not at local midnight.
            if index < len(layout.working_days) - (layout.last < LAST_YEAR):
                return layout.working_days[index], layout.openings[index], layout.closings[index]
            if layout.last >= LAST_YEAR:
                return None
            layout = self._doubled(layout)

    def working_days_between(self, after: int, until: int) -> int:
        """Return how many working days lie after one date (ordinal) and up to another."""
        self._laid_out_for((after - _EPOCH) * DAY)
        layout = self._laid_out_for((until - _EPOCH) * DAY)
        return bisect_right(layout.working_days, until) - bisect_right(layout.working_days, after)

    def is_working(self, at: int) -> bool:
        """Return whether a moment (UTC seconds) is working time; a closing second is not."""
        layout = self._laid_out_for(at)
        index = bisect_right(layout.starts, at) - 1
        return index >= 0 and at < layout.ends[index]

    def segments(self, from_: int, to: int) -> Iterator[tuple[int, int]]:
        """Yield the working segments between two moments (UTC seconds), cut to them, in order."""
        self._laid_out_for(from_)
        layout = self._laid_out_for(to)
        index = max(0, bisect_right(layout.starts, from_) - 1)
        while index < len(layout.starts) and layout.starts[index] < to:
            start, end = max(layout.starts[index], from_), min(layout.ends[index], to)
            if start < end:
                yield start, end
            index += 1

    def _laid_out_for(self, at: int) -> _Layout:
        layout = self._layout
        if layout is not None and layout.from_ <= at < layout.to:
            return layout
        year = moment_of(at).year if _EARLIEST <= at < _LATEST else 0
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise OmbudError(
                f"Working time is reckoned from the year {FIRST_YEAR} to {LAST_YEAR}, not outside.",
                "Check the year of the time given.",
            )
        return self._extended(max(FIRST_YEAR, year - 1), min(LAST_YEAR, year + 1))

    def _doubled(self, layout: _Layout) -> _Layout:
        return self._extended(layout.first, min(LAST_YEAR, 2 * layout.last - layout.first + 1))

    def _extended(self, first: int, last: int) -> _Layout:
        """Return a layout that holds the years first to last and all that was laid out before, and keep it."""
        with self._lock:
            layout = self._layout
            if layout is None:
                layout = self._laid_out(first, last)
            if first < layout.first:
                layout = _joined(self._laid_out(first, layout.first - 1), layout, is_right_fixed=True)
            if last > layout.last:
                layout = _joined(layout, self._laid_out(layout.last + 1, last), is_right_fixed=False)
            self._layout = layout
            return layout

    def _laid_out(self, first: int, last: int) -> _Layout:
        from_, to = _year_start(first), _year_start(last + 1)
        starts, ends, before, ordinals = array("q"), array("q"), array("q"), array("q")
        total = 0
        for piece_start, piece_end, offset in self._constant_offsets(from_, to):
            for ordinal in range((piece_start + offset) // DAY + _EPOCH, (piece_end - 1 + offset) // DAY + _EPOCH + 1):
                midnight = (ordinal - _EPOCH) * DAY - offset
                for block in self._blocks_on(date.fromordinal(ordinal)):
                    start, end = max(midnight + block.start, piece_start), min(midnight + block.end, piece_end)
                    if start < end:
                        starts.append(start)
                        ends.append(end)
                        before.append(total)
                        ordinals.append(ordinal)
                        total += end - start
        return _Layout(first, last, from_, to, starts, ends, before, ordinals, *_days(starts, ends, ordinals), total)

    def _constant_offsets(self, from_: int, to: int) -> Iterator[tuple[int, int, int]]:
        """Yield (start, end, offset from UTC) of the stretches between changes of the clock, all in seconds."""
        start, offset = from_, self._offset(from_)
        probe = from_
        while probe < to:
            following = min(probe + DAY, to)
            while probe < following and self._offset(following) != offset:
                change = self._change_between(probe, following, offset)
                yield start, change, offset
                start = probe = change
                offset = self._offset(change)
            probe = following
        if start < to:
            yield start, to, offset

    def _change_between(self, low: int, high: int, offset: int) -> int:
        """Return the first second after low at which the offset is another, when high has another."""
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == offset:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, at: int) -> int:
        offset = datetime.fromtimestamp(at, self._zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds() // 1)


_EPOCH = date(1970, 1, 1).toordinal()


def _year_start(year: int) -> int:
    return (date(year, 1, 1).toordinal() - _EPOCH) * DAY


_EARLIEST = _year_start(FIRST_YEAR)
_LATEST = _year_start(LAST_YEAR + 1)


def _days(starts: array[int], ends: array[int], ordinals: array[int]) -> tuple[array[int], array[int], array[int]]:
    """Return the distinct working dates in order with the first opening and the last closing of each."""
    bounds: dict[int, tuple[int, int]] = {}
    for start, end, ordinal in zip(starts, ends, ordinals, strict=True):
        opening, closing = bounds.get(ordinal, (start, end))
        bounds[ordinal] = (min(opening, start), max(closing, end))
    days = sorted(bounds)
    return array("q", days), array("q", [bounds[day][0] for day in days]), array("q", [bounds[day][1] for day in days])


def _joined(left: _Layout, right: _Layout, *, is_right_fixed: bool) -> _Layout:
    """Return two neighbouring layouts as one; the fixed side keeps its positions, so that earlier sums stay good."""
    left_shift = (right.before[0] if right.before else right.total) - left.total if is_right_fixed else 0
    right_shift = 0 if is_right_fixed else left.total
    before = array("q", [value + left_shift for value in left.before])
    before.extend(value + right_shift for value in right.before)
    starts, ends, ordinals = left.starts + right.starts, left.ends + right.ends, left.ordinals + right.ordinals
    total = right.total + right_shift
    return _Layout(
        left.first,
        right.last,
        left.from_,
        right.to,
        starts,
        ends,
        before,
        ordinals,
        *_days(starts, ends, ordinals),
        total,
    )
