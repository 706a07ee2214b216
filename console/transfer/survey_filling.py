"""The surveys that an import of answers fills: found, or made with their items where they are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Table, insert, select

from console.codes import IndicatorKind
from console.errors import OmbudError
from console.models import Indicator, Survey
from console.models.base import table_of
from console.services.answering import Item, items_of
from console.storage.unit import Work
from console.transfer.response_rows import NewItem, ResponseReader
from console.transfer.survey_rules import ItemRule, SurveyProfile

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)


@dataclass(slots=True)
class Filled:
    """A survey being filled: its id (None in a dry run that would make it) and its items by code."""

    id: int | None
    items: dict[str, Item]


@dataclass(slots=True)
class SurveyFilling:
    """The surveys that one file fills; ``made`` holds the ids of what had to be made since it was emptied."""

    profile: SurveyProfile
    rules: tuple[ItemRule, ...]
    reader: ResponseReader
    surveys: dict[str, Filled] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)

    def survey(
        self, connection: Connection, code: str, new_items: Mapping[str, NewItem], work: Work | None = None
    ) -> Filled | None:
        """Return the survey with a code, made or completed where ``work`` allows it; None for an empty code.

        Raises OmbudError where the survey has an item on another scale.
        """
        if not code:
            return None
        filled = self.surveys.get(code)
        wanted = [*self.rules, *(rule for rule in _rules_of(new_items, self.profile))]
        if filled is None:
            id_ = connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.code == code)).scalar()
            if id_ is None and work is not None:
                id_ = self._make_survey(work, code)
            filled = Filled(id_, items_of(connection, id_) if id_ is not None else {})
            self._check_scales(code, filled)
            self.surveys[code] = filled
        missing = [rule for rule in wanted if rule.code not in filled.items]
        if missing:
            if filled.id is not None and work is not None:
                self._make_items(work, code, filled, missing)
            else:
                for rule in missing:
                    filled.items[rule.code] = _imagined(rule, self.profile, len(filled.items))
        self.reader.with_scales({code: (item.low, item.high) for code, item in filled.items.items()})
        return filled

    def _check_scales(self, code: str, filled: Filled) -> None:
        for rule in self.rules:
            item = filled.items.get(rule.code)
            if item is None or rule.scale is None or item.kind in (IndicatorKind.TEXT, IndicatorKind.GROUP):
                continue
            if (item.low, item.high) != (rule.scale.low, rule.scale.high):
                raise OmbudError(
                    f"The survey {code} has {rule.code} on a scale from {item.low} to {item.high}; "
                    f"the profile {self.profile.name} reads it from {rule.scale.low} to {rule.scale.high}.",
                    "Answers on two scales cannot be added: mend the profile, or name another survey: --survey CODE",
                )

    def _make_survey(self, work: Work, code: str) -> int:
        survey = self.profile.survey
        has_rule = code == survey.code or not survey.column
        made = work.connection.execute(
            insert(SURVEYS)
            .values(
                code=code,
                title=survey.title if has_rule else code,
                title_zh=survey.title_zh if has_rule else "",
                series=survey.series,
                wave=survey.wave,
                assessor=survey.assessor,
                channel=survey.channel,
                population=survey.population,
                scale_low=survey.scale.low,
                scale_high=survey.scale.high,
                starts_on=survey.starts_on,
                ends_on=survey.ends_on,
                tree=survey.tree,
            )
            .returning(SURVEYS.c.id)
        ).scalar_one()
        self.made.setdefault("surveys", []).append(int(made))
        return int(made)

    def _make_items(self, work: Work, code: str, filled: Filled, rules: Sequence[ItemRule]) -> None:
        del code
        survey_id = filled.id
        positions = {rule.code: place for place, rule in enumerate(rules, len(filled.items) + 1)}
        survey = work.connection.execute(
            select(SURVEYS.c.scale_low, SURVEYS.c.scale_high).where(SURVEYS.c.id == survey_id)
        ).one()
        waiting = list(rules)
        ids = {name: item.id for name, item in filled.items.items()}
        while waiting:
            # Groups come before what stands under them; a profile without circles always has one that is ready.
            ready = [rule for rule in waiting if not rule.parent or rule.parent in ids]
            for rule in ready:
                is_own = rule.scale is not None and (rule.scale.low, rule.scale.high) != tuple(survey)
                id_ = work.connection.execute(
                    insert(INDICATORS)
                    .values(
                        survey_id=survey_id,
                        code=rule.code,
                        label=rule.label,
                        label_zh=rule.label_zh,
                        position=positions[rule.code],
                        parent_id=ids.get(rule.parent),
                        weight=rule.weight,
                        kind=rule.kind,
                        scale_low=rule.scale.low if is_own and rule.scale else None,
                        scale_high=rule.scale.high if is_own and rule.scale else None,
                        is_reversed=bool(rule.scale and rule.scale.is_reversed),
                        target=rule.target,
                        node=rule.node,
                    )
                    .returning(INDICATORS.c.id)
                ).scalar_one()
                ids[rule.code] = int(id_)
                self.made.setdefault("indicators", []).append(int(id_))
            waiting = [rule for rule in waiting if rule.code not in ids]
        filled.items.clear()
        filled.items.update(items_of(work.connection, survey_id or 0))


def _rules_of(new_items: Mapping[str, NewItem], profile: SurveyProfile) -> Iterator[ItemRule]:
    for code, item in new_items.items():
        scale = profile.survey.scale
        if item.low is not None and item.high is not None and item.low < item.high:
            scale = replace(scale, low=item.low, high=item.high, words={}, _known={})
        yield ItemRule(code[:64], "", item.label[:200], "", item.kind, scale)


def _imagined(rule: ItemRule, profile: SurveyProfile, place: int) -> Item:
    """An item as a dry run takes it, with an id that no item has."""
    scale = rule.scale or profile.survey.scale
    return Item(
        -1 - place, rule.code, rule.label, rule.label_zh, rule.kind, scale.low, scale.high, scale.is_reversed, None,
        rule.weight, rule.target, rule.node, place,
    )  # fmt: skip
