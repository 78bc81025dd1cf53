"""The stack itself: tokens, dead letters, and a doctor who looks at what should always be true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from infra.cli.aws import stack_of
from infra.cli.connection import Tenant
from infra.cli.failures import Failed
from infra.cli.output import table
from infra.cli.reconciling import drift, make_anew
from infra.cli.shell import CONTACT_CENTER, Group, Json, Shell, begin

IN_HANDS = ("offered", "assigned", "inactive", "wrap_up")
PLACED = ("offered", "assigned")
"""What takes a place for certain; a wrap-up takes none where the work was parked before."""
MOST_NAMED = 10
LATE_SECONDS = 120
"""The sweeper runs every minute; what is overdue for longer than two rounds was forgotten."""
StackName = Annotated[
    str | None, typer.Option("--stack", help="A deployed tenant's name; without it, the local stack.")
]

dlq = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None, help="Dead letters: messages given up on.")


def token(context: typer.Context, as_json: Json = False) -> None:
    """Print a bearer token."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        text = tenant.token()
    output.result({"access_token": text}, text)


@dlq.command("list")
def list_dead(context: typer.Context, stack: StackName = None, as_json: Json = False) -> None:
    """List the queues of dead letters, and how many lie there."""
    shell, output = begin(context, as_json)
    with output.progress("Counting …"):
        found = list(stack_of(shell.options, stack).dead_letters())
    rows = [[each.name, each.count] for each in found]
    output.result(
        {"dead_letters": [{"name": n, "count": count} for n, count in rows]}, table(None, ("queue", "messages"), rows)
    )


@dlq.command()
def redrive(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="As listed; without it, all that have any.")] = None,
    stack: StackName = None,
    as_json: Json = False,
) -> None:
    """Send dead letters where they came from."""
    shell, output = begin(context, as_json)
    with output.progress("Counting …"):
        of = stack_of(shell.options, stack)
        found = {each.name: each for each in of.dead_letters()}
    if name is not None and name not in found:
        raise Failed(f"There are no dead letters {name!r}.", f"One of {', '.join(found)}.")
    if name is not None and found[name].source is None:
        raise Failed(f"{name} holds notes about failures, not messages.", "The sweeper mends what they tell of.")
    chosen = [each for each in found.values() if each.source and (each.count if name is None else each.name == name)]
    with output.progress("Sending …"):
        moved = {each.name: of.redrive(each) for each in chosen}
    text = table(None, ("queue", "sent again"), list(moved.items())) if moved else "There was nothing to send."
    output.result({"moved": moved}, text)


class Finding(NamedTuple):
    """What the doctor found: whether it is as it should be."""

    name: str
    ok: bool
    text: str


def doctor(
    context: typer.Context,
    stack: StackName = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Before that, sweep at once, send dead letters where they came from, and make reports anew.",
        ),
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=30, help="The last days of reports that are looked at.")] = 1,
    as_json: Json = False,
) -> None:
    """Look at what should always be true; the exit code is 1 where something is not."""
    shell, output = begin(context, as_json)
    if stack is not None and shell.options.url is None:
        step = "Set INTERLEAVE_URL and the others that `interleave deploy` printed."
        raise Failed(f"--stack says where the messages of {stack} are, not where its API is.", step)
    if repair:
        with output.progress("Repairing …"):
            of = stack_of(shell.options, stack)
            of.sweep()
            for each in of.dead_letters():
                if each.source and each.count:
                    of.redrive(each)
            with shell.tenant() as tenant:
                make_anew(tenant, days)
    with output.progress("Looking …"):
        findings = list(_findings(shell, stack, days))
    rows = [["ok" if each.ok else "WRONG", each.name, each.text] for each in findings]
    output.result({"findings": [each._asdict() for each in findings]}, table(None, ("", "what", "found"), rows))
    if not all(each.ok for each in findings):
        raise typer.Exit(1)


def _findings(shell: Shell, stack: str | None, days: int) -> Iterator[Finding]:
    with shell.tenant() as tenant:
        health = tenant.call("GET", "/health")
        yield Finding("health", health.status == 200, f"GET /health answers {health.status}")
        tenant.token()
        yield Finding("token", True, "the credentials are good")
        yield from _configuration(tenant)
        yield from _hands(tenant)
        yield from _reports(tenant, days, stack)
    yield from _dead_letters(shell, stack)


def _configuration(tenant: Tenant) -> Iterator[Finding]:
    applied = tenant.get(f"{CONTACT_CENTER}/configuration")
    version = applied["version"]
    if not version:
        yield Finding("configuration", False, "none is applied: `interleave init`, then `interleave apply`")
        return
    warned = tenant.done("POST", f"{CONTACT_CENTER}/configuration/plan", applied["document"]).body["warnings"]
    worth = "; ".join(f"{each['pointer']}: {each['message']}" for each in warned)
    yield Finding(
        "configuration", True, f"version {version} is applied" + (f"; worth a look: {worth}" if worth else "")
    )


def _hands(tenant: Tenant) -> Iterator[Finding]:
    """Two looks at the same: agents' rows, and the engagements they are about."""
    users = tenant.get(f"{CONTACT_CENTER}/statistics/users")
    now = datetime.fromisoformat(users["time"])
    disagree = []
    late = []
    for user in users["users"]:
        for work in user["engagements"]:
            if work["state"] not in IN_HANDS:
                disagree.append(f"{user['user_id']} holds {work['engagement_id']}, which is {work['state']}")
            expires = work["offer_expires_at"] if work["state"] == "offered" else None
            if expires and (now - datetime.fromisoformat(expires)).total_seconds() > LATE_SECONDS:
                late.append(f"{work['engagement_id']} to {user['user_id']}")
        taken = sum(1 for work in user["engagements"] if work["state"] in PLACED)
        if taken > sum(user["load"].values()):
            disagree.append(f"{user['user_id']} has {taken} in work and counts {sum(user['load'].values())}")
    yield Finding(
        "agents' places", not disagree, "; ".join(disagree) or f"{len(users['users'])} agents agree with a recount"
    )
    yield Finding(
        "offers", not late, f"past their deadline: {'; '.join(late)}" if late else "none is past its deadline"
    )


def _reports(tenant: Tenant, days: int, stack: str | None) -> Iterator[Finding]:
    found = drift(tenant, days)
    whole = f"{found.engagements} engagements' events lead to their digests"
    yield Finding("histories", not found.histories, _some(found.histories) or whole)
    same = f"facts and roll-ups of the last {days} d are what the histories tell"
    wrong = f"{_some(found.reports)}: {_step('doctor --repair', stack)} makes them anew"
    yield Finding("reports", not found.reports, wrong if found.reports else same)


def _some(lines: list[str]) -> str:
    more = len(lines) - MOST_NAMED
    return "; ".join([*lines[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _dead_letters(shell: Shell, stack: str | None) -> Iterator[Finding]:
    try:
        dead = [each for each in stack_of(shell.options, stack).dead_letters() if each.count]
    except Failed as failure:
        if stack is not None:
            raise
        yield Finding("dead letters", True, f"not looked at: {failure.message} Name a --stack.")
        return
    text = ", ".join(f"{each.name} {each.count}" for each in dead)
    yield Finding("dead letters", not dead, f"{text}: {_step('dlq redrive', stack)}" if dead else "there are none")


def _step(command: str, stack: str | None) -> str:
    """The command that mends it, for the same stack."""
    return f"`interleave {command}{f' --stack {stack}' if stack else ''}`"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(token)
    app.command()(doctor)
    app.add_typer(dlq, name="dlq")
