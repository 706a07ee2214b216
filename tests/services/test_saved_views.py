"""Views that people keep, on both engines."""

from __future__ import annotations

import pytest
from office import furnish
from sqlalchemy import Table, update

from console.clock import now
from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.models import SavedView
from console.models.base import table_of
from console.rules.filters import FilterError
from console.services import queues, saved_views
from console.services.audit import log
from console.services.views import QUEUE_VIEWS, NewView, QueueView
from console.storage.engine import Store

VIEWS: Table = table_of(SavedView)
LEAKS = NewView("Leaks in the east", "state:open  region:east  sort:-severity", "due:20, reference")


@pytest.fixture(autouse=True)
def office(store: Store) -> None:
    furnish(store)


def named(store: Store, viewer: str) -> list[str]:
    return [view.label for view in saved_views.views(store, viewer)[len(QUEUE_VIEWS) :]]


def kept(store: Store, name: str = "Leaks in the east", *, actor: str = "lin") -> QueueView:
    return saved_views.save(store, NewView(name, "state:open"), actor=actor)


def test_a_view_holds_filter_order_columns_and_widths(store: Store) -> None:
    view = saved_views.save(store, LEAKS, actor="an")
    assert (view.label, view.filter, view.columns) == (
        LEAKS.name,
        "state:open region:east sort:-severity",
        "due:20 reference",
    )
    assert (view.owner, view.owner_name, view.is_own, view.is_shared, view.version) == ("an", "An", True, False, 1)
    assert saved_views.find(store, "leaks IN the east", "an") == view
    assert named(store, "bo") == []
    assert log(store)[0].action == "save view"


def test_a_name_taken_is_replaced_only_when_asked_and_unchanged(store: Store) -> None:
    first = saved_views.save(store, LEAKS, actor="an")
    with pytest.raises(ConflictError, match="You have a view"):
        saved_views.save(store, LEAKS, actor="an")
    second = saved_views.save(store, NewView("LEAKS in the east", "state:waiting"), actor="an", version=first.version)
    assert (second.number, second.version, second.filter) == (first.number, 2, "state:waiting")
    with pytest.raises(ConflictError, match="changed meanwhile"):
        saved_views.save(store, LEAKS, actor="an", version=first.version)
    assert saved_views.save(store, LEAKS, actor="an", is_replacing=True).version == 3
    assert kept(store, actor="bo").number != first.number


@pytest.mark.parametrize("name", ["", "  ", "\n", "mine", "All Open", "OVERDUE", "x" * 81])
def test_bad_names_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        kept(store, name)
    assert named(store, "lin") == []


def test_hostile_names_are_cleaned_at_the_door(store: Store) -> None:
    view = kept(store, "a\x1b]52;c;x\x07b\u202e")
    assert "\x1b" not in view.label
    assert "\u202e" not in view.label
    assert saved_views.find(store, view.label, "lin").number == view.number


def test_what_cannot_be_read_is_not_kept(store: Store) -> None:
    with pytest.raises(FilterError):
        saved_views.save(store, NewView("x", "colour:red"), actor="an")
    with pytest.raises(UsageError, match="no column colour"):
        saved_views.save(store, NewView("x", "", "colour"), actor="an")
    with pytest.raises(NotAllowedError):
        saved_views.save(store, NewView("x", ""), actor="nobody")
    assert named(store, "an") == []


@pytest.mark.parametrize(
    ("login", "may"), [("an", False), ("ana", False), ("aud", False), ("lin", True), ("root", True)]
)
def test_leads_and_administrators_share(store: Store, login: str, *, may: bool) -> None:
    view = kept(store, actor=login)
    if not may:
        with pytest.raises(NotAllowedError, match="may not share"):
            saved_views.share(store, view.number, actor=login)
        assert named(store, "bo") == []
        return
    shared = saved_views.share(store, view.number, actor=login)
    assert shared.is_shared
    seen = saved_views.find(store, "Leaks in the east", "bo")
    assert (seen.is_own, seen.owner) == (False, login)
    saved_views.share(store, view.number, actor=login, is_shared=False)
    assert named(store, "bo") == []


def test_a_name_is_shared_once(store: Store) -> None:
    saved_views.share(store, kept(store).number, actor="lin")
    other = kept(store, actor="ma")
    with pytest.raises(ConflictError, match="Somebody shares"):
        saved_views.share(store, other.number, actor="ma")
    renamed = saved_views.rename(store, other.number, "Mine too", actor="ma")
    assert saved_views.share(store, renamed.number, actor="ma").is_shared
    with pytest.raises(ConflictError, match="Somebody shares"):
        saved_views.rename(store, other.number, "LEAKS in the east", actor="ma")
    assert named(store, "bo") == ["Leaks in the east", "Mine too"]


def test_only_owner_and_administrator_change_a_shared_view(store: Store) -> None:
    view = kept(store)
    for act in (
        lambda actor: saved_views.rename(store, view.number, "Other", actor=actor),
        lambda actor: saved_views.remove(store, view.number, actor=actor),
    ):
        with pytest.raises(NotFoundError):
            act("ma")
    saved_views.share(store, view.number, actor="lin")
    with pytest.raises(NotAllowedError, match="somebody else's"):
        saved_views.remove(store, view.number, actor="ma")
    with pytest.raises(NotAllowedError):
        saved_views.move(store, view.number, 1, actor="root")
    with pytest.raises(ConflictError):
        saved_views.remove(store, view.number, actor="root", version=1)
    assert saved_views.remove(store, view.number, actor="root") == "Leaks in the east"
    assert named(store, "lin") == []


def test_views_stand_in_the_order_they_are_given(store: Store) -> None:
    numbers = {name: kept(store, name).number for name in ("A", "B", "C")}
    assert named(store, "lin") == ["A", "B", "C"]
    saved_views.move(store, numbers["C"], 1, actor="lin")
    assert named(store, "lin") == ["C", "A", "B"]
    order = saved_views.move(store, numbers["C"], 99, actor="lin")
    assert [view.label for view in order if view.is_own] == ["A", "B", "C"]


def test_a_view_that_cannot_be_read_any_more_says_so_and_can_be_mended(store: Store) -> None:
    view = kept(store)
    with store.writing("lin") as work:
        work.connection.execute(update(VIEWS).values(filter="colour:red", columns="due gone:9 reference"))
        work.record("break", "view", "x")
    broken = saved_views.find(store, view.label, "lin")
    assert "Unknown field colour:" in broken.fault
    counted = queues.counts(store, saved_views.views(store, "lin"), now=now(), viewer="lin")
    assert broken.id not in counted
    assert len(counted) == len(QUEUE_VIEWS)
    mended = saved_views.save(store, NewView(view.label, "severity:3"), actor="lin", version=broken.version)
    assert (mended.fault, mended.filter) == ("", "severity:3")


def test_a_person_keeps_at_most_fifty_views(store: Store) -> None:
    for number in range(saved_views.MOST):
        kept(store, f"View {number}")
    with pytest.raises(UsageError, match="50 views already"):
        kept(store, "One more")
    assert kept(store, "View 7", actor="ma").owner == "ma"


def test_an_unknown_view_names_the_nearest(store: Store) -> None:
    kept(store, "Leaks")
    with pytest.raises(UsageError) as caught:
        saved_views.find(store, "Leakz", "lin")
    assert "Did you mean Leaks?" in caught.value.hint
