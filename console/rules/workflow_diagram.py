"""The state machine drawn in plain text."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from console.codes import CasePhase

if TYPE_CHECKING:
    from console.rules.workflow import State, Transition, Workflow

WIDTH = 78
_MARKS = {CasePhase.OPEN.value: "( )", CasePhase.WAITING.value: "(~)", CasePhase.CLOSED.value: "(#)"}
_WORDS = {
    "en": {
        "open": "open",
        "waiting": "waiting",
        "closed": "closed",
        "start": "start",
        "stays": "stays",
        "any": "in any state",
    },
    "zh": {
        "open": "处理中",
        "waiting": "等待客户",
        "closed": "已结束",
        "start": "开始",
        "stays": "状态不变",
        "any": "任何状态",
    },
}


def columns(text: str) -> int:
    """Return the width of a text in terminal columns: two for a wide or full-width character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, width: int) -> str:
    """Cut a text to so many columns; what was cut ends in two dots."""
    if columns(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns(kept + char) > width - 2:
            break
        kept += char
    return kept + ".."


def padded(text: str, width: int) -> str:
    """Fill a text with blanks to so many columns, cutting what is longer."""
    text = cut(text, width)
    return text + " " * (width - columns(text))


def draw(workflow: Workflow, language: str) -> str:
    """Draw each state as a box, the steps out of it beneath, and a line down where a step leads to the next box."""
    chosen = "zh" if language.lower().startswith("zh") else "en"
    words = _WORDS[chosen]
    ordered = _in_order(workflow)
    everywhere = [
        step
        for step in workflow.transitions
        if not step.target and set(step.sources) >= {state.name for state in ordered}
    ]
    legend = "   ".join(f"{_MARKS[phase]} {words[phase]}" for phase in _MARKS) + f"   --> {words['start']}"
    lines = [legend, ""]
    width = min(WIDTH - 8, max(16, *(columns(state.label.text(chosen)) + 4 for state in ordered)))
    for number, state in enumerate(ordered):
        following = ordered[number + 1].name if number + 1 < len(ordered) else None
        lines += _box(state, chosen, width)
        steps = [step for step in workflow.transitions if state.name in step.sources and step not in everywhere]
        down = [step for step in steps if step.target == following and following is not None]
        lines += _steps(workflow, [step for step in steps if step not in down], state, chosen, bool(down))
        if down:
            lines += ["        |", *_wrapped("        v  ", [_verb(step, chosen) for step in down])]
        elif following is not None:
            lines.append("")
    if everywhere:
        lines += ["", *_wrapped(f"{words['any']}: ", [_verb(step, chosen) for step in everywhere])]
    return "\n".join(line.rstrip() for line in lines)


def _in_order(workflow: Workflow) -> list[State]:
    """Initial state first, then as the policy lists them: open and waiting ones before closed ones."""
    return sorted(workflow.states, key=lambda state: (not state.is_initial, state.phase == CasePhase.CLOSED))


def _box(state: State, language: str, width: int) -> list[str]:
    edge = "    +" + "-" * (width + 2) + "+"
    arrow = "--> " if state.is_initial else "    "
    name = padded(f"{_MARKS[state.phase]} {state.label.text(language)}", width)
    return [edge, f"{arrow}| {name} |", edge]


def _steps(workflow: Workflow, steps: list[Transition], state: State, language: str, is_joined: bool) -> list[str]:
    lines = []
    bar = "        |" if is_joined else "        +"
    groups: dict[str, list[str]] = {}
    for step in steps:
        groups.setdefault(step.lands(state.name), []).append(_verb(step, language))
    for target in sorted(groups, key=lambda name: name == state.name):
        landing = workflow.state(target)
        shown = landing.label.text(language) if landing else target
        if target == state.name:
            lines += _wrapped(f"{bar}-- = {_WORDS[language]['stays']}: ", groups[target])
        else:
            lines += _wrapped(f"{bar}-> {cut(shown, 30)}: ", groups[target])
    return lines


def _verb(step: Transition, language: str) -> str:
    from console.rules.workflow import VERBS

    label = VERBS.get(step.verb)
    return label.text(language) if label else step.verb


def _wrapped(head: str, items: list[str]) -> list[str]:
    """Join items with commas after a head, going on beneath the first item where the line is full."""
    lines = [head]
    indent = " " * min(columns(head), 20)
    for number, item in enumerate(items):
        piece = item + (", " if number + 1 < len(items) else "")
        if columns(lines[-1] + piece.rstrip()) > WIDTH and lines[-1].strip():
            lines.append(indent)
        lines[-1] += cut(piece, WIDTH - columns(indent))
    return [line.rstrip() for line in lines]
