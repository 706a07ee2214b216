"""Figures in words: how one is written in a table, and the page that tells how it was made."""

from __future__ import annotations

from collections.abc import Sequence

from console.i18n import N_, _, in_language
from console.screens.page import Page
from console.services.satisfaction_views import Figure
from console.widgets.content import number
from console.widgets.reading import Block, Facts, Gap, Grid, Heading, Paragraph

METHODS = {
    "pooled cells": N_("mean of the answers, from their counts"),
    "pooled cells at n/deff": N_("t, at the effective number of answers"),
    "mean of answers": N_("mean of the answers"),
    "respondent composite": N_("weighted mean of each respondent, then the mean over respondents"),
    "linearised over respondents": N_("linearised over respondents"),
    "weighted mean of item scores": N_("weighted mean of the indicators' scores"),
    "item totals": N_("weighted mean of the indicators' scores"),
    "item totals, at most so wide": N_("from the counts of each indicator, at most so wide"),
    "item totals, a lower bound of the true width": N_("from the counts of each indicator, narrower than the truth"),
    "tree roll-up": N_("weighted mean of what lies below in the tree"),
    "T2B": N_("share of the two best levels"),
    "top box": N_("share of the best level"),
    "Wilson": N_("Wilson"),
    "Welch": N_("Welch"),
    "adjusted Wald": N_("adjusted Wald"),
    "difference of means": N_("difference of two means"),
    "count": N_("number of answers"),
    "response rate (AAPOR RR1)": N_("complete answers of all invited (AAPOR RR1)"),
}
"""What the names of methods that services give are in words; any other stands as it is."""

FORMULAS = {
    "index": N_(
        "Index = Σ g·C / Σ g over respondents, C = Σ w·y / Σ w over the indicators each answered; y is the score from 0 to 100."
    ),
    "node": N_(
        "Score of a node = Σ w·s / Σ w over what lies below it and has answers; the weight of silent ones goes to the others."
    ),
    "score": N_(
        "Score = 100·(level − lowest) / (highest − lowest), turned round where low is good; mean by survey weight."
    ),
    "segment": N_("Index of a segment = Σ w·s / Σ w over its indicators, s the mean score of the answers given there."),
    "top_two": N_("T2B = answers in the two best levels / answers with a level, by survey weight."),
    "top_box": N_("Top box = answers in the best level / answers with a level, by survey weight."),
    "nps": N_("NPS = 100·(share of 9 and 10 − share of 0 to 6), by survey weight."),
    "effort": N_("CES = mean level of ease, by survey weight."),
    "n": N_("n = answers with a level; not answered, don't know, not applicable and refused are not among them."),
    "change": N_("Change = this wave − the last one, tested by Welch's t on the standard errors of both."),
    "shortfall": N_(
        "Cost = weight used × (target − score): what an indicator costs its parent. Those of the top add up to target − tree."
    ),
    "rate": N_("Response rate = complete answers / invited."),
    "share": N_(
        "Importance = share of the explained variance of overall satisfaction, averaged over all orders of entry (LMG, up to 12 "
        "indicators), or by Johnson's relative weights."
    ),
}

SOURCES = {
    "index": N_("GB/T 19038-2009; interval by Taylor linearisation over respondents."),
    "node": N_("Roll-up of an indicator tree; intervals of inner nodes from respondents."),
    "segment": N_("From the kept counts; the interval assumes that the same people answered all indicators."),
    "top_two": N_("Interval: Wilson (1927) at n/deff, Kish (1965)."),
    "top_box": N_("Interval: Wilson (1927) at n/deff, Kish (1965)."),
    "nps": N_("Interval: adjusted Wald (Rocks 2016)."),
    "share": N_("Lindeman, Merenda and Gold (1980); Johnson (2000)."),
    "change": N_("Welch (1947)."),
}


def label_of(label: str, label_zh: str, code: str = "") -> str:
    """Return a label in the language chosen; its code where it has none."""
    return in_language(label, label_zh) or code


def shown(figure: Figure | None, *, has_sign: bool = False) -> str:
    """Return a figure for a table: with the mark of few answers, ``<5`` where it is hidden, a dash where there is none."""
    if figure is None:
        return "-"
    if figure.disclosure == "hidden" and figure.value is None:
        return "<5" if figure.n else "-"
    if figure.value is None:
        return "-"
    sign = "+" if has_sign else ""
    if figure.unit == "share":
        return f"{100 * figure.value:{sign}.1f}%{figure.mark}"
    if figure.unit == "answers":
        return f"{number(figure.n)}{figure.mark}"
    if figure.unit == "nps":
        return f"{figure.value:+.0f}{figure.mark}"
    return f"{figure.value:{sign}.{2 if figure.unit == 'level' else 1}f}{figure.mark}"


def interval(figure: Figure | None, *, is_bare: bool = False) -> str:
    """Return the 95 % interval of a figure, ``[72.6, 75.4]`` or bare ``72.6-75.4``; nothing where there is none."""
    if figure is None or figure.low is None or figure.high is None:
        return ""
    factor, digits = (100, 1) if figure.unit == "share" else (1, 2 if figure.unit == "level" else 1)
    if figure.unit == "nps":
        digits = 0
    low, high = f"{factor * figure.low:.{digits}f}", f"{factor * figure.high:.{digits}f}"
    return f"{low}-{high}" if is_bare else f"[{low}, {high}]"


def scale_of(scale: str) -> str:
    """Return the name of a scale in words."""
    if scale.startswith("scores "):
        return _("level scores {scores}").format(scores=scale.removeprefix("scores "))
    return scale


def weights_of(version: str) -> str:
    """Return the version of weights in words."""
    plain = {"equal": _("equal"), "as entered": _("as entered with the survey"), "": "-"}
    return plain.get(version, version)


def method_of(method: str) -> str:
    """Return the name of a method in words."""
    return _(METHODS[method]) if method in METHODS else method


def facts_of(figure: Figure, kind: str) -> list[Block]:
    """Return what is known of how a figure was made."""
    few = {"hidden": _("hidden: fewer than 5 answers"), "marked": _("~ fewer than 30 answers: not ranked, no alert")}
    blocks: list[Block] = [
        Facts(
            (
                (_("Value"), shown(figure)),
                (_("95% interval"), interval(figure)),
                (_("Answers"), number(figure.n)),
                (_("Without a level"), number(figure.n_missing) if figure.n_missing else ""),
                (_("Scale"), scale_of(figure.scale)),
                (_("Coverage"), f"{100 * figure.coverage:.0f}%"),
                (_("Weights"), weights_of(figure.weights_version) if figure.weights_version else ""),
                (
                    _("Design effect"),
                    _("{deff}, worth {n} answers").format(
                        deff=f"{figure.deff:.2f}", n=number(round(figure.n / figure.deff))
                    )
                    if figure.deff > 1.005
                    else "",
                ),
                (_("Counted by"), method_of(figure.method)),
                (_("Interval by"), method_of(figure.interval)),
                (_("Shown"), few.get(figure.disclosure, "")),
                (_("Filter"), figure.filter),
            )
        ),
        Gap(),
    ]
    if kind in FORMULAS:
        blocks += [Heading(_("Formula")), Paragraph(_(FORMULAS[kind])), Gap()]
    if kind in SOURCES:
        blocks += [Heading(_("Source")), Paragraph(_(SOURCES[kind])), Gap()]
    return blocks


class FigurePage(Page):
    """Tells how a number was made: formula, source, scale, how it was counted."""

    def __init__(self, title: str, kind: str, figure: Figure | None, more: Sequence[Block] = ()) -> None:
        super().__init__(title)
        self._kind = kind
        self._figure = figure
        self._more = tuple(more)

    def renew(self) -> None:
        """Show the definition, for which nothing has to be asked."""
        blocks = facts_of(self._figure, self._kind) if self._figure is not None else []
        if self._figure is None and self._kind in FORMULAS:
            blocks = [Heading(_("Formula")), Paragraph(_(FORMULAS[self._kind])), Gap()]
        self.show([*blocks, *self._more])


def table_block(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Return rows as a table, all but the first column set to the right."""
    return Grid(tuple(heads), tuple(tuple(row) for row in rows), frozenset(range(1, len(heads))))
