"""Profiles of survey answers: TOML files that say which survey a file answers, and how its columns become answers.

A profile is checked as a whole when it is loaded. What it may hold stands in the comment of the ready profile ``device``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from console.codes import Assessor, IndicatorKind
from console.measures.results import WeightError
from console.transfer.answer_scales import AnswerScale, canonical
from console.transfer.profiles import FILE_KEYS, read_content, ready_profiles
from console.transfer.survey_rules import (
    LONGEST_CODE,
    Block,
    ItemRule,
    LongRule,
    SurveyProfile,
    SurveyRule,
    ValueRule,
)
from console.transfer.survey_scales import SCALE_KEYS, ScaleReader

READY_RESPONSES = Path(__file__).parent / "profiles" / "responses"
KEYS = (
    "kind", "title", "layout", "missing", "guarded", "file", "dates", "aliases", "survey", "number", "answered_at", "facts",
    "weight", "scales", "items", "blocks", "groups", "weights", "long", "new_items", "ignored", "only",
)  # fmt: skip
SURVEY_KEYS = (
    "code", "column", "title", "title_zh", "series", "wave", "assessor", "channel", "population", "scale", "starts", "ends",
    "tree",
)  # fmt: skip
FACT_NAMES = (
    "region", "kind", "supply", "channel", "department", "interviewer", "language", "customer", "case", "seconds",
)  # fmt: skip
FACT_KEYS = ("column", "columns", "separator", "prefix", "value", "values", "unknown", "default")
NUMBER_KEYS = ("column", "columns", "separator", "prefix", "made")
TIME_KEYS = ("column", "columns", "separator", "prefix", "value", "default")
WEIGHT_KEYS = ("column", "default")
ITEM_KEYS = (
    "column", "label", "label_zh", "kind", "scale", "missing", "parent", "weight", "target", "node", "required",
)  # fmt: skip
BLOCK_KEYS = ("columns", "but", "kind", "scale", "missing", "parent")
GROUP_KEYS = ("label", "label_zh", "parent", "weight", "target")
LONG_KEYS = ("item", "score", "missing", "text", "items", "label", "kind", "scale_low", "scale_high")
LAYOUTS = ("wide", "long")
MADE = ("content", "line")


def ready_survey_profiles() -> tuple[str, ...]:
    """Return the names of the profiles of responses that ship with the program."""
    return ready_profiles(READY_RESPONSES)


def load_survey_profile(name_or_path: str | Path) -> SurveyProfile:
    """Return a ready profile of responses by name, or one's own from a file.

    Raises UsageError when there is no such profile, the file is not TOML, anything in it is unknown or out of place, or its
    weights do not add up.
    """
    path, content = read_content(name_or_path, READY_RESPONSES)
    return _SurveyReader(path.stem[:64], str(path)).survey_profile(content)


class _SurveyReader(ScaleReader):
    """Turns the tables of a TOML file into a profile of responses, refusing everything it does not know."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.notes: list[str] = []

    def survey_profile(self, content: dict[str, object]) -> SurveyProfile:
        self.table(content, "", KEYS)
        kind = self.text(content.get("kind"), "kind")
        self.known(kind, ("responses",), "kind")
        layout = self.text(content.get("layout", "wide"), "layout")
        self.known(layout, LAYOUTS, "layout")
        self._dates(self.table(content.get("dates", {}), "dates", ("zone", "formats")))
        self.missing = self._missing(content.get("missing", []), "missing")
        for name, table in self.table(content.get("scales", {}), "scales").items():
            self.scales[name] = self.table(table, f"scales.{name}", SCALE_KEYS)
        survey = self._survey(self.table(content.get("survey", {}), "survey", SURVEY_KEYS))
        groups = self._groups(self.table(content.get("groups", {}), "groups"))
        items = self._items(self.table(content.get("items", {}), "items"), survey.scale)
        if layout == "long":
            items = tuple(replace(item, column="") for item in items)
        blocks = self._blocks(content.get("blocks", []), survey.scale)
        long = self._long(self.table(content.get("long", {}), "long", LONG_KEYS)) if layout == "long" else None
        if "long" in content and layout != "long":
            raise self.wrong("[long] has no meaning in a wide layout", 'Write layout = "long".')
        if layout == "wide" and not items and not blocks:
            raise self.wrong("it names no item", "Add [items.CODE] or [[blocks]].")
        facts = self.table(content.get("facts", {}), "facts", FACT_NAMES)
        weight = self._weight(self.table(content["weight"], "weight", WEIGHT_KEYS)) if "weight" in content else None
        profile = SurveyProfile(
            name=self.name,
            title=self.text(content.get("title", self.name), "title"),
            layout=layout,
            survey=survey,
            number=self._number(self.table(content.get("number", {}), "number", NUMBER_KEYS)),
            answered_at=self._time(self.table(content.get("answered_at", {}), "answered_at", TIME_KEYS)),
            facts=tuple(
                self._fact(name, self.table(facts[name], f"facts.{name}", FACT_KEYS))
                for name in FACT_NAMES
                if name in facts
            ),
            weight=weight,
            items=(*groups, *items),
            blocks=blocks,
            long=long,
            makes_items=self.flag(content.get("new_items", False), "new_items"),
            formats=self.formats,
            zone=self.zone,
            guarded=self.flag(content.get("guarded", False), "guarded"),
            options=self._options(self.table(content.get("file", {}), "file", FILE_KEYS)),
            aliases={
                column: self.texts(others, f"aliases.{column}")
                for column, others in self.table(content.get("aliases", {}), "aliases").items()
            },
            missing=frozenset(self.missing),
            only={
                column: frozenset(canonical(word) for word in self._words(words, f"only.{column}"))
                for column, words in self.table(content.get("only", {}), "only").items()
            },
        )
        self._check_whole(profile, content)
        return replace(profile, notes=tuple(self.notes))

    def _check_whole(self, profile: SurveyProfile, content: Mapping[str, object]) -> None:
        for column in profile.aliases:
            self.known(column, profile._named(), "column in aliases:")
        codes = [item.code for item in profile.items]
        double = next((code for code in codes if codes.count(code) > 1), None)
        if double is not None:
            raise self.wrong(f"{double} is a group and an item at once")
        groups = {item.code: item for item in profile.items if item.kind == IndicatorKind.GROUP}
        for parent in (*(item.parent for item in profile.items), *(block.parent for block in profile.blocks)):
            if parent:
                self.known(parent, tuple(groups), "group in parent:")
        for code in groups:
            above, seen = groups[code].parent, {code}
            while above:
                if above in seen:
                    raise self.wrong(f"the group {code} stands below itself")
                seen.add(above)
                above = groups[above].parent
        kind = self.text(content.get("weights", "shares"), "weights")
        self.known(kind, ("shares", "points"), "kind of weights")
        self._weights(profile, kind)
        if not profile.survey.code and not profile.survey.column:
            raise self.wrong("it does not say which survey is answered", "Add [survey] with a code.")

    def _weights(self, profile: SurveyProfile, kind: str) -> None:
        """Check that the weights under each group add up, by the rule of ``measures.weights``."""
        from console.measures.weights import WeightKind, checked_weights

        by_parent: dict[str, list[ItemRule]] = {}
        for item in profile.items:
            # What stands at the top without a weight, such as an overall question, is no part of the tree.
            if item.parent or item.weight is not None or item.kind == IndicatorKind.GROUP:
                by_parent.setdefault(item.parent, []).append(item)
        for parent, items in by_parent.items():
            given = [item for item in items if item.weight is not None]
            if not given:
                continue
            where = f"under {parent}" if parent else "at the top"
            if len(given) < len(items):
                lacking = next(item for item in items if item.weight is None)
                raise self.wrong(f"{lacking.code} has no weight while others {where} have one")
            try:
                checked = checked_weights([item.weight or 0.0 for item in items], WeightKind(kind))
            except WeightError as error:
                raise self.wrong(f"{error.message[:-1]} ({where})", error.hint) from error
            self.notes += [f"{where}: {note}" for note in checked.warnings]

    def _survey(self, table: dict[str, object]) -> SurveyRule:
        code = self.text(table.get("code", ""), "survey.code")
        if len(code) > LONGEST_CODE:
            raise self.wrong(f"survey.code is longer than {LONGEST_CODE} characters")
        assessor = self.text(table.get("assessor", Assessor.SELF.value), "survey.assessor")
        self.known(assessor, tuple(Assessor), "assessor")
        population = table.get("population")
        if population is not None and (
            isinstance(population, bool) or not isinstance(population, int) or population < 1
        ):
            raise self.wrong("survey.population must be a whole number from 1")
        days: list[date | None] = []
        for key in ("starts", "ends"):
            day = table.get(key)
            if day is not None and (not isinstance(day, date)):
                raise self.wrong(f"survey.{key} must be a day such as 2026-11-30, without quotes")
            days.append(day)
        return SurveyRule(
            code=code,
            column=self.text(table.get("column", ""), "survey.column"),
            title=self.text(table.get("title", code or self.name), "survey.title"),
            title_zh=self.text(table.get("title_zh", ""), "survey.title_zh"),
            series=self.text(table.get("series", ""), "survey.series"),
            wave=self.text(table.get("wave", ""), "survey.wave"),
            assessor=assessor,
            channel=self.text(table.get("channel", ""), "survey.channel"),
            population=population,
            scale=self._scale(table.get("scale", [1, 5]), "survey.scale", {}),
            starts_on=days[0],
            ends_on=days[1],
            tree=self.text(table.get("tree", ""), "survey.tree"),
        )

    def _groups(self, tables: dict[str, object]) -> tuple[ItemRule, ...]:
        found = []
        for code, value in tables.items():
            table = self.table(value, f"groups.{code}", GROUP_KEYS)
            found.append(
                ItemRule(
                    code=self._item_code(code),
                    column="",
                    label=self.text(table.get("label", code), f"groups.{code}.label"),
                    label_zh=self.text(table.get("label_zh", ""), f"groups.{code}.label_zh"),
                    kind=IndicatorKind.GROUP.value,
                    parent=self.text(table.get("parent", ""), f"groups.{code}.parent"),
                    weight=self._number_of(table, "weight", f"groups.{code}"),
                    target=self._number_of(table, "target", f"groups.{code}"),
                )
            )
        return tuple(found)

    def _items(self, tables: dict[str, object], scale: AnswerScale) -> tuple[ItemRule, ...]:
        found = []
        for code, value in tables.items():
            where = f"items.{code}"
            table = self.table(value, where, ITEM_KEYS)
            found.append(
                ItemRule(
                    code=self._item_code(code),
                    column=self.text(table.get("column", code), f"{where}.column"),
                    label=self.text(table.get("label", code), f"{where}.label")[:200],
                    label_zh=self.text(table.get("label_zh", ""), f"{where}.label_zh")[:200],
                    kind=self._kind(table, where),
                    scale=self._item_scale(table, where, scale),
                    parent=self.text(table.get("parent", ""), f"{where}.parent"),
                    weight=self._number_of(table, "weight", where),
                    target=self._number_of(table, "target", where),
                    node=self.text(table.get("node", ""), f"{where}.node"),
                    is_required=self.flag(table.get("required", True), f"{where}.required"),
                )
            )
        return tuple(found)

    def _item_code(self, code: str) -> str:
        if not code.strip() or len(code) > LONGEST_CODE:
            raise self.wrong(f"the code of an item has 1 to {LONGEST_CODE} characters, {code[:80]!r} has not")
        return code

    def _kind(self, table: Mapping[str, object], where: str) -> str:
        kind = self.text(table.get("kind", IndicatorKind.SCORE.value), f"{where}.kind")
        self.known(kind, [code.value for code in IndicatorKind if code is not IndicatorKind.GROUP], f"kind in {where}:")
        return kind

    def _item_scale(self, table: Mapping[str, object], where: str, scale: AnswerScale) -> AnswerScale:
        missing = self._missing(table.get("missing", []), f"{where}.missing")
        kind = self._kind(table, where)
        if "scale" not in table and kind == IndicatorKind.NPS:
            found = self._scale("recommend", f"{where}.scale", missing)
        elif "scale" not in table and kind == IndicatorKind.CES:
            found = self._scale("levels-7", f"{where}.scale", missing)
        elif "scale" in table:
            found = self._scale(table["scale"], f"{where}.scale", missing)
        else:
            found = replace(scale, missing={**scale.missing, **missing}, _known={})
        if kind == IndicatorKind.NPS and (found.low, found.high) != (0, 10):
            raise self.wrong(f"{where} is asked as recommendation, which goes from 0 to 10")
        if kind == IndicatorKind.CES and (found.low, found.high) != (1, 7):
            raise self.wrong(f"{where} is asked as effort, which goes from 1 to 7")
        return found

    def _blocks(self, value: object, scale: AnswerScale) -> tuple[Block, ...]:
        if not isinstance(value, list):
            raise self.wrong("blocks must be written as [[blocks]]")
        found = []
        for number, entry in enumerate(value, 1):
            where = f"blocks {number}"
            table = self.table(entry, where, BLOCK_KEYS)
            found.append(
                Block(
                    patterns=self.texts(table.get("columns"), f"{where}: columns"),
                    but=self.texts(table.get("but", []), f"{where}: but"),
                    kind=self._kind(table, where),
                    scale=self._item_scale(table, where, scale),
                    parent=self.text(table.get("parent", ""), f"{where}: parent"),
                )
            )
        return tuple(found)

    def _long(self, table: dict[str, object]) -> LongRule:
        texts = {key: self.text(value, f"long.{key}") for key, value in table.items() if key != "items"}
        items = self.table(table.get("items", {}), "long.items")
        rule = LongRule(
            item=texts.get("item", ""),
            score=texts.get("score", ""),
            missing=texts.get("missing", ""),
            text=texts.get("text", ""),
            items={canonical(word): self.text(code, f"long.items.{word}") for word, code in items.items()},
            label=texts.get("label", ""),
            kind=texts.get("kind", ""),
            scale_low=texts.get("scale_low", ""),
            scale_high=texts.get("scale_high", ""),
        )
        if not rule.score or not rule.item:
            raise self.wrong("a long layout needs the columns of item and score", "Add [long] with item and score.")
        return rule

    def _columns(self, table: Mapping[str, object], where: str) -> tuple[str, ...]:
        if "columns" in table:
            return self.texts(table["columns"], f"{where}.columns")
        return (self.text(table["column"], f"{where}.column"),) if "column" in table else ()

    def _number(self, table: dict[str, object]) -> ValueRule:
        made = self.text(table.get("made", ""), "number.made")
        if made:
            self.known(made, MADE, "way to make numbers")
        columns = self._columns(table, "number")
        if bool(made) == bool(columns):
            raise self.wrong(
                "[number] needs either the columns of the response number, or made",
                'Where the file has no unique key, write made = "content" (or "line").',
            )
        return ValueRule(
            "number",
            columns,
            self.text(table.get("separator", "-"), "number.separator"),
            self.text(table.get("prefix", ""), "number.prefix"),
            made=made,
        )

    def _time(self, table: dict[str, object]) -> ValueRule:
        columns = self._columns(table, "answered_at")
        value = table.get("value")
        if bool(columns) == (value is not None):
            raise self.wrong("[answered_at] needs either columns or a value such as 2026-11-30")
        texts = {key: self.text(table[key], f"answered_at.{key}") for key in ("value", "default") if key in table}
        from console.transfer.dates import ISO, DateReader

        for text in texts.values():
            try:
                DateReader((ISO,), self.zone).read(text)
            except ValueError as error:
                raise self.wrong(f"{text} in [answered_at] is no day or time ({error})") from error
        return ValueRule(
            "answered_at",
            columns,
            self.text(table.get("separator", " "), "answered_at.separator"),
            self.text(table.get("prefix", ""), "answered_at.prefix"),
            value=texts.get("value"),
            default=texts.get("default", ""),
        )

    def _weight(self, table: dict[str, object]) -> ValueRule:
        default = self._number_of(table, "default", "weight")
        if default is not None and default < 0:
            raise self.wrong("weight.default must not be negative")
        column = self.text(table.get("column"), "weight.column")
        return ValueRule("weight", (column,), default="" if default is None else repr(default))

    def _fact(self, name: str, table: dict[str, object]) -> ValueRule:
        where = f"facts.{name}"
        columns = self._columns(table, where)
        if bool(columns) == ("value" in table):
            raise self.wrong(f"{where} needs one of column, columns and value")
        values = None
        if "values" in table:
            given = self.table(table["values"], f"{where}.values")
            values = {canonical(word): self.text(code, f"{where}.values.{word}") for word, code in given.items()}
        texts = {
            key: self.text(table[key], f"{where}.{key}") for key in ("value", "unknown", "default") if key in table
        }
        if "unknown" in texts and values is None:
            raise self.wrong(f"{where}.unknown has no meaning without {where}.values")
        return ValueRule(
            name,
            columns,
            self.text(table.get("separator", " "), f"{where}.separator"),
            self.text(table.get("prefix", ""), f"{where}.prefix"),
            texts.get("value"),
            values,
            texts.get("unknown"),
            texts.get("default", ""),
        )

    def _number_of(self, table: Mapping[str, object], key: str, where: str) -> float | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"{where}.{key} must be a number")
        return float(value)
