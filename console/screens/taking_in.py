"""Beginning an intake, going on with one that was broken off, and telling what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions import key_of
from console.i18n import _, ngettext
from console.labels import label
from console.screens.chooser import Chooser
from console.screens.doings import Deed
from console.screens.drafts import Draft
from console.screens.intake import KIND, IntakeScreen
from console.services.form_views import TakenIn
from console.signs import sign
from console.widgets.content import cut, moment, number

if TYPE_CHECKING:
    from console.screens.desk import Desk

NEW = "new"


def begin_intake(app: Desk) -> None:
    """Open the intake; where something was broken off, ask first whether to go on with it."""
    drafts = {draft.key: draft for draft in app.drafts.all(app.database_name, KIND)}
    if not drafts:
        open_intake(app, None)
        return
    choices = [(key, _named(app, draft)) for key, draft in drafts.items()]

    def take(name: str | None) -> None:
        if name is not None:
            open_intake(app, drafts.get(name))

    app.push_screen(Chooser(_("New case"), [*choices, (NEW, _("Begin a new one"))], has_search=False), take)


def _named(app: Desk, draft: Draft) -> str:
    about = draft.values.get("subject") or draft.values.get("narrative") or draft.values.get("customer", "")
    text = _("Go on with: {about}  ({at})")
    return text.format(about=cut(about, 40), at=moment(draft.at, app.zone))


def open_intake(app: Desk, draft: Draft | None) -> None:
    """Open the intake, empty or where it was broken off."""
    screen = IntakeScreen(draft.key, draft.values) if draft is not None else IntakeScreen()

    def tell(taken: TakenIn | None) -> None:
        if taken is None:
            return
        app.doings.done.append((Deed("new", (taken.id,), {}, form=NEW), taken.operation))
        app.doings.undone.clear()
        app.notify(taken_text(taken), timeout=10)
        app.show_made(taken.id)

    app.push_screen(screen, tell)


def taken_text(taken: TakenIn) -> str:
    """Return what was made, what it repeats, what it may double, and where it belongs."""
    lines = [
        f"{taken.reference}  {label('new', 'verb')} {sign('dash')} {_('{key} undoes').format(key=key_of('work.undo'))}"
    ]
    if taken.times > 1:
        text = ngettext(
            "Said {count} time now; before: {earlier}", "Said {count} times now; before: {earlier}", taken.times
        )
        lines.append(text.format(count=number(taken.times), earlier=", ".join(taken.earlier[:3])))
    if taken.duplicates:
        lines.append(_("May be the same matter as: {others}").format(others=", ".join(taken.duplicates[:3])))
    if taken.incident:
        lines.append(_("Belongs to the incident {incident}.").format(incident=taken.incident))
    return "\n".join(lines)
