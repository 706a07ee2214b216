"""Keeping views: saving what is seen under a name, and renaming, sharing, ordering and deleting what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from console.actions import key_of
from console.errors import OmbudError
from console.i18n import _
from console.labels import label
from console.rules.case_columns import READY_LAYOUT, Layout, known_layout, written_layout
from console.screens.queue_questions import QueueQuestions
from console.screens.view_list import view_name, view_signs
from console.screens.working import WorkScreen
from console.services.views import QUEUE_VIEWS, NewView, QueueView
from console.widgets.content import number

if TYPE_CHECKING:
    from console.screens.column_dialog import ChosenColumns

KEPT = "kept-view"
GONE = "gone-view"
VIEWS = "views"


class ViewScreen(WorkScreen):
    """A screen of views: which there are, which is shown, and with which columns."""

    def __init__(self) -> None:
        super().__init__()
        self._views: tuple[QueueView, ...] = QUEUE_VIEWS
        self._view_id = QUEUE_VIEWS[0].id
        self._counts: dict[str, int] = {}
        self._layouts: dict[str, Layout] = {}
        self._name_tried = ""

    @property
    def view(self) -> QueueView:
        """The view that is shown."""
        return next((view for view in self._views if view.id == self._view_id), self._views[0])

    @property
    def view_index(self) -> int:
        """Its place among all views."""
        return self._views.index(self.view)

    @property
    def columns_shown(self) -> Layout:
        """The columns shown: those chosen just now, else the view's, else those kept on this machine, else the ready ones."""
        view = self.view
        kept = view.columns or (self.console.choices.columns(view.id) if view.is_ready else "")
        return self._layouts.get(view.id) or known_layout(kept) or READY_LAYOUT

    @property
    def has_unkept(self) -> bool:
        """Whether one's own queue stands otherwise than it is kept, in its columns or its order."""
        view = self.view
        layout = self._layouts.get(view.id)
        is_other = layout is not None and layout != (known_layout(view.columns) or READY_LAYOUT)
        return view.is_own and (is_other or self.has_own_sort)

    # What the screen of cases says

    @property
    def has_own_sort(self) -> bool:
        """Whether the rows are sorted otherwise than the view says."""
        raise NotImplementedError

    def filter_to_keep(self) -> str:
        """Return the filter that is in force, with its order. Raises FilterError."""
        raise NotImplementedError

    def current_sort(self) -> str:
        """Return the order in force."""
        raise NotImplementedError

    def show_view(self, view_id: str, *, is_fresh: bool = False) -> None:
        """Show the queue with this id; a fresh one without what was typed."""
        raise NotImplementedError

    def show_columns(self, sort: str) -> None:
        """Show the columns that were chosen, in an order."""
        raise NotImplementedError

    def views_changed(self) -> None:
        """Show the views as they are now."""
        raise NotImplementedError

    # Asking

    def ask_views(self) -> None:
        """Ask which views there are."""
        self.ask(VIEWS, lambda data: data.part(QueueQuestions).views())

    def answered(self, group: str, answer: object) -> None:
        """Take the views, or tell what was done to one."""
        if group == VIEWS:
            self._take_views(cast("tuple[QueueView, ...]", answer))
        elif group == KEPT:
            view, told = cast("tuple[QueueView, str]", answer)
            self._take_kept(view, told)
        elif group == GONE:
            self.console.say(_("Deleted: {name}").format(name=cast("str", answer)))
            self.show_view(QUEUE_VIEWS[0].id)
            self.ask_views()
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Tell; a name that was refused is asked for again."""
        super().failed(group, error)
        if group == KEPT and self._name_tried and isinstance(error, OmbudError):
            self._ask_name(self._name_tried, str(error))
        if group in (KEPT, GONE):
            self.ask_views()

    def _take_views(self, views: tuple[QueueView, ...]) -> None:
        before = self.view
        self._views = views
        self.console.queue_views = views
        after = self.view
        self.views_changed()
        if after.id != before.id:
            self.console.say(_("The queue {name} is no longer there.").format(name=view_name(before)))
            self.show_view(after.id)
        elif (after.filter, after.columns) != (before.filter, before.columns):
            self._layouts.pop(after.id, None)
            self.show_view(after.id)

    def _take_kept(self, view: QueueView, told: str) -> None:
        self._name_tried = ""
        self.console.say(told.format(name=view.label))
        others = [other for other in self._views if other.id != view.id]
        is_known = len(others) < len(self._views)
        self._views = (
            tuple(view if other.id == view.id else other for other in self._views) if is_known else (*others, view)
        )
        self._layouts.pop(view.id, None)
        if self._view_id != view.id or told == _("Kept as the queue {name}."):
            self.show_view(view.id, is_fresh=True)
        self.ask_views()

    # Saving

    def action_save_view(self) -> None:
        self._ask_name(self.view.label if self.view.is_own else "", "")

    def _ask_name(self, name: str, complaint: str) -> None:
        from console.screens.dialogs import FormDialog
        from console.widgets.form import FormField

        self._name_tried = ""
        try:
            filter_text = self.filter_to_keep()
        except OmbudError as error:
            self.console.tell(error)
            return
        columns = "" if self.columns_shown == READY_LAYOUT else written_layout(self.columns_shown)

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._save(NewView(values.get("name", ""), filter_text, columns))

        field = FormField("name", _("Name of the queue"), value=name, is_required=True)
        about = [filter_text or _("All cases"), f"{_('Columns')}: {', '.join(_heads(self.columns_shown))}"]
        self.app.push_screen(FormDialog(_("Keep as a queue"), about, [field], complaint=complaint), take)

    def _save(self, new: NewView) -> None:
        view = self.view
        version = view.version if view.is_own and view.label.casefold() == new.name.strip().casefold() else None
        self._name_tried = new.name
        told = _("Kept as the queue {name}.")
        self.ask(KEPT, lambda data: (data.part(QueueQuestions).save(new, version), told))

    def _kept_view(self) -> QueueView | None:
        """Return the view shown if somebody keeps it; else say what is to be done first."""
        if self.view.is_ready:
            key = key_of("queues.save-view")
            self.console.say(_("Everybody has this queue; {key} keeps one of your own.").format(key=key))
            return None
        return self.view

    def action_rename_view(self) -> None:
        from console.screens.dialogs import FormDialog
        from console.widgets.form import FormField

        view = self._kept_view()
        if view is None:
            return

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                name, told = values.get("name", ""), _("Renamed: {name}")
                self.ask(KEPT, lambda data: (data.part(QueueQuestions).rename(view, name), told))

        field = FormField("name", _("Name of the queue"), value=view.label, is_required=True)
        self.app.push_screen(FormDialog(_("Rename queue"), [view.label], [field]), take)

    def action_share_view(self) -> None:
        view = self._kept_view()
        if view is not None:
            told = _("No longer shared: {name}") if view.is_shared else _("Shared with everybody: {name}")
            hint = f" - {_('{key} takes it back').format(key=key_of('queues.share-view'))}"
            self.ask(KEPT, lambda data: (data.part(QueueQuestions).share(view), told + hint))

    def action_delete_view(self) -> None:
        from console.screens.dialogs import Confirm

        view = self._kept_view()
        if view is None:
            return

        def take(is_wanted: bool | None) -> None:
            if is_wanted:
                self.ask(GONE, lambda data: data.part(QueueQuestions).remove(view))

        details = [_("Everybody sees it; it goes for all.")] if view.is_shared else []
        self.app.push_screen(Confirm(_("Delete this queue? Its cases stay."), [view.label], 1, details), take)

    def _move_view(self, step: int) -> None:
        view = self._kept_view()
        if view is None:
            return
        if not view.is_own:
            self.console.say(_("A queue that a colleague shares stands where it stands."))
            return
        own = [other.id for other in self._views if other.is_own]
        position = own.index(view.id) + 1 + step
        if 1 <= position <= len(own):
            self.ask(VIEWS, lambda data: data.part(QueueQuestions).move(view, position))

    def action_raise_view(self) -> None:
        self._move_view(-1)

    def action_lower_view(self) -> None:
        self._move_view(1)

    # Choosing

    def action_views(self) -> None:
        from console.screens.chooser import Chooser

        choices = [(view.id, self._line_of(view)) for view in self._views]
        self.app.push_screen(Chooser(_("Queues"), choices, current=self._view_id), self._choose)

    def _line_of(self, view: QueueView) -> str:
        count = f"  {number(self._counts[view.id])}" if view.id in self._counts else ""
        owner = "" if view.is_ready or view.is_own else f"  {view.owner_name or view.owner}"
        signs = view_signs(view)
        return f"{view_name(view)}{count}{owner}{f'  {signs}' if signs else ''}"

    def _choose(self, view_id: str | None) -> None:
        if view_id is not None:
            self.show_view(view_id)

    def action_columns(self) -> None:
        from console.screens.column_dialog import ColumnDialog

        take: Callable[[ChosenColumns | None], None] = self._choose_columns
        self.app.push_screen(ColumnDialog(self.columns_shown, self.current_sort()), take)

    def _choose_columns(self, chosen: ChosenColumns | None) -> None:
        if chosen is None:
            return
        self.keep_layout(chosen.layout)
        self.show_columns(chosen.sort)

    def keep_layout(self, layout: Layout) -> None:
        """Keep the columns of the view shown: a ready one's on this machine, another's until it is saved."""
        view = self.view
        self._layouts[view.id] = layout
        if view.is_ready:
            self.console.choices.keep_columns(view.id, written_layout(layout))


def _heads(layout: Layout) -> list[str]:
    return [label(place.name, "field") for place in layout]
