"""``ombud case VERB``: every verb of the way of a case as a command, its options made from the one table of fields."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.outcomes import DryRun, Key, References, Where, chosen, stoppable, tell
from console.errors import UsageError
from console.i18n import _
from console.services.fields import FIELDS, TAKES

SAYS: Mapping[str, str] = {
    "triage": "Review cases: category, severity, validity, and what the intake still wants.",
    "dispatch": "Send cases to a department, by the policy's routing where none is named.",
    "assign": "Give cases to a person.",
    "take": "Take cases for yourself; two people never get the same one.",
    "release": "Give cases back that were taken or assigned.",
    "note": "Write an internal note.",
    "contact": "Record a contact with the customer.",
    "await-customer": "Wait for the customer; the clocks that pause stand still.",
    "resume": "Go on after waiting for the customer.",
    "return": "Send cases back a step.",
    "reply": "Answer the customer: measures, outcome, what follows.",
    "callback": "Record what the customer said of the reply; dissatisfied opens the case again.",
    "archive": "Close cases that are answered, or for a stated reason.",
    "reopen": "Open closed cases again.",
    "withdraw": "Close cases that the customer took back.",
    "reject": "Close cases that are out of scope.",
    "merge": "Close cases that another one stands for.",
    "link": "Note that cases belong together.",
    "split": "Make a second matter a case of its own.",
    "escalate": "Raise cases to the next level.",
    "supervise": "Put cases on the supervised list, or take them off it.",
    "urge": "Record that the customer urges.",
    "remedy": "Promise a remedy: a task with an amount or a date.",
    "rectify": "Hang cases under a corrective action, a new one or one that is there.",
    "arrive": "Record that the crew is on site.",
    "restore": "Record that the supply is back.",
    "review": "Record a review.",
    "pay": "Record a payment to the customer.",
}
"""What each verb does, in the order of its help."""

ALIASES: Mapping[str, tuple[str, ...]] = {"merged_into": ("--into",), "linked_to": ("--to",)}


class VerbGroup(TyperGroup):
    """A group that has every verb as a command, each made when it is asked for.

    To make them all takes a tenth of a second, which no other command should pay.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the group's own commands, then the verbs."""
        return list(dict.fromkeys([*super().list_commands(ctx), *TAKES]))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by name, None for what is none."""
        if cmd_name in TAKES and cmd_name not in self.commands:
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(cmd_name, help=SAYS.get(cmd_name, cmd_name))(verb_command(cmd_name))
            self.add_command(get_command(single), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that arguments begin with; for a misspelt one the nearest is named, verbs included."""
        if args and args[0] not in self.list_commands(ctx):
            for verb in TAKES:
                self.get_command(ctx, verb)
        return super().resolve_command(ctx, args)


def option_of(field: str) -> str:
    """Return the option that gives a field: ``--due-on`` for ``due_on``."""
    return "--" + field.replace("_", "-")


def verb_command(verb: str) -> Callable[..., None]:
    """Return the function of one verb's command, with an option for each field that the verb takes."""
    shared: dict[str, tuple[Any, Any]] = {
        "references": (References, None),
        "where": (Where, None),
        **{name: (_option(name), None) for name in TAKES[verb]},
        "dry_run": (DryRun, False),
        "key": (Key, None),
        "as_json": (AsJson, False),
        "as_json_lines": (AsJsonLines, False),
        "database": (Database, None),
    }

    def command(**given: Any) -> None:
        _perform(verb, given)

    command.__name__ = verb.replace("-", "_")
    command.__doc__ = SAYS.get(verb, verb)
    command.__annotations__ = {name: annotation for name, (annotation, _default) in shared.items()}
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, (annotation, default) in shared.items()
        ]
    )
    return command


def _option(field: str) -> Any:
    said = FIELDS[field]
    return Annotated[
        str | None,
        typer.Option(option_of(field), *ALIASES.get(field, ()), metavar="TEXT", help=said[:1].upper() + said[1:] + "."),
    ]


def _perform(verb: str, given: Mapping[str, Any]) -> None:
    from console.services import handling

    fields = _fields(verb, given)
    with opened(given["database"]) as store:
        cases = chosen(store, given["references"], given["where"])
        with stoppable() as progress:
            report = handling.perform(
                store,
                verb,
                cases.ids,
                fields,
                actor=caller(),
                key=given["key"],
                is_dry_run=given["dry_run"],
                progress=progress,
            )
    tell(
        report,
        cases.unknown,
        is_dry_run=given["dry_run"],
        as_json=given["as_json"],
        as_json_lines=given["as_json_lines"],
    )


def _fields(verb: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that were typed; ``-`` takes one of them from stdin."""
    fields = {name: given[name] for name in TAKES[verb] if given[name] is not None}
    from_stdin = [name for name, text in fields.items() if text == "-"]
    if len(from_stdin) + ("-" in (given["references"] or ())) > 1:
        raise UsageError(_("Only one thing can be read from stdin."), _("Write the others on the line."))
    for name in from_stdin:
        fields[name] = sys.stdin.read()
    return fields
