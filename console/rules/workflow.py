"""The way of a case: which step may follow which, for whom, and with what filled in (requirements B4, B5).

The promise 事事有答复 (everything is answered) is held here: no transition closes a case without a recorded reply or a stated
reason, whatever a policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.codes import CasePhase, Role
from console.rules.policy_reading import Label, Section, one_of

ARCHIVE = "archive"
STAY = ""
"""The target of a verb that leaves the state as it is (a note, a contact, a link)."""

VERBS: Mapping[str, Label] = {
    "new": Label("new", "登记"),
    "triage": Label("triage", "审核"),
    "dispatch": Label("dispatch", "派发"),
    "assign": Label("assign", "指派"),
    "take": Label("take", "认领"),
    "release": Label("release", "取消认领"),
    "note": Label("note", "备注"),
    "contact": Label("contact", "联系"),
    "await-customer": Label("await customer", "等待客户"),
    "resume": Label("resume", "恢复"),
    "return": Label("return", "退回"),
    "reply": Label("reply", "答复"),
    "callback": Label("callback", "回访"),
    "archive": Label("archive", "归档"),
    "reopen": Label("reopen", "重开"),
    "withdraw": Label("withdraw", "撤销"),
    "reject": Label("reject", "不予受理"),
    "merge": Label("merge", "合并"),
    "link": Label("link", "关联"),
    "split": Label("split", "拆分"),
    "escalate": Label("escalate", "升级"),
    "supervise": Label("supervise", "督办"),
    "urge": Label("urge", "催办"),
    "remedy": Label("remedy", "补救"),
    "rectify": Label("rectify", "整改"),
    "arrive": Label("arrive", "到场"),
    "restore": Label("restore", "恢复供应"),
}
"""Every verb a policy may use, with its name in both languages."""

FIELDS = frozenset(
    {
        "account", "address", "advice", "agreed_contact", "amount", "assignee", "basis", "category", "cause", "channel",
        "complainant", "contact", "customer", "department", "due_on", "evidence", "findings", "follow_up", "justified",
        "linked_to", "measures", "medium", "merged_into", "note", "object", "opinion", "opinion_reason", "outcome", "owner",
        "reason", "received_at", "region", "remedy", "remedy_sought", "reply", "severity", "signed_by", "summary", "validity",
    }
)  # fmt: skip
"""The fields that a transition or the intake may demand."""

RELATIONS = ("own", "team", "any")
"""How a person stands to a case: its assignee, of its department, or neither; each includes the ones before it."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the workflow has to know of a case.

    ``filled`` names the fields that hold something, those given with the verb included; ``has_reply`` means a reply that was
    not returned since.
    """

    state: str
    filled: frozenset[str] = frozenset()
    has_reply: bool = False
    has_callback: bool = False
    is_supervised: bool = False
    is_assigned: bool = False
    open_remedies: int = 0
    open_children: int = 0

    @property
    def has_reason(self) -> bool:
        """Whether a reason is stated."""
        return "reason" in self.filled


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who acts: the role held and the relation to the case (``own``, ``team``, ``any``)."""

    role: str
    relation: str = "any"
    is_supervisor: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition a transition may name: what it tests, and what to do where it does not hold."""

    test: Callable[[CaseFacts, ActorFacts], bool]
    refusal: str


GUARDS: Mapping[str, Guard] = {
    "has_reply": Guard(lambda case, _: case.has_reply, "No reply is recorded; reply first."),
    "has_reason": Guard(lambda case, _: case.has_reason, "No reason is stated; give one."),
    "has_reply_or_reason": Guard(
        lambda case, _: case.has_reply or case.has_reason,
        "Neither a reply is recorded nor a reason stated; reply first.",
    ),
    "callback_done": Guard(
        lambda case, _: case.has_callback, "The customer was not called back; record the callback first."
    ),
    "callback_or_reason": Guard(
        lambda case, _: case.has_callback or case.has_reason,
        "The customer was not called back; record the callback, or state why there is none.",
    ),
    "not_supervised": Guard(
        lambda case, actor: not case.is_supervised or actor.is_supervisor,
        "The case is supervised; only its supervisor may do this.",
    ),
    "is_assigned": Guard(lambda case, _: case.is_assigned, "Nobody is assigned; assign or take the case first."),
    "not_assigned": Guard(
        lambda case, _: not case.is_assigned, "Somebody has the case already; it must be released first."
    ),
    "remedies_done": Guard(lambda case, _: case.open_remedies == 0, "Remedies are still open; finish or cancel them."),
    "children_closed": Guard(lambda case, _: case.open_children == 0, "Cases beneath this one are still open."),
}
"""The named conditions of transitions."""

_ANSWERED = frozenset({"has_reply", "has_reason", "has_reply_or_reason"})
_ANSWER_FIELDS = frozenset({"reply", "reason"})
_TAKEN_OVER = frozenset({"merged_into"})


@dataclass(frozen=True, slots=True)
class State:
    """A place on the way of a case."""

    name: str
    label: Label
    phase: str
    is_initial: bool = False
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """A role, and how close to the case its holder must stand."""

    role: str
    relation: str

    def covers(self, actor: ActorFacts) -> bool:
        """Say whether the actor has this role and stands close enough."""
        return actor.role == self.role and RELATIONS.index(actor.relation) <= RELATIONS.index(self.relation)


@dataclass(frozen=True, slots=True)
class Transition:
    """One verb: from which states, to which (``STAY``: none), with what filled in, under which guards, by whom."""

    verb: str
    sources: tuple[str, ...]
    target: str
    required: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    who: tuple[Permission, ...] = ()

    def lands(self, source: str) -> str:
        """Return the state that the verb leads to from a state."""
        return self.target or source


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a verb may be done now, and if not, why and which fields are missing."""

    allowed: bool
    reason: str = ""
    missing: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """The states and transitions of a policy."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]

    @property
    def initial(self) -> State:
        """The state in which a case begins."""
        return next(state for state in self.states if state.is_initial)

    def state(self, name: str) -> State | None:
        """Return a state by name, or None where the workflow has none of it."""
        return next((state for state in self.states if state.name == name), None)

    def phase(self, name: str) -> str:
        """Return the phase of a state; a state that the workflow does not know counts as open, so that nothing is forgotten."""
        state = self.state(name)
        return state.phase if state else CasePhase.OPEN.value

    def transition(self, verb: str, source: str) -> Transition | None:
        """Return what a verb does in a state, or None where it cannot be done there."""
        return next((step for step in self.transitions if step.verb == verb and source in step.sources), None)

    def verbs(self, source: str) -> tuple[str, ...]:
        """Return the verbs that a state knows, whoever asks, in the order of the policy."""
        return tuple(step.verb for step in self.transitions if source in step.sources)

    def may(self, verb: str, case: CaseFacts, actor: ActorFacts) -> Decision:
        """Decide whether the actor may do the verb on the case now; the reason is a sentence for a person."""
        step = self.transition(verb, case.state)
        if step is None:
            known = ", ".join(self.verbs(case.state)) or "nothing"
            return Decision(False, f'"{verb}" is not possible in the state "{case.state}"; possible is: {known}.')
        if not any(permission.covers(actor) for permission in step.who):
            allowed = ", ".join(f"{permission.role} ({permission.relation})" for permission in step.who)
            return Decision(
                False,
                f'The role {actor.role} may not do "{verb}" here; it takes: {allowed}.',
                target=step.lands(case.state),
            )
        missing = tuple(name for name in step.required if name not in case.filled)
        refusals = [GUARDS[name].refusal for name in step.guards if not GUARDS[name].test(case, actor)]
        if missing:
            refusals.append(f"Still to be filled in: {', '.join(missing)}.")
        return Decision(not refusals, " ".join(refusals), missing, step.lands(case.state))

    def diagram(self, language: str = "en") -> str:
        """Draw the state machine in plain text, at most 78 columns wide in any terminal."""
        from console.rules.workflow_diagram import draw

        return draw(self, language)


def read_workflow(root: Section) -> Workflow:
    """Read ``[[states]]`` and ``[[transitions]]`` and report every fault of the state machine."""
    states: list[State] = []
    sections: dict[str, Section] = {}
    for section in root.sections("states", is_required=True):
        state = State(
            name=section.text("name", most=40),
            label=section.label(),
            phase=section.choice("phase", [str(phase) for phase in CasePhase]),
            is_initial=section.flag("initial", default=False),
            is_final=section.flag("final", default=False),
        )
        section.finish()
        if state.name in sections:
            section.fault("name", f'The state "{state.name}" is defined twice.', "Remove one or rename it.")
            continue
        if state.is_final and state.phase != CasePhase.CLOSED:
            section.fault(
                "final", f'The final state "{state.name}" is not closed.', 'Write phase = "closed", or remove final.'
            )
        states.append(state)
        sections[state.name] = section
    transitions: list[tuple[Transition, Section]] = []
    for section in root.sections("transitions", is_required=True):
        transitions.append((_read_transition(section, states), section))
    workflow = Workflow(tuple(states), tuple(step for step, _ in transitions))
    if states and transitions:
        _check_duplicates(transitions)
        _check_closing(workflow, transitions)
        _check_ways(workflow, root, sections)
    return workflow


def _read_transition(section: Section, states: list[State]) -> Transition:
    names = [state.name for state in states]
    sources: list[str] = []
    wild = {"*": names} | {f"@{phase}": [state.name for state in states if state.phase == phase] for phase in CasePhase}
    for source in section.texts("from", allowed=[*names, *wild], is_required=True):
        sources += [name for name in wild.get(source, [source]) if name not in sources]
    who = []
    for number, text in enumerate(section.texts("who", is_required=True)):
        role, _, relation = text.partition(":")
        relation = relation or "any"
        where = (*section.path, "who", number) if isinstance(section.table.get("who"), list) else (*section.path, "who")
        if role not in set(Role):
            section.faults.add(where, f'The role "{role}" is not known.', one_of([str(item) for item in Role], role))
        elif relation not in RELATIONS:
            section.faults.add(where, f'The relation "{relation}" is not known.', one_of(RELATIONS, relation))
        else:
            who.append(Permission(role, relation))
    step = Transition(
        verb=section.choice("verb", VERBS),
        sources=tuple(sources),
        target=section.choice("to", names, default=STAY),
        required=section.texts("required", allowed=FIELDS),
        guards=section.texts("guards", allowed=GUARDS),
        who=tuple(who),
    )
    section.finish()
    return step


def _check_duplicates(transitions: list[tuple[Transition, Section]]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, (step, section) in enumerate(transitions, start=1):
        for source in step.sources:
            first = seen.setdefault((step.verb, source), number)
            if step.verb and first != number:
                section.fault(
                    "from",
                    f'"{step.verb}" from "{source}" is defined a second time; transitions[{first}] has it already.',
                    f'Remove "{source}" from one of the two.',
                )


def _check_closing(workflow: Workflow, transitions: list[tuple[Transition, Section]]) -> None:
    """事事有答复: what closes a case must have answered it, said why not, or handed it to another case."""
    for step, section in transitions:
        closes = [
            source
            for source in step.sources
            if step.target
            and workflow.phase(step.target) == CasePhase.CLOSED
            and workflow.phase(source) != CasePhase.CLOSED
        ]
        is_answered = bool(_ANSWERED & set(step.guards) or _ANSWER_FIELDS & set(step.required))
        is_taken_over = bool(_TAKEN_OVER & set(step.required))
        if step.verb == ARCHIVE and not is_answered:
            section.fault(
                "guards" if "guards" in section else None,
                "A case could be archived without a recorded reply or a stated reason.",
                'Add guards = ["has_reply_or_reason"].',
            )
        elif closes and not (is_answered or is_taken_over):
            section.fault(
                None,
                f'"{step.verb}" closes a case from "{closes[0]}" without a recorded reply or a stated reason.',
                'Add required = ["reason"] or guards = ["has_reply"].',
            )


def _check_ways(workflow: Workflow, root: Section, sections: dict[str, Section]) -> None:
    initials = [state.name for state in workflow.states if state.is_initial]
    if not initials:
        root.fault("states", "No state is the initial one.", "Write initial = true in the state where a case begins.")
        return
    for name in initials[1:]:
        sections[name].fault(
            "initial", f'"{name}" is a second initial state besides "{initials[0]}".', "Keep one of them."
        )
    finals = [state.name for state in workflow.states if state.is_final]
    if not finals:
        root.fault("states", "No state is final.", "Write final = true in the state where a case may rest.")
        return
    onward: dict[str, set[str]] = {name: set() for name in sections}
    backward: dict[str, set[str]] = {name: set() for name in sections}
    for step in workflow.transitions:
        for source in step.sources:
            landing = step.lands(source)
            if landing != source and landing in backward:
                onward[source].add(landing)
                backward[landing].add(source)
    reachable = reach(initials[:1], onward)
    resting = reach(finals, backward)
    for state in workflow.states:
        section = sections[state.name]
        if state.name not in reachable:
            section.fault("name", f'No way leads to the state "{state.name}".', "Add a transition to it, or remove it.")
        if state.is_final:
            continue
        if not onward[state.name]:
            section.fault(
                "name",
                f'No way leads out of the state "{state.name}".',
                "Add a transition from it, or write final = true.",
            )
        elif state.name not in resting:
            section.fault(
                "name",
                f'From the state "{state.name}" no final state can be reached.',
                "Add a transition that leads on towards a final state.",
            )


def reach(starts: list[str], onward: Mapping[str, set[str]]) -> set[str]:
    """Return all that can be reached from the starts, the starts included; every node is visited once."""
    found = set(starts)
    waiting = list(starts)
    while waiting:
        for name in onward[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found
