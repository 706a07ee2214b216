"""Views that people keep: a filter with its order, columns and widths, one's own or shared with everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, select, update

from console.codes import Role
from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError, nearest
from console.models import SavedView, Staff
from console.models.base import table_of
from console.rules.case_columns import read_layout, written_layout
from console.rules.filters import FilterError, parse
from console.services.views import QUEUE_VIEWS, NewView, QueueView
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

if TYPE_CHECKING:
    from console.services.handling import Worker

VIEWS: Table = table_of(SavedView)
STAFF: Table = table_of(Staff)

LONGEST_NAME = 80
MOST = 50
"""Views one person may keep: each costs a count whenever somebody writes."""


def _worker(connection: Connection, actor: str) -> Worker:
    # Views are read at every start, and written seldom: reading them does without all that working on cases needs.
    from console.services.handling import worker_of

    return worker_of(connection, actor)


def views(store: Store, viewer: str) -> tuple[QueueView, ...]:
    """Return the views a person sees: the ready ones, his own in his order, then what others share, by name."""
    with store.reading() as connection:
        return (*QUEUE_VIEWS, *_kept(connection, viewer))


def find(store: Store, name: str, viewer: str) -> QueueView:
    """Return the view of a name: a ready one, one's own, or a shared one. Raises UsageError, naming the nearest."""
    known = views(store, viewer)
    key = _key(name)
    for view in known:
        if view.id == name or _key(view.label) == key:
            return view
    names = [view.id if view.is_ready else view.label for view in known]
    close = nearest(clean_line(name), names)
    hint = f"Did you mean {close}?" if close else f"Known views: {', '.join(names)}."
    raise UsageError(f"There is no view {clean_line(name)}.", hint)


def save(
    store: Store, new: NewView, *, actor: str, version: int | None = None, is_replacing: bool = False
) -> QueueView:
    """Keep a view under its name and return it.

    A view of one's own with that name is replaced where ``version`` is the one that was seen, or where ``is_replacing`` says
    so whatever it is. Raises UsageError for a bad name or layout, FilterError, ConflictError where the name is taken or the view
    was changed meanwhile, NotAllowedError for somebody who is not on the staff.
    """
    name, key = _checked_name(new.name)
    asked, layout = str(parse(new.filter)), written_layout(read_layout(new.columns))

    def keep(work: Work) -> QueueView:
        connection = work.connection
        owner = _worker(connection, actor).id
        # On the record first: on PostgreSQL that lets one writer at a time go on, so that no two take one name.
        work.record("save view", "view", name, {"filter": asked, "columns": layout})
        held = connection.execute(select(VIEWS).where(VIEWS.c.owner_id == owner, VIEWS.c.name_key == key)).mappings()
        row = held.one_or_none()
        values: dict[str, Any] = {"name": name, "filter": asked, "columns": layout, "updated_at": work.at}
        if row is None:
            number = _entered(work, owner, {**values, "name_key": key})
        else:
            if not is_replacing and version is None:
                raise ConflictError(f"You have a view {name} already.", "Choose another name, or replace that one.")
            _require_version(row, version)
            number = row["id"]
            connection.execute(update(VIEWS).where(VIEWS.c.id == number).values(version=row["version"] + 1, **values))
        return _view(connection, number, actor)

    return store.write(actor, keep)


def _entered(work: Work, owner: int, values: dict[str, Any]) -> int:
    connection = work.connection
    mine = VIEWS.c.owner_id == owner
    count, last = connection.execute(select(func.count(), func.max(VIEWS.c.position)).where(mine)).one()
    if count >= MOST:
        raise UsageError(f"You keep {MOST} views already.", "Delete one you need no longer.")
    row = {
        **values,
        "owner_id": owner,
        "is_shared": False,
        "position": (last or 0) + 1,
        "created_at": work.at,
        "version": 1,
    }
    return int(connection.execute(insert(VIEWS).values(row).returning(VIEWS.c.id)).scalar_one())


def rename(store: Store, number: int, name: str, *, actor: str, version: int | None = None) -> QueueView:
    """Give a view another name. Raises as ``save`` does, and NotAllowedError for somebody else's view."""
    name, key = _checked_name(name)

    def act(work: Work) -> QueueView:
        connection = work.connection
        row = _row(connection, number, actor, version, "rename")
        work.record("rename view", "view", name, {"before": row["name"]})
        taken = select(VIEWS.c.id).where(VIEWS.c.name_key == key, VIEWS.c.id != number)
        if connection.execute(taken.where(VIEWS.c.owner_id == row["owner_id"])).first() is not None:
            raise ConflictError(f"There is a view {name} already.", "Choose another name.")
        if row["is_shared"]:
            _require_unshared(connection, name, key, number)
        _change(work, row, name=name, name_key=key)
        return _view(connection, number, actor)

    return store.write(actor, act)


def share(store: Store, number: int, *, actor: str, is_shared: bool = True, version: int | None = None) -> QueueView:
    """Show a view to everybody, or to its owner only. Raises NotAllowedError for whoever is no lead or administrator."""

    def act(work: Work) -> QueueView:
        connection = work.connection
        row = _row(connection, number, actor, version, "share")
        worker = _worker(connection, actor)
        from console.services.staffing import SUPERVISORS

        if is_shared and worker.role not in SUPERVISORS:
            raise NotAllowedError(
                f"The role {worker.role} may not share a view; it takes: {', '.join(sorted(SUPERVISORS))}.",
                "Ask one of them to save and share it.",
            )
        work.record("share view" if is_shared else "unshare view", "view", row["name"], {"filter": row["filter"]})
        if is_shared:
            _require_unshared(connection, row["name"], row["name_key"], number)
        _change(work, row, is_shared=is_shared)
        return _view(connection, number, actor)

    return store.write(actor, act)


def remove(store: Store, number: int, *, actor: str, version: int | None = None) -> str:
    """Delete a view and return its name. Raises NotAllowedError for somebody else's, NotFoundError."""

    def act(work: Work) -> str:
        row = _row(work.connection, number, actor, version, "delete")
        work.connection.execute(delete(VIEWS).where(VIEWS.c.id == number))
        kept = {"filter": row["filter"], "columns": row["columns"], "was_shared": bool(row["is_shared"])}
        work.record("delete view", "view", row["name"], kept)
        return str(row["name"])

    return store.write(actor, act)


def move(store: Store, number: int, position: int, *, actor: str) -> tuple[QueueView, ...]:
    """Put one's own view at a place among one's own, counted from 1, and return the views as they stand then.

    A place before the first or behind the last is the first or the last one. Raises NotAllowedError for somebody else's view.
    """

    def act(work: Work) -> tuple[QueueView, ...]:
        connection = work.connection
        owner = _worker(connection, actor).id
        row = _row(connection, number, actor, None, "order")
        if row["owner_id"] != owner:
            raise NotAllowedError(f"{row['name']} is not yours to order.", "Order your own views.")
        mine = select(VIEWS.c.id).where(VIEWS.c.owner_id == owner).order_by(VIEWS.c.position, VIEWS.c.id)
        order = [other for other in connection.execute(mine).scalars() if other != number]
        order.insert(max(0, min(position - 1, len(order))), number)
        for place, other in enumerate(order, start=1):
            connection.execute(update(VIEWS).where(VIEWS.c.id == other).values(position=place))
        work.record("order view", "view", row["name"], {"position": order.index(number) + 1})
        return (*QUEUE_VIEWS, *_kept(connection, actor))

    return store.write(actor, act)


def _key(name: str) -> str:
    return clean_line(name).casefold()[: 4 * LONGEST_NAME]


def _checked_name(written: str) -> tuple[str, str]:
    name = clean_line(written)
    if not name:
        raise UsageError("A view needs a name.", "Such as: Leaks in the east")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"The name of a view has {len(name)} characters.", f"Keep it within {LONGEST_NAME}.")
    key = _key(name)
    if any(key in (_key(view.id), _key(view.label)) for view in QUEUE_VIEWS):
        raise UsageError(f"{name} is the name of a queue that everybody has.", "Choose another name.")
    return name, key


def _row(connection: Connection, number: int, actor: str, version: int | None, action: str) -> RowMapping:
    """Return the row of a view that the actor may change: his own, or a shared one where he is an administrator."""
    worker = _worker(connection, actor)
    row = connection.execute(select(VIEWS).where(VIEWS.c.id == number)).mappings().one_or_none()
    is_administrator = worker.role == Role.ADMINISTRATOR.value
    if row is None or not (row["owner_id"] == worker.id or row["is_shared"]):
        raise NotFoundError("This view is no longer there.", "See: ombud view list")
    if row["owner_id"] != worker.id and not is_administrator:
        raise NotAllowedError(
            f"{row['name']} is somebody else's view, which you may not {action}.", "Save it under another name."
        )
    _require_version(row, version)
    return row


def _require_version(row: RowMapping, version: int | None) -> None:
    if version is not None and row["version"] != version:
        raise ConflictError(f"The view {row['name']} was changed meanwhile.", "Look at it again, then repeat.")


def _require_unshared(connection: Connection, name: str, key: str, number: int) -> None:
    shared = select(VIEWS.c.id).where(VIEWS.c.name_key == key, VIEWS.c.is_shared, VIEWS.c.id != number)
    if connection.execute(shared).first() is not None:
        raise ConflictError(f"Somebody shares a view {name} already.", "Give yours another name first.")


def _change(work: Work, row: RowMapping, **values: Any) -> None:
    changed = {**values, "updated_at": work.at, "version": row["version"] + 1}
    work.connection.execute(update(VIEWS).where(VIEWS.c.id == row["id"]).values(changed))


_LISTED = (
    select(VIEWS, STAFF.c.login, STAFF.c.name.label("owner_name"))
    .select_from(VIEWS)
    .join(STAFF, STAFF.c.id == VIEWS.c.owner_id)
)


def _kept(connection: Connection, viewer: str) -> list[QueueView]:
    is_own = STAFF.c.login == viewer
    rows = connection.execute(_LISTED.where(is_own | VIEWS.c.is_shared)).mappings()
    found = [(row, _shown(row, viewer)) for row in rows]
    found.sort(key=lambda pair: (not pair[1].is_own, pair[0]["position"] if pair[1].is_own else 0, pair[0]["name_key"]))
    return [view for _row, view in found]


def _view(connection: Connection, number: int, viewer: str) -> QueueView:
    return _shown(connection.execute(_LISTED.where(VIEWS.c.id == number)).mappings().one(), viewer)


def _shown(row: RowMapping, viewer: str) -> QueueView:
    try:
        parse(row["filter"])
        fault = ""
    except FilterError as error:
        fault = str(error)
    return QueueView(
        f"saved-{row['id']}",
        row["name"],
        row["filter"],
        row["columns"],
        row["id"],
        row["login"],
        row["owner_name"],
        row["login"] == viewer,
        bool(row["is_shared"]),
        row["version"],
        fault,
    )
