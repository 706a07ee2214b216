"""Sentences that measures and services say in English, in the language chosen: for screens and printed lines only.

What computes knows no language, so that JSON, exports and the audit log never depend on one. Here are the sentences it says
about satisfaction, quality and improvements, with holes for what they name; any other sentence stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from console.errors import OmbudError
from console.i18n import N_, _

SENTENCES: tuple[str, ...] = (
    # Of figures
    N_("Only {n} answers: not to be shown."),
    N_("Only {n} answers: not to be ranked or alerted on."),
    N_("Coverage {coverage} is below {needed}: not publishable."),
    N_("Fewer than 5 answers: not shown."),
    N_("No answers."),
    N_("No rating item is chosen."),
    N_("Response rate {rate}: self-selected."),
    N_("Some answers are missing: the index differs slightly from the weighted sum of item scores."),
    N_("The interval comes from item totals and is too narrow: it ignores that the same people answered."),
    N_("{count} responses say exactly what another says; leave them out with -double:yes."),
    N_("The weights added up to {total} and were normalised."),
    N_("Under {parent}: {note}"),
    N_("Scores for {key} were ignored: not a leaf of this tree."),
    N_("Too few answers to compare."),
    N_("No proven change."),
    N_("A proven rise."),
    N_("A proven fall."),
    N_("Most of the change comes from who answered, not from how they judged."),
    N_("A single point at an end does not prove a lasting change."),
    # Of drivers
    N_("{name} does not vary and was left out."),
    N_("{n} answers for {p} drivers: fewer than ten each, not publishable."),
    N_("The drivers explain too little (R² {r})."),
    N_("{count} replicates were left out."),
    N_("Left out, since half of the respondents or more did not answer: {names}."),
    N_("How stable the quadrants are could not be found out: {why}"),
    N_("No driver has five answers or more: nothing can be placed."),
    N_("Choose a larger slice."),
    N_("The survey {code} does not say which of its questions is the overall one."),
    N_("Name it: --overall CODE. It has: {names}."),
    N_("The survey {code} has no indicator {name}."),
    N_("The survey {code} has no group {name}."),
    # Of slices
    N_("No survey is chosen by this filter."),
    N_("There is no survey yet."),
    N_("The survey {code} has no such indicator."),
    N_("The survey {code} has no weights {name}."),
    N_("No weights were entered yet."),
    N_("One version of the weights is used at a time."),
    N_("Indicators on different scales have no mean level together."),
    N_("The {measure} of {count} indicators at once says nothing."),
    N_("Choose one (indicator:CODE), or take --measure score."),
    N_("{code} is not asked as recommendation."),
    N_("Choose another indicator or measure."),
    N_("A pivot needs two different dimensions."),
    N_("There is no dimension {name}."),
    # Of complaints and alerts
    N_("There is no case yet."),
    N_("Take one in with: ombud case new, or import some."),
    N_("No month {month} was watched."),
    N_("There are {first} to {last}."),
    N_("No case was received in {month}."),
    N_("{month} is not tested yet: it is from the {day}th day on."),
    N_("{month} is not over: its counts stand against {days} days, not the whole month."),
    N_("{what}: {count} months before {month}; a baseline takes {least}, better {better}."),
    N_("complaints: limits from {count} months are provisional.{hint}"),
    N_("Limits take {count} months before {month}."),
    N_("The role {role} may not {action}."),
    N_("The role {role} may not {action} alert {number}."),
    N_("It takes: {roles}."),
    N_("Its owner may, and: {roles}."),
    N_("An alert is closed with its cause."),
    N_("Say it with --cause."),
    N_("Alert {number} is acknowledged already."),
    N_("Alert {number} is closed: {cause}."),
    N_("If the cell leaves its limits again, it gets a new one."),
    N_("Alert {number} is {login}'s already."),
    N_("The cause has {count} characters."),
    N_("Keep it within {count}; the rest is a note."),
    N_("The note of an event has 1 to {count} characters."),
    N_("A note cannot be empty."),
    N_("The event ends before it begins."),
    N_("The role auditor may not see the figures of people."),
    N_("Leads see those of their people."),
    N_("first run"),
    # Of improvements
    N_("An improvement needs a title."),
    N_("Say in one line what is done."),
    N_("The window {what} has {count} months."),
    N_("Take 1 to {count}."),
    N_("A smallest effect of {effect} is impossible."),
    N_("Give points above 0, such as 5."),
    N_("The group treated is everybody."),
    N_("Name it with a filter, such as region:east."),
    N_("The comparison group is the group treated."),
    N_("Name those with whom nothing was done."),
    N_("A randomised roll-out has a comparison group."),
    N_("Name it with a filter."),
    N_("There is no indicator {name}."),
    N_("No survey asks {name}."),
    N_("Write survey:CODE/ITEM."),
    N_("There is no {what} {number}."),
    N_("Check its number."),
    N_("An improvement is closed with its conclusion."),
    N_("Say it with --conclusion."),
    N_("An improvement cannot end as {verdict}."),
    N_("It ends as {verdicts}."),
    N_("Improvement {number} is closed: {conclusion}."),
    N_("The data do not show that {number} worked: {finding}."),
    N_("Close it as unclear or not_worked, or wait for more."),
    # Of filters
    N_("{what} (at character {place})."),
    N_("A filter has at most {count} characters; this one has {length}"),
    N_("A filter has at most {count} terms"),
    N_("The invisible character {name} cannot stand in a filter"),
    N_("Delete it."),
    N_("sort: cannot be turned round with a minus before it"),
    N_("Write {text}."),
    N_("Write {text}, for example."),
    N_("Write {list} or {last}."),
    N_("Unknown field {name}:"),
    N_("{hint} To search for this text, put it in quotation marks."),
    N_("{name} is not a word of the filter language"),
    N_("Separate the values of one field by commas, and put - before what is not wanted."),
    N_("A quotation is not closed"),
    N_("Write {mark} at its end."),
    N_("There is nothing between the quotation marks"),
    N_("{name} cannot be compared with {operator}"),
    N_("{operator} takes one value"),
    N_("Write {text} or one comparison."),
    N_("After a quotation comes a space or a comma"),
    N_("There is no value after {name}"),
    N_("A value is missing"),
    N_("A quotation begins in the middle of a value"),
    N_("Put the whole value in quotation marks."),
    N_("{name} does not say which side of it"),
    N_("A range cannot be compared with {operator}"),
    N_("A range has at least one end"),
    N_("A range goes from a time to a time, or from a duration to a duration"),
    N_("The range ends before it begins"),
    N_("Rows cannot be sorted by {name}"),
    N_("There is no field after sort:"),
    N_("{name} has no value {value}"),
    N_("{name} is a whole number, not {value}"),
    N_("{name} cannot be {value}"),
    N_("It goes from {least} to {most}."),
    N_("It is {least} or more."),
    N_("{value} is not a length of time"),
    N_("{value} is not a time"),
    # Of lists and files
    N_("There are: {names}."),
    N_("It has: {names}."),
    N_("It is {names}."),
    N_("Known: {names}."),
    N_("Did you mean {name}?"),
    N_("There is a file {path} already."),
    N_("Name another one."),
    N_("There is no folder {path}."),
    N_("Make it first, or name another file."),
    N_("{path} is a folder."),
    N_("Name a file in it."),
    N_("{path} cannot be written: {why}."),
    N_("Check the rights on its folder."),
    N_("Nothing is shown that could be written."),
    N_("Choose another slice first."),
)  # fmt: skip
_HOLE = re.compile(r"\\\{([a-z]+)\\\}")


def told(error: OmbudError) -> tuple[str, ...]:
    """Return message and hint of an error in the language chosen, an empty hint left out."""
    return tuple(said(text) for text in (error.message, error.hint) if text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    # The longest first: a short sentence with a wide hole would swallow a longer one; those that end in a hole last of all.
    for sentence in sorted(SENTENCES, key=lambda text: (text.endswith("}"), -len(text))):
        found.append((re.compile(_HOLE.sub(r"(?P<\1>.*?)", re.escape(sentence)), re.DOTALL), sentence))
    return tuple(found)


def said(text: str) -> str:
    """Return a sentence in the language chosen, what it names unchanged; one that is not known as it is."""
    for pattern, sentence in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return _(sentence).format(**{name: said(value) for name, value in found.groupdict().items()})
    return text
