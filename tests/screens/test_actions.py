"""The registry of actions is whole and without clashes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from console.actions import ACTIONS, GROUPS, actions_of
from console.app import OWN_ACTIONS, ConsoleApp
from console.screens.answers import AnswersScreen
from console.screens.care import CareScreen
from console.screens.case import CaseScreen
from console.screens.chooser import Chooser
from console.screens.column_dialog import ColumnDialog
from console.screens.customer_dossier import DossierScreen
from console.screens.customers import CustomerScreen, FindField
from console.screens.dialogs import Confirm, Progress
from console.screens.filter_bar import FilterField
from console.screens.help import HelpScreen, help_blocks
from console.screens.intake import IntakeScreen
from console.screens.interview import InterviewScreen
from console.screens.page import Page
from console.screens.pivots import PivotScreen
from console.screens.quadrants import QuadrantScreen
from console.screens.quality import QualityScreen
from console.screens.quality_definitions import AlertPage
from console.screens.queues import QueueScreen
from console.screens.satisfaction import SatisfactionScreen
from console.screens.surveys import SurveysScreen
from console.screens.view_list import ViewList
from console.screens.working import WorkScreen
from console.widgets.board import Board
from console.widgets.form import Form
from console.widgets.reading import Heading, Reading
from console.widgets.window_table import WindowTable

NODES = {
    "app": ConsoleApp,
    "table": WindowTable,
    "board": Board,
    "reading": Reading,
    "queues": QueueScreen,
    "filter": FilterField,
    "views": ViewList,
    "columns": ColumnDialog,
    "find": FindField,
    "case": CaseScreen,
    "customers": CustomerScreen,
    "dossier": DossierScreen,
    "satisfaction": SatisfactionScreen,
    "quality": QualityScreen,
    "care": CareScreen,
    "surveys": SurveysScreen,
    "interview": InterviewScreen,
    "quadrants": QuadrantScreen,
    "pivot": PivotScreen,
    "answers": AnswersScreen,
    "work": WorkScreen,
    "form": Form,
    "intake": IntakeScreen,
    "confirm": Confirm,
    "progress": Progress,
    "page": Page,
    "alert": AlertPage,
    "help": HelpScreen,
    "chooser": Chooser,
}


def test_every_action_has_an_id_of_its_own_and_says_what_it_does() -> None:
    assert not [name for name, count in Counter(action.id for action in ACTIONS).items() if count > 1]
    for action in ACTIONS:
        assert action.keys or action.is_offered, f"{action.id} has no key and is not in the palette"
        assert action.label, action.id
        assert action.help.endswith("."), action.id
        assert action.group in GROUPS, action.id


@pytest.mark.parametrize("context", sorted({action.context for action in ACTIONS}))
def test_no_key_means_two_things_in_one_place(context: str) -> None:
    keys = Counter(key for action in actions_of([context]) for key in action.keys)
    assert not [key for key, count in keys.items() if count > 1]


def test_a_queue_and_its_table_share_no_key() -> None:
    screen = {key for action in actions_of(["queues"]) for key in action.keys}
    table = {key for action in actions_of(["table"]) for key in action.keys}
    work = {key for action in actions_of(["work"]) for key in action.keys}
    case = {key for action in actions_of(["case", "reading", "app"]) for key in action.keys}
    assert not screen & table
    assert not work & (screen | table | case)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_is_done_by_somebody(action: object) -> None:
    from console.actions import Action

    assert isinstance(action, Action)
    assert callable(getattr(NODES[action.context], f"action_{action.method}"))


def test_textuals_own_dangerous_actions_cannot_be_called() -> None:
    app = ConsoleApp.__new__(ConsoleApp)
    for name in dir(ConsoleApp):
        if name.startswith(("action_", "_action_")):
            method = name.removeprefix("_").removeprefix("action_")
            assert bool(ConsoleApp.check_action(app, method, ())) == (method in OWN_ACTIONS)
    for name in ("screenshot", "simulate_key", "suspend_process", "command_palette", "notify", "toggle_dark"):
        assert name not in OWN_ACTIONS


def test_the_help_shows_every_action_once_under_its_group() -> None:
    blocks = help_blocks(actions_of(["queues", "table", "app"]))
    headings = [block.text for block in blocks if isinstance(block, Heading)]
    assert len(headings) == len(set(headings))
    assert all(first is not second for first, second in pairwise(headings))
