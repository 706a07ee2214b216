"""What the screens need of the application: they know this protocol, and the application knows the screens."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.await_complete import AwaitComplete
    from textual.widget import AwaitMount

    from console.choices import Choices
    from console.screens.data import DataLink
    from console.screens.doings import Doings
    from console.screens.drafts import Drafts
    from console.services.views import QueueView


class Desk(Protocol):
    """The application as the screens see it; ``ConsoleApp`` is the one there is."""

    link: DataLink
    drafts: Drafts
    doings: Doings
    is_stopping: bool
    choices: Choices
    queue_views: tuple[QueueView, ...]

    @property
    def zone(self) -> tzinfo: ...

    @property
    def database_name(self) -> str: ...

    @property
    def is_ascii(self) -> bool: ...

    def notify(self, message: str, *, severity: Any = "information", timeout: float | None = None) -> None: ...

    def say(self, message: str) -> None: ...

    def tell(self, error: Exception) -> None: ...

    def copy(self, text: str) -> None: ...

    def mode_parts(self) -> list[tuple[str, str, str]]: ...

    def place(self) -> str: ...

    def name_window(self) -> None: ...

    def know_place(self) -> None: ...

    def give_keys(self) -> None: ...

    def drop_keys(self) -> None: ...

    def show_made(self, case_id: int) -> None: ...

    async def show_cases(self, filter_text: str) -> None: ...

    async def open_form(self, verb: str, case_id: int) -> None: ...

    def push_screen(self, screen: Any, callback: Any = None) -> AwaitMount: ...

    def pop_screen(self) -> AwaitComplete: ...

    async def act(self, action_id: str, screen: Any) -> None: ...
