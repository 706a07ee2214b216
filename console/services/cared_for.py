"""What care holds of one customer: his managers, points, campaigns, standing and segments, and the doubles merged into him."""

from __future__ import annotations

from sqlalchemy import Connection, Table, and_, func, or_, select

from console.models import (
    Campaign,
    CampaignCall,
    CustomerMerge,
    Segment,
    SegmentMember,
    Standing,
)
from console.models.base import table_of
from console.services.care_views import CampaignTurn, MergedDouble, PointsRow, PostRow, StandingRow
from console.services.customer_merges import doubles_of
from console.services.customer_records import CUSTOMERS
from console.services.managers import POSTS, held
from console.services.points import ENTRIES as POINTS
from console.services.points import ledger

CAMPAIGNS: Table = table_of(Campaign)
CALLS: Table = table_of(CampaignCall)
MERGES: Table = table_of(CustomerMerge)
SEGMENTS: Table = table_of(Segment)
MEMBERS: Table = table_of(SegmentMember)
STANDINGS: Table = table_of(Standing)


def posts_of(connection: Connection, customer_id: int, region: str = "") -> tuple[PostRow, ...]:
    """Return who manages or managed a customer, his own managers before those of his area, the newest first.

    Without a region the managers of areas are left out.
    """
    whose = POSTS.c.customer_id == customer_id
    question = (
        held()
        .where(or_(whose, and_(POSTS.c.region == region, POSTS.c.customer_id.is_(None))) if region else whose)
        .order_by(POSTS.c.customer_id.is_(None), POSTS.c.from_on.desc(), POSTS.c.id.desc())
    )
    return tuple(PostRow(*row) for row in connection.execute(question))


def points_of(connection: Connection, customer_id: int, limit: int | None = None) -> tuple[PointsRow, ...]:
    """Return the ledger of points of a customer, the newest first."""
    question = ledger().where(POINTS.c.customer_id == customer_id).order_by(POINTS.c.id.desc()).limit(limit)
    return tuple(PointsRow(*row) for row in connection.execute(question))


def campaigns_of(connection: Connection, customer_id: int) -> tuple[CampaignTurn, ...]:
    """Return the campaigns on whose list a customer stands, the newest first."""
    question = (
        select(
            CAMPAIGNS.c.number,
            CAMPAIGNS.c.title,
            CALLS.c.state,
            func.coalesce(CALLS.c.outcome, "").label("outcome"),
            CALLS.c.attempts,
            CALLS.c.at,
            CALLS.c.actor,
        )
        .join_from(CALLS, CAMPAIGNS, CAMPAIGNS.c.id == CALLS.c.campaign_id)
        .where(CALLS.c.customer_id == customer_id)
        .order_by(CALLS.c.campaign_id.desc())
    )
    return tuple(CampaignTurn(*row) for row in connection.execute(question))


def standing_of(connection: Connection, customer_id: int) -> StandingRow | None:
    """Return how a customer stood at the last refresh; None before the first."""
    row = connection.execute(select(STANDINGS).where(STANDINGS.c.customer_id == customer_id)).first()
    if row is None:
        return None
    scores = (row.recency, row.frequency, row.money)
    return StandingRow(
        as_of=row.as_of,
        stage=row.stage,
        tier=row.tier,
        rfm="" if None in scores else "".join(map(str, scores)),
        revenue_minor=row.revenue_minor,
        contact_cost_minor=row.contact_cost_minor,
        currency=row.currency,
        overdue_days=row.overdue_days,
        disputes=row.disputes,
        returned_payments=row.returned_payments,
        complaints=row.complaints,
        usage_change=row.usage_change,
        satisfaction=row.satisfaction,
        alarms=tuple(filter(None, row.alarms.split(","))),
        services=row.services,
    )


def segments_of(connection: Connection, customer_id: int) -> tuple[str, ...]:
    """Return the names of the segments a customer belonged to when they were last counted."""
    question = (
        select(SEGMENTS.c.name)
        .join_from(MEMBERS, SEGMENTS, SEGMENTS.c.id == MEMBERS.c.segment_id)
        .where(MEMBERS.c.customer_id == customer_id)
        .order_by(SEGMENTS.c.name)
    )
    return tuple(connection.execute(question).scalars())


def merged_into(connection: Connection, customer_id: int) -> tuple[MergedDouble, ...]:
    """Return the dossiers that were merged into a customer's, straight or by way of another, the newest first."""
    doubles = doubles_of(connection, customer_id)
    if not doubles:
        return ()
    question = (
        select(CUSTOMERS.c.id, CUSTOMERS.c.number, MERGES.c.at, MERGES.c.actor, MERGES.c.reason)
        .join_from(MERGES, CUSTOMERS, CUSTOMERS.c.id == MERGES.c.from_id)
        .where(MERGES.c.from_id.in_(doubles), MERGES.c.undone_at.is_(None))
        .order_by(MERGES.c.at.desc(), MERGES.c.id.desc())
    )
    return tuple(MergedDouble(*row) for row in connection.execute(question))
