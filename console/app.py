"""The Textual application: modes, theme, palette, and how an error reaches a person."""

# ruff: noqa: E402 - Textual reads its environment as it is imported, so that has to be cleared above its imports

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar

from console.choices import Choices
from console.clipboard import fitting, sequence
from console.clock import now
from console.errors import OmbudError
from console.i18n import _
from console.sentences import told
from console.settings import Settings
from console.signs import choose_signs, is_ascii
from console.text import clean, clean_line

for _variable in [name for name in os.environ if name.startswith("TEXTUAL")]:
    # TEXTUAL_DRIVER imports a module of the caller's choice, TEXTUAL_SCREENSHOT writes the screen to a file.
    del os.environ[_variable]

from rich.text import Text
from textual import events, on
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import Notify
from textual.screen import Screen

from console.actions import BY_ID, actions_of, key_name, key_of
from console.screens.base import ConsoleDialog, ConsoleScreen, SizedScreen
from console.screens.data import DataAccess, DataLink, ServiceData
from console.screens.doings import Doings
from console.screens.drafts import Drafts
from console.screens.failures import record_failure
from console.screens.held_claims import ClaimKeeper
from console.screens.typed_ahead import PATIENCE, KeyDone, TypedAhead
from console.screens.working import WorkScreen
from console.services.views import QUEUE_VIEWS
from console.terminal import (
    attributes,
    encoding_of,
    is_plain_locale,
    leave_behind,
    leave_without_fail,
    require_terminal,
    restore,
)
from console.widgets.bindings import bindings
from console.widgets.content import cut, number
from console.widgets.line_filter import AsciiFilter, ColourlessFilter, SafetyFilter
from console.widgets.themes import THEMES, starting_theme, textual_name

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver
    from textual.notifications import SeverityLevel

POLL_SECONDS = 1.5
POLLS_PER_REDRAW = 20
COPIED_KEPT = 20
MESSAGES_KEPT = 100
MODE_ACTIONS = ("queues", "customers", "satisfaction", "quality")

OWN_ACTIONS = frozenset(action.method for action in actions_of(["app"]))
"""The only actions of the application that anything on the screen can call; Textual's own write files and press keys."""


def _queue_screen() -> Screen[Any]:
    from console.screens.queues import QueueScreen

    return QueueScreen()


def _customer_screen() -> Screen[Any]:
    from console.screens.customers import CustomerScreen

    return CustomerScreen()


def _quality_screen() -> Screen[Any]:
    from console.screens.quality import QualityScreen

    return QualityScreen()


def _satisfaction_screen() -> Screen[Any]:
    from console.screens.satisfaction import SatisfactionScreen

    return SatisfactionScreen()


class VersionSeen(Message):
    """The number that tells whether somebody wrote was asked for."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version


class ConsoleApp(App[int], inherit_bindings=False):
    """The console. ``open_data`` is called in a thread, after the first screen stands."""

    TITLE = "Ombud"
    CSS_PATH = "screens/styles/base.tcss"
    DEFAULT_MODE = "queues"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "queues": _queue_screen,
        "customers": _customer_screen,
        "satisfaction": _satisfaction_screen,
        "quality": _quality_screen,
    }
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = set()
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    PAUSE_GC_ON_SCROLL = True
    AUTO_FOCUS = None
    NOTIFICATION_TIMEOUT = 4

    def __init__(
        self,
        open_data: Callable[[], DataAccess],
        *,
        user: str = "",
        zone: tzinfo | None = None,
        theme: str = "dark",
        has_signals: bool = False,
        drafts: Drafts | None = None,
        choices: Choices | None = None,
        driver: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver)
        self.link = DataLink(open_data)
        self.drafts = drafts or Drafts()
        self.doings = Doings()
        self.copied: deque[str] = deque(maxlen=COPIED_KEPT)
        self.messages: deque[tuple[datetime, str]] = deque(maxlen=MESSAGES_KEPT)
        self.claims = ClaimKeeper(self.link, self.doings)
        self._zone = zone
        self.is_stopping = False
        self._user = user
        self._has_signals = has_signals
        self.choices = choices or Choices()
        self.queue_views = QUEUE_VIEWS
        self._safety = SafetyFilter()
        self._ascii = AsciiFilter()
        self._colourless = ColourlessFilter()
        self._is_looking = False
        self._polls = 0
        self._is_offered = False
        self._typed = TypedAhead(self._take_key)
        self.animation_level = "none"
        for own in THEMES:
            self.register_theme(own)
        self.theme = textual_name(theme)

    @property
    def zone(self) -> tzinfo:
        """The utility's time zone; UTC until the data is open."""
        data = self.link.opened
        return self._zone or (UTC if data is None else data.zone)

    # What is drawn and said

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colour of labels and lesser text, which the terminal's own themes do not name."""
        return {"quiet": "ansi_bright_black" if self.current_theme.ansi else "#8b97a5"}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters behind ours, which lets no hostile text through."""
        filters = [self._colourless] if self.theme == "mono" else [*super().get_line_filters()]
        return [self._safety, *([self._ascii] if is_ascii() else []), *filters]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; brackets in it are brackets, whatever is asked for."""
        super().notify(clean(message), title=clean_line(title), severity=severity, timeout=timeout, markup=False)

    def on_notify(self, event: Notify) -> None:
        """Let a message take the place of the one before, which may say what is so no longer; errors stay for their time."""
        self.messages.append((now(), event.notification.message))
        for shown in list(self._notifications):
            if shown.severity != "error" or shown.message == event.notification.message:
                self._unnotify(shown, refresh=False)

    @property
    def is_ascii(self) -> bool:
        """Whether all that is drawn, apart from data, is 7-bit."""
        return is_ascii()

    def choose_theme(self, name: str) -> None:
        """Draw with another theme, now and at the next start."""
        self.theme = textual_name(name)
        self.choices.keep_theme(name)

    def say(self, message: str) -> None:
        """Tell what happened."""
        self.notify(message)

    def tell(self, error: Exception) -> None:
        """Tell an error: what a person can act on in its own words, a fault of ours with where it is written down."""
        if isinstance(error, InterruptedError):
            self.say(_("Stopped."))
        elif isinstance(error, OmbudError):
            self.notify("\n".join(told(error)), severity="error", timeout=10)
        else:
            path = record_failure(error)
            where = _("It is written down in {path}.").format(path=path) if path else ""
            message = f"{_('Something went wrong in the program; nothing was changed.')} {where}"
            self.notify(message.strip(), severity="error", timeout=10)

    def copy(self, text: str) -> None:
        """Send a text, as it is seen on the screen, to the terminal's clipboard, which the terminal may refuse."""
        safe = clean(text)
        sent = fitting(safe, os.environ)
        self.copied.append(safe)
        self.copy_to_clipboard(sent)
        told = _("Sent to the terminal's clipboard: {text}")
        if sent != safe:
            told = _("Sent to the terminal's clipboard, cut to {count} characters: {text}")
        hint = _("If it does not arrive: {key} and “{label}” shows it to be selected.")
        shown = told.format(text=cut(sent, 60), count=number(len(sent)))
        self.say(f"{shown}\n{hint.format(key=key_of('app.copied'), label=_('Copied texts'))}")

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the terminal, in the wrap that tmux or GNU screen wants."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(sequence(text, os.environ))

    def mode_parts(self) -> list[tuple[str, str, str]]:
        """Return the modes for the top line."""
        shown: list[tuple[str, str, str]] = [("", "Ombud", "bold $accent")]
        for name in MODE_ACTIONS:
            action = BY_ID[f"app.{name}"]
            text = f"{key_name(action.keys[0])} {_(action.label)}"
            is_current = name == self.current_mode
            shown.append((action.id, f"[{text}]" if is_current else f" {text} ", "bold" if is_current else ""))
        return shown

    def place(self) -> str:
        """Return which database one is in, and as whom."""
        data = self.link.opened
        return "  ".join(part for part in (data.name if data is not None else "", self._user) if part)

    @property
    def database_name(self) -> str:
        """Which database one is in, once it is open."""
        data = self.link.opened
        return data.name if data is not None else ""

    def name_window(self) -> None:
        """Let the title of the terminal's window say where one is: not in which case, since others see titles too."""
        show = getattr(self._driver, "show_title", None)
        if show is not None:
            parts = (f"Ombud: {_(BY_ID[f'app.{self.current_mode}'].label)}", self.database_name)
            show(" - ".join(part for part in parts if part))

    def know_place(self) -> None:
        """Show the database's name as soon as it is known."""
        if isinstance(self.screen, ConsoleScreen):
            self.screen.renew_top()
        self._offer_drafts()

    # Life

    def on_mount(self) -> None:
        """Watch for others' changes and for the end of the line."""
        self.set_interval(POLL_SECONDS, self.poll)
        if self._has_signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self._leave_by_signal, number)

    def poll(self) -> None:
        """Ask whether somebody wrote; due times are drawn again every half minute."""
        self._polls += 1
        if self._polls % POLLS_PER_REDRAW == 0:
            for screen in self.screen_stack[-1:]:
                screen.refresh()
        if self.link.opened is not None and not self._is_looking:
            self._is_looking = True
            self.run_worker(self._see_version, thread=True, exit_on_error=False, group="poll")

    def _see_version(self) -> None:
        data = self.link.opened
        try:
            # A database that does not answer now is asked again; whoever asks it something else is told.
            with suppress(OmbudError):
                if data is not None:
                    self.post_message(VersionSeen(data.data_version()))
        finally:
            self._is_looking = False

    @on(VersionSeen)
    def notice_changes(self, event: VersionSeen) -> None:
        """Ask again what is shown when somebody wrote, below an open dialog too; other screens do when they are shown again."""
        self.link.version = event.version
        shown = [screen for screen in self.screen_stack if isinstance(screen, ConsoleScreen)]
        for screen in shown[-1:]:
            screen.catch_up()

    def _leave_by_signal(self, number: signal.Signals) -> None:
        code = 128 + number
        leave_without_fail(code)
        self.leave(code)

    def keep_drafts(self) -> None:
        """Keep what was typed and not saved yet."""
        for screen in self.screen_stack:
            keep = getattr(screen, "keep_draft", None)
            if keep is not None:
                keep()

    def leave(self, code: int = 0) -> None:
        """Keep what was typed, stop what is being asked and leave."""
        self.is_stopping = True
        self.keep_drafts()
        self.link.interrupt()
        self.claims.free(is_hurried=code != 0)
        self.exit(code, return_code=code)

    def _fatal_error(self) -> None:
        """Leave with one line instead of a traceback, whose local values would print somebody's data."""
        error = sys.exc_info()[1]
        path = record_failure(error) if error is not None else None
        message = _("The console had to stop.")
        where = _("It is written down in {path}.").format(path=path) if path else ""
        self._exit_renderables.append(Text(clean(f"{message} {where}".strip())))
        self._close_messages_no_wait()

    # Keys typed ahead

    async def on_event(self, event: events.Event) -> None:
        """Let each key wait until what the one before it led to stands."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            screens = [held for held in self.screen_stack if isinstance(held, WorkScreen)]
            self.claims.keep({case_id for held in screens for case_id in held.chosen_ids()})
            screen = self.screen_stack[-1] if self.screen_stack else None
            if isinstance(screen, SizedScreen) and event.key in screen.stopping_keys:
                await self._take_key(event)
                return
            self._typed.add(event)
            await self._next_key()
        else:
            await super().on_event(event)

    async def _take_key(self, key: events.Key) -> MessagePump:
        target = self.focused or self.screen
        await super().on_event(key)
        return target

    async def _next_key(self) -> None:
        screen = self.screen_stack[-1] if self.screen_stack else None
        await self._typed.next(screen if isinstance(screen, SizedScreen) else None)
        if self._typed.is_late:
            self.set_timer(PATIENCE, self._next_key)

    @property
    def is_taking_keys(self) -> bool:
        """Whether keys wait, or one is under way."""
        return not self._typed.is_idle

    @on(KeyDone)
    async def take_next_key(self, event: KeyDone) -> None:
        """Take the next key once one is done."""
        if self._typed.is_done(event):
            await self._next_key()

    def give_keys(self) -> None:
        """Go on with the keys that wait, because what they waited for stands now."""
        self._typed.settle()
        self.call_later(self._next_key)

    def drop_keys(self) -> None:
        """Forget the keys that wait, because what they were meant for did not come."""
        self._typed.forget()

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow our own actions only: Textual's write the screen to files, press keys and stop the process."""
        return action in OWN_ACTIONS and not parameters

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open nothing: a link in a complaint is the public's, and a browser is a program on this host."""

    async def act(self, action_id: str, screen: ConsoleScreen) -> None:
        """Do an action of the registry as if its key had been pressed on a screen."""
        for action, node in screen.active_actions():
            if action.id == action_id:
                await self.run_action(action.method, node)
                return
        table = screen.query("#table")
        if action_id in BY_ID and BY_ID[action_id].context == "table" and table:
            await self.run_action(BY_ID[action_id].method, table.first())

    def _go(self, mode: str) -> None:
        if mode != self.current_mode:
            self.switch_mode(mode)

    def action_queues(self) -> None:
        self._go("queues")

    def action_customers(self) -> None:
        self._go("customers")

    def action_satisfaction(self) -> None:
        self._go("satisfaction")

    def action_quality(self) -> None:
        self._go("quality")

    def action_workflow(self) -> None:
        from console.screens.page import WorkflowPage

        self.push_screen(WorkflowPage())

    def action_care(self) -> None:
        from console.screens.care import CareScreen

        self.push_screen(CareScreen())

    def action_surveys(self) -> None:
        from console.screens.surveys import SurveysScreen

        self.push_screen(SurveysScreen())

    def action_notices(self) -> None:
        from console.screens.page import NoticePage

        self.push_screen(NoticePage())

    def action_copied(self) -> None:
        from console.screens.page import CopiedPage

        self.push_screen(CopiedPage(list(self.copied)))

    def action_messages(self) -> None:
        from console.screens.page import MessagesPage

        self.push_screen(MessagesPage(list(self.messages)))

    def action_new_case(self) -> None:
        if isinstance(self.screen, ConsoleScreen) and self.screen.context != "intake":
            from console.screens.taking_in import begin_intake

            begin_intake(self)

    def show_made(self, case_id: int) -> None:
        """Show a case that was just made, where cases are shown."""
        screen = self.screen
        if isinstance(screen, WorkScreen):
            screen.want(case_id)
            screen.renew()

    def _offer_drafts(self) -> None:
        """Say once that something was broken off, as soon as it is known which database one is in."""
        if self._is_offered or not self.database_name:
            return
        self._is_offered = True
        if not self.drafts.all(self.database_name):
            return
        from console.screens.kept_drafts import offer_text

        self.notify(offer_text(self), timeout=10)

    def action_drafts(self) -> None:
        from console.screens.kept_drafts import choose_draft

        choose_draft(self)

    async def open_form(self, verb: str, case_id: int) -> None:
        """Open the form of a verb for one case, above the queues."""
        base = await self._queues()
        if isinstance(base, WorkScreen):
            base.begin_verb_on(verb, [case_id])

    def action_leave(self) -> None:
        self.leave()

    def action_stop(self) -> None:
        if not isinstance(self.screen, ConsoleScreen) or not self.screen.stop():
            self.say(_("{key} leaves the program.").format(key=key_of("app.leave")))

    async def action_palette(self) -> None:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return
        from console.screens.chooser import Chooser
        from console.screens.palette import code_of, commands

        choices = commands(screen)

        async def take(name: str | None) -> None:
            if name is not None:
                await self._do_command(name, screen)

        self.push_screen(Chooser(_("Commands"), choices, code_of=code_of), take)

    async def _do_command(self, name: str, screen: ConsoleScreen) -> None:
        if name.startswith("theme."):
            self.choose_theme(name.removeprefix("theme."))
            return
        if not name.startswith("view."):
            await self.act(name, screen)
            return
        from console.screens.queues import QueueScreen

        base = await self._queues()
        if isinstance(base, QueueScreen):
            base.show_view(name.removeprefix("view."))

    async def show_cases(self, filter_text: str) -> None:
        """Go to the queue of all cases, narrowed to what a filter finds."""
        from console.screens.queues import QueueScreen

        base = await self._queues()
        if isinstance(base, QueueScreen):
            base.show_filter(filter_text)

    async def _queues(self) -> Screen[Any]:
        """Go to the queues, with nothing above them."""
        await self.switch_mode("queues")
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        return self.screen_stack[0]

    def action_help(self) -> None:
        screen = self.screen
        if isinstance(screen, ConsoleDialog):
            screen.show_help()
        if not isinstance(screen, ConsoleScreen):
            return
        from console.screens.help import HelpScreen
        from console.screens.palette import contexts

        self.push_screen(HelpScreen(actions_of(contexts(screen))))


def run_console(url: str, *, prepare: Callable[[], object] | None = None, settings: Settings | None = None) -> int:
    """Open the console on a database and return the exit code.

    ``prepare`` is called in the background before the data is opened. Raises UsageError without a terminal.
    """
    import pwd

    from console.settings import load_settings

    require_terminal()
    from console.widgets.terminal_driver import speaking

    settings = load_settings() if settings is None else settings

    def open_data() -> DataAccess:
        if prepare is not None:
            prepare()
        return ServiceData(url, zone=settings.zone)

    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = f"uid{os.getuid()}"
    driver = speaking(encoding_of(os.environ))
    choose_signs(is_ascii=settings.ascii if "ascii" in settings.sources else is_plain_locale())
    choices = Choices()
    app = ConsoleApp(
        open_data,
        user=user,
        theme=starting_theme(settings, choices),
        has_signals=True,
        choices=choices,
        driver=driver,
    )
    before = attributes()
    try:
        code = app.run(mouse=settings.mouse)
    finally:
        restore(before)
        leave_behind(app.copied)
        data = app.link.opened
        if data is not None:
            data.close()
    return code or app.return_code or 0
