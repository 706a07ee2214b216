"""Survey answers to CSV, JSON Lines, XLSX or Parquet: one answer a row, what `ombud import responses` reads back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Select, func, literal, null, select

from console import clock
from console.rules.column_types import ColumnType, Types
from console.services.answer_filtering import (
    ANSWER_TEXTS,
    ANSWERS,
    CASES,
    CUSTOMERS,
    INDICATORS,
    RESPONSES,
    SURVEYS,
    AnswerQuestion,
    asked,
)
from console.storage.engine import Store
from console.transfer.export import ExportReport, chosen_format
from console.transfer.new_file import Hashed, NewFile
from console.transfer.writers import open_writer

CHUNK = 1_000
COLUMNS = (
    "survey", "number", "answered_at", "indicator", "score", "missing", "text", "label", "indicator_kind", "scale_low",
    "scale_high", "region", "kind", "supply", "channel", "department", "interviewer", "language", "customer", "case", "weight",
    "seconds",
)  # fmt: skip
TYPES: Types = {
    "answered_at": ColumnType.MOMENT,
    "score": ColumnType.WHOLE,
    "scale_low": ColumnType.WHOLE,
    "scale_high": ColumnType.WHOLE,
    "weight": ColumnType.NUMBER,
    "seconds": ColumnType.WHOLE,
}


def export_responses(
    store: Store,
    filter_text: str = "",
    *,
    output: Path | BinaryIO,
    format: str | None = None,  # noqa: A002 - the option's own name
    zone: str = "",
    now: clock.Now = clock.now,
) -> ExportReport:
    """Write the answers that a filter finds, by survey and response number, all as of one moment.

    Every row carries the scale of its item and the survey weight. ``output`` is a file, which takes its place only when it is
    complete, or an open binary stream. Raises UsageError for an unknown format, FilterError.
    """
    path = output if isinstance(output, Path) else None
    kind = chosen_format(format, path)
    question = replace(asked(filter_text, zone=zone, now=now), counts_all=True)
    file = NewFile(path) if path is not None else None
    try:
        target = Hashed(file.stream if file is not None else _stream(output))
        with store.reading() as connection:
            count = connection.execute(select(func.count()).select_from(_answers(question).subquery())).scalar_one()
            writer = open_writer(kind, target, COLUMNS, int(count), TYPES, sheet="answers")
            rows = 0
            for part in _parts(connection, question):
                writer.write(part)
                rows += len(part)
            writer.close()
        target.flush()
        if file is not None:
            file.keep()
    except BaseException:
        if file is not None:
            file.drop()
        raise
    return ExportReport(rows, kind, COLUMNS, target.size, target.sha256, writer.shortened)


def _stream(output: Path | BinaryIO) -> BinaryIO:
    if isinstance(output, Path):
        raise TypeError("a path has no stream")
    return output


def _parts(connection: Connection, question: AnswerQuestion) -> Iterator[list[tuple[Any, ...]]]:
    for selected in (_answers(question), _texts_alone(question)):
        rows = iter(connection.execution_options(yield_per=CHUNK).execute(selected))
        while part := [tuple(row) for row in islice(rows, CHUNK)]:
            yield part


def _columns(score: Any, missing: Any, text: Any) -> tuple[Any, ...]:
    low = func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low)
    high = func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high)
    return (
        SURVEYS.c.code, RESPONSES.c.number, RESPONSES.c.answered_at, INDICATORS.c.code.label("indicator"), score, missing, text,
        INDICATORS.c.label, INDICATORS.c.kind.label("indicator_kind"), low.label("scale_low"), high.label("scale_high"),
        RESPONSES.c.region, RESPONSES.c.kind, RESPONSES.c.supply, RESPONSES.c.channel, RESPONSES.c.department,
        RESPONSES.c.interviewer, RESPONSES.c.language, CUSTOMERS.c.number.label("customer"), CASES.c.reference,
        RESPONSES.c.weight, RESPONSES.c.seconds,
    )  # fmt: skip


def _answers(question: AnswerQuestion) -> Select[Any]:
    text = ANSWER_TEXTS.c.content
    return (
        select(*_columns(ANSWERS.c.score, func.coalesce(ANSWERS.c.missing, "").label("missing"), text))
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == RESPONSES.c.customer_id, isouter=True)
        .join(CASES, CASES.c.id == RESPONSES.c.case_id, isouter=True)
        .join(
            ANSWER_TEXTS,
            (ANSWER_TEXTS.c.response_id == ANSWERS.c.response_id)
            & (ANSWER_TEXTS.c.indicator_id == ANSWERS.c.indicator_id),
            isouter=True,
        )
        .where(*question.on_answers())
        .order_by(RESPONSES.c.survey_id, RESPONSES.c.number, INDICATORS.c.position, INDICATORS.c.id)
    )


def _texts_alone(question: AnswerQuestion) -> Select[Any]:
    """Open answers, which have neither score nor reason; terms on these find none."""
    return (
        select(*_columns(null().label("score"), literal("").label("missing"), ANSWER_TEXTS.c.content))
        .join_from(ANSWER_TEXTS, RESPONSES, RESPONSES.c.id == ANSWER_TEXTS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWER_TEXTS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
        .join(
            ANSWERS,
            (ANSWERS.c.response_id == ANSWER_TEXTS.c.response_id)
            & (ANSWERS.c.indicator_id == ANSWER_TEXTS.c.indicator_id),
            isouter=True,
        )
        .join(CUSTOMERS, CUSTOMERS.c.id == RESPONSES.c.customer_id, isouter=True)
        .join(CASES, CASES.c.id == RESPONSES.c.case_id, isouter=True)
        .where(ANSWERS.c.response_id.is_(None), *question.on_answers())
        .order_by(RESPONSES.c.survey_id, RESPONSES.c.number, INDICATORS.c.position, INDICATORS.c.id)
    )
