"""What was typed and not saved: said once after a start, listed by form and case, and gone on with from there."""

from __future__ import annotations

from console.i18n import _, ngettext
from console.labels import label
from console.screens.chooser import Chooser
from console.screens.desk import Desk
from console.screens.drafts import ERRAND, Draft
from console.screens.intake import KIND
from console.widgets.content import cut, moment, number

MANY = "many"
"""The key of a form for several cases, which are not remembered."""


def offer_text(app: Desk) -> str:
    """Return what to say of the drafts that are kept for this database, if there are any."""
    count = len(app.drafts.all(app.database_name))
    text = ngettext(
        "{count} form that was not saved is kept: “{label}” in the list of commands goes on with it.",
        "{count} forms that were not saved are kept: “{label}” in the list of commands goes on with them.",
        count,
    )
    return text.format(count=number(count), label=_("Drafts"))


def choose_draft(app: Desk) -> None:
    """List what is kept, the newest first, and go on with the one chosen."""
    drafts = {f"{draft.kind}/{draft.key}": draft for draft in app.drafts.all(app.database_name)}
    if not drafts:
        app.say(_("Nothing that was typed waits to be saved."))
        return

    async def take(name: str | None) -> None:
        if name is not None:
            await _go_on(app, drafts[name])

    app.push_screen(Chooser(_("Drafts"), [(name, _named(app, draft)) for name, draft in drafts.items()]), take)


def _named(app: Desk, draft: Draft) -> str:
    typed = max(draft.values.values(), key=len, default="")
    about = cut(draft.about.partition("  ")[0], 20)
    form = _("New case") if draft.kind == KIND else label(draft.kind, "verb")
    if draft.kind == ERRAND:
        form, about = cut(draft.about, 34), ""
    parts = (moment(draft.at, app.zone), form, about, cut(typed, 24))
    return "  ".join(part for part in parts if part)


async def _go_on(app: Desk, draft: Draft) -> None:
    if draft.kind == KIND:
        from console.screens.taking_in import open_intake

        open_intake(app, draft)
    elif draft.kind == ERRAND:
        app.say(_("Begin “{form}” again: what was typed is offered there.").format(form=draft.about))
    elif draft.key.isdigit():
        await app.open_form(draft.kind, int(draft.key))
    else:
        text = _("Mark the cases again and begin “{verb}”: what was typed is offered there.")
        app.say(text.format(verb=label(draft.kind, "verb")))
