"""``ombud staff``: who works here, and what each may do."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, narrate
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.staffing import Member

app = typer.Typer(no_args_is_help=True)

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The name the person logs in with.")]
Name = Annotated[str | None, typer.Option("--name", help="The person's name.")]
RoleName = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="agent, lead, analyst, administrator or auditor.")
]
DepartmentCode = Annotated[
    str | None, typer.Option("--department", metavar="CODE", help="Code of the department; empty takes it away.")
]
Skills = Annotated[str | None, typer.Option("--skills", metavar="A,B", help="Words that routing rules look for.")]
Territory = Annotated[str | None, typer.Option("--territory", metavar="A,B", help="Regions the person works in.")]


@app.callback()
def staff() -> None:
    """Who works here, and what each may do. Only an administrator changes it."""


@app.command("add")
def add(
    login: Login,
    name: Name = None,
    role: RoleName = None,
    department: DepartmentCode = None,
    skills: Skills = None,
    territory: Territory = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Add somebody to the staff; an agent, unless --role says otherwise."""
    from console.services import staffing

    facts = _given(name, role, department, skills, territory)
    with opened(database) as store:
        member = staffing.add(store, login, facts, actor=caller())
    _tell(member, as_json=as_json)


@app.command("change")
def change(
    login: Login,
    name: Name = None,
    role: RoleName = None,
    department: DepartmentCode = None,
    skills: Skills = None,
    territory: Territory = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Change what is known of somebody on the staff."""
    from console.services import staffing

    facts = _given(name, role, department, skills, territory)
    if not facts:
        raise UsageError(_("Nothing is given to change."), _("Say for example --role lead."))
    with opened(database) as store:
        member = staffing.change(store, login, facts, actor=caller())
    _tell(member, as_json=as_json)


@app.command("disable")
def disable(login: Login, as_json: AsJson = False, database: Database = None) -> None:
    """Take somebody off the active staff; the history keeps the name."""
    from console.services import staffing

    with opened(database) as store:
        member = staffing.disable(store, login, actor=caller())
    _tell(member, as_json=as_json)
    if member.open_cases:
        narrate(
            _(
                "{count} open cases lie there; give them on: ombud case assign --where '{filter}' --assignee LOGIN"
            ).format(count=member.open_cases, filter=f"-state:closed assignee:{login}")
        )


@app.command("enable")
def enable(login: Login, as_json: AsJson = False, database: Database = None) -> None:
    """Put somebody back on the active staff."""
    from console.services import staffing

    with opened(database) as store:
        member = staffing.enable(store, login, actor=caller())
    _tell(member, as_json=as_json)


@app.command("list")
def list_(
    is_all: Annotated[bool, typer.Option("--all", help="Also those who were disabled.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the staff with their roles, departments and open cases."""
    from console.services import staffing

    with opened(database) as store:
        members = staffing.members(store, is_all=is_all)
    if as_json:
        emit_json({"staff": [asdict(member) for member in members]})
    elif as_json_lines:
        for member in members:
            emit_json(asdict(member))
    else:
        emit_table(
            ("Login", "Name", "Role", "Department", "Skills", "Territory", "Open cases", ""),
            (
                (
                    member.login,
                    member.name,
                    member.role,
                    member.department,
                    member.skills,
                    member.territory,
                    str(member.open_cases),
                    "" if member.is_active else "disabled",
                )
                for member in members
            ),
            numeric=(6,),
        )


def _given(
    name: str | None, role: str | None, department: str | None, skills: str | None, territory: str | None
) -> dict[str, str]:
    typed = {"name": name, "role": role, "department": department, "skills": skills, "territory": territory}
    return {key: value for key, value in typed.items() if value is not None}


def _tell(member: Member, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(member))
        return
    standing = "" if member.is_active else " disabled"
    emit(f"{member.login} {member.role} {member.department or '-'}{standing}")
