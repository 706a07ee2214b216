"""What may be done to a case now and what a form offers; what a case being taken down would come to."""

from __future__ import annotations

import pytest
from office import START, after, done, furnish, received

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.i18n import choose_language
from console.services.fields import TAKES
from console.services.form_views import Intake, Possibility
from console.services.handling import perform
from console.services.intake import NewCase
from console.services.policy_words import take_words
from console.services.possibilities import form_basis, form_choices, possible, preview
from console.storage.engine import Store


def by_verb(store: Store, case_id: int, actor: str) -> dict[str, Possibility]:
    return {item.verb: item for item in possible(store, case_id, actor=actor, now=after(hours=1))}


def test_what_can_be_filled_in_does_not_stand_against_a_verb(store: Store) -> None:
    furnish(store)
    case = received(store)
    found = by_verb(store, case.id, "an")
    assert (found["note"].is_possible, found["note"].required) == (True, ("note",))
    assert (found["reply"].is_possible, found["reply"].required) == (True, ("reply", "outcome"))
    assert not found["archive"].is_possible
    assert "is not possible in the state" in found["archive"].reason
    assert not found["supervise"].is_possible
    assert found["supervise"].reason.startswith("The role agent")
    assert by_verb(store, case.id, "lin")["supervise"].required == ("reason",)


def test_a_reason_that_excuses_is_asked_for_with_what_it_excuses(store: Store) -> None:
    furnish(store)
    case = received(store)
    done(store, "reply", case, "an", after(hours=1), reply="Mended.", outcome="solved")
    archive = by_verb(store, case.id, "lin")["archive"]
    assert (archive.is_possible, archive.required) == (True, ("reason",))
    assert "not called back" in archive.reason
    done(store, "callback", case, "an", after(hours=2), opinion="satisfied")
    archive = by_verb(store, case.id, "lin")["archive"]
    assert (archive.is_possible, archive.required, archive.reason) == (True, (), "")


def test_it_agrees_with_what_performing_says(store: Store) -> None:
    furnish(store)
    case = received(store)
    values = {
        "note": "n", "reason": "r", "reply": "x", "outcome": "solved", "assignee": "an", "department": "marketing",
        "category": "billing / wrong", "severity": "2", "opinion": "neutral", "summary": "s", "remedy": "refund",
        "owner": "an", "measures": "m", "due_on": "2026-12-01",
    }  # fmt: skip
    for item in by_verb(store, case.id, "an").values():
        if set(item.required) & {"merged_into", "linked_to"}:
            continue
        given = {name: values[name] for name in item.required}
        report = perform(store, item.verb, [case.id], given, actor="an", now=after(hours=1), is_dry_run=True)
        assert bool(report.done) == item.is_possible, (item, report)


def test_a_form_shows_what_the_case_holds_and_names_in_the_language_asked_for(store: Store) -> None:
    furnish(store)
    case = received(store)
    take_words(store)
    choose_language("zh_CN")
    basis = form_basis(store, "triage", case.id, actor="an", language="zh_CN", now=after(hours=1))
    assert dict(basis.held)["category"] == "billing / wrong"
    codes = [code for code, _name in basis.choices.categories]
    assert "billing / wrong" in codes
    assert any(ord(char) > 0x4E00 for _code, name in basis.choices.categories for char in name)
    assert ("an" in [login for login, _name in basis.choices.people]) is True
    assert form_choices(store, now=START).impacts == (
        "one customer",
        "several customers",
        "many customers",
        "public safety",
    )


def test_cases_that_may_be_the_same_are_offered_to_merge_into(store: Store) -> None:
    furnish(store)
    first = received(store)
    second = received(store, at=after(hours=1))
    basis = form_basis(store, "merge", second.id, actor="an", now=after(hours=2))
    assert first.reference in [code for code, _name in basis.choices.similar]


def test_a_preview_promises_what_the_case_then_gets(store: Store) -> None:
    furnish(store)
    new = Intake("电费账单错误", category="billing / wrong", customer="K-1", impact="many customers", urgency="high")
    seen = preview(store, new, now=START)
    assert (seen.severity, seen.missing) == (4, ())
    made = received(store, NewCase(new.subject, category=new.category, customer="K-1", severity=4))
    assert made.due_at == seen.promises[0].due_at
    assert preview(store, Intake(), now=START).severity == 1
    assert "contact" in preview(store, Intake("x"), now=START).missing


def test_who_is_not_on_the_staff_and_what_is_not_there_is_refused(store: Store) -> None:
    furnish(store)
    case = received(store)
    with pytest.raises(NotAllowedError):
        possible(store, case.id, actor="nobody")
    with pytest.raises(NotFoundError):
        possible(store, 999_999, actor="an")
    with pytest.raises(UsageError):
        form_basis(store, "explode", case.id, actor="an")
    assert "note" in TAKES
