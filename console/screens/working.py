"""Working on cases from any screen that shows some: the form of a verb, the question before many, the doing, the taking back."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.message import Message
from textual.timer import Timer

from console.actions import BY_ID, key_name, key_of
from console.errors import OmbudError
from console.i18n import _, ngettext
from console.labels import label
from console.screens.base import ConsoleScreen
from console.screens.doings import Deed
from console.screens.refusals import reason_against, refusal_text
from console.services.views import ActionResult
from console.signs import sign
from console.widgets.content import cut, number

if TYPE_CHECKING:
    from console.screens.dialogs import Progress
    from console.services.form_views import FormBasis, Possibility
    from console.services.views import CaseRow
    from console.widgets.form import FormField

PROGRESS_PAUSE = 0.3
"""Seconds of work until the counter shows."""
TOLD_SKIPS = 2
KEYS_OF_VERBS = {"note": "work.say", "contact": "work.say", "await-customer": "work.wait", "resume": "work.wait"}
"""Verbs that share a key."""


class Progressed(Message):
    """So many cases of so many are done."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__()
        self.done = done
        self.total = total


class WorkScreen(ConsoleScreen):
    """A screen of cases on which one works by keys. Says which cases are meant, and what to do when they are changed."""

    works = True
    unstoppable = frozenset({"act", "undo"})
    _deed: Deed | None = None
    _progress: Progress | None = None
    _waiting: Timer | None = None
    _changed_here: frozenset[int] = frozenset()
    _complaint: str = ""

    def __init__(self) -> None:
        super().__init__()
        self._halted = threading.Event()
        self._reasons: Mapping[str, str] = {}

    @property
    def is_halted(self) -> bool:
        """Whether the work at hand stops after the cases it is at."""
        return self._halted.is_set()

    @property
    def is_opening(self) -> bool:
        """Whether a form or the menu is on its way, or something is being done: keys typed ahead wait for what comes of it."""
        return any(self.is_asking(group) for group in ("form", "menu", "act", "undo"))

    # What a screen says of its cases

    def chosen_ids(self) -> list[int]:
        """Return the cases that an action takes."""
        raise NotImplementedError

    def known_row(self, case_id: int) -> CaseRow | None:
        """Return the line of a case as it is seen on the screen, if it is."""
        raise NotImplementedError

    def worked(self, deed: Deed, result: ActionResult) -> None:
        """Move on after something was done."""
        raise NotImplementedError

    def taken_back(self, deed: Deed) -> None:
        """Show what was taken back."""

    def want(self, case_id: int) -> None:
        """Go to a case as soon as it is in the list."""

    def renewed(self, case_ids: Sequence[int]) -> None:
        """Remember that these cases are seen as they are now."""
        self._changed_here = self._changed_here.difference(case_ids)

    def _versions(self, case_ids: Sequence[int]) -> dict[int, int]:
        """Return the versions seen; what this screen itself changed and has not read again is left out."""
        rows = [self.known_row(case_id) for case_id in case_ids if case_id not in self._changed_here]
        return {row.id: row.version for row in rows if row is not None}

    # What can be done

    def ask_possible(self, case_id: int) -> None:
        """Ask what can be done to a case, so that the footer shows it."""
        self.ask("possible", lambda data: data.possibilities(case_id))

    def why_not(self, action_id: str) -> str:
        """Return why an action cannot be done to the case shown, or nothing."""
        return self._reasons.get(action_id, "")

    def _take_possible(self, possibilities: Sequence[Possibility]) -> None:
        reasons: dict[str, str] = {}
        possible: set[str] = set()
        for item in possibilities:
            action_id = KEYS_OF_VERBS.get(item.verb, f"work.{item.verb}")
            if item.is_possible:
                possible.add(action_id)
            else:
                reasons.setdefault(action_id, reason_against(item))
        self._reasons = {name: reason for name, reason in reasons.items() if name not in possible}
        self.renew_keys()

    # Asking for a form

    def begin_verb(self, verb: str) -> None:
        """Begin a verb on the cases chosen."""
        self.begin_verb_on(verb, self.chosen_ids())

    def begin_verb_on(self, verb: str, case_ids: Sequence[int]) -> None:
        """Begin a verb on some cases: ask what its form is built from."""
        if not case_ids:
            self.console.say(_("There is no case here to work on."))
            return
        if self.is_asking("act"):
            self.console.say(_("Still working on what was asked before."))
            return
        first = case_ids[0]
        self.ask(
            "form", lambda data: (verb, tuple(case_ids), data.form_basis("note" if verb == "say" else verb, first))
        )

    def answered(self, group: str, answer: object) -> None:
        """Open a form or a menu, or tell what was done."""
        if group == "form":
            self._open_form(*cast("tuple[str, tuple[int, ...], FormBasis]", answer))
        elif group == "possible":
            self._take_possible(cast("Sequence[Possibility]", answer))
        elif group == "menu":
            self._open_menu(*cast("tuple[int, Sequence[Possibility]]", answer))
        elif group == "act" and isinstance(answer, ActionResult):
            self._tell_result(answer)
        elif group in ("undo", "redo") and isinstance(answer, ActionResult):
            self._tell_undone(answer)

    def failed(self, group: str, error: Exception) -> None:
        """Tell; the text of a form stays as its draft, and is offered again."""
        if group == "possible":
            return
        if group in ("form", "menu", "act", "undo"):
            self.console.drop_keys()
        if group == "act":
            self._end_progress()
            deed, self._deed = self._deed, None
            super().failed(group, error)
            if deed is not None and deed.given and isinstance(error, OmbudError):
                self._reopen(deed, str(error))
            return
        super().failed(group, error)

    def _open_form(self, verb: str, case_ids: tuple[int, ...], basis: FormBasis) -> None:
        from console.services.fields import TAKES

        complaint, self._complaint = self._complaint, ""
        if len(case_ids) == 1 and not basis.possibility.is_possible:
            self.console.drop_keys()
            self.console.notify(
                f"{label(verb, 'verb')}: {reason_against(basis.possibility)}", severity="warning", timeout=8
            )
            return
        if verb == "take" or not TAKES.get(verb, ("note",)):
            self._confirm_or_do(Deed(verb, case_ids, {}, self._versions(case_ids), verb))
            return
        self._show_form(verb, case_ids, basis, complaint)

    def _reopen(self, deed: Deed, complaint: str) -> None:
        """Offer the form again with what was typed, saying why it was refused."""
        self._complaint = complaint
        form, case_ids, first = deed.form, deed.case_ids, deed.case_ids[0]
        self.ask("form", lambda data: (form, case_ids, data.form_basis(deed.verb, first)))

    def _show_form(self, verb: str, case_ids: tuple[int, ...], basis: FormBasis, complaint: str) -> None:
        from console.screens.dialogs import FormDialog
        from console.screens.verb_forms import GRAVE, KEPT, said, say_fields, verb_fields
        from console.widgets.form import filled

        if len(case_ids) > 1:
            basis = replace(basis, held=())  # what one of them holds is not for the others
        versions = self._versions(case_ids)
        if complaint and len(case_ids) == 1:
            versions = {case_ids[0]: basis.version}  # whoever was told of a change and saves again means it
        fields = say_fields() if verb == "say" else verb_fields(verb, basis)
        place = str(case_ids[0]) if len(case_ids) == 1 else "many"
        drafts, database = self.console.drafts, self.console.database_name
        draft = drafts.find(database, verb, place)
        if draft is not None and not complaint:
            complaint = _("This is what you had typed before; it was kept.")
        if not complaint:
            complaint = refusal_text(basis.possibility.reason)

        about = self._named(case_ids)[:1] if len(case_ids) == 1 else []
        if len(case_ids) > 1 and any(item.name in KEPT for item in fields):
            complaint = complaint or _("What is left empty stays with each case as it is.")
        if not about and draft is not None and draft.about:
            about = [draft.about]

        untouched = filled(fields)

        def keep(values: Mapping[str, str]) -> None:
            drafts.keep(database, verb, place, {} if values == untouched else values, "".join(about))

        def take(values: dict[str, str] | None) -> None:
            if values is None:
                return
            done, given = said(values) if verb == "say" else (verb, values)
            deed = Deed(done, case_ids, given, versions, verb)
            self._confirm_or_do(deed, [_in_words(item, given) for item in fields if item.name in given])

        if draft is not None:
            fields = [replace(item, value=draft.values.get(item.name, item.value)) for item in fields]
        dialog = FormDialog(
            self._title(verb, len(case_ids)),
            about,
            fields,
            complaint=complaint,
            saves_on_enter=verb not in GRAVE,
            keep=keep,
        )
        self.app.push_screen(dialog, take)

    def _title(self, verb: str, count: int) -> str:
        if count == 1:
            return label(verb, "verb")
        text = ngettext("{verb}: {count} case", "{verb}: {count} cases", count)
        return text.format(verb=label(verb, "verb"), count=number(count))

    def _named(self, case_ids: Sequence[int]) -> list[str]:
        rows = [self.known_row(case_id) for case_id in case_ids[:8]]
        return [f"{row.reference}  {cut(row.subject, 50)}" for row in rows if row is not None]

    # Doing

    def _confirm_or_do(self, deed: Deed, details: Sequence[str] = ()) -> None:
        from console.screens.dialogs import Confirm

        if len(deed.case_ids) == 1:
            self._do(deed)
            return

        def take(is_wanted: bool | None) -> None:
            if is_wanted:
                self._do(deed)

        self.console.drop_keys()  # nobody confirms what he has not seen
        dialog = Confirm(
            self._title(deed.verb, len(deed.case_ids)), self._named(deed.case_ids), len(deed.case_ids), details
        )
        self.app.push_screen(dialog, take)

    def _do(self, deed: Deed) -> None:
        self._deed = deed
        self._halted.clear()
        self._waiting = self.set_timer(PROGRESS_PAUSE, self._show_progress)

        def progress(done: int, total: int) -> bool:
            self.post_message(Progressed(done, total))
            return not self._halted.is_set()

        self.ask(
            "act",
            lambda data: data.perform(
                deed.verb, deed.case_ids, deed.given, key=deed.key, versions=deed.versions, progress=progress
            ),
        )

    def _show_progress(self) -> None:
        from console.screens.dialogs import Progress

        if self._deed is not None and self._progress is None:
            self._progress = Progress(self._title(self._deed.verb, len(self._deed.case_ids)), self._halted.set)
            self.app.push_screen(self._progress)

    @on(Progressed)
    def count_progress(self, event: Progressed) -> None:
        """Show how far it is."""
        event.stop()
        if self._progress is not None and self._progress.is_mounted:
            self._progress.show(event.done, event.total)

    def _end_progress(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        if self._progress is not None:
            self._progress.dismiss(None)
            self._progress = None

    def _tell_result(self, result: ActionResult) -> None:
        self._end_progress()
        deed, self._deed = self._deed, None
        if deed is None:
            return
        if result.operation is not None:
            self.console.doings.done.append((deed, result.operation))
            self.console.doings.undone.clear()
        if deed.verb == "take":
            self.console.doings.taken.update(deed.case_ids)
        message = result_text(deed.verb, result)
        if not result.done:
            self.console.drop_keys()
            self.console.notify(message, severity="warning", timeout=8)
            if deed.given and len(deed.case_ids) == 1:
                reason = refusal_text(result.skipped[0][1]) if result.skipped else ""
                self._reopen(deed, reason)
            self.renew()
            return
        place = str(deed.case_ids[0]) if len(deed.case_ids) == 1 else "many"
        self.console.drafts.remove(self.console.database_name, deed.form, place)
        self.console.say(message)
        self._changed_here = self._changed_here.union(deed.case_ids)
        self.worked(deed, result)
        self.renew()
        self.call_after_refresh(self.console.give_keys)

    # Taking back

    def action_undo(self) -> None:
        doings = self.console.doings
        if self.is_asking("act") or self.is_asking("undo"):
            return
        if not doings.done:
            self.console.say(_("Nothing was done in this session that could be taken back."))
            return
        operation = doings.done[-1][1]
        self.ask("undo", lambda data: data.undo(operation))

    def action_redo(self) -> None:
        doings = self.console.doings
        if not doings.undone:
            self.console.say(_("Nothing was taken back."))
            return
        deed = doings.undone.pop()
        if deed.verb == "new":
            self.console.say(_("A case that was taken back is taken down anew."))
            return
        self._confirm_or_do(Deed(deed.verb, deed.case_ids, deed.given, {}, deed.form))

    def _tell_undone(self, result: ActionResult) -> None:
        doings = self.console.doings
        deed, _operation = doings.done.pop()
        if result.done:
            doings.undone.append(deed)
            count = len(result.done)
            text = _("Taken back: {verb}, {named}") if count == 1 else _("Taken back: {verb}, {count} cases")
            message = text.format(verb=label(deed.verb, "verb"), named=result.done[0][0], count=number(count))
            self.console.say(f"{message}{skipped_text(result)}")
        else:
            self.console.notify(f"{_('Nothing was taken back.')}{skipped_text(result)}", severity="warning", timeout=8)
        self._changed_here = self._changed_here.union(deed.case_ids)
        self.taken_back(deed)
        self.renew()
        self.call_after_refresh(self.console.give_keys)

    # The menu

    def action_menu(self) -> None:
        case_ids = self.chosen_ids()
        if case_ids:
            first = case_ids[0]
            self.ask("menu", lambda data: (first, data.possibilities(first)))

    def _open_menu(self, case_id: int, possibilities: Sequence[Possibility]) -> None:
        from console.screens.dialogs import ActionMenu

        is_many = len(self.chosen_ids()) > 1
        entries = [
            (item.verb, key_of_verb(item.verb), label(item.verb, "verb"), "" if is_many else reason_against(item))
            for item in sorted(possibilities, key=lambda item: not item.is_possible)
        ]
        named = self._named(self.chosen_ids()[:1])
        title = self._title("menu", len(self.chosen_ids())) if is_many else (named[0] if named else "")

        def take(verb: str | None) -> None:
            if verb is not None:
                self.begin_verb(verb)

        self.app.push_screen(ActionMenu(title or _("Actions"), entries), take)

    # The verbs

    def action_take(self) -> None:
        self.begin_verb("take")

    def action_assign(self) -> None:
        self.begin_verb("assign")

    def action_triage(self) -> None:
        self.begin_verb("triage")

    def action_dispatch(self) -> None:
        self.begin_verb("dispatch")

    def action_say(self) -> None:
        self.begin_verb("say")

    def action_reply(self) -> None:
        self.begin_verb("reply")

    def action_wait(self) -> None:
        row = self.known_row(self.chosen_ids()[0]) if self.chosen_ids() else None
        self.begin_verb("resume" if row is not None and row.phase == "waiting" else "await-customer")

    def action_escalate(self) -> None:
        self.begin_verb("escalate")

    def action_archive(self) -> None:
        self.begin_verb("archive")

    def action_reopen(self) -> None:
        self.begin_verb("reopen")

    def action_release(self) -> None:
        self.begin_verb("release")

    def action_callback(self) -> None:
        self.begin_verb("callback")

    def action_return(self) -> None:
        self.begin_verb("return")

    def action_urge(self) -> None:
        self.begin_verb("urge")

    def action_supervise(self) -> None:
        self.begin_verb("supervise")

    def action_remedy(self) -> None:
        self.begin_verb("remedy")

    def action_rectify(self) -> None:
        self.begin_verb("rectify")

    def action_merge(self) -> None:
        self.begin_verb("merge")

    def action_link(self) -> None:
        self.begin_verb("link")

    def action_split(self) -> None:
        self.begin_verb("split")

    def action_withdraw(self) -> None:
        self.begin_verb("withdraw")

    def action_reject(self) -> None:
        self.begin_verb("reject")

    def action_arrive(self) -> None:
        self.begin_verb("arrive")

    def action_restore(self) -> None:
        self.begin_verb("restore")

    def action_review(self) -> None:
        self.begin_verb("review")

    def action_pay(self) -> None:
        self.begin_verb("pay")


def key_of_verb(verb: str) -> str:
    """Return the key of a verb, if it has one."""
    action = BY_ID.get(KEYS_OF_VERBS.get(verb, f"work.{verb}"))
    return key_name(action.keys[0]) if action is not None and action.keys else ""


def _in_words(field: FormField, given: Mapping[str, str]) -> str:
    value = given[field.name]
    return f"{field.label}: {dict(field.choices).get(value, value)}"


def skipped_text(result: ActionResult) -> str:
    """Return how many were skipped and why, as the end of a sentence."""
    if not result.skipped:
        return ""
    reasons = dict.fromkeys(refusal_text(reason) for _reference, reason in result.skipped)
    told = " ".join(list(reasons)[:TOLD_SKIPS])
    text = ngettext("; {count} skipped: {reason}", "; {count} skipped: {reason}", len(result.skipped))
    return text.format(count=number(len(result.skipped)), reason=told)


def result_text(verb: str, result: ActionResult) -> str:
    """Return what became of an operation, and how to take it back."""
    count = len(result.done)
    if not result.done and len(result.skipped) == 1:
        reference, reason = result.skipped[0]
        return f"{reference}  {label(verb, 'verb')}: {refusal_text(reason)}"
    done = (
        f"{result.done[0][0]}  {label(verb, 'verb')}"
        if count == 1
        else ngettext("{verb}: {count} case", "{verb}: {count} cases", count).format(
            verb=label(verb, "verb"), count=number(count)
        )
    )
    left = ngettext("; {count} left", "; {count} left", result.left).format(count=number(result.left))
    stopped = left if result.left else ""
    hint = (
        f" {sign('dash')} {_('{key} undoes').format(key=key_of('work.undo'))}"
        if result.operation is not None and result.done
        else ""
    )
    return f"{done}{skipped_text(result)}{stopped}{hint}"
