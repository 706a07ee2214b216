"""What the screens of surveys and interviews ask and do, for one viewer of one database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.services.satisfaction_views import SurveyPlan
from console.services.survey_views import CallCard, InterviewView, OpenInterview, SilentBounds, SurveyRow

if TYPE_CHECKING:
    from console.rules.questionnaires import Given
    from console.storage.engine import Store


class SurveyQuestions:
    """Surveys, their fieldwork and interviews; asked from worker threads only."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def surveys(self) -> Sequence[SurveyRow]:
        """Return the surveys there are."""
        from console.services.surveys import surveys

        return surveys(self._store)

    def progress(self, code: str) -> tuple[SurveyPlan, SilentBounds]:
        """Return the plan of a survey with its progress, and what the silent could change."""
        from console.services.fieldwork_progress import silent_bounds
        from console.services.survey_plans import plan_of

        return plan_of(self._store, code), silent_bounds(self._store, code)

    def open_interviews(self) -> Sequence[OpenInterview]:
        """Return the interviews that were begun and not ended, one's own first."""
        from console.services.interviews import open_interviews

        found = open_interviews(self._store)
        return sorted(found, key=lambda one: one.interviewer != self._viewer)

    def next_call(self, code: str) -> CallCard | None:
        """Return whom to call next."""
        from console.services.calls import next_call

        return next_call(self._store, code, actor=self._viewer)

    def begin(self, code: str, customer: str | None) -> InterviewView:
        """Begin an interview, or go on with it; with nobody named, somebody outside the sample is interviewed."""
        from console.services.interviews import begin

        return begin(self._store, code, actor=self._viewer, customer=customer, is_of_sample=customer is not None)

    def go_on(self, interview: int) -> InterviewView:
        """Take an interview on that was begun and not ended."""
        from console.services.interviews import take_on

        return take_on(self._store, interview, actor=self._viewer)

    def say(self, interview: int, item: str, given: Given) -> InterviewView:
        """Keep one answer."""
        from console.services.interviews import say

        return say(self._store, interview, item, given, actor=self._viewer)

    def finish(self, interview: int) -> int:
        """Write the response of an interview."""
        from console.services.interviews import finish

        return finish(self._store, interview, actor=self._viewer, zone=self._zone)

    def break_off(self, interview: int, outcome: str, call_after: datetime | None, note: str) -> int | None:
        """End an interview before its end, or leave it to be gone on with."""
        from console.services.interviews import break_off

        return break_off(
            self._store, interview, outcome, actor=self._viewer, call_after=call_after, note=note, zone=self._zone
        )

    def record(self, code: str, customer: str, outcome: str, call_after: datetime | None, note: str) -> str:
        """Note how a call ended; return the state of the member then."""
        from console.services.fieldwork import record_contact

        row = record_contact(self._store, code, customer, outcome, actor=self._viewer, call_after=call_after, note=note)
        return row.state

    def telephone(self, customer: str, survey: str) -> str:
        """Return a customer's telephone in clear; that it was looked at is on the record before."""
        from console.services.privacy import reveal

        return reveal(self._store, customer, "phone", f"interview of the survey {survey}", self._viewer)
