"""What the screens of quality ask the database, and what they do to alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.services.alert_views import AlertDetail, AlertRow, EventNote, RunReport
from console.services.improvement_views import Effect, ImprovementRow
from console.services.quality_views import Ageing, CardHistory, ComplaintTrend, ScoreCard

if TYPE_CHECKING:
    from console.storage.engine import Store


class QualityQuestions:
    """The questions about complaints in figures, alerts and improvements."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def _zone_info(self) -> tzinfo:
        from console import clock
        from console.services.policies import policy_in_force

        return ZoneInfo(self._zone or policy_in_force(self._store, clock.now()).policy.zone)

    def trend(self, filter_text: str, month: str) -> ComplaintTrend:
        """Return the complaints of a slice by month. Raises FilterError and NotFoundError."""
        from console.services.complaint_trends import complaint_trend

        zone = self._zone_info()
        return complaint_trend(
            self._store, filter_text, zone=zone, zone_name=str(zone), viewer=self._viewer, month=month
        )

    def complaints(self) -> ComplaintTrend:
        """Return all complaints by month, their texts left out. Raises NotFoundError without any."""
        from console.services.complaint_trends import complaint_trend

        zone = self._zone_info()
        return complaint_trend(self._store, zone=zone, zone_name=str(zone), viewer=self._viewer, has_texts=False)

    def ageing(self, filter_text: str, by: str) -> Ageing:
        """Return the open complaints of a slice by age. Raises FilterError."""
        from console.services.ageing import ageing

        return ageing(self._store, filter_text, by=by, zone_name=str(self._zone_info()), viewer=self._viewer)

    def score_card(self, filter_text: str, quarter: str, by: str) -> ScoreCard:
        """Return the score card of a quarter, ``2026-Q4``, or a year; the running quarter without. Raises as the service does."""
        from console import clock
        from console.rules.months import month_bounds
        from console.services.score_cards import score_card

        zone = self._zone_info()
        now = clock.now().astimezone(zone)
        year, dash, number = (quarter or f"{now.year}-Q{(now.month + 2) // 3}").partition("-Q")
        first, last = (3 * int(number) - 2, 3 * int(number)) if dash else (1, 12)
        start, end = month_bounds(f"{year}-{first:02d}", zone)[0], month_bounds(f"{year}-{last:02d}", zone)[1]
        return score_card(self._store, start, end, filter_text, by=by, viewer=self._viewer, zone_name=str(zone))

    def card_history(self, filter_text: str, quarter: str, by: str) -> CardHistory:
        """Return the score cards of the twelve months up to the end of a quarter or year, at most up to this month."""
        from console import clock
        from console.rules.months import month_of
        from console.services.score_cards import card_history

        zone = self._zone_info()
        running = month_of(clock.now(), zone)
        year, dash, number = (quarter or running).partition("-Q")
        last = running if not quarter else f"{year}-{3 * int(number) if dash else 12:02d}"
        return card_history(self._store, min(last, running), filter_text, by=by, viewer=self._viewer, zone=zone)

    def improvements(self) -> Sequence[ImprovementRow]:
        """Return the improvements, the newest first."""
        from console.services import improvements

        return improvements.improvements(self._store)

    def effect(self, number: str) -> Effect:
        """Return what an improvement came to. Raises NotFoundError."""
        from console.services.improvement_effects import effect_of

        zone = self._zone_info()
        return effect_of(self._store, number, zone=zone, zone_name=str(zone), viewer=self._viewer)

    def alert(self, number: str) -> AlertDetail:
        """Return an alert with its history. Raises NotFoundError."""
        from console.services import alerts

        return alerts.alert(self._store, number)

    def run_alerts(self) -> RunReport:
        """Test every cell, and write what is new."""
        from console.services.alert_runs import run

        return run(self._store, actor=self._viewer, zone=self._zone_info())

    def acknowledge(self, number: str, note: str) -> AlertRow:
        """Say that an alert was seen."""
        from console.services import alerts

        return alerts.acknowledge(self._store, number, actor=self._viewer, note=note)

    def own(self, number: str, login: str) -> AlertRow:
        """Give an alert to somebody."""
        from console.services import alerts

        return alerts.own(self._store, number, login, actor=self._viewer)

    def close(self, number: str, cause: str, note: str) -> AlertRow:
        """Close an alert with its cause."""
        from console.services import alerts

        return alerts.close(self._store, number, cause=cause, actor=self._viewer, note=note)

    def name_event(self, day: str, note: str) -> EventNote:
        """Name an event that explains a day."""
        from console.services import alerts

        when = date.fromisoformat(day)
        return alerts.add_event(self._store, when, when, note, actor=self._viewer)

    def record_improvement(self, values: Mapping[str, str]) -> ImprovementRow:
        """Write an improvement down as its form says. Raises UsageError, FilterError, NotAllowedError."""
        from console.services import improvements

        return improvements.register(
            self._store,
            values["title"],
            indicator=values["indicator"],
            treated=values["treated"],
            control=values.get("control", ""),
            starts_on=date.fromisoformat(values["starts_on"].strip()),
            minimum_effect=float(values["effect"]),
            months_before=int(values["before"]),
            months_after=int(values["after"]),
            is_randomised=values.get("by_lot") == "yes",
            owner=values.get("owner", ""),
            alert=values.get("alert", ""),
            actor=self._viewer,
            zone=self._zone_info(),
        )

    def close_improvement(self, number: str, verdict: str, conclusion: str) -> ImprovementRow:
        """Close an improvement with its judgement; what was measured is kept. Raises UsageError, OmbudError, NotAllowedError."""
        from console.services import improvements

        return improvements.close(
            self._store,
            number,
            verdict=verdict,
            conclusion=conclusion,
            actor=self._viewer,
            zone=self._zone_info(),
        )

    def people(self) -> Sequence[tuple[str, str]]:
        """Return login and name of everybody who may own an alert."""
        from console.services import staffing

        return [(member.login, member.name) for member in staffing.members(self._store)]
