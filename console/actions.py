"""The registry of actions: one entry feeds its key binding, the footer, the help, the palette and the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do.

    ``id`` is ``context.verb``; the method that does it is ``action_<verb>`` of the node that stands for the context.
    ``default_keys`` are those of an installation without a keymap, ``keys`` those of this one.
    ``footer`` ranks it in the footer (0: not shown there); ``is_urgent`` keys act even while somebody types.
    """

    id: str
    default_keys: tuple[str, ...]
    label: str
    help: str
    group: str
    footer: int = 0
    is_urgent: bool = False
    is_offered: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that do it here, the first of them shown in the footer."""
        return _Chosen.keys.get(self.id, self.default_keys)

    @property
    def context(self) -> str:
        """Where the action belongs: the application, a screen or a widget."""
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        """The name Textual knows the action by."""
        return self.id.partition(".")[2].replace("-", "_")


class _Chosen:
    """The keys of this process that differ from the usual ones, by action."""

    keys: Mapping[str, tuple[str, ...]] = {}


def choose_keys(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Give actions other keys in this process, before the screens are imported, whose bindings are made then."""
    _Chosen.keys = dict(keys)


WORK = N_("Working on cases")
MOVE = N_("Moving")
MARK = N_("Marking")
LOOK = N_("Looking")
GO = N_("Going elsewhere")
GROUPS = (WORK, LOOK, MARK, MOVE, GO)
"""The groups in the order in which the help shows them."""

ACTIONS: tuple[Action, ...] = (
    Action("app.queues", ("1",), N_("Queues"), N_("Show the queues of cases."), GO),
    Action("app.customers", ("2",), N_("Customers"), N_("Find a customer and see the dossier."), GO),
    Action("app.satisfaction", ("3",), N_("Satisfaction"), N_("See what customers answered in surveys."), GO),
    Action(
        "app.quality",
        ("4",),
        N_("Quality"),
        N_("See complaints in figures: trend, departments, ageing, improvements."),
        GO,
    ),
    Action(
        "app.palette",
        (":", "ctrl+p"),
        N_("Commands"),
        N_("Choose from all commands by name."),
        GO,
        90,
        is_offered=False,
    ),
    Action("app.new-case", ("ctrl+n",), N_("New case"), N_("Take a case down while the customer speaks."), WORK),
    Action("app.notices", (), N_("Notices"), N_("See the reminders and escalations that are for you."), LOOK),
    Action(
        "app.care", (), N_("Work lists of customer care"), N_("See dossiers, doubles, calls, callbacks, visits."), GO
    ),
    Action("app.surveys", (), N_("Surveys and fieldwork"), N_("See surveys and their progress, and interview."), GO),
    Action("app.workflow", (), N_("Workflow"), N_("See the states of a case and the ways between them."), LOOK),
    Action("app.drafts", (), N_("Drafts"), N_("Go on with a form that was typed and not saved."), WORK),
    Action("app.copied", (), N_("Copied texts"), N_("See what was copied, to select it by hand."), LOOK),
    Action("app.messages", (), N_("Messages"), N_("Read again what the console said."), LOOK),
    Action("app.help", ("?", "f1"), N_("Help"), N_("Show what the keys of this screen do."), GO, 91),
    Action("app.leave", ("q", "ctrl+q"), N_("Leave"), N_("Leave the program."), GO, 92),
    Action(
        "app.stop",
        ("ctrl+c",),
        N_("Stop"),
        N_("Stop the question that is being answered."),
        GO,
        is_urgent=True,
        is_offered=False,
    ),
    Action("app.focus-next", ("tab",), N_("Next part"), N_("Go to the next part of the screen."), GO, is_offered=False),
    Action(
        "app.focus-previous",
        ("shift+tab",),
        N_("Previous part"),
        N_("Go to the previous part of the screen."),
        GO,
        is_offered=False,
    ),
    Action("table.down", ("j", "down"), N_("Down"), N_("Go to the next row."), MOVE, is_offered=False),
    Action("table.up", ("k", "up"), N_("Up"), N_("Go to the previous row."), MOVE, is_offered=False),
    Action("table.half-down", ("ctrl+d",), N_("Half a page down"), N_("Go half a page down."), MOVE, is_offered=False),
    Action("table.half-up", ("ctrl+u",), N_("Half a page up"), N_("Go half a page up."), MOVE, is_offered=False),
    Action("table.page-down", ("pagedown",), N_("Page down"), N_("Go a page down."), MOVE, is_offered=False),
    Action("table.page-up", ("pageup",), N_("Page up"), N_("Go a page up."), MOVE, is_offered=False),
    Action("table.first", ("g", "home"), N_("First row"), N_("Go to the first row."), MOVE),
    Action("table.last", ("G", "end"), N_("Last row"), N_("Go to the last row."), MOVE),
    Action("table.open", ("enter",), N_("Open"), N_("Open the row under the cursor."), LOOK, 1),
    Action("table.mark", ("space",), N_("Mark"), N_("Mark the row, or take the mark away, and go down."), MARK, 5),
    Action("table.range", ("v",), N_("Range"), N_("Begin a range of marks; again: end it."), MARK),
    Action("table.mark-all", ("*",), N_("Mark all"), N_("Mark all rows of the list, or none."), MARK),
    Action("table.wide", ("w",), N_("Wide"), N_("Show all columns in full width, or those that fit."), LOOK),
    Action("table.right", ("right",), N_("Further columns"), N_("Go to the columns on the right."), MOVE),
    Action("table.left", ("left",), N_("Columns before"), N_("Go back to the columns on the left."), MOVE),
    Action("table.copy-row", ("Y",), N_("Copy row"), N_("Send the whole row, all columns, to the clipboard."), LOOK),
    Action("queues.filter", ("/",), N_("Filter"), N_("Write a filter: words, or for example severity:>=3."), LOOK, 2),
    Action("queues.next-view", ("]",), N_("Next queue"), N_("Show the next queue."), LOOK, 3),
    Action("queues.previous-view", ("[",), N_("Previous queue"), N_("Show the previous queue."), LOOK),
    Action(
        "queues.views",
        ("V",),
        N_("All queues"),
        N_("Choose from all queues, the ready ones and those people keep."),
        LOOK,
    ),
    Action("queues.save-view", ("s",), N_("Keep as a queue"), N_("Keep filter, order and columns under a name."), LOOK),
    Action("queues.rename-view", ("ctrl+r",), N_("Rename queue"), N_("Give the queue you keep another name."), LOOK),
    Action("queues.share-view", ("S",), N_("Share queue"), N_("Share the queue with everybody, or no longer."), LOOK),
    Action("queues.delete-view", ("D",), N_("Delete queue"), N_("Delete the queue you keep; its cases stay."), LOOK),
    Action("queues.raise-view", ("{",), N_("Queue up"), N_("Put the queue you keep before the one above it."), LOOK),
    Action("queues.lower-view", ("}",), N_("Queue down"), N_("Put the queue you keep behind the one below it."), LOOK),
    Action("queues.columns", ("C",), N_("Columns"), N_("Choose the columns, their order and their widths."), LOOK),
    Action("queues.sort", ("o",), N_("Sort"), N_("Choose the order of the rows."), LOOK, 4),
    Action("queues.preview", ("p",), N_("Preview"), N_("Show or hide the preview of the case."), LOOK, 6),
    Action("queues.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("queues.copy", ("y",), N_("Copy reference"), N_("Send the reference to the clipboard."), LOOK),
    Action(
        "queues.next", ("n",), N_("Next marked"), N_("Go to the next marked row; without marks, the next row."), MOVE
    ),
    Action(
        "queues.previous",
        ("N",),
        N_("Previous marked"),
        N_("Go to the previous marked row; without marks, the previous row."),
        MOVE,
    ),
    Action("queues.clear", ("escape",), N_("Clear"), N_("Take away the range, then the marks, then the filter."), LOOK),
    Action(
        "work.menu",
        (".",),
        N_("Actions"),
        N_("See all that can be done to the case, and why the rest cannot."),
        WORK,
        2,
    ),
    Action("work.take", ("m",), N_("Take"), N_("Take the case: it is yours while you work on it."), WORK, 11),
    Action("work.assign", ("a",), N_("Assign"), N_("Give the case to somebody."), WORK, 12),
    Action("work.triage", ("t",), N_("Triage"), N_("Set category, severity and kind."), WORK, 13),
    Action("work.dispatch", ("d",), N_("Dispatch"), N_("Send the case to a department."), WORK, 14),
    Action("work.say", ("c",), N_("Note"), N_("Write a note, or what was said to or by the customer."), WORK, 15),
    Action("work.reply", ("R",), N_("Reply"), N_("Record the reply to the customer and what came of it."), WORK, 16),
    Action("work.wait", ("W",), N_("Wait or go on"), N_("Wait for the customer, or go on after that."), WORK, 18),
    Action("work.escalate", ("e",), N_("Escalate"), N_("Raise the case to the next level."), WORK),
    Action("work.archive", ("x",), N_("Archive"), N_("Close the case for good; it has to be answered."), WORK, 17),
    Action("work.reopen", ("X",), N_("Reopen"), N_("Open a closed case again."), WORK),
    Action("work.undo", ("u",), N_("Undo"), N_("Take back what you did last."), WORK, 19),
    Action("work.redo", ("U",), N_("Redo"), N_("Do again what you took back."), WORK),
    Action("work.release", (), N_("Release"), N_("Give the case back, so that others may take it."), WORK),
    Action("work.callback", (), N_("Callback"), N_("Record what the customer says of the reply."), WORK),
    Action("work.return", (), N_("Return"), N_("Send the case back for more work."), WORK),
    Action("work.urge", (), N_("Urge"), N_("Count that the customer urges."), WORK),
    Action("work.supervise", (), N_("Supervise"), N_("Put the case on the supervised list, or take it off."), WORK),
    Action("work.remedy", (), N_("Remedy"), N_("Promise a remedy: refund, repair, apology."), WORK),
    Action(
        "work.rectify",
        (),
        N_("Corrective action"),
        N_("Begin a corrective action so that it does not happen again."),
        WORK,
    ),
    Action("work.merge", (), N_("Merge"), N_("Let another case go on for this one."), WORK),
    Action("work.link", (), N_("Link"), N_("Link the case with another one."), WORK),
    Action("work.split", (), N_("Split"), N_("Make a second matter a case of its own."), WORK),
    Action("work.withdraw", (), N_("Withdraw"), N_("Close the case because the customer takes it back."), WORK),
    Action("work.reject", (), N_("Reject"), N_("Close the case because it is not for us."), WORK),
    Action("work.arrive", (), N_("Arrived on site"), N_("Record that somebody is on site."), WORK),
    Action("work.restore", (), N_("Restored"), N_("Record that the supply is back."), WORK),
    Action("work.review", (), N_("Review"), N_("Record that the case was reviewed."), WORK),
    Action("work.pay", (), N_("Paid"), N_("Record a payment to the customer."), WORK),
    Action("filter.apply", ("enter",), N_("Apply"), N_("Use the filter and go to the rows."), LOOK, 1),
    Action(
        "filter.give-up", ("escape",), N_("Back"), N_("Go back to the rows with the filter as it was before."), LOOK, 2
    ),
    Action("filter.complete", ("tab",), N_("Fill in"), N_("Take the proposal looked at, or the first."), LOOK, 3),
    Action("filter.next-proposal", ("down",), N_("Next proposal"), N_("Look at the next proposal."), MOVE),
    Action("filter.previous-proposal", ("up",), N_("Proposal before"), N_("Look at the proposal before."), MOVE),
    Action("views.down", ("j", "down"), N_("Down"), N_("Go to the next row."), MOVE, is_offered=False),
    Action("views.up", ("k", "up"), N_("Up"), N_("Go to the previous row."), MOVE, is_offered=False),
    Action("views.first", ("g", "home"), N_("First row"), N_("Go to the first row."), MOVE, is_offered=False),
    Action("views.last", ("G", "end"), N_("Last row"), N_("Go to the last row."), MOVE, is_offered=False),
    Action("views.choose", ("enter",), N_("Choose"), N_("Show the queue under the cursor."), LOOK, 1, is_offered=False),
    Action("find.apply", ("enter", "down"), N_("To the rows"), N_("Go to the customers found."), LOOK, 1),
    Action("find.give-up", ("escape",), N_("Back"), N_("Go to the customers found."), LOOK, 2),
    Action("reading.down", ("j", "down"), N_("Down"), N_("Go a line down."), MOVE, is_offered=False),
    Action("reading.up", ("k", "up"), N_("Up"), N_("Go a line up."), MOVE, is_offered=False),
    Action(
        "reading.half-down", ("ctrl+d",), N_("Half a page down"), N_("Go half a page down."), MOVE, is_offered=False
    ),
    Action("reading.half-up", ("ctrl+u",), N_("Half a page up"), N_("Go half a page up."), MOVE, is_offered=False),
    Action("reading.page-down", ("pagedown", "space"), N_("Page down"), N_("Go a page down."), MOVE, is_offered=False),
    Action("reading.page-up", ("pageup",), N_("Page up"), N_("Go a page up."), MOVE, is_offered=False),
    Action("reading.first", ("g", "home"), N_("Top"), N_("Go to the top."), MOVE),
    Action("reading.last", ("G", "end"), N_("Bottom"), N_("Go to the end."), MOVE),
    Action("board.down", ("j", "down"), N_("Down"), N_("Go to the next line of figures."), MOVE, is_offered=False),
    Action("board.up", ("k", "up"), N_("Up"), N_("Go to the line of figures before."), MOVE, is_offered=False),
    Action(
        "board.right",
        ("l", "right"),
        N_("To the right"),
        N_("Go to the figure on the right, or unfold what is below."),
        MOVE,
        is_offered=False,
    ),
    Action(
        "board.left",
        ("h", "left"),
        N_("To the left"),
        N_("Go to the figure on the left, or fold what is below."),
        MOVE,
        is_offered=False,
    ),
    Action("board.page-down", ("pagedown", "ctrl+d"), N_("Page down"), N_("Go a page down."), MOVE, is_offered=False),
    Action("board.page-up", ("pageup", "ctrl+u"), N_("Page up"), N_("Go a page up."), MOVE, is_offered=False),
    Action("board.first", ("g", "home"), N_("Top"), N_("Go to the first figure."), MOVE),
    Action("board.last", ("G", "end"), N_("Bottom"), N_("Go to the last figure."), MOVE),
    Action("board.copy-row", ("Y",), N_("Copy row"), N_("Send the line of figures to the clipboard."), LOOK),
    Action("board.open", ("enter",), N_("Rows"), N_("Open what stands behind the figure."), LOOK, 1),
    Action(
        "board.explain",
        ("?",),
        N_("Definition"),
        N_("Tell how the figure is made: formula, source, scale, how it was counted."),
        LOOK,
        2,
    ),
    Action("case.back", ("escape", "q"), N_("Back"), N_("Go back to the list."), GO, 1),
    Action("case.next-case", ("J", "right"), N_("Next case"), N_("Open the next case of the list."), MOVE, 2),
    Action(
        "case.previous-case", ("K", "left"), N_("Previous case"), N_("Open the previous case of the list."), MOVE, 3
    ),
    Action("case.more", ("+",), N_("More text"), N_("Show more of a very long text."), LOOK, 4),
    Action("case.find", ("/",), N_("Find"), N_("Look for words in the case."), LOOK),
    Action("case.next-match", ("n",), N_("Next match"), N_("Go to the next place with the words looked for."), LOOK),
    Action(
        "case.previous-match",
        ("N",),
        N_("Previous match"),
        N_("Go to the previous place with the words looked for."),
        LOOK,
    ),
    Action("case.copy", ("y",), N_("Copy reference"), N_("Send the reference to the clipboard."), LOOK, 5),
    Action("case.copy-row", ("Y",), N_("Copy row"), N_("Send the whole row, all columns, to the clipboard."), LOOK),
    Action("case.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action(
        "customers.clear", ("escape",), N_("Clear"), N_("Look for nobody any more: show the first customers."), LOOK
    ),
    Action("customers.find", ("/",), N_("Find"), N_("Find by name, number or telephone."), LOOK, 2),
    Action("customers.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("customers.contact", ("c",), N_("Contact"), N_("Write down a contact with the customer."), WORK, 4),
    Action("customers.care", ("l",), N_("Work lists"), N_("Go to the work lists of customer care."), GO, 5),
    Action("care.do", ("a",), N_("Do it"), N_("Do what the line asks for."), WORK, 1),
    Action("care.next-list", ("]",), N_("Next list"), N_("Go to the next work list."), MOVE, 2),
    Action("care.previous-list", ("[",), N_("Previous list"), N_("Go to the previous work list."), MOVE, 3),
    Action("care.contact", ("c",), N_("Contact"), N_("Write down a contact with the customer."), WORK, 4),
    Action("care.new", ("n",), N_("New campaign"), N_("Choose customers by a filter and make a call list."), WORK, 5),
    Action("care.copy", ("y",), N_("Copy number"), N_("Send the customer number to the clipboard."), LOOK),
    Action("care.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("care.back", ("escape", "q"), N_("Back"), N_("Go back."), GO, 6),
    Action("customers.copy", ("y",), N_("Copy number"), N_("Send the customer number to the clipboard."), LOOK, 3),
    Action("dossier.back", ("escape", "q"), N_("Back"), N_("Go back to the customers."), GO, 2),
    Action("dossier.contact", ("c",), N_("Contact"), N_("Write down a contact with the customer."), WORK, 1),
    Action("dossier.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action(
        "dossier.copy",
        ("y",),
        N_("Copy"),
        N_("Send the customer number to the clipboard, or the field under the cursor, masked."),
        LOOK,
        3,
    ),
    Action(
        "satisfaction.surveys", ("f",), N_("Fieldwork"), N_("See surveys and their progress, and interview."), GO, 9
    ),
    Action("surveys.call", ("c",), N_("Call"), N_("Interview the next customer of the sample by telephone."), WORK, 2),
    Action("surveys.go-on", ("i",), N_("Go on"), N_("Go on with an interview that was broken off."), WORK, 3),
    Action("surveys.anybody", ("n",), N_("Somebody else"), N_("Interview somebody who is not in the sample."), WORK, 4),
    Action("surveys.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK, 5),
    Action("surveys.back", ("escape", "q"), N_("Back"), N_("Go back."), GO, 6),
    Action(
        "interview.level",
        ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
        N_("Answer"),
        N_("The answer beside the digit; before the interview, how the call ended."),
        WORK,
        is_offered=False,
    ),
    Action("interview.unknown", ("d",), N_("Don't know"), N_("The customer does not know."), WORK, 1),
    Action("interview.refused", ("r",), N_("Refused"), N_("The customer does not wish to answer this."), WORK, 2),
    Action(
        "interview.unfit", ("n",), N_("Not applicable"), N_("The question does not apply to the customer."), WORK, 3
    ),
    Action("interview.before", ("b", "left"), N_("Question before"), N_("Go back to the question before."), WORK, 4),
    Action("interview.go-on", ("enter",), N_("Go on"), N_("Write the answers; try to save again."), WORK, 5),
    Action("interview.telephone", ("p",), N_("Telephone"), N_("Show the number in clear; that is recorded."), LOOK, 6),
    Action("interview.leave", ("escape",), N_("Leave"), N_("Leave the interview; what was said is kept."), GO, 7),
    Action("satisfaction.survey", ("s",), N_("Survey"), N_("Choose the survey or wave."), LOOK, 3),
    Action(
        "satisfaction.filter", ("/",), N_("Slice"), N_("Write a filter that cuts a slice out of the answers."), LOOK, 4
    ),
    Action("satisfaction.drill", ("d",), N_("Go into"), N_("Go into the segment under the cursor."), LOOK, 5),
    Action("satisfaction.fold", ("space",), N_("Fold"), N_("Fold or unfold what lies below the indicator."), LOOK),
    Action("satisfaction.up-again", ("escape",), N_("Out again"), N_("Take the last term of the slice away."), LOOK),
    Action("satisfaction.quadrants", ("i",), N_("Quadrants"), N_("Set importance against performance."), LOOK, 6),
    Action("satisfaction.pivot", ("v",), N_("Pivot"), N_("Put two dimensions against each other."), LOOK, 7),
    Action("satisfaction.table", ("t",), N_("Chart or table"), N_("Change between the chart and its table."), LOOK, 8),
    Action(
        "satisfaction.period",
        ("o", "p"),
        N_("Month"),
        N_("Choose a month; it is compared with the one before."),
        LOOK,
        9,
    ),
    Action("satisfaction.weights", ("w",), N_("Weights"), N_("Choose the version of the weights, or read them."), LOOK),
    Action(
        "satisfaction.improve", ("n",), N_("Improvement"), N_("Start an improvement of what is under the cursor."), WORK
    ),
    Action(
        "satisfaction.export",
        ("E",),
        N_("To a file"),
        N_("Write what is shown to a file."),
        LOOK,
    ),
    Action("satisfaction.tree", ("T",), N_("Tree"), N_("Choose the indicator tree."), LOOK),
    Action("satisfaction.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("quadrants.back", ("escape", "q"), N_("Back"), N_("Go back to the overview."), GO, 3),
    Action(
        "quadrants.crosshair",
        ("m",),
        N_("Crosshair"),
        N_("Let the crosshair stand at the mean, median or target."),
        LOOK,
        4,
    ),
    Action(
        "quadrants.stated",
        ("s",),
        N_("Stated or derived"),
        N_("Change between stated and derived importance."),
        LOOK,
        5,
    ),
    Action("quadrants.table", ("t",), N_("Chart or table"), N_("Change between the chart and its table."), LOOK, 6),
    Action(
        "quadrants.overall", ("o",), N_("Overall question"), N_("Choose the question that stands for all."), LOOK, 7
    ),
    Action(
        "quadrants.filter", ("/",), N_("Slice"), N_("Write a filter that cuts a slice out of the answers."), LOOK, 8
    ),
    Action(
        "quadrants.export",
        ("E",),
        N_("To a file"),
        N_("Write what is shown to a file."),
        LOOK,
    ),
    Action(
        "quadrants.improve", ("n",), N_("Improvement"), N_("Start an improvement of what is under the cursor."), WORK
    ),
    Action("quadrants.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("pivot.back", ("q",), N_("Back"), N_("Go back to the overview."), GO, 3),
    Action("pivot.rows", ("R",), N_("Row dimension"), N_("Choose what stands in the rows, nested too."), LOOK, 4),
    Action("pivot.columns", ("C",), N_("Column dimension"), N_("Choose what stands in the columns."), LOOK, 5),
    Action("pivot.measure", ("m",), N_("Measure"), N_("Choose what the cells say."), LOOK, 6),
    Action("pivot.indicator", ("i",), N_("Indicator"), N_("Choose one indicator, or all."), LOOK, 7),
    Action("pivot.drill", ("d",), N_("Go into"), N_("Go into the cell under the cursor."), LOOK, 8),
    Action("pivot.turn", ("x",), N_("Turn"), N_("Change rows and columns round."), LOOK),
    Action("pivot.filter", ("/",), N_("Slice"), N_("Write a filter that cuts a slice out of the answers."), LOOK, 9),
    Action("pivot.table", ("t",), N_("Chart or table"), N_("Change between the chart and its table."), LOOK),
    Action("pivot.up-again", ("escape",), N_("Out again"), N_("Take the last term of the slice away."), LOOK),
    Action(
        "pivot.export",
        ("E",),
        N_("To a file"),
        N_("Write what is shown to a file."),
        LOOK,
    ),
    Action("pivot.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("answers.back", ("escape", "q"), N_("Back"), N_("Go back to the figures."), GO, 2),
    Action(
        "answers.copy",
        ("y",),
        N_("Copy response number"),
        N_("Send the number of the response to the clipboard."),
        LOOK,
        3,
    ),
    Action(
        "answers.export",
        ("E",),
        N_("To a file"),
        N_("Write what is shown to a file."),
        LOOK,
    ),
    Action("answers.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("alert.rows", ("enter", "o"), N_("Rows"), N_("Open the answers or the cases that were counted."), GO, 1),
    Action("alert.back", ("escape", "q"), N_("Back"), N_("Go back to the figures."), GO, 2),
    Action("quality.next-page", ("]",), N_("Next page"), N_("Show the next page of figures."), GO, 3),
    Action("quality.previous-page", ("[",), N_("Previous page"), N_("Show the page of figures before."), GO),
    Action(
        "quality.filter", ("/",), N_("Slice"), N_("Write a filter that cuts a slice out of the complaints."), LOOK, 4
    ),
    Action(
        "quality.up-again", ("escape",), N_("Out again"), N_("Leave the improvement, or take the filter away."), LOOK
    ),
    Action("quality.table", ("t",), N_("Chart or table"), N_("Change between the chart and its table."), LOOK, 5),
    Action("quality.period", ("p",), N_("Period"), N_("Choose the month, the quarter or the year."), LOOK, 6),
    Action("quality.sort", ("s",), N_("Sort"), N_("Sort score cards by another figure."), LOOK),
    Action("quality.history", ("H",), N_("12 months"), N_("Show or leave the twelve months of the score card."), LOOK),
    Action("quality.group", ("b",), N_("Group by"), N_("Choose by what departments or ages are grouped."), LOOK, 7),
    Action("quality.watch", ("W",), N_("Test now"), N_("Test every cell now, and write what left its limits."), WORK),
    Action("quality.acknowledge", ("a",), N_("Acknowledge"), N_("Say that the alert was seen."), WORK, 8),
    Action("quality.own", ("m",), N_("Owner"), N_("Give the alert to somebody."), WORK, 9),
    Action(
        "quality.close",
        ("x",),
        N_("Close"),
        N_("Close the alert or the improvement, and say why."),
        WORK,
        10,
    ),
    Action(
        "quality.record", ("n",), N_("Improvement"), N_("Write down what is to get better, before anybody looks."), WORK
    ),
    Action("quality.event", ("e",), N_("Event"), N_("Name an event that explains some days."), WORK),
    Action(
        "quality.export",
        ("E",),
        N_("To a file"),
        N_("Write what is shown to a file."),
        LOOK,
    ),
    Action("quality.refresh", ("r",), N_("Refresh"), N_("Ask the database again."), LOOK),
    Action("form.save", ("f2", "ctrl+enter"), N_("Save"), N_("Save what was filled in."), WORK, 1),
    Action("form.leave", ("escape",), N_("Leave"), N_("Leave the form; what was typed is kept as a draft."), GO, 2),
    Action("intake.back", (), N_("Back"), N_("Leave the form; what was typed is kept as a draft."), GO, 3),
    Action("intake.discard", ("f8",), N_("Throw away"), N_("Throw away what was typed."), WORK, 4),
    Action("confirm.yes", ("y",), N_("Yes, do it"), N_("Do it to all that are named."), WORK, 1),
    Action("confirm.no", ("n", "escape"), N_("No"), N_("Do nothing."), GO, 2),
    Action(
        "progress.halt",
        ("escape", "ctrl+c"),
        N_("Stop"),
        N_("Stop after the cases at hand; what is done stays done."),
        GO,
        1,
    ),
    Action("page.back", ("escape", "q"), N_("Back"), N_("Close the page."), GO, 1),
    Action("help.back", ("escape", "q", "?", "f1"), N_("Back"), N_("Close the help."), GO, 1),
    Action("columns.take", ("enter",), N_("Use"), N_("Use these columns."), LOOK, 1),
    Action("columns.switch", ("space", "x"), N_("On or off"), N_("Show the column, or hide it."), LOOK, 2),
    Action("columns.raise", ("K", "shift+up"), N_("Leftward"), N_("Move the column to the left."), LOOK, 3),
    Action("columns.lower", ("J", "shift+down"), N_("Rightward"), N_("Move the column to the right."), LOOK, 4),
    Action("columns.widen", ("+", "right"), N_("Wider"), N_("Make the column wider."), LOOK, 5),
    Action("columns.narrow", ("-", "left"), N_("Narrower"), N_("Make the column narrower."), LOOK, 6),
    Action("columns.sort", ("o",), N_("Sort"), N_("Sort by the column, then the other way round."), LOOK, 7),
    Action("columns.reset", ("0",), N_("As at first"), N_("Take the columns that are shown at first."), LOOK),
    Action("columns.down", ("j", "down"), N_("Down"), N_("Go to the next row."), MOVE),
    Action("columns.up", ("k", "up"), N_("Up"), N_("Go to the previous row."), MOVE),
    Action("columns.back", ("escape", "q"), N_("Back"), N_("Leave the columns as they were."), GO, 8),
    Action("chooser.take", ("enter",), N_("Choose"), N_("Take the entry under the cursor."), LOOK, 1),
    Action("chooser.back", ("escape",), N_("Back"), N_("Close without choosing."), GO, 2),
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(contexts: Iterable[str]) -> list[Action]:
    """Return the actions of some contexts, in the registry's order."""
    wanted = set(contexts)
    return [action for action in ACTIONS if action.context in wanted]


KEY_NAMES = {
    "enter": N_("Enter"),
    "escape": N_("Esc"),
    "space": N_("Space"),
    "tab": N_("Tab"),
    "shift+tab": N_("Shift+Tab"),
    "up": N_("Up arrow"),
    "down": N_("Down arrow"),
    "left": N_("Left arrow"),
    "right": N_("Right arrow"),
    "home": N_("Home"),
    "end": N_("End"),
    "pageup": N_("PgUp"),
    "pagedown": N_("PgDn"),
    "insert": N_("Ins"),
    "delete": N_("Del"),
    "backspace": N_("Backspace"),
}


def key_name(key: str) -> str:
    """Return a key as it is printed on the keyboard."""
    known = KEY_NAMES.get(key)
    if known is not None:
        return _(known)
    modifier, plus, rest = key.rpartition("+")
    if plus and modifier:
        named = key_name(rest) if len(rest) > 1 else rest.upper() if modifier == "ctrl" else rest
        return f"{'+'.join(part.capitalize() for part in modifier.split('+'))}+{named}"
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def key_of(action_id: str) -> str:
    """Return the first key of an action for reading; what has none is chosen from all commands."""
    keys = BY_ID[action_id].keys or BY_ID["app.palette"].keys
    return key_name(keys[0])
