"""A deployed tenant, as the commands about stacks see it: where it is, and a change that is shown, then carried out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from infra import deploy, endpoints
from infra.cli.changes import COLOURS
from infra.cli.failures import Failed
from infra.cli.output import Output, table
from infra.cli.shell import Shell, begin
from infra.settings import Settings, settings_of
from infra.stacks import Change, DeployFailed, Proposal, Stack

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="The tenant's settings; by default tenants/NAME.yaml, if it is there.")
]
Region = Annotated[str | None, typer.Option(help="The AWS region; else the settings', else the environment's.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile; else the settings', else the environment's.")]
EndpointUrl = Annotated[
    str | None, typer.Option("--endpoint-url", envvar="AWS_ENDPOINT_URL", help="An emulator instead of AWS.")
]
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
"""What the services of AWS call credentials that were good for a time."""
AGAIN = "Then run the same command again."
SIGNS = {"Add": "+", "Modify": "~", "Remove": "-"}


class Where(NamedTuple):
    """What the command line says of where a tenant is."""

    settings: Path | None = None
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A tenant, its settings, its stack, and the clients to reach them."""

    tenant: str
    settings: Settings
    session: Any
    stack: Stack
    shell: Shell
    output: Output

    def address(self) -> str:
        """Its API's base URL."""
        return endpoints.address(self.stack.outputs(), self.session.endpoint_url)

    def expect_stack(self) -> None:
        """Raise `Failed` where there is nothing yet that could be worked with."""
        if not self.stack.exists():
            raise self.missing()

    def missing(self) -> Failed:
        """That it is not here: it may well be in another region."""
        where = self.session.region_name
        return Failed(f"{self.tenant} is not deployed in {where}.", f"`interleave deploy {self.tenant}` deploys it.")

    def say(self, text: str) -> None:
        """Tell people how far it is; programs wait for the result."""
        if not self.output.as_json:
            self.output.note(text)

    def show(self, proposal: Proposal | None) -> None:
        """Tell people what would change."""
        if not self.output.as_json:
            self.output.out.print(_shown(proposal.changes) if proposal else "The stack needs no change.")


@contextmanager
def deployed(context: typer.Context, tenant: str, where: Where, as_json: bool) -> Iterator[Deployed]:
    """The tenant meant. Raises `Failed`, also for whatever AWS refuses inside."""
    shell, output = begin(context, as_json)
    with told():
        settings = settings_of(tenant, where.settings)
        session = session_of(settings, where)
        stack = Stack(session.client("cloudformation"), deploy.stack_name(tenant), lambda text: found.say(text))
        found = Deployed(tenant, settings, session, stack, shell, output)
        yield found


@contextmanager
def told() -> Iterator[None]:
    """Whatever AWS refuses inside is told with the next step. Raises `Failed`."""
    # slow to import, like boto3 itself
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NotReached

    try:
        yield
    except DeployFailed as failure:
        raise Failed(str(failure), failure.step) from failure
    except ClientError as error:
        named = error.response["Error"]
        message = f"AWS refuses {error.operation_name}: {named.get('Message') or named.get('Code')}"
        step = "Check the profile and what it may do; docs/deploying.md lists it."
        if named.get("Code") in EXPIRED:
            step = f"Sign in to AWS again. {AGAIN}"
        raise Failed(message, step) from error
    except (NotReached, HTTPClientError) as error:
        raise Failed(f"AWS cannot be reached: {error}", f"Look at the network and at the region. {AGAIN}") from error
    except BotoCoreError as error:
        step = "Set AWS credentials and a region, by --profile and --region, the settings or the environment."
        raise Failed(f"AWS cannot be reached: {error}", step) from error


def session_of(settings: Settings, where: Where) -> Any:
    """Clients of the tenant's account and region. Raises `DeployFailed`."""
    from infra.sessions import Session

    session = Session(where.region or settings.region, where.profile or settings.profile, where.endpoint_url)
    if session.region_name is None:
        raise DeployFailed("No region is set.", "Say --region, or set it in the settings or in AWS_DEFAULT_REGION.")
    return session


def back(context: typer.Context, tenant: str, where: Where, as_json: bool) -> None:
    """Take a tenant's stack back to the package before; taken back again, it is the newer one."""
    with deployed(context, tenant, where, as_json) as found:
        found.expect_stack()
        proposal = deploy.proposed_back(found.session, found.stack, found.say)
        found.show(proposal)
        if proposal is not None:
            found.stack.carry_out(proposal)
        document = {"tenant": tenant, "stack": found.stack.name, "changes": listed(proposal)}
        found.output.result(document, f"{tenant} is back at the package before; its configuration stays as it is.")


def listed(proposal: Proposal | None) -> list[dict[str, str]]:
    """The changes for a program."""
    return [
        {"action": each.action, "resource": each.resource, "type": each.kind, "replaced": each.replaced}
        for each in (proposal.changes if proposal else ())
    ]


def _shown(changes: tuple[Change, ...]) -> Table:
    rows = [[SIGNS.get(each.action, "~"), each.resource, each.kind, _replaced(each)] for each in changes]
    made = table("The stack would change" if rows else "Only the stack's outputs or parameters change", ("",) * 4, rows)
    for row, cells in zip(made.rows, rows, strict=True):
        row.style = COLOURS[cells[0]]
    return made


def _replaced(change: Change) -> str:
    return {"True": "replaced", "Conditional": "perhaps replaced"}.get(change.replaced, "")
