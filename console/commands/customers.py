"""``ombud customers``: all of them at once: lists by a filter, complete dossiers, doubles."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, is_watched, narrate
from console.i18n import _, ngettext
from console.labels import label

if TYPE_CHECKING:
    from console.services.care_views import CustomerLine, Double, ToComplete, TruthFigure

app = typer.Typer(no_args_is_help=True)

Filter = Annotated[str, typer.Argument(metavar="FILTER", help="Such as 'kind:enterprise stage:at_risk region:east'.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


@app.callback()
def customers() -> None:
    """All customers at once: lists by a filter, complete dossiers, doubles."""


def line_record(row: CustomerLine) -> dict[str, Any]:
    """Return the line of a customer as a record; the internal id is left out."""
    record = asdict(row)
    del record["id"]
    return record


@app.command("list")
def list_(
    text: Filter = "",
    limit: Limit = 200,
    is_count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the customers that a filter finds."""
    from console.services import customer_lists

    with opened(database) as store:
        number = customer_lists.count(store, text, viewer=caller())
        rows = [] if is_count else customer_lists.lines(store, text, viewer=caller(), limit=limit)
    if as_json:
        emit_json({"filter": text, "total": number, "customers": [line_record(row) for row in rows]})
    elif is_count:
        emit(str(number))
    elif as_json_lines:
        for row in rows:
            emit_json(line_record(row))
    else:
        heads = ("Number", "Name", "Kind", "Supply", "Size", "Credit", "Stage", "Value", "RFM", "Region", "Phone")
        emit_table(
            heads,
            (
                (
                    row.number, row.name, row.kind, row.supply_category, row.size, row.credit_grade, row.stage, row.tier,
                    row.rfm, row.region, row.phone_masked,
                )
                for row in rows
            ),
        )  # fmt: skip
        narrate(
            ngettext("{shown} of {count} customer", "{shown} of {count} customers", number).format(
                shown=len(rows), count=number
            )
        )


@app.command("refresh")
def refresh(as_json: AsJson = False, database: Database = None) -> None:
    """Apply the rules of the policy to all customers: credit, stage, value, segments; say what changed."""
    from console.services import standings

    def told(at: int, last: int) -> bool:
        if is_watched():
            narrate(f"{at} / {last}")
        return True

    with opened(database) as store:
        report = standings.refresh(store, caller(), progress=told)
    if as_json:
        emit_json({**asdict(report), "changes": dict(report.changes)})
        return
    for name, count in report.changes:
        emit(f"{count:>8}  {name}")
    narrate(
        ngettext("{count} customer as of {at}", "{count} customers as of {at}", report.customers).format(
            count=report.customers, at=instant(report.as_of)
        )
    )


@app.command("transitions")
def transitions(
    before: Annotated[str, typer.Option("--from", metavar="QUARTER", help="Such as 2026-Q3.")] = "",
    after: Annotated[str, typer.Option("--to", metavar="QUARTER", help="Such as 2026-Q4.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Say how many customers went from which stage of life to which between two quarters; the last two without them."""
    from console.services import standing_tables

    with opened(database) as store:
        table = standing_tables.transitions(store, before, after)
    if as_json:
        emit_json(asdict(table))
        return
    rows = zip(table.stages, table.counts, table.shares, strict=True)
    emit_table(
        (f"{table.before} > {table.after}", *(label(stage, "stage") for stage in table.stages)),
        (
            (
                label(stage, "stage"),
                *(
                    f"{count} ({100 * share:.0f} %)" if count else "-"
                    for count, share in zip(counts, shares, strict=True)
                ),
            )
            for stage, counts, shares in rows
        ),
        numeric=tuple(range(1, len(table.stages) + 1)),
    )


@app.command("holdings")
def holdings(as_json: AsJson = False, database: Database = None) -> None:
    """Say how many customers have left within a year, by the number of services they held."""
    from console.services import standing_tables

    with opened(database) as store:
        rows = standing_tables.holdings(store)
    if as_json:
        emit_json({"holdings": [asdict(row) for row in rows]})
        return
    emit_table(
        ("Services", "Customers", "Left", "Share", "95 % interval"),
        (
            (
                str(row.services), str(row.customers), str(row.left), _share(row.share),
                f"{_share(row.low)} - {_share(row.high)}",
            )
            for row in rows
        ),
        numeric=(0, 1, 2, 3, 4),
    )  # fmt: skip


@app.command("value")
def value(as_json: AsJson = False, database: Database = None) -> None:
    """Say what customers contribute by tier of value: what was billed in twelve months less what contacts cost."""
    from console.services import standing_tables

    with opened(database) as store:
        rows = standing_tables.value(store)
    if as_json:
        emit_json({"tiers": [{**asdict(row), "contribution_minor": row.contribution_minor} for row in rows]})
        return
    emit_table(
        ("Value", "Customers", "Billed", "Contacts", "Contribution", "", "Satisfaction", "Complaints"),
        (
            (
                label(row.tier, "tier"), str(row.customers), f"{row.revenue_minor / 100:.2f}",
                f"{row.contact_cost_minor / 100:.2f}", f"{row.contribution_minor / 100:.2f}", row.currency,
                "-" if row.satisfaction is None else f"{row.satisfaction:.1f}", str(row.complaints),
            )
            for row in rows
        ),
        numeric=(1, 2, 3, 4, 6, 7),
    )  # fmt: skip


@app.command("completeness")
def completeness(
    text: Filter = "",
    is_list: Annotated[bool, typer.Option("--list", help="The dossiers to complete or verify.")] = False,
    limit: Limit = 200,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Say how many dossiers are complete and verified, residents and others apart; with --list, which are not."""
    from console.services import completeness as dossiers

    with opened(database) as store:
        figures = dossiers.figures(store)
        is_wanted = is_list or bool(text) or as_json_lines
        rows = dossiers.to_complete(store, text, viewer=caller(), limit=limit) if is_wanted else []
    if as_json:
        emit_json({"figures": [_truth(figure) for figure in figures], "to_complete": [_lacking(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(_lacking(row))
    elif is_wanted:
        emit_table(
            ("Number", "Name", "Kind", "Region", "Verified", "Missing"),
            (
                (row.number, row.name, row.kind, row.region, instant(row.verified_at), ", ".join(row.missing))
                for row in rows
            ),
        )
    else:
        emit_table(
            ("Customers", "Number", "Complete", "Verified", "Both"),
            (
                (
                    figure.name,
                    str(figure.customers),
                    _share(figure.share_complete),
                    _share(figure.share_verified),
                    _share(figure.share_both),
                )
                for figure in figures
            ),
            numeric=(1, 2, 3, 4),
        )


def _truth(figure: TruthFigure) -> dict[str, Any]:
    shares = {name: getattr(figure, name) for name in ("share_complete", "share_verified", "share_both")}
    return {**asdict(figure), **shares}


def _lacking(row: ToComplete) -> dict[str, Any]:
    record = asdict(row)
    del record["id"]
    return {**record, "missing": list(row.missing)}


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


@app.command("duplicates")
def duplicates(
    text: Filter = "",
    limit: Limit = 200,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Propose customers that are probably one, with the reasons; what is sealed is compared without being opened."""
    from console.services import customer_duplicates

    with opened(database) as store:
        report = customer_duplicates.duplicates(store, text, viewer=caller(), limit=limit)
    if as_json:
        emit_json(
            {
                "found": report.found,
                "customers": report.customers,
                "compared": report.compared,
                "large_groups": report.large_groups,
                "pairs": [_pair(double) for double in report.doubles],
            }
        )
        return
    if as_json_lines:
        for double in report.doubles:
            emit_json(_pair(double))
        return
    emit_table(
        ("Score", "Number", "Name", "Number", "Name", "Why"),
        (
            (
                f"{double.score:.2f}",
                double.one.number,
                double.one.name,
                double.other.number,
                double.other.name,
                ", ".join(label(reason, "likeness") for reason in double.reasons),
            )
            for double in report.doubles
        ),
        numeric=(0,),
    )
    narrate(
        ngettext(
            "{count} probable double among {customers} customers", "{count} probable doubles among {customers} customers",
            report.found,
        ).format(count=report.found, customers=report.customers)
    )  # fmt: skip
    if report.found:
        narrate(_("Merge: ombud customer merge NUMBER INTO; not one: ombud customer distinct NUMBER OTHER"))


def _pair(double: Double) -> dict[str, Any]:
    one, other = double.one, double.other
    return {
        "score": double.score,
        "reasons": list(double.reasons),
        "one": {"number": one.number, "name": one.name, "region": one.region},
        "other": {"number": other.number, "name": other.name, "region": other.region},
    }
