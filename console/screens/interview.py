"""An interview by telephone: whom to call, the question to read out, one key an answer, and the next of the sample.

The way through the questionnaire is worked out here, so that the next question stands at once; answers are saved in their order
behind it, and an interview that a lost line ends is gone on with at its next question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.widgets import Input, Static

from console.actions import key_of
from console.clock import now
from console.errors import UsageError
from console.i18n import N_, _, chosen_language, in_language, ngettext
from console.labels import label
from console.rules.questionnaires import Given, Question
from console.screens.base import NAVIGATION, ConsoleScreen, Field
from console.screens.chooser import Chooser
from console.screens.dialogs import FormDialog
from console.screens.survey_questions import SurveyQuestions
from console.services.survey_views import CallCard, InterviewView
from console.widgets.bars import Bar
from console.widgets.bindings import bindings, key_name
from console.widgets.content import Piece, line, moment, number
from console.widgets.form import FormField
from console.widgets.reading import Block, Facts, Gap, Grid, Heading, Paragraph, Reading

OUTCOMES: Mapping[str, str] = {
    "2": "no_answer",
    "3": "busy",
    "4": "call_back",
    "5": "machine",
    "6": "refused",
    "7": "wrong_number",
    "8": "language",
    "9": "never",
    "0": "ineligible",
}
"""The keys of the ends of a call that came to nothing; ``1`` begins the interview."""
ENDINGS = (
    ("keep", N_("Keep it and go on later")),
    ("call_back", N_("The customer wants to be called back")),
    ("partial", N_("It ends here; keep what was said")),
    ("refused", N_("The customer refuses to go on; keep what was said")),
)
ASKS_WHEN = frozenset({"call_back"})
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%m-%d %H:%M", "%H:%M")


class InterviewScreen(ConsoleScreen):
    """Calls the members of a sample one after another, or goes on with one interview, or asks somebody outside the sample."""

    context = "interview"
    unstoppable = frozenset({"say", "finish", "leave"})
    AUTO_FOCUS = "#script"
    CSS_PATH = "styles/surveys.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("interview"), *NAVIGATION]

    def __init__(self, code: str, *, interview: int | None = None, is_of_sample: bool = True) -> None:
        super().__init__()
        self._code = code
        self._begun = interview
        self._is_of_sample = is_of_sample
        self._card: CallCard | None = None
        self._talk: InterviewView | None = None
        self._unsaved: list[tuple[str, Given]] = []
        self._telephone = ""
        self._has_failed = False
        self._is_over = False

    def compose_body(self) -> ComposeResult:
        """Lay out what is read out, and the line for what is said in words."""
        yield Static(line(_("Interview")), id="page-title")
        yield Reading("script")
        yield Field(widget_id="words")
        yield Bar("status")

    def begin(self) -> None:
        """Ask whom to call, or go on where it was broken off."""
        self.query_one("#words", Field).display = False
        code, interview = self._code, self._begun
        self._show([Paragraph(_("Asking the database…"), "quiet")])
        if interview is not None:
            self.ask("begin", lambda data: data.part(SurveyQuestions).go_on(interview))
        elif self._is_of_sample:
            self.ask("card", lambda data: data.part(SurveyQuestions).next_call(code))
        else:
            self.ask("begin", lambda data: data.part(SurveyQuestions).begin(code, None))

    def nodes(self) -> Iterator[tuple[str, DOMNode]]:
        """Yield the interview's actions first: its keys are meant for the answer, not for scrolling."""
        yield "interview", self
        yield from (pair for pair in super().nodes() if pair[0] not in ("interview", "find"))

    def keys(self) -> list[tuple[str, str, str]]:
        """Return the keys that apply: those of answers only while one is asked."""
        shown = [key for key in ConsoleScreen.keys(self) if key[0].partition(".")[0] in ("interview", "app")]
        if self._question is None:
            return [key for key in shown if key[0] not in ("interview.unknown", "interview.refused", "interview.unfit")]
        return shown

    # What is shown

    def _show(self, blocks: list[Block]) -> None:
        self.query_one("#script", Reading).show(blocks)

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#status", Bar).show([("", text, style)])

    @property
    def _question(self) -> Question | None:
        """The question that is asked now."""
        talk = self._talk
        return talk.script.question(talk.at) if talk is not None and talk.at else None

    @property
    def _is_chinese(self) -> bool:
        return chosen_language().startswith("zh")

    def _draw(self) -> None:
        """Show where the interview stands."""
        talk = self._talk
        words = self.query_one("#words", Field)
        question = self._question
        is_written = question is not None and not question.is_keyed
        words.display = is_written
        if talk is None:
            self._show(card_blocks(self._card, self._telephone, self.console.zone))
            self._say(_("1 begins the interview; the other digits say how the call ended.") if self._card else "")
        elif question is None:
            self._show(end_blocks(talk, is_chinese=self._is_chinese))
            self._say(self._saving() or _("Enter writes the answers and goes to the next customer."))
        else:
            self._show(question_blocks(talk, question, is_chinese=self._is_chinese))
            self._say(self._saving() or self._hint(question))
        if is_written and question is not None and talk is not None:
            held = talk.answers.get(question.item, Given())
            words.value = held.text or ("" if held.level is None else str(held.level)) or held.missing
            words.focus()
        else:
            self.query_one("#script", Reading).focus()
        self.renew_keys()

    def _hint(self, question: Question) -> str:
        if question.is_open:
            return _("Write what is said, Enter; an empty line: nothing said; DK, REF or NAP for a reason.")
        if not question.is_keyed:
            return _("Write a number from {low} to {high}, or DK, REF, NAP; Enter.").format(
                low=question.low, high=question.high
            )
        return ""

    def _saving(self) -> str:
        if self._has_failed:
            return _("Not saved; nothing of what was said is lost. Enter tries again.")
        return ""

    # What comes back

    def answered(self, group: str, answer: object) -> None:
        """Go on with what was asked for."""
        if group == "card":
            self._card = answer if isinstance(answer, CallCard) else None
            self._talk, self._telephone = None, ""
            self._is_over = self._card is None
            self._draw()
        elif group == "begin" and isinstance(answer, InterviewView):
            self._talk, self._unsaved, self._has_failed = answer, [], False
            self._draw()
        elif group == "say" and isinstance(answer, InterviewView):
            self._unsaved.pop(0)
            self._has_failed = False
            self._save_next()
            if not self._unsaved and self._question is None:
                self._draw()
        elif group in ("finish", "record", "leave"):
            self._after(group)
        elif group == "telephone" and isinstance(answer, str):
            self._telephone = answer
            self._draw()

    def _after(self, group: str) -> None:
        if group == "finish":
            self.console.say(_("The answers are written."))
        if group == "leave" or not self._is_of_sample or self._begun is not None:
            self.dismiss(None)
            return
        code = self._code
        self._talk, self._card = None, None
        self.ask("card", lambda data: data.part(SurveyQuestions).next_call(code))

    def failed(self, group: str, error: Exception) -> None:
        """Tell; what was said stays and can be saved again."""
        super().failed(group, error)
        if group == "say":
            self._has_failed = True
            if isinstance(error, UsageError) and self._talk is not None:
                # What the questionnaire refuses is asked again rather than tried again.
                item, _given = self._unsaved.pop(0)
                self._talk = replace(self._talk, at=item)
                self._has_failed = False
            self._draw()
        elif group in ("card", "begin") and self._card is None and self._talk is None:
            self.dismiss(None)
        else:
            self._draw()

    # What is said

    def on_key(self, event: events.Key) -> None:
        """Take a key as an answer, or as the end of a call, before anything else may take it."""
        if isinstance(self.focused, Field) or event.character is None:
            return
        key = event.character
        question = self._question
        if self._talk is None and self._card is not None and key in ("1", *OUTCOMES):
            event.stop()
            event.prevent_default()
            self._end_call(key)
        elif question is not None and question.is_keyed and (key.isdigit() or question.level_of(key) is not None):
            event.stop()
            event.prevent_default()
            level = question.level_of(key)
            if level is None:
                self._say(
                    _("{key} is not on the scale from {low} to {high}.").format(
                        key=key, low=question.low, high=question.high
                    ),
                    "$warning",
                )
            else:
                self._give(Given(level=level))
        elif key.isdigit():
            # A digit never leaves the interview for another mode.
            event.stop()
            event.prevent_default()

    def _give(self, given: Given) -> None:
        """Take an answer and go on to the next question at once."""
        talk, question = self._talk, self._question
        if talk is None or question is None:
            return
        try:
            checked = question.checked(given)
        except UsageError as error:
            self._say(str(error), "$warning")
            return
        answers = {**talk.answers, question.item: checked}
        following = talk.script.next_question(answers)
        self._talk = replace(talk, answers=answers, at=following.item if following is not None else "")
        self._unsaved.append((question.item, checked))
        self._save_next()
        self._draw()

    def _save_next(self) -> None:
        """Save the oldest answer that is not saved; answers follow one another as they were given."""
        if self._talk is None or not self._unsaved or self.is_asking("say"):
            return
        interview = self._talk.id
        item, given = self._unsaved[0]
        self.ask("say", lambda data: data.part(SurveyQuestions).say(interview, item, given))

    @on(Input.Submitted, "#words")
    def take_words(self, event: Input.Submitted) -> None:
        """Take what was written; an empty line says that nothing was answered."""
        event.stop()
        question = self._question
        if question is None:
            return
        text = event.value.strip()
        if not text:
            self._give(Given(missing="NA"))
            return
        try:
            self._give(question.read(text))
        except UsageError as error:
            self._say(str(error), "$warning")

    # Calls

    def _end_call(self, key: str) -> None:
        card = self._card
        if card is None:
            return
        code, customer = self._code, card.customer
        if key == "1":
            self.ask("begin", lambda data: data.part(SurveyQuestions).begin(code, customer))
            return
        outcome = OUTCOMES[key]
        if outcome in ASKS_WHEN:
            self._ask_when(lambda at, note: self._record(outcome, at, note))
        else:
            self._record(outcome, None, "")

    def _record(self, outcome: str, at: datetime | None, note: str) -> None:
        card = self._card
        if card is not None:
            code, customer = self._code, card.customer
            self.ask("record", lambda data: data.part(SurveyQuestions).record(code, customer, outcome, at, note))

    def _ask_when(self, then: Callable[[datetime | None, str], None]) -> None:
        fields = (
            FormField("when", _("Call again at"), hint=_("15:30, or 2026-11-30 15:30"), check=self._fault_in_time),
            FormField("note", label("note", "given")),
        )

        def take(values: Mapping[str, str] | None) -> None:
            if values is not None:
                then(self._time_of(values.get("when", "")), values.get("note", ""))

        self.console.push_screen(FormDialog(_("Call back later"), (), fields), take)

    def _time_of(self, text: str) -> datetime | None:
        """Return a time as it is said on the telephone, in the zone of the utility; one gone by today is tomorrow's."""
        here = now().astimezone(self.console.zone)
        for form in FORMS:
            try:
                found = datetime.strptime(text.strip(), form)
            except ValueError:
                continue
            if "%Y" not in form:
                found = found.replace(year=here.year)
            if "%d" not in form:
                found = found.replace(month=here.month, day=here.day)
            at = found.replace(tzinfo=self.console.zone)
            return at + timedelta(days=1) if at <= here and "%d" not in form else at
        return None

    def _fault_in_time(self, text: str) -> str:
        at = self._time_of(text)
        if at is None:
            return _("Write the time as 15:30, or with its day: 2026-11-30 15:30.")
        return "" if at > now() else _("That time has gone by.")

    # Actions

    def action_go_on(self) -> None:
        talk = self._talk
        if self._is_over:
            self.dismiss(None)
        elif self._has_failed:
            self._has_failed = False
            self._save_next()
            self._draw()
        elif talk is not None and self._question is None and not self._unsaved and not self.is_asking("finish"):
            interview = talk.id
            self.ask("finish", lambda data: data.part(SurveyQuestions).finish(interview))

    def action_before(self) -> None:
        talk = self._talk
        if talk is None:
            return
        before = talk.script.previous_question(talk.answers, talk.at)
        if before is not None:
            self._talk = replace(talk, at=before.item)
            self._draw()

    def action_unknown(self) -> None:
        self._give(Given(missing="DK"))

    def action_refused(self) -> None:
        self._give(Given(missing="REF"))

    def action_unfit(self) -> None:
        self._give(Given(missing="NAP"))

    def action_level(self) -> None:
        """Digits are taken by ``on_key``, which knows which of them was pressed."""

    def action_telephone(self) -> None:
        customer = self._card.customer if self._card is not None else self._talk.customer if self._talk else ""
        code = self._code
        if customer:
            self.ask("telephone", lambda data: data.part(SurveyQuestions).telephone(customer, code))

    def action_leave(self) -> None:
        if self._talk is None or self._is_over:
            self.dismiss(None)
            return
        choices = [(name, _(text)) for name, text in ENDINGS]
        if not self._talk.customer:
            choices = [choice for choice in choices if choice[0] != "call_back"]
        self.console.push_screen(Chooser(_("Leave the interview"), choices, has_search=False), self._end)

    def _end(self, how: str | None) -> None:
        if how is None or self._talk is None:
            return
        if how == "keep":
            self.dismiss(None)
        elif how == "call_back":
            self._ask_when(lambda at, note: self._break_off("call_back", at, note))
        else:
            self._break_off(how, None, "")

    def _break_off(self, outcome: str, at: datetime | None, note: str) -> None:
        if self._talk is not None:
            interview = self._talk.id
            self.ask("leave", lambda data: data.part(SurveyQuestions).break_off(interview, outcome, at, note))


def card_blocks(card: CallCard | None, telephone: str, zone: tzinfo) -> list[Block]:
    """Return whom to call, and the keys that say how the call ended."""
    if card is None:
        return [
            Paragraph(_("Nobody of the sample is left to be called now.")),
            Gap(),
            Paragraph(_("{key} goes back.").format(key=key_name(key_of("interview.leave"))), "quiet"),
        ]
    last = ""
    if card.last_outcome and card.last_at is not None:
        last = f"{label(card.last_outcome, 'contact_outcome')}  {moment(card.last_at, zone)}"
    attempt = _("{count} of {most}").format(count=card.attempts + 1, most=card.most_attempts)
    counted = _("{complete} answered, {left} left to call").format(
        complete=number(card.complete), left=number(card.left)
    )
    begin = _("Answered: go on with the interview") if card.open_interview else _("Answered: begin the interview")
    rows = (("1", begin), *((key, label(outcome, "contact_outcome")) for key, outcome in OUTCOMES.items()))
    return [
        Heading(f"{in_language(card.title, card.title_zh)}  {card.survey}"),
        Paragraph(counted, "quiet"),
        Gap(),
        Facts(
            (
                (_("Customer"), f"{card.name}  {card.customer}"),
                (_("Telephone"), telephone or card.phone_masked),
                (_("Region"), card.region),
                (_("Stratum"), card.stratum),
                (_("Attempt"), attempt),
                (_("Last"), last),
                (_("Note"), card.note),
            )
        ),
        Gap(),
        Grid(("", ""), tuple((Piece(key, "label"), words) for key, words in rows), flexible=1),
    ]


def question_blocks(talk: InterviewView, question: Question, *, is_chinese: bool) -> list[Block]:
    """Return the question to be read out, with the key of each answer."""
    route = talk.script.route(talk.answers)
    place = next((at for at, one in enumerate(route, 1) if one.item == question.item), 1)
    script = talk.script
    greeting = (script.greeting_zh or script.greeting) if is_chinese else (script.greeting or script.greeting_zh)
    counted = _("Question {place} of {count}").format(place=place, count=len(route))
    who = "  ".join(part for part in (talk.name, talk.customer) if part)
    blocks: list[Block] = [Paragraph(f"{counted}  {who}".rstrip(), "quiet"), Gap()]
    if place == 1 and greeting:
        blocks += [Paragraph(greeting), Gap()]
    blocks += [Heading(question.said(is_chinese=is_chinese)), Gap()]
    held = talk.answers.get(question.item)
    if question.is_keyed:
        words = question.words(is_chinese=is_chinese)
        rows: list[tuple[str | Piece, ...]] = []
        for level in range(question.low, question.high + 1):
            mark = "*" if held is not None and held.level == level else ""
            said = words[level - question.low] if words else str(level)
            rows.append((Piece(question.key_of(level), "label"), said, mark))
        blocks.append(Grid(("", "", ""), tuple(rows), flexible=1))
    if held is not None and held.missing:
        blocks.append(Paragraph(_("Said before: {answer}").format(answer=label(held.missing, "missing")), "quiet"))
    return blocks


def end_blocks(talk: InterviewView, *, is_chinese: bool) -> list[Block]:
    """Return the thanks, and what was answered."""
    script = talk.script
    closing = (script.closing_zh or script.closing) if is_chinese else (script.closing or script.closing_zh)
    rows = []
    for question in script.route(talk.answers):
        given = talk.answers.get(question.item, Given(missing="NA"))
        words = question.words(is_chinese=is_chinese)
        said = given.text or label(given.missing, "missing")
        if given.level is not None:
            said = f"{given.level} {words[given.level - question.low] if words else ''}".rstrip()
        rows.append((question.said(is_chinese=is_chinese), said))
    count = len(rows)
    text = ngettext("{count} question was asked.", "{count} questions were asked.", count).format(count=count)
    thanks: list[Block] = [Paragraph(closing), Gap()] if closing else []
    return [
        *thanks,
        Heading(text),
        Gap(),
        Grid((_("Question"), _("Answer")), tuple(rows), flexible=0),
        Gap(),
        Paragraph(_("{key} goes back to change an answer.").format(key=key_name(key_of("interview.before"))), "quiet"),
    ]
