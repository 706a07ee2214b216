"""What every command on the database shares: its option, opening it, and who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.storage.engine import Store

Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="sqlite:///FILE, a plain file, or postgresql://…  [OMBUD_DATABASE]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="One JSON document a line on stdout.")]


def url_of(database: str | None) -> str:
    """Return the URL of the database that an option, the environment or the settings name."""
    from console.settings import database_url, load_settings

    return database_url(load_settings().given(database=database))


@contextmanager
def opened(database: str | None) -> Iterator[Store]:
    """Open the database for one command, at the revision this program works with."""
    from console.services.policy_words import take_words
    from console.settings import load_settings
    from console.storage.engine import open_store
    from console.storage.schema import require_newest

    store = open_store(url_of(database))
    try:
        require_newest(store)
        take_words(store, load_settings().zone)
        keep_erased(store)
        yield store
    finally:
        store.close()


def keep_erased(store: Store) -> None:
    """Carry the ledger of erasures out on a database that may be an older copy; what stands in the way is told."""
    from console.commands.output import narrate
    from console.errors import OmbudError
    from console.services.erasures import is_any

    # Nearly everywhere there is no ledger, and nothing else has to be imported.
    if not is_any():
        return
    from console.services.privacy import keep_erased as keep

    try:
        done = keep(store)
    except OmbudError as error:
        narrate(f"warning: The ledger of erasures was not carried out: {error.message} {error.hint}")
        return
    if done.erased:
        narrate(f"{len(done.erased)} customers who were erased had come back with an older copy and are erased again.")


def caller() -> str:
    """Return the login of whoever runs this command, as the kernel knows it."""
    from console.services import access

    return access.caller().login
