"""The command line: global options, the groups of commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from console.commands import (
    alerts,
    audit,
    bench,
    bench_satisfaction,
    calendar,
    campaign,
    case,
    case_tasks,
    contact,
    customer,
    customer_care,
    customers,
    deadline,
    demo,
    export,
    import_,
    improvement,
    incident,
    init,
    keymap,
    keys,
    manager,
    points,
    policy,
    queue,
    remind,
    report,
    satisfaction,
    segment,
    staff,
    survey,
    tasks,
    undo,
    view,
)
from console.commands.ending import ended
from console.commands.output import narrate
from console.commands.starting import language_asked, use_options
from console.errors import ExitCode
from console.text import clean_line

app = typer.Typer(
    name="ombud",
    help="A terminal operations console for the customer service of public utilities.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("queue")(queue.queue)
app.command("undo")(undo.undo)
app.command("remind")(remind.remind)
app.command("notices")(remind.notices)
app.add_typer(view.app, name="view", help="Keep filters with their order and columns under names, and share them.")
app.add_typer(import_.app, name="import", help="Bring files into the database; list and take back what came in.")
app.add_typer(export.app, name="export", help="Write what is in the database to files.")
app.add_typer(case.app, name="case", help="Take cases in, look at them, and work on them.")
app.add_typer(incident.app, name="incident", help="Outages and billing runs, and the cases under them.")
app.add_typer(case_tasks.app, name="task", help="What broken promises make somebody do, and that it was done.")
app.add_typer(tasks.remedies, name="remedy", help="What customers were promised, and that it happened.")
app.add_typer(tasks.rectification, name="rectification", help="Corrective actions, and whether they helped.")
app.add_typer(customer.app, name="customer", help="Find customers and see their dossiers.")
customer.app.command("contact")(contact.log)
customer.app.command("confirm")(customer_care.verify_dossier)
customer.app.command("merge")(customer_care.merge)
customer.app.command("unmerge")(customer_care.unmerge)
customer.app.command("merges")(customer_care.merges)
customer.app.command("distinct")(customer_care.distinct)
app.add_typer(customers.app, name="customers", help="All customers at once: lists, complete dossiers, doubles.")
app.add_typer(campaign.app, name="campaign", help="Care campaigns: call lists, outcomes, progress.")
app.add_typer(manager.app, name="manager", help="Account managers of key customers and areas.")
app.add_typer(manager.visits_app, name="visits", help="Visits to customers: due, made, coverage.")
app.add_typer(points.app, name="points", help="Loyalty points: a ledger with reasons.")
app.add_typer(segment.app, name="segment", help="Named filters over customers: segment:NAME.")
app.add_typer(contact.app, name="contact", help="The contact log: calls, visits, letters, callbacks, greetings.")
app.add_typer(satisfaction.app, name="satisfaction", help="What customers answered in surveys.")
app.add_typer(survey.app, name="survey", help="Plan surveys, draw samples, ask, and see how far asking has come.")
app.add_typer(deadline.app, name="deadline", help="Compute and explain due times.")
app.add_typer(calendar.app, name="calendar", help="The working calendars that ship, and new ones.")
app.add_typer(policy.app, name="policy", help="The rules of the utility: check, apply, show, compare.")
app.add_typer(report.app, name="report", help="Figures of a period.")
app.add_typer(improvement.app, name="improvement", help="What is to get better, and whether it did.")
app.add_typer(alerts.app, name="alerts", help="Cells of complaints and answers that left their limits; from cron.")
app.add_typer(staff.app, name="staff", help="Who works here, and what each may do.")
app.add_typer(bench.app, name="bench", help="Measure this program on this machine.")
bench.app.command("satisfaction")(bench_satisfaction.satisfaction)
app.add_typer(keymap.app, name="keymap", help="The keys of the console: show them, check a file of others.")
app.add_typer(keys.app, name="keys", help="The master key: how it stands, and changing it.")
app.add_typer(audit.app, name="audit", help="The record of who did what.")


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="sqlite:///FILE, a plain file, or postgresql://…"),
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", metavar="CODE", help="en or zh_CN; else the system's.")] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", metavar="NAME", help="dark, light, contrast, ansi, ansi-light or mono.")
    ] = None,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with 7-bit characters only.")] = False,
    no_mouse: Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")] = False,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and leave.")] = False,
) -> None:
    """Open the console, or do one of the commands below."""
    if version:
        from console import __version__
        from console.commands.output import emit

        emit(f"ombud {__version__}")
        raise typer.Exit
    given = {
        "--database": database,
        "--lang": lang,
        "--theme": theme,
        "--ascii": "yes" if ascii_only else None,
        "--no-mouse": "no" if no_mouse else None,
    }
    use_options({name: value for name, value in given.items() if value is not None})
    if context.invoked_subcommand is None:
        from console.commands.tui import open_console

        open_console()


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return ended(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        # Typer's own way of printing a usage error lets bidirectional and invisible characters of an argument through.
        returned = command_line(arguments)(arguments, prog_name="ombud", standalone_mode=False)
    except TyperException as error:
        return _wrong_usage(error)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    return returned if isinstance(returned, int) else ExitCode.DONE


def command_line(arguments: list[str] | None) -> Callable[..., Any]:
    """Return the command line, its help in the language chosen: help is printed before the option that chooses one is read."""
    words = sys.argv[1:] if arguments is None else arguments
    language = language_asked(words)
    if language == "en":
        return app
    from console.commands.help_words import worded_command

    command: Callable[..., Any] = worded_command(app, language)
    return command


def _wrong_usage(error: TyperException) -> int:
    """Tell of a command that could not be understood; a group without its command shows its help."""
    context: typer.Context | None = getattr(error, "ctx", None)
    message = error.format_message()
    if context is not None and message == context.get_help():
        narrate(message)
        return ExitCode.USAGE
    narrate(f"error: {clean_line(message)}")
    if context is not None:
        narrate(f"hint: See {context.command_path} --help.")
    return error.exit_code
