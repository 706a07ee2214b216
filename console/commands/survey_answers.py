"""The commands of questionnaires and answers: the script, answers from scripts, what should be looked at, two assessors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.survey_quality import contradiction_pairs, quality
from console.commands.survey_weigh import weigh
from console.i18n import _, in_language
from console.labels import label
from console.zone import zone_name

if TYPE_CHECKING:
    from console.storage.engine import Store

Code = Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")]
LINE_KEYS = ("answers", "customer", "number", "at", "channel", "seconds", "partial")


def register(app: typer.Typer) -> None:
    """Add these commands to the group of surveys."""
    app.command("script")(script)
    app.command("answer")(answer)
    app.command("doubles")(doubles)
    app.command("flags")(flags)
    app.command("quality")(quality)
    app.command("weigh")(weigh)
    app.command("compare")(compare)
    app.command("profile")(profile)


def _text_of(path: str) -> str:
    from console.errors import UsageError

    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path} cannot be read as a text in UTF-8.") from None


def script(
    code: Code,
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="A TOML file to enter; - is stdin.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check the file.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Print the questionnaire of a survey as TOML, to be edited; enter one as its next version."""
    from console.errors import UsageError
    from console.rules.questionnaires import read_questionnaire
    from console.services import questionnaires

    if check and file is None:
        raise UsageError("There is nothing to check.", "Name the file of the questionnaire.")
    name = Path(file).name if file else ""
    content = _text_of(file) if file is not None else ""
    if check:
        found = read_questionnaire(content, name)
        emit(_("{file}: {count} questions, nothing wrong").format(file=name, count=len(found.questions)))
        return
    with opened(database) as store:
        if file is None:
            number, text = questionnaires.script_text(store, code)
        else:
            number, text = questionnaires.enter_script(store, code, content, name, actor=caller()), content
    if as_json:
        emit_json({"survey": code, "version": number, "content": text})
    elif file is None:
        emit(text.removesuffix("\n"))
    else:
        emit(
            _("Version {number} of the questionnaire of {survey} is used from now on.").format(
                number=number, survey=code
            )
        )


def answer(
    code: Code,
    answers: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM=ANSWER...", help="A level, its words, or NA, DK, NAP, REF.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help='JSON Lines, one response a line: {"answers": {"speed": 4}, "customer": "…"}.',
        ),
    ] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="NUMBER", help="Who answered.")] = None,
    number: Annotated[str | None, typer.Option("--number", help="The number of the response.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When; else now.")] = None,
    channel: Annotated[str, typer.Option("--channel", help="How; else that of the survey.")] = "",
    seconds: Annotated[int | None, typer.Option("--seconds", min=0, help="How long it took.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Not all was answered.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Enter a whole response, by the questions and skip rules of the survey; from a file, many."""
    from console.errors import ExitCode, OmbudError, UsageError

    if (file is None) == (not answers):
        raise UsageError("Give either ITEM=ANSWER for each question, or --file.", f"See: ombud survey script {code}")
    given: dict[str, Any] = {
        "customer": customer, "number": number, "at": at, "channel": channel, "seconds": seconds, "partial": partial,
    }  # fmt: skip
    with opened(database) as store:
        if file is None:
            written = _enter(store, code, {**given, "answers": _paired(answers or [])})
            emit_json({"survey": code, "number": written}) if as_json else emit(written)
            return
        entered, refused = [], []
        for place, line in _lines(_text_of(file)):
            try:
                entered.append(_enter(store, code, {**given, **_read_line(line)}))
            except OmbudError as error:
                refused.append({"line": place, "reason": str(error)})
    if as_json:
        emit_json({"survey": code, "entered": entered, "refused": refused})
    else:
        for one in entered:
            emit(one)
        for fault in refused:
            narrate(_("line {line}: {reason}").format(**fault))
    if refused:
        raise typer.Exit(ExitCode.REFUSED)


def _paired(texts: list[str]) -> dict[str, str]:
    from console.errors import UsageError

    found: dict[str, str] = {}
    for text in texts:
        item, equals, value = text.partition("=")
        if not equals or not item:
            raise UsageError(f"“{text}” is not ITEM=ANSWER.", "Write: speed=4 reason=DK")
        if item in found:
            raise UsageError(f"{item} is answered twice.")
        found[item] = value
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((place, line) for place, line in enumerate(text.splitlines(), 1) if line.strip())


def _read_line(line: str) -> dict[str, Any]:
    from console.errors import UsageError

    try:
        found = json.loads(line)
    except ValueError:
        raise UsageError("It is not JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("answers"), dict):
        raise UsageError("It has no answers.", 'Write: {"answers": {"speed": 4}}')
    for key in found:
        if key not in LINE_KEYS:
            raise UsageError(f"Unknown key {key}.", f"Known: {', '.join(LINE_KEYS)}.")
    return found


def _enter(store: Store, code: str, given: Mapping[str, Any]) -> str:
    from console.commands.survey_fieldwork import moment_of
    from console.errors import UsageError
    from console.services.answer_entry import answer_whole

    for key, kind in (("customer", str), ("number", str), ("channel", str), ("seconds", int), ("partial", bool)):
        value = given.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise UsageError(
                f"{key} is not a {'number' if kind is int else 'text' if kind is str else 'true or false'}."
            )
    return answer_whole(
        store,
        code,
        {str(item): "" if value is None else str(value) for item, value in given["answers"].items()},
        actor=caller(),
        customer=given.get("customer"),
        number=given.get("number"),
        answered_at=moment_of(given.get("at"), "--at"),
        channel=given.get("channel") or "",
        seconds=given.get("seconds"),
        is_partial=bool(given.get("partial")),
        zone=zone_name(),
    )


def doubles(
    code: Code,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many groups at most.")] = 100,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List responses that are probably entered twice: they say the same, or one customer gave them."""
    from console.services.answer_quality import doubles as found_doubles

    with opened(database) as store:
        found = found_doubles(store, code, limit=limit)
    if as_json:
        emit_json({"doubles": [asdict(group) for group in found]})
    elif as_json_lines:
        for group in found:
            emit_json(asdict(group))
    else:
        emit_table(
            (_("Reason"), _("Responses"), _("Customer"), _("First"), _("Last"), _("Batches")),
            (
                (
                    label(group.reason, "double"),
                    ", ".join(group.numbers),
                    group.customer,
                    instant(group.first_at),
                    instant(group.last_at),
                    ", ".join(map(str, group.batches)),
                )
                for group in found
            ),
        )


def flags(
    code: Code,
    contradiction: Annotated[
        list[str] | None, typer.Option("--contradiction", metavar="A,B", help="Two items that ask the same.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="Points from 0 to 100 they may differ.")
    ] = None,
    where: Annotated[str, typer.Option("--where", metavar="FILTER", help="Only these answers.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Count the responses that each rule finds suspicious: straight lines, haste, contradictions, double entries."""
    from console.errors import UsageError
    from console.services.answer_quality import flags as found_flags

    pairs = contradiction_pairs(contradiction)
    if tolerance is not None and not 0 <= tolerance <= 100:
        raise UsageError("--tolerance lies between 0 and 100.")
    with opened(database) as store:
        found = found_flags(
            store,
            f'survey:"{code}" {where}'.strip(),
            contradictions=pairs,
            tolerance=tolerance,
            zone=zone_name(),
        )
    if as_json:
        emit_json({"survey": code, "flags": [asdict(flag) for flag in found]})
        return
    emit_table(
        (_("Rule"), _("Found"), _("Of"), _("Meaning"), _("Responses")),
        (
            (
                flag.rule,
                str(flag.count),
                str(flag.checked),
                flag.note,
                ", ".join(flag.numbers[:10]) + (" …" if flag.count > 10 else ""),
            )
            for flag in found
        ),
        numeric=(1, 2),
    )


def compare(
    first: Annotated[str, typer.Argument(metavar="SERIES|SURVEY", help="A series, or the first of two surveys.")],
    second: Annotated[str | None, typer.Argument(metavar="[SURVEY]", help="The other survey.")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show self-assessment beside the third party's: indicator by indicator, with a test, never pooled."""
    from console.commands.satisfaction_records import limits, shown
    from console.services.assessments import side_by_side

    with opened(database) as store:
        found = side_by_side(store, first, second, zone=zone_name())
    if as_json:
        emit_json(asdict(found))
        return
    emit(
        _("{own}: self-assessment; {third}: third party").format(
            own=f"{in_language(found.own_title, found.own_title_zh)} ({found.own})",
            third=f"{in_language(found.third_title, found.third_title_zh)} ({found.third})",
        )
    )
    emit_table(
        (
            _("Indicator"), "n", _("Self"), _("95 % interval"), "n", _("Third party"), _("95 % interval"), _("Difference"),
            _("95 % interval"), "p",
        ),
        (
            (
                in_language(row.label, row.label_zh),
                str(row.first.n),
                shown(row.first),
                limits(row.first),
                str(row.second.n),
                shown(row.second),
                limits(row.second),
                "" if row.difference.value is None else f"{row.difference.value:+.1f}{row.difference.mark}",
                limits(row.difference),
                "" if row.p is None else f"{row.p:.3f}",
            )
            for row in found.rows
        ),
        numeric=range(1, 10),
    )  # fmt: skip


def profile(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON, JSON Lines, also .gz.")],
    code: Annotated[str, typer.Option("--survey", metavar="CODE", help="The survey; else after the file.")] = "",
    sheet: Annotated[str | None, typer.Option("--sheet", help="The sheet of a workbook.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Where it is guessed wrong.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draft a profile for a file of answers: columns, scales, codes for no answer and dates are guessed, to be mended."""
    from console import clock
    from console.transfer.profile_drafts import draft_profile
    from console.transfer.source_rows import SourceOptions

    found = draft_profile(
        file,
        code=code,
        zone=zone_name(),
        options=SourceOptions(sheet=sheet, encoding=encoding),
        today=clock.now().date(),
    )
    if as_json:
        emit_json(asdict(found))
        return
    emit(found.text.removesuffix("\n"))
    narrate(
        _("{count} items from {rows} rows; look at the lines with “Look at”.").format(
            count=found.items, rows=found.rows
        )
    )
