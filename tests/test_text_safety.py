"""Other people's text reaches widgets through one module and the terminal through one other: read in the source, and tried."""

from __future__ import annotations

import ast
import json
import unicodedata
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, String, Table, cast, literal, select, update
from sqlalchemy.exc import IntegrityError

import console
from console import clock
from console.commands.main import run
from console.models import whole_schema
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import Store, open_store
from console.text import is_safe_for_terminal
from console.transfer.demo import load_demo

PACKAGE = Path(console.__file__).parent
FACES = sorted([*PACKAGE.glob("screens/**/*.py"), *PACKAGE.glob("widgets/**/*.py"), PACKAGE / "app.py"])
COMMANDS = sorted(PACKAGE.glob("commands/**/*.py"))

TRANSLATED = {"_", "ngettext", "pgettext", "npgettext", "label"}
CLEANED = {"clean", "clean_line", "cut", "fit", "number", "moment", "span", "key_name", "keys_of", "sign"}
"""Functions that return a text without control characters: a bracket in it may still be read as markup."""
PIECES = {"due", "severity"}
"""Functions of ``console.widgets.content`` that return a ``Piece``, whose text is ours."""
PLAIN = {"content", "line"}
"""Functions of ``console.widgets.content`` that return what a widget draws as it stands."""

WIDGETS: dict[str, tuple[str, ...]] = {
    "Static": ("content",),
    "Label": ("content",),
    "Button": ("label",),
    "Checkbox": ("label",),
    "RadioButton": ("label",),
    "Option": ("prompt",),
    "Input": (),
    "OptionList": (),
    "RadioSet": (),
    "TextArea": (),
    "ContentSwitcher": (),
    "Selection": ("prompt",),
    "SelectionList": (),
}
"""The widgets of Textual in use, and their arguments that are drawn; another one is entered here when it is first used."""

METHODS = {"add_row", "add_column", "add_leaf", "add_option", "from_markup", "set_options", "set_label", "write_line"}
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "title", "sub_title"}

LOOKED_AT = {("widgets/bars.py", "Content.assemble"): "every piece of the list was cut"}
"""Calls whose arguments cannot be followed from the source alone, and why they are right."""


@dataclass
class Reading:
    """One module as it is read: its functions' variables, and what was found wrong."""

    name: str
    makers: frozenset[str] = frozenset()
    scopes: list[dict[str, list[ast.expr]]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def values(self, name: str) -> list[ast.expr]:
        """Return what a variable of the innermost function may hold."""
        return self.scopes[-1].get(name, []) if self.scopes else []

    def is_clean(self, node: ast.expr, depth: int = 0) -> bool:
        """Return whether an expression is a text of ours or one that was cleaned."""
        if depth > 8:
            return False
        match node:
            case ast.Constant():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in TRANSLATED | CLEANED or (
                    name == "str" and all(self.is_clean(argument, depth + 1) for argument in node.args)
                )
            case ast.Call(func=ast.Attribute(value=value, attr="strip" | "rstrip" | "lstrip")):
                return self.is_clean(value, depth + 1)
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                return all(self.is_clean(part, depth + 1) for part in (value, *given))
            case ast.JoinedStr(values=parts):
                return all(self.is_clean(part, depth + 1) for part in parts)
            case ast.FormattedValue(value=value):
                return self.is_clean(value, depth + 1)
            case ast.BinOp(left=left, right=right):
                return self.is_clean(left, depth + 1) and self.is_clean(right, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_clean(body, depth + 1) and self.is_clean(orelse, depth + 1)
            case ast.Tuple(elts=[first, *_styles]):
                return self.is_clean(first, depth + 1)
            case ast.Attribute(value=ast.Name(id=name), attr="text"):
                values = self.values(name)
                return bool(values) and all(dotted(value).partition("(")[0] in PIECES for value in values)
            case ast.Name(id=name):
                values = self.values(name)
                return bool(values) and all(self.is_clean(value, depth + 1) for value in values)
        return False

    def is_plain(self, node: ast.expr, depth: int = 0) -> bool:
        """Return whether a widget may be given an expression: nothing in it is read as markup or acts."""
        if depth > 8:
            return False
        match node:
            case ast.Constant(value=str() as text):
                return "[" not in text
            case ast.Constant():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in TRANSLATED | PLAIN or name in ("Content", "Text")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name in self.makers:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Content"), attr=attr)):
                return attr in ("assemble", "styled", "blank")
            case ast.Call(func=ast.Attribute(value=value, attr="join")):
                return self.is_plain(value, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_plain(body, depth + 1) and self.is_plain(orelse, depth + 1)
            case ast.Name(id=name):
                values = self.values(name)
                return bool(values) and all(self.is_plain(value, depth + 1) for value in values)
        return False

    def refuse(self, node: ast.AST, sink: str) -> None:
        """Note a text that goes where it may act, unless somebody looked at that place."""
        if (self.name, sink) in LOOKED_AT:
            self.used.add((self.name, sink))
        else:
            self.found.append(f"{self.name}:{getattr(node, 'lineno', 0)}: {sink} is given a text that may be data")

    def read(self, node: ast.AST) -> None:
        """Look at a node and everything below it."""
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function:
            self.scopes.append(assignments(node))
        match node:
            case ast.Call():
                self.call(node)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Attribute) and target.attr in ATTRIBUTES and not self.is_plain(value):
                        self.refuse(node, target.attr)
            case ast.ImportFrom(module="textual.widgets", names=names):
                for name in names:
                    if name.name not in WIDGETS:
                        self.found.append(f"{self.name}: say in WIDGETS which arguments of {name.name} are drawn")
        for child in ast.iter_child_nodes(node):
            self.read(child)
        if is_function:
            self.scopes.pop()

    def call(self, node: ast.Call) -> None:
        """Look at what a call is given."""
        name = dotted(node.func)
        last = name.rpartition(".")[2]
        if WIDGETS.get(name):
            drawn = [*node.args[:1], *(word.value for word in node.keywords if word.arg in WIDGETS[name])]
            if not all(self.is_plain(argument) for argument in drawn):
                self.refuse(node, name)
        elif last in METHODS:
            if not all(self.is_plain(argument) for argument in node.args):
                self.refuse(node, last)
        elif last == "update" and name.endswith(("Static).update", "Label).update")):
            if not all(self.is_plain(argument) for argument in node.args):
                self.refuse(node, "update")
        elif name in ("Content", "Content.styled", "Text", "Content.assemble", "Text.assemble"):
            drawn = node.args if last == "assemble" else node.args[:1]
            if not all(self.is_clean(argument) or self.is_plain(argument) for argument in drawn):
                self.refuse(node, name)
        if any(
            word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value for word in node.keywords
        ):
            self.found.append(f"{self.name}:{node.lineno}: markup=True")


def assignments(function: ast.AST) -> dict[str, list[ast.expr]]:
    """Return the expressions that each variable of a function is given."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name) and node.value:
            found.setdefault(node.target.id, []).append(node.value)
    return found


def dotted(node: ast.expr) -> str:
    """Return a call's function as it is written, with what was called on the way in brackets."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=function, args=args):
            return f"{dotted(function)}({', '.join(dotted(argument) for argument in args)})"
    return ""


def read(path: Path) -> Reading:
    """Return what a module does with text."""
    tree = ast.parse(path.read_text("utf-8"))
    reading = Reading(path.relative_to(PACKAGE).as_posix(), makers_of(tree))
    reading.read(tree)
    return reading


def makers_of(tree: ast.AST) -> frozenset[str]:
    """Return the functions of a module that return content: whatever they make it of is looked at where they make it."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in functions if node.returns is not None and dotted(node.returns) == "Content")


def read_text(source: str) -> list[str]:
    """Return what is found wrong in a piece of source."""
    reading = Reading("piece.py")
    reading.read(ast.parse(source))
    return reading.found


def test_no_text_of_others_reaches_a_widget_but_through_the_content_module() -> None:
    assert [fault for path in FACES for fault in read(path).found] == []


def test_every_place_that_was_looked_at_is_still_there() -> None:
    used = set().union(*(read(path).used for path in FACES))
    assert used == set(LOOKED_AT)


@pytest.mark.parametrize(
    "source",
    [
        "def f(row): Static(row.subject)",
        "def f(row): Static(f'{row.subject}')",
        "def f(row): Static(_('Case {x}').format(x=row.subject))",
        "def f(row):\n    text = row.subject\n    Label(text)",
        "def f(self, row): self.border_title = row.subject",
        "def f(self, row): self.query_one('#a', Static).update(row.subject)",
        "def f(table, row): table.add_row(row.subject)",
        "def f(row): Content(row.subject)",
        "def f(row): Content.styled(cut(row.subject, 8) + row.name, 'bold')",
        "def f(row): Content.from_markup(row.subject)",
        "def f(row): Static(content(row.subject), markup=True)",
        "from textual.widgets import Markdown",
        "Static('[bold]ours[/]')",
    ],
)
def test_the_reading_of_the_source_finds(source: str) -> None:
    assert read_text(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(row): Static(content(row.subject))",
        "def f(row): Static(_('Nothing is waiting'), id=row.name)",
        "def f(row):\n    text = line(row.subject)\n    Label(text)",
        "def f(row): Content(cut(row.subject, 8))",
    ],
)
def test_the_reading_of_the_source_lets_pass(source: str) -> None:
    assert read_text(source) == []


def test_commands_print_through_one_module() -> None:
    found = []
    for path in COMMANDS:
        if path.name == "output.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = dotted(node.func)
                if name in ("print", "pprint", "input") or name.endswith(
                    (".echo", ".secho", ".print", "stdout.write", "stderr.write", "print_exc", "print_exception")
                ):
                    found.append(f"{path.name}:{node.lineno}: {name}")
            elif isinstance(node, ast.ImportFrom | ast.Import):
                modules = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
                )
                found += [f"{path.name}:{node.lineno}: {name}" for name in modules if name.split(".")[0] == "rich"]
    assert found == []


# What is printed

PAYLOADS = (
    "\x1b]52;c;ZXZpbA==\x07clipboard",
    "\x1b[2J\x1b[31mred \x1b]0;title\x07 \x1b]8;;http://evil.example\x1b\\link",
    "\x9b31mC1 \x90dcs\x9c \x85next",
    "\u202eright to left\u202c \u2066isolate\u2069 \u200f",
    "\u200binvisible\u2060 \ufeff\U000e0041tag \u00adsoft \ue000private",
    "del\x7f bell\x07 back\x08space \r over \x0b \x0c \u2028line \u2029paragraph",
    "[/foo] [bold]x[/] [@click=app.leave]press[/] [link=http://evil.example]y[/link]",
    "=HYPERLINK(1)\tcell\x1b[0m",
)
FREE_TEXTS = {
    "address", "cause", "findings", "follow_up", "location", "measures", "name", "narrative", "note", "reason", "region", "reply",
    "responsible", "subject", "title",
}  # fmt: skip
"""The columns that people fill with words of their own; the others hold codes, which the program itself writes."""
JSON_COLUMNS = {"extras"}


def poison(store: Store) -> set[str]:
    """Write hostile texts past every door into a database; return the columns that took them."""
    poisoned = set()
    for table in whole_schema().sorted_tables:
        for column in table.columns:
            is_text = column.type.compile(store.engine.dialect).startswith(("VARCHAR", "TEXT"))
            if is_text and column.name in FREE_TEXTS | JSON_COLUMNS and not column.foreign_keys:
                with suppress(IntegrityError), store.engine.begin() as connection:
                    poison_column(connection, table, column.name)
                    poisoned.add(f"{table.name}.{column.name}")
    return poisoned


def poison_column(connection: Connection, table: Table, name: str) -> None:
    """Fill one column, each row with another payload; a column of JSON with objects that hold it."""
    key = next(iter(table.primary_key.columns))
    for remainder, payload in enumerate(PAYLOADS):
        held = json.dumps({payload: payload}, ensure_ascii=False) if name in JSON_COLUMNS else payload
        value = literal(held) if name in JSON_COLUMNS else literal(held).concat(cast(key, String))
        connection.execute(update(table).where(key % len(PAYLOADS) == remainder).values({name: value}))


@pytest.fixture(scope="module")
def hostile_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demonstration with hostile text in all its free texts, written past the door that would have cleaned them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'ombud.db'}"
    initialise(url)
    with closing(open_store(url)) as store:
        load_demo(store, clock.now(), caller().login)
        expected = {
            "cases.subject",
            "case_texts.narrative",
            "case_texts.reply",
            "customers.name",
            "categories.name",
            "surveys.title",
        }
        assert expected <= poison(store)
    return url


@pytest.fixture
def database(hostile_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The hostile database as the one that commands use, in an empty home."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("OMBUD_DATABASE", hostile_database)
    monkeypatch.setenv("OMBUD_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
    return hostile_database


def acting(printed: bytes) -> list[str]:
    """Return what of the printed bytes acts on a terminal or shows nothing; a tab is part of a text, and cannot act."""
    return sorted(
        {
            f"U+{ord(char):04X} {unicodedata.name(char, '')}"
            for char in printed.decode("utf-8")
            if char not in "\n\t" and not is_safe_for_terminal(char)
        }
    )


def first(url: str, table: str, column: str) -> str:
    """Return a value of one row that is hostile."""
    held = whole_schema().tables[table]
    with closing(open_store(url)) as store, store.engine.connect() as connection:
        return str(connection.execute(select(held.c[column]).order_by(held.c.id).limit(1)).scalar_one())


READING_COMMANDS = (
    ["queue"],
    ["queue", "--json"],
    ["queue", "--jsonl"],
    ["queue", "state:closed", "--limit", "40"],
    ["queue", "--view", "all"],
    ["case", "show", "CASE"],
    ["case", "show", "CASE", "--json"],
    ["customer", "find", "00"],
    ["customer", "find", "00", "--json"],
    ["customer", "show", "CUSTOMER"],
    ["customer", "show", "CUSTOMER", "--json"],
    ["satisfaction", "summary"],
    ["satisfaction", "summary", "--json"],
    ["import", "list"],
    ["export", "cases", "--format", "csv"],
    ["export", "cases", "--format", "jsonl"],
)


@pytest.mark.parametrize("command", READING_COMMANDS, ids=" ".join)
def test_no_reading_command_lets_hostile_text_through(
    command: list[str], database: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    names = {"CASE": ("cases", "reference"), "CUSTOMER": ("customers", "number")}
    arguments = [first(database, *names[word]) if word in names else word for word in command]
    assert run(arguments) == 0
    printed = capfdbinary.readouterr()
    # Lines of CSV end as RFC 4180 says.
    assert acting(printed.out.replace(b"\r\n", b"\n") if "csv" in command else printed.out) == []
    assert acting(printed.err) == []
    if command != ["import", "list"]:
        assert printed.out


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_error_repeats_a_hostile_argument_as_it_is(
    payload: str, database: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for arguments in (
        ["queue", payload],
        ["queue", f"severity:{payload}"],
        ["queue", "--view", payload],
        ["queue", f"--{payload}"],
        ["queue", "--limit", payload],
        [payload],
        ["import", "cases", f"{payload}.csv"],
        ["import", "cases", "a.csv", "--profile", payload],
        ["import", "undo", payload],
        ["export", "cases", "--columns", payload],
        ["export", "cases", "--format", payload],
        ["export", "cases", "--output", f"no/{payload.replace('/', '')}"],
        ["case", "show", payload],
        ["customer", "show", payload],
        ["customer", "find", payload],
        ["deadline", "explain", "--calendar", payload, "--start", payload, "--target", "4d"],
        ["deadline", "explain", "--calendar", "cn", "--start", payload, "--target", "4d"],
        ["deadline", "explain", "--calendar", "cn", "--start", "2026-03-06T09:00", "--target", payload],
        ["--database", f"oracle://{payload}", "queue"],
        ["--database", f"{payload.replace('/', '')}.db", "queue"],
        ["--lang", payload, "queue", "--count"],
    ):
        run(arguments)
        printed = capfdbinary.readouterr()
        assert acting(printed.out) == [], arguments
        assert acting(printed.err) == [], arguments


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_refused_row_and_no_rejects_file_lets_hostile_text_through(
    payload: str, database: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    payload = payload.replace("\r", "").replace("\n", "")
    header = "Complaint ID,Date received,Product,Submitted via,Company response to consumer"
    source = tmp_path / f"in{payload.replace('/', '')[:40]}.csv"
    source.write_text(f'{header}\n"{payload}","{payload}","{payload}",Web,Closed\n1,2026-01-02,"{payload}"\n', "utf-8")
    code = run(["import", "cases", str(source), "--profile", "cfpb", "--dry-run", "--rejects", str(tmp_path / "r.csv")])
    printed = capfdbinary.readouterr()
    # A file with controls that no text holds is refused whole.
    assert code == 4 or (code == 1 and b"not a table" in printed.err), printed.err
    assert acting(printed.out) == []
    assert acting(printed.err) == []
