"""The rows of questions as plain records for JSON, with the same names everywhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.services.case_views import CaseDetail
    from console.services.customer_views import CustomerRow
    from console.services.views import CaseRow


def case_record(row: CaseRow) -> dict[str, Any]:
    """Return the line of a case as a record; the internal id is left out."""
    record = asdict(row)
    del record["id"]
    return record


def case_detail_record(detail: CaseDetail) -> dict[str, Any]:
    """Return a whole case as one record."""
    record = asdict(detail)
    row = record.pop("row")
    del row["id"]
    record["extras"] = dict(detail.extras)
    for event in record["events"]:
        event["changes"] = [
            {"field": field, "before": before, "after": after} for field, before, after in event["changes"]
        ]
    return {**row, **record}


def customer_record(row: CustomerRow) -> dict[str, Any]:
    """Return the line of a customer as a record; the internal id is left out."""
    record = asdict(row)
    del record["id"]
    return record
