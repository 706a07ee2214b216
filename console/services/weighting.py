"""Versions of the weights of a survey's indicators: found by experts, checked, entered, and never overwritten."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, insert, select, update

from console.codes import IndicatorKind
from console.errors import ConflictError, UsageError, nearest
from console.models import Indicator, Survey, WeightSet
from console.models.base import table_of
from console.rules.indicator_trees import load_tree
from console.services.answering import items_of, survey_of
from console.services.satisfaction_views import WeightVersion
from console.storage.engine import Store

SETS: Table = table_of(WeightSet)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
METHODS = ("shares", "points", "delphi", "ahp")
KEYS = frozenset(("name", "method", "tree", "note", "groups"))
GROUP_KEYS = frozenset(("order", "weights", "points", "upper"))
TOP = "top"
"""The name of the highest level in a file of weights."""


@dataclass(frozen=True, slots=True)
class WeightFinding:
    """Weights worked out from what experts said; ``refusal`` says why they cannot be used, with the repair proposed."""

    name: str
    tree: str
    method: str
    weights: Mapping[str, float]
    consistency: float | None
    note: str
    warnings: tuple[str, ...]
    refusal: str = ""


def versions(store: Store, survey_code: str) -> list[WeightVersion]:
    """Return every version of the weights of a survey, newest first. Raises NotFoundError."""
    with store.reading() as connection:
        survey = survey_of(connection, survey_code)
        active = connection.execute(select(SURVEYS.c.weights_version).where(SURVEYS.c.id == survey.id)).scalar_one()
        rows = connection.execute(select(SETS).where(SETS.c.survey_id == survey.id).order_by(SETS.c.id.desc())).all()
    return [
        WeightVersion(
            name=row.name,
            tree=row.tree,
            method=row.method,
            weights=json.loads(row.weights),
            consistency=row.consistency,
            is_active=row.name == active,
            note=row.note,
            actor=row.actor,
            made_at=row.made_at,
        )
        for row in rows
    ]


def active_weights(connection: Connection, survey_id: int, tree: str, version: str) -> tuple[dict[str, float], str]:
    """Return the weights in use for a tree of a survey by node, and their version; nothing where none were entered."""
    if not version:
        return {}, ""
    row = connection.execute(
        select(SETS.c.weights, SETS.c.name).where(
            SETS.c.survey_id == survey_id, SETS.c.tree == tree, SETS.c.name == version
        )
    ).one_or_none()
    return ({}, "") if row is None else (json.loads(row[0]), row[1])


def find_weights(store: Store, survey_code: str, path: str | Path) -> WeightFinding:
    """Work out the weights of a TOML file for a survey, entering nothing.

    The file names a version (``name``), a ``method`` (shares, points, delphi, ahp), perhaps a ready ``tree``, and for each
    level a table ``groups.PARENT`` (``groups.top`` for the highest): ``weights`` by node, or ``order`` with ``points`` (one
    row an expert) or ``upper`` (the upper triangle of comparisons by rows; fractions as texts). Raises UsageError for a file
    that is wrong, WeightError and MeasureError for judgements no weights follow from. Inconsistent judgements are told in
    ``refusal``.
    """
    content = _content(path)
    method, tree = str(content.get("method", "shares")), str(content.get("tree", ""))
    if method not in METHODS:
        raise _wrong(path, f"unknown method {method}", f"Known: {', '.join(METHODS)}.")
    with store.reading() as connection:
        children = _children(connection, survey_of(connection, survey_code).id, tree)
    groups = content.get("groups")
    if not isinstance(groups, dict) or not groups:
        raise _wrong(path, "it has no groups", f"Add [groups.{TOP}].")
    weights: dict[str, float] = {}
    notes: list[str] = []
    ratios: list[float] = []
    refusals: list[str] = []
    for parent, table in groups.items():
        if parent not in children:
            close = nearest(parent, list(children))
            raise _wrong(
                path,
                f"no group {parent} in this tree",
                f"Did you mean {close}?" if close else f"Known: {', '.join(children)}.",
            )
        if not isinstance(table, dict) or table.keys() - GROUP_KEYS:
            raise _wrong(path, f"groups.{parent} holds something unknown", f"Known: {', '.join(sorted(GROUP_KEYS))}.")
        found = _group(method, parent, table, children[parent], path)
        weights.update(found.weights)
        notes += [f"{parent}: {note}" for note in found.warnings]
        if found.consistency is not None:
            ratios.append(found.consistency)
        if found.refusal:
            refusals.append(f"{parent}: {found.refusal}")
    name = str(content.get("name", ""))
    if not name:
        raise _wrong(path, "the version has no name", 'Write name = "AHP-2026-1".')
    return WeightFinding(
        name[:64],
        tree,
        method,
        weights,
        max(ratios, default=None),
        str(content.get("note", "")),
        tuple(notes),
        " ".join(refusals),
    )


def apply_weights(store: Store, survey_code: str, path: str | Path, *, actor: str) -> WeightFinding:
    """Enter the weights of a file as a new version and use them from now on.

    Raises what ``find_weights`` raises, InconsistentError where the consistency ratio is 0.10 or more, and ConflictError where
    the version is there already with other weights.
    """
    found = find_weights(store, survey_code, path)
    if found.refusal:
        from console.measures.results import InconsistentError

        raise InconsistentError(f"The weights {found.name} cannot be used. {found.refusal}", "Ask the experts again.")
    with store.writing(actor) as work:
        connection = work.connection
        survey = survey_of(connection, survey_code)
        there = connection.execute(
            select(SETS.c.weights).where(
                SETS.c.survey_id == survey.id, SETS.c.tree == found.tree, SETS.c.name == found.name
            )
        ).scalar()
        written = json.dumps(found.weights, sort_keys=True)
        if there is not None and there != written:
            raise ConflictError(
                f"The weights {found.name} of {survey_code} are there already and differ.",
                "Give the new version another name.",
            )
        if there is None:
            connection.execute(
                insert(SETS).values(
                    survey_id=survey.id,
                    tree=found.tree,
                    name=found.name,
                    method=found.method,
                    weights=written,
                    consistency=found.consistency,
                    note=found.note,
                    actor=actor,
                    made_at=work.at,
                )
            )
        connection.execute(
            update(SURVEYS)
            .where(SURVEYS.c.id == survey.id)
            .values(weights_version=found.name, tree=found.tree or SURVEYS.c.tree, version=SURVEYS.c.version + 1)
        )
        if not found.tree:
            for code, weight in found.weights.items():
                connection.execute(
                    update(INDICATORS)
                    .where(INDICATORS.c.survey_id == survey.id, INDICATORS.c.code == code)
                    .values(weight=weight)
                )
        work.record(
            "weights", "survey", survey_code, {"version": found.name, "method": found.method, "tree": found.tree}
        )
    return found


def _children(connection: Connection, survey_id: int, tree: str) -> dict[str, list[str]]:
    """The nodes under each parent, by the parent's name."""
    found: dict[str, list[str]] = {}
    if tree:
        for node in load_tree(tree).nodes:
            found.setdefault(node.parent or TOP, []).append(node.id)
        return found
    items = items_of(connection, survey_id)
    by_id = {item.id: item.code for item in items.values()}
    for item in items.values():
        if item.kind in (IndicatorKind.SCORE, IndicatorKind.GROUP):
            found.setdefault(by_id[item.parent_id] if item.parent_id else TOP, []).append(item.code)
    return found


def _content(path: str | Path) -> dict[str, object]:
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The file {path} cannot be read: {error}.", "It must be a TOML file in UTF-8.") from error
    for key in content.keys() - KEYS:
        raise _wrong(path, f"unknown key {key}", f"Known: {', '.join(sorted(KEYS))}.")
    return content


def _wrong(path: str | Path, message: str, hint: str = "") -> UsageError:
    return UsageError(f"The weights in {path} are wrong: {message}.", hint)


def _group(method: str, parent: str, table: Mapping[str, object], known: list[str], path: str | Path) -> WeightFinding:
    from console.measures.weights import WeightKind, checked_weights

    if method in ("shares", "points"):
        given = table.get("weights")
        if not isinstance(given, dict):
            raise _wrong(path, f"groups.{parent} has no weights")
        names = list(given)
        _check_names(names, known, parent, path)
        values = [_float(value, path) for value in given.values()]
        checked = checked_weights(values, WeightKind(method))
        return WeightFinding("", "", method, dict(zip(names, checked.values, strict=True)), None, "", checked.warnings)
    order = table.get("order")
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        raise _wrong(path, f"groups.{parent} has no order of its nodes")
    names = [str(name) for name in order]
    _check_names(names, known, parent, path)
    if method == "delphi":
        from console.measures.delphi import delphi_round

        rows = table.get("points")
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise _wrong(path, f"groups.{parent} has no points, one row an expert")
        round_ = delphi_round([[_float(value, path) for value in row] for row in rows])
        agreement = f"Kendall's W {round_.value:.3f}" if round_.value is not None else ""
        notes = tuple(note for note in (agreement, *round_.warnings) if note)
        return WeightFinding("", "", method, dict(zip(names, round_.weights, strict=True)), None, "", notes)
    from console.measures.ahp import ahp_weights, comparison_matrix, usable_weights
    from console.measures.results import InconsistentError

    upper = table.get("upper")
    if not isinstance(upper, list):
        raise _wrong(path, f"groups.{parent} has no upper triangle of comparisons")
    result = ahp_weights(comparison_matrix([_float(value, path) for value in upper]))
    if len(result.weights) != len(names):
        raise _wrong(path, f"groups.{parent} compares {len(result.weights)} nodes but names {len(names)}")
    refusal = ""
    try:
        usable_weights(result)
    except InconsistentError as error:
        worst = result.repairs[0]
        refusal = (
            f"{error.message} Ask again about {names[worst.row]} over {names[worst.column]} (given {worst.given:.3g}): "
            f"{worst.proposed:.4g} would bring the ratio to {worst.ratio:.3f}."
        )
    return WeightFinding(
        "", "", method, dict(zip(names, result.weights, strict=True)), result.value, "", result.warnings, refusal
    )


def _check_names(names: list[str], known: list[str], parent: str, path: str | Path) -> None:
    for name in names:
        if name not in known:
            close = nearest(name, known)
            raise _wrong(
                path,
                f"{name} does not stand under {parent}",
                f"Did you mean {close}?" if close else f"Known: {', '.join(known)}.",
            )
    if len(set(names)) != len(names):
        raise _wrong(path, f"a node stands twice under {parent}")


def _float(value: object, path: str | Path) -> float:
    """A number, or a fraction written as a text such as 1/3."""
    if isinstance(value, str) and "/" in value:
        top, _, bottom = value.partition("/")
        try:
            return float(top) / float(bottom)
        except (ValueError, ZeroDivisionError):
            raise _wrong(path, f"{value} is no fraction") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, f"{value!r} is not a number")
    return float(value)
