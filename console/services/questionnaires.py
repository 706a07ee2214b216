"""The questionnaires of surveys: versions that are never overwritten, and the one made of the indicators where there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, func, insert, select

from console.codes import IndicatorKind
from console.errors import UsageError
from console.models import Indicator, Questionnaire
from console.models.base import table_of
from console.rules.questionnaires import Question, QuestionnaireText, read_questionnaire
from console.services.answering import Item, SurveyKey, items_of, refuse_closed, survey_of
from console.services.staffing import required
from console.services.survey_plans import PLANNERS
from console.storage.engine import Store

SCRIPTS: Table = table_of(Questionnaire)
INDICATORS: Table = table_of(Indicator)
LONGEST = 200_000

WORDS: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    3: (("Dissatisfied", "Neutral", "Satisfied"), ("不满意", "一般", "满意")),
    4: (
        ("Very dissatisfied", "Dissatisfied", "Satisfied", "Very satisfied"),
        ("很不满意", "不满意", "满意", "很满意"),
    ),
    5: (
        ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"),
        ("很不满意", "不满意", "一般", "满意", "很满意"),
    ),
}
"""The words of a scale of satisfaction with so many levels, from the lowest."""


def script_of(connection: Connection, survey: SurveyKey) -> tuple[int, QuestionnaireText]:
    """Return the newest questionnaire of a survey with its number; 0 for the one made of its indicators.

    Raises UsageError for a survey that asks nothing.
    """
    row = connection.execute(
        select(SCRIPTS.c.number, SCRIPTS.c.content)
        .where(SCRIPTS.c.survey_id == survey.id)
        .order_by(SCRIPTS.c.number.desc())
        .limit(1)
    ).one_or_none()
    if row is not None:
        return row.number, read_questionnaire(row.content, f"{survey.code} {row.number}")
    return 0, made_of(survey.code, items_of(connection, survey.id))


def script_version(connection: Connection, survey: SurveyKey, number: int) -> QuestionnaireText:
    """Return one version of a survey's questionnaire: an interview goes on by the one it was begun with."""
    content = connection.execute(
        select(SCRIPTS.c.content).where(SCRIPTS.c.survey_id == survey.id, SCRIPTS.c.number == number)
    ).scalar()
    if content is None:
        return made_of(survey.code, items_of(connection, survey.id))
    return read_questionnaire(content, f"{survey.code} {number}")


def made_of(code: str, items: Mapping[str, Item]) -> QuestionnaireText:
    """Return the questionnaire that asks for every indicator in turn. Raises UsageError where there is none."""
    questions = tuple(_question(item) for item in items.values() if item.kind != IndicatorKind.GROUP)
    if not questions:
        raise UsageError(
            f"The survey {code} asks nothing yet.",
            f"Give it the leaves of a tree (--tree) or a questionnaire: ombud survey script {code} FILE",
        )
    return QuestionnaireText(questions, places={question.item: place for place, question in enumerate(questions)})


def _question(item: Item) -> Question:
    # An indicator may be named by a question; ours has its mark at its own end.
    name, name_zh = item.label.rstrip("?"), (item.label_zh or item.label).rstrip("?？")
    words: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    if item.kind == IndicatorKind.TEXT:
        ask, ask_zh = f"{name}: what would you like to tell us?", f"{name_zh}：您有什么意见或建议？"
    elif item.kind == IndicatorKind.NPS:
        ask = f"{name}: how likely are you to recommend us, from 0 (not at all) to 10 (surely)?"
        ask_zh = f"{name_zh}：您有多大可能向他人推荐我们？0 分最低，10 分最高。"
    elif item.kind == IndicatorKind.CES:
        ask = f"{name}: how easy was it for you, from 1 (very hard) to 7 (very easy)?"
        ask_zh = f"{name_zh}：办理起来有多容易？1 分最难，7 分最容易。"
    else:
        words = WORDS.get(item.high - item.low + 1, ((), ()))
        if item.is_reversed:
            words = (tuple(reversed(words[0])), tuple(reversed(words[1])))
        ends = "" if words[0] else f", from {item.low} to {item.high}"
        ask = f"How satisfied are you with this{ends}: {name}?"
        ask_zh = f"您对“{name_zh}”满意吗？" + ("" if words[0] else f"{item.low} 分到 {item.high} 分。")
    return Question(
        item=item.code,
        ask=ask,
        ask_zh=ask_zh,
        kind=item.kind,
        low=item.low,
        high=item.high,
        options=words[0],
        options_zh=words[1],
        is_required=item.kind != IndicatorKind.TEXT,
        node=item.node,
    )


def script_text(store: Store, code: str) -> tuple[int, str]:
    """Return the questionnaire of a survey as TOML with its number, 0 where its indicators make it. Raises NotFoundError."""
    with store.reading() as connection:
        survey = survey_of(connection, code)
        number, script = script_of(connection, survey)
        if number:
            content = connection.execute(
                select(SCRIPTS.c.content).where(SCRIPTS.c.survey_id == survey.id, SCRIPTS.c.number == number)
            ).scalar_one()
            return number, str(content)
        return 0, written(script)


def written(script: QuestionnaireText) -> str:
    """Return a questionnaire as TOML."""
    lines = [
        "# The questions of a survey in the order in which they are asked.",
        '# only_if = ["speed <= 2"] asks a question only after such answers; skip = { if = "used = 0", to = "end" } goes on',
        "# further down. Levels, DK, REF, NAP, NA and answered can be looked at.",
        "",
        'greeting = ""',
        'greeting_zh = ""',
        'closing = ""',
        'closing_zh = ""',
    ]
    for question in script.questions:
        lines += ["", "[[questions]]", f"item = {_quoted(question.item)}"]
        lines += [f"ask = {_quoted(question.ask)}"] if question.ask else []
        lines += [f"ask_zh = {_quoted(question.ask_zh)}"] if question.ask_zh else []
        if question.kind != IndicatorKind.SCORE:
            lines.append(f"kind = {_quoted(question.kind)}")
        if not question.is_open:
            lines.append(f"scale = [{question.low}, {question.high}]")
        lines += [f"options = {_listed(question.options)}"] if question.options else []
        lines += [f"options_zh = {_listed(question.options_zh)}"] if question.options_zh else []
        lines += [f"node = {_quoted(question.node)}"] if question.node else []
        lines += [] if question.is_required else ["required = false"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


def enter_script(store: Store, code: str, text: str, name: str, *, actor: str) -> int:
    """Enter a questionnaire as the next version of a survey's; make the indicators that it asks for and the survey lacks.

    Returns the number of the version, that of the newest one where it is the same. Raises UsageError for a text that is none or
    asks on another scale than the survey has, ConflictError for a closed survey, NotAllowedError.
    """
    if len(text) > LONGEST:
        raise UsageError(f"The questionnaire {name} is longer than {LONGEST:,} characters.")
    script = read_questionnaire(text, name)
    with store.writing(actor) as work:
        connection = work.connection
        required(connection, actor, PLANNERS, "write a questionnaire")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        newest = connection.execute(
            select(SCRIPTS.c.number, SCRIPTS.c.content)
            .where(SCRIPTS.c.survey_id == survey.id)
            .order_by(SCRIPTS.c.number.desc())
            .limit(1)
        ).one_or_none()
        if newest is not None and newest.content == text:
            work.abandon()
            return int(newest.number)
        _agree(connection, survey, script, name)
        number = (newest.number if newest is not None else 0) + 1
        connection.execute(
            insert(SCRIPTS).values(survey_id=survey.id, number=number, content=text, actor=actor, made_at=work.at)
        )
        work.record("questionnaire", "survey", code, {"number": number, "questions": len(script.questions)})
    return int(number)


def _agree(connection: Connection, survey: SurveyKey, script: QuestionnaireText, name: str) -> None:
    """Make the indicators that are lacking. Raises UsageError where one is there on another scale or of another kind."""
    items = items_of(connection, survey.id)
    position = connection.execute(
        select(func.coalesce(func.max(INDICATORS.c.position), 0)).where(INDICATORS.c.survey_id == survey.id)
    ).scalar_one()
    for question in script.questions:
        item = items.get(question.item)
        if item is not None:
            _check_same(item, question, survey.code, name)
            continue
        position += 1
        is_own = not question.is_open and (question.low, question.high) != (survey.scale_low, survey.scale_high)
        connection.execute(
            insert(INDICATORS).values(
                survey_id=survey.id,
                code=question.item,
                label=(question.ask or question.ask_zh)[:200],
                label_zh=question.ask_zh[:200],
                position=position,
                kind=question.kind,
                scale_low=question.low if is_own else None,
                scale_high=question.high if is_own else None,
                node=question.node,
            )
        )


def _check_same(item: Item, question: Question, code: str, name: str) -> None:
    if item.kind == IndicatorKind.GROUP:
        raise UsageError(f"The questionnaire {name} asks {item.code}, which is a group of indicators in {code}.")
    if item.kind != question.kind:
        raise UsageError(
            f"The questionnaire {name} asks {item.code} as {question.kind}; the survey {code} has it as {item.kind}."
        )
    if not question.is_open and (item.low, item.high) != (question.low, question.high):
        raise UsageError(
            f"The questionnaire {name} asks {item.code} from {question.low} to {question.high}; "
            f"the survey {code} has it from {item.low} to {item.high}.",
            "Answers on two scales cannot be added: choose the survey's scale, or another item.",
        )
