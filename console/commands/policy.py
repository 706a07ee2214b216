"""``ombud policy``: the rules as versioned, dated data; checked, tried and put in force without touching code."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import edition_now, moment_given
from console.commands.output import emit, emit_json, emit_table, instant, is_watched, narrate
from console.errors import ExitCode, UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.rules.policies import Policy, PolicyErrors

app = typer.Typer(no_args_is_help=True)

Source = Annotated[
    str, typer.Argument(metavar="FILE|PACK", help="A policy file, - for stdin, or a ready one such as cn-95598.")
]
LARGEST = 4_000_000
"""Bytes of a policy file; what is larger is none."""


@app.callback()
def policy() -> None:
    """The rules of the utility: check, apply, show, compare."""


@app.command("check")
def check(source: Source, as_json: AsJson = False) -> None:
    """Check a policy, and print every fault with its line and what to do about it."""
    from console.rules.policies import PolicyErrors, parse_policy

    text = _text_of(source)
    faults: PolicyErrors | None = None
    try:
        parse_policy(text, name=source)
    except PolicyErrors as errors:
        faults = errors
    if as_json:
        emit_json({"file": source, "is_valid": faults is None, "faults": _fault_records(faults)})
    elif faults is None:
        emit(_("{file}: no faults").format(file=source))
    else:
        for line in _fault_lines(source, faults):
            emit(line)
    if faults is not None:
        raise typer.Exit(ExitCode.FAILED)


def _fault_lines(source: str, errors: PolicyErrors) -> list[str]:
    return [
        f"{source}:{fault.line}: {f'{fault.path}: ' if fault.path else ''}{fault.message} — {fault.remedy}"
        for fault in errors.faults
    ]


def _fault_records(errors: PolicyErrors | None) -> list[dict[str, str | int]]:
    return [
        {"line": fault.line, "path": fault.path, "message": fault.message, "remedy": fault.remedy}
        for fault in (errors.faults if errors else ())
    ]


def _text_of(source: str) -> str:
    """Return the text of a policy file, of stdin, or of a ready policy."""
    from console.errors import nearest
    from console.rules.policies import load_pack, ready_packs

    if source == "-":
        return sys.stdin.read()
    path = Path(source)
    if source in ready_packs() and not path.exists():
        return load_pack(source)
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(_("{file} is too large for a policy.").format(file=source), _("Check the path."))
        return path.read_text("utf-8")
    except FileNotFoundError:
        close = nearest(source, ready_packs())
        hint = _("Did you mean {known}?").format(known=close) if close else _("Ready ones: ombud policy packs")
        raise UsageError(_("There is no policy file {file}.").format(file=source), hint) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            _("{file} is not UTF-8 text.").format(file=source), _("Save it as UTF-8: byte {at}.").format(at=error.start)
        ) from None
    except OSError as error:
        raise UsageError(
            _("{file} cannot be read: {reason}.").format(file=source, reason=error.strerror), _("Check the path.")
        ) from None


def _parsed(source: str) -> tuple[str, Policy]:
    """Return the text and the policy; one with faults is told line by line on stderr, and the command ends."""
    from console.rules.policies import PolicyErrors, parse_policy

    text = _text_of(source)
    try:
        return text, parse_policy(text, name=source)
    except PolicyErrors as errors:
        for line in _fault_lines(source, errors):
            narrate(line)
        narrate(_("error: The policy has {count} faults; nothing was changed.").format(count=len(errors.faults)))
        raise typer.Exit(ExitCode.FAILED) from None


@app.command("apply")
def apply(
    source: Source,
    valid_from: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The day (in the policy's zone) or time it begins; else now.")
    ] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Put a policy in force: cases received from then on follow it, and open ones received since; others keep theirs."""
    from console import clock
    from console.services import policy_changes, staffing

    text, parsed = _parsed(source)
    begins = moment_given(valid_from, ZoneInfo(parsed.zone), "--from") if valid_from else clock.now()
    with opened(database) as store:
        staffing.require(store, caller(), staffing.SUPERVISORS, "apply a policy")
        version = policy_changes.apply_policy(store, text, name=parsed.code, valid_from=begins, actor=caller())
    if as_json:
        emit_json(_version_record(version))
        return
    emit(
        _("{code} is in force from {time} (version {version}).").format(
            code=version.code, time=instant(version.valid_from), version=version.id
        )
    )


def _version_record(version: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(version)  # type: ignore[call-overload,no-any-return]


@app.command("show")
def show(
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="One of the history; else the one in force.")
    ] = None,
    diagram: Annotated[bool, typer.Option("--diagram", help="Draw the way of a case instead.")] = False,
    lang: Annotated[str, typer.Option("--lang", metavar="CODE", help="Of the diagram: en or zh_CN.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Print the policy in force as it was applied, or its states and steps as a diagram."""
    from console.i18n import chosen_language
    from console.rules.policies import parse_policy
    from console.services import policies

    with opened(database) as store:
        known = {item.id: item for item in policies.history(store)}
        wanted = edition_now(store).id if version is None else version
        if wanted not in known:
            raise UsageError(
                _("There is no version {version} of the policy.").format(version=wanted), _("See: ombud policy history")
            )
        content = policies.content_of(store, wanted)
    if diagram:
        drawn = parse_policy(content, name=known[wanted].code).workflow.diagram(lang or chosen_language())
        if as_json:
            emit_json({"version": wanted, "code": known[wanted].code, "diagram": drawn.splitlines()})
        else:
            emit(drawn)
    elif as_json:
        emit_json({**_version_record(known[wanted]), "content": content})
    else:
        emit(content.rstrip("\n"))


@app.command("what-if")
def what_if(
    source: Source,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Only cases received since this day; else all open ones.")
    ] = "",
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Say which open cases would be due at another time, and which would be overdue; nothing is saved."""
    from console import clock
    from console.services import policy_changes

    _text, parsed = _parsed(source)
    received_since = moment_given(since, ZoneInfo(parsed.zone), "--since") if since else None
    with opened(database) as store:
        found = policy_changes.what_if(store, parsed, now=clock.now(), received_since=received_since)
    records = [
        {
            "reference": change.reference,
            "due_before": change.before,
            "due_after": change.after,
            "is_new_breach": change.is_new_breach,
        }
        for change in found.changes
    ]
    if as_json:
        emit_json(
            {
                "policy": parsed.code,
                "cases": found.cases,
                "changed": len(found.changes),
                "breaches": len(found.breaches),
                "changes": records,
            }
        )
    elif as_json_lines:
        for record in records:
            emit_json(record)
    elif records:
        emit_table(
            ("Reference", "Due now", "Due then", ""),
            (
                (
                    change.reference,
                    instant(change.before) or "-",
                    instant(change.after) or "-",
                    "!! breach" if change.is_new_breach else "",
                )
                for change in found.changes
            ),
        )
    narrate(
        _("{changed} of {cases} open cases would change, {breaches} would be overdue; nothing was saved").format(
            changed=len(found.changes), cases=found.cases, breaches=len(found.breaches)
        )
    )


@app.command("history")
def history(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the versions of the policy, the newest first."""
    from console.services import policies

    with opened(database) as store:
        versions = policies.history(store)
        in_force = edition_now(store).id
    records = [{**_version_record(version), "is_in_force": version.id == in_force} for version in versions]
    if as_json:
        emit_json({"versions": records})
    elif as_json_lines:
        for record in records:
            emit_json(record)
    else:
        emit_table(
            ("", "Version", "Policy", "In force from", "Applied", "By", "Digest"),
            (
                (
                    "*" if version.id == in_force else "",
                    str(version.id),
                    version.code,
                    instant(version.valid_from),
                    instant(version.applied_at),
                    version.actor,
                    version.digest[:12],
                )
                for version in versions
            ),
            numeric=(1,),
        )


@app.command("diff")
def diff(source: Source, as_json: AsJson = False, database: Database = None) -> None:
    """Say what a policy would change against the one in force: + added, - removed, ~ changed."""
    from console.rules.policies import diff as difference

    _text, parsed = _parsed(source)
    with opened(database) as store:
        edition = edition_now(store)
    lines = difference(edition.policy, parsed)
    if as_json:
        emit_json({"from": edition.policy.code, "to": parsed.code, "changes": list(lines)})
        return
    for line in lines:
        emit(line)
    narrate(_("{count} differences").format(count=len(lines)))


@app.command("packs")
def packs(as_json: AsJson = False) -> None:
    """List the policies that ship."""
    from console.rules.policies import load_pack, parse_policy, ready_packs

    found = {name: parse_policy(load_pack(name), name=name) for name in ready_packs()}
    if as_json:
        emit_json(
            {"packs": [{"name": name, "title": item.title.en, "zone": item.zone} for name, item in found.items()]}
        )
        return
    emit_table(("Name", "Title", "Zone"), ((name, item.title.en, item.zone) for name, item in found.items()))


@app.command("recompute")
def recompute(as_json: AsJson = False, database: Database = None) -> None:
    """Compute the clocks of all open cases again from their history."""
    from console.services import policy_changes, staffing

    started = time.monotonic()
    with opened(database) as store:
        staffing.require(store, caller(), staffing.SUPERVISORS, "recompute the clocks")
        count = policy_changes.recompute_open(store, actor=caller(), progress=_progress if is_watched() else None)
    seconds = time.monotonic() - started
    if as_json:
        emit_json({"cases": count, "seconds": round(seconds, 3)})
        return
    emit(_("The clocks of {count} open cases were computed again.").format(count=count))


def _progress(done: int, total: int) -> None:
    narrate(f"{done} / {total}")
