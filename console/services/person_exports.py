"""Everything kept about a person, given to him as a signed document."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select

from console import clock
from console.errors import OmbudError, UsageError
from console.models import Answer, AnswerText, Case, CaseText, Indicator, Response, Survey
from console.models.base import table_of
from console.services import contacts, fieldwork, supply_records
from console.services.care_views import ContactRow, MergedDouble
from console.services.cared_for import campaigns_of, merged_into, points_of, posts_of, segments_of, standing_of
from console.services.customer_records import ACCOUNT_SECRETS, ACCOUNTS, CUSTOMERS, SENSITIVE
from console.services.privacy import given_reason, held_customer, opened_field
from console.services.staffing import SUPERVISORS, required
from console.storage import sealing
from console.storage.engine import Store
from console.storage.unit import Work

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
ANSWERS: Table = table_of(Answer)
ANSWER_TEXTS: Table = table_of(AnswerText)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)

FORMAT = "ombud-person-1"
EVERY = 2**31 - 1
FACTS = (
    "number", "name", "kind", "relationship", "supply_category", "size", "credit_grade", "region", "is_vulnerable",
    "has_life_support", "verified_at", "verified_by", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Double:
    """A dossier merged into the person's: the merge, its row, and which sealed fields it has of its own."""

    merge: MergedDouble
    row: dict[str, Any]
    held: tuple[str, ...]


def export_person(store: Store, customer: str, actor: str, reason: str = "at the person's request") -> dict[str, Any]:
    """Return everything kept about a customer as a signed document: ``{"payload": …, "signature": …, …}``.

    Dossiers that were merged into his are his too, with their own sealed values. Each sealed value that is opened for it has its
    entry on the record, committed before. The signature is Ed25519 (RFC 8032) over the payload as JSON with sorted keys and
    without blanks, in UTF-8. Raises as ``privacy.reveal`` does, without its quota.
    """
    given = given_reason(reason)
    with store.reading() as connection:
        required(connection, actor, SUPERVISORS, "export a person's data")
        row = dict(held_customer(connection, customer))
        customer_id = int(row["id"])
        held = [field for field in SENSITIVE if row[f"{field}_masked"]]
        accounts = _accounts(connection, customer_id)
        doubles = _doubles(connection, customer_id)

    def note(work: Work) -> None:
        detail = {"reason": given, "purpose": "export"}
        for number, fields in ((customer, held), *((double.merge.number, double.held) for double in doubles)):
            for field in fields:
                work.record("reveal", "customer", number, {"field": field, **detail})
        for account in accounts:
            if account["sealed"] is not None:
                work.record("reveal", "account", account["number"], {"field": "address", **detail})
        work.record("export", "customer", customer, {"reason": given})

    store.write(actor, note)
    with store.reading() as connection:
        vault = sealing.vault_of(connection)
        payload = {
            "format": FORMAT,
            "database": vault.database_id(),
            "made_at": clock.now().isoformat(),
            "made_by": actor,
            "customer": {
                **{name: row[name] for name in FACTS},
                **{field: opened_field(connection, customer_id, field) for field in held},
            },
            "accounts": _opened_accounts(connection, customer_id, accounts, vault),
            "merged": [
                {
                    **{name: double.row[name] for name in FACTS},
                    **{field: opened_field(connection, double.merge.id, field) for field in double.held},
                    "merged_at": double.merge.at,
                    "merged_by": double.merge.actor,
                    "reason": double.merge.reason,
                }
                for double in doubles
            ],
            **supply_records.held_of(connection, customer_id),
            "cases": list(_cases(connection, customer_id)),
            "answers": _answers(connection, customer_id),
            "survey_attempts": fieldwork.attempts_of(connection, customer_id),
            **_cared_for(connection, customer_id),
        }
        return _signed(payload, vault)


def _cared_for(connection: Connection, customer_id: int) -> dict[str, Any]:
    """What care wrote down: contacts and visits, managers, points, campaigns, how he stands by the rules."""
    standing = standing_of(connection, customer_id)
    return {
        "contacts": _plain_rows(contacts.contacts_of(connection, customer_id, EVERY)),
        "managers": _plain_rows(posts_of(connection, customer_id)),
        "points": _plain_rows(points_of(connection, customer_id)),
        "campaigns": _plain_rows(campaigns_of(connection, customer_id)),
        "standing": None if standing is None else asdict(standing),
        "segments": list(segments_of(connection, customer_id)),
    }


def _plain_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return rows as records without what they repeat of the person himself."""
    left_out = ("id", "customer", "customer_name")
    return [
        {name: value for name, value in asdict(row).items() if name not in left_out and not _is_his_name(row, name)}
        for row in rows
    ]


def _is_his_name(row: object, name: str) -> bool:
    return name == "name" and isinstance(row, ContactRow)


def _opened_accounts(
    connection: Connection, customer_id: int, accounts: Sequence[Mapping[str, Any]], vault: sealing.Vault
) -> list[dict[str, Any]]:
    key = sealing.data_keys(connection, [customer_id]).get(customer_id)
    found = []
    for account in accounts:
        sealed = account["sealed"]
        address = ""
        if sealed is not None and key is not None:
            address = vault.open_field(key, ACCOUNT_SECRETS.name, "address", account["id"], sealed)
        facts = {name: value for name, value in account.items() if name not in ("id", "sealed")}
        found.append({**facts, "address": address})
    return found


def _accounts(connection: Connection, customer_id: int) -> list[dict[str, Any]]:
    names = ("id", "number", "utility", "supply_category", "state", "meter_number", "region", "opened_on", "closed_on")
    question = (
        select(*(ACCOUNTS.c[name] for name in names), ACCOUNT_SECRETS.c.address.label("sealed"))
        .join_from(ACCOUNTS, ACCOUNT_SECRETS, ACCOUNT_SECRETS.c.account_id == ACCOUNTS.c.id, isouter=True)
        .where(ACCOUNTS.c.customer_id == customer_id)
        .order_by(ACCOUNTS.c.number)
    )
    return [dict(row) for row in connection.execute(question).mappings()]


def _doubles(connection: Connection, customer_id: int) -> list[_Double]:
    found = []
    for double in merged_into(connection, customer_id):
        row = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == double.id)).mappings().one()
        found.append(_Double(double, dict(row), tuple(field for field in SENSITIVE if row[f"{field}_masked"])))
    return found


def _answers(connection: Connection, customer_id: int) -> list[dict[str, Any]]:
    question = (
        select(
            RESPONSES.c.answered_at.label("at"),
            SURVEYS.c.title.label("survey"),
            INDICATORS.c.label.label("indicator"),
            ANSWERS.c.score,
            ANSWERS.c.missing,
            ANSWER_TEXTS.c.content.label("text"),
        )
        .join_from(RESPONSES, SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
        .join(INDICATORS, INDICATORS.c.survey_id == SURVEYS.c.id)
        .join(
            ANSWERS,
            and_(ANSWERS.c.response_id == RESPONSES.c.id, ANSWERS.c.indicator_id == INDICATORS.c.id),
            isouter=True,
        )
        .join(
            ANSWER_TEXTS,
            and_(ANSWER_TEXTS.c.response_id == RESPONSES.c.id, ANSWER_TEXTS.c.indicator_id == INDICATORS.c.id),
            isouter=True,
        )
        .where(
            RESPONSES.c.customer_id == customer_id,
            or_(ANSWERS.c.response_id.is_not(None), ANSWER_TEXTS.c.response_id.is_not(None)),
        )
        .order_by(RESPONSES.c.answered_at.desc(), RESPONSES.c.id.desc(), INDICATORS.c.position)
    )
    return [dict(row) for row in connection.execute(question).mappings()]


def _cases(connection: Connection, customer_id: int) -> Iterator[dict[str, Any]]:
    names = ("reference", "kind", "state", "channel", "received_at", "closed_at", "subject")
    question = (
        select(*(CASES.c[name] for name in names), TEXTS.c.narrative, TEXTS.c.reply)
        .join_from(CASES, TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)
        .where(CASES.c.customer_id == customer_id)
        .order_by(CASES.c.received_at.desc(), CASES.c.id.desc())
    )
    for row in connection.execute(question).mappings():
        yield dict(row)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


def _canonical(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode()


def _signing_key(vault: sealing.Vault) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(vault.derived("signing exports"))


def _signed(payload: dict[str, Any], vault: sealing.Vault) -> dict[str, Any]:
    content = _canonical(payload)
    key = _signing_key(vault)
    return {
        "payload": json.loads(content),
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "signature": base64.b64encode(key.sign(content)).decode(),
    }


def verify_export(store: Store, document: object) -> str:
    """Return the number of the customer in an export that this database signed and nobody changed.

    Raises OmbudError for one that was changed or signed by another, UsageError for what is no export.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        if not isinstance(document, dict):
            raise TypeError
        payload, signature = document["payload"], base64.b64decode(document["signature"], validate=True)
        number = str(payload["customer"]["number"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "This is not an export of a person's data.", "Make one: ombud customer export NUMBER"
        ) from error
    with store.reading() as connection:
        public = _signing_key(sealing.vault_of(connection)).public_key()
    try:
        public.verify(signature, _canonical(payload))
    except InvalidSignature as error:
        raise OmbudError(
            "The export was changed since it was signed, or another database signed it.", "Do not rely on it."
        ) from error
    return number
