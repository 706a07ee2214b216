"""Why something cannot be done to a case, in the language chosen; the rules themselves speak English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from console.i18n import N_, _
from console.labels import label

if TYPE_CHECKING:
    from console.services.form_views import Possibility

SENTENCES = (
    N_("No reply is recorded; reply first."),
    N_("No reason is stated; give one."),
    N_("Neither a reply is recorded nor a reason stated; reply first."),
    N_("The customer was not called back; record the callback first."),
    N_("The customer was not called back; record the callback, or state why there is none."),
    N_("The case is supervised; only its supervisor may do this."),
    N_("Nobody is assigned; assign or take the case first."),
    N_("Somebody has the case already; it must be released first."),
    N_("Remedies are still open; finish or cancel them."),
    N_("Cases beneath this one are still open."),
    N_("There is no such case."),
    N_("Somebody else changed the same just now. Look at it again."),
    N_("Look at it again, then decide."),
    N_("it was changed since"),
)
"""Sentences of the workflow's conditions, word for word, so that the catalogues hold them."""

IN_STATE = re.compile(r'"[\w-]+" is not possible in the state "(?P<state>[^"]*)"; possible is: [^.]*\.')
FOR_ROLE = re.compile(r'The role (?P<role>\w+) may not do "[\w-]+" here; it takes: [^.]*\.')
MISSING = re.compile(r"(?P<who>Still to be filled in|The intake still wants): (?P<names>[\w, ]+)\.")
CHANGED = re.compile(
    r"(?P<reference>\S+) was changed meanwhile: (?P<verb>[\w-]+) by (?P<actor>\S+) at (?P<at>[\d-]+ [\d:]+) UTC\."
)


def refusal_text(reason: str) -> str:
    """Return a reason of the rules in the language chosen, shorter where the screen shows the rest anyway."""
    text = IN_STATE.sub(
        lambda found: _("Not possible in the state “{state}”.").format(state=label(found["state"], "state")), reason
    )
    text = FOR_ROLE.sub(
        lambda found: _("Your role ({role}) may not do this here.").format(role=label(found["role"], "role")), text
    )
    text = MISSING.sub(_missing_text, text)
    text = CHANGED.sub(
        lambda found: _("{reference} was changed meanwhile by {actor}: {verb}.").format(
            reference=found["reference"], actor=found["actor"], verb=label(found["verb"], "verb")
        ),
        text,
    )
    for sentence in SENTENCES:
        text = text.replace(sentence, _(sentence))
    return text


def _missing_text(found: re.Match[str]) -> str:
    names = ", ".join(label(name.strip(), "given") for name in found["names"].split(","))
    if found["who"].startswith("Still"):
        return _("Still to be filled in: {names}.").format(names=names)
    return _("The intake still wants: {names}.").format(names=names)


def reason_against(possibility: Possibility) -> str:
    """Return why a verb cannot be done, or nothing where it can."""
    return "" if possibility.is_possible else refusal_text(possibility.reason) or _("Not possible now.")
