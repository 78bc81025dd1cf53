"""A tenant's stack: deployed, upgraded, looked at and destroyed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra import deploy as stacks
from infra import endpoints
from infra.cli import files
from infra.cli.configuration import CHANGED, STARTER, put
from infra.cli.connection import Options, Tenant
from infra.cli.deployed import Deployed, EndpointUrl, Profile, Region, SettingsFile, Where, deployed, listed
from infra.cli.failures import Failed
from infra.cli.output import table
from infra.cli.shell import CONTACT_CENTER, Json

if TYPE_CHECKING:
    from infra.cli.smoke import Check

FIRST_CLIENT = "admin"
OWN_CLIENT = "deployment"
"""The client that a deployment makes for itself and, in the end, leaves without a secret."""
TOLD = ("SignIn", "Archive", "DomainTarget")
"""How the names of the outputs begin that people have to know."""
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")

Name = Annotated[str, typer.Argument(help="The tenant's name.")]
Plan = Annotated[bool, typer.Option("--plan", help="Show what would change and stop; the exit code is 2 for changes.")]
Yes = Annotated[bool, typer.Option("--yes", help="Take out of the configuration what is no longer named, unasked.")]
NewSecret = Annotated[
    bool, typer.Option("--new-secret", help="Give the first client a new secret, and no other: where it was lost.")
]


def deploy(
    context: typer.Context,
    tenant: Name,
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    plan: Plan = False,
    starter: Annotated[
        bool, typer.Option("--starter", help="Apply the starter's documents where none were ever applied.")
    ] = False,
    new_secret: NewSecret = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Deploy a tenant: stack, configuration, smoke test and first credentials. Done again, whatever is new of them."""
    where = Where(settings, region, profile, endpoint_url)
    with deployed(context, tenant, where, as_json) as found:
        _deploy(found, plan, starter, new_secret, yes)


def upgrade(
    context: typer.Context,
    tenant: Name,
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    plan: Plan = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Deploy a tenant that is there already; `interleave rollback TENANT` goes back to the package before."""
    where = Where(settings, region, profile, endpoint_url)
    with deployed(context, tenant, where, as_json) as found:
        found.expect_stack()
        _deploy(found, plan, False, False, yes)


def status(
    context: typer.Context,
    tenant: Name,
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """Say how a tenant's stack is; the exit code is 1 where it is not in a good state."""
    where = Where(settings, region, profile, endpoint_url)
    with deployed(context, tenant, where, as_json) as found:
        state = found.stack.status()
        if state is None:
            raise found.missing()
        document: dict[str, Any] = {"tenant": tenant, "stack": found.stack.name, "status": state}
        if found.stack.exists():
            note = found.stack.template().get("Metadata", {}).get(stacks.NOTE, {})
            document |= {"region": found.session.region_name, "template": note.get("template")}
            document |= {"template_before": note.get("before"), "parameters": found.stack.parameters()}
        if state in GOOD:
            document["endpoint"] = found.address()
            document |= {name: value for name, value in found.stack.outputs().items() if name.startswith(TOLD)}
        rows = [[name, value] for name, value in document.items() if name != "parameters"]
        rows += [[f"  {name}", value] for name, value in document.get("parameters", {}).items()]
        found.output.result(document, table(None, ("", ""), rows))
    if state not in GOOD:
        raise typer.Exit(1)


def destroy(
    context: typer.Context,
    tenant: Name,
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    to: Annotated[Path, typer.Option(help="The folder where the final export is kept.")] = Path(),
    confirm: Annotated[str, typer.Option(help="The tenant's name once more, where nobody can be asked.")] = "",
    with_archive: Annotated[
        bool, typer.Option("--with-archive", help="Empty and delete its archive in S3 too, which is kept otherwise.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove a tenant: its stack, then its table, which is exported before, and its queues. Its archive stays."""
    from infra.removal import Leftovers, destroy

    where = Where(settings, region, profile, endpoint_url)
    with deployed(context, tenant, where, as_json) as found:
        left = Leftovers(found.session, found.stack.name)
        archives = [] if with_archive else left.archives()
        left_over = [*left.tables(), *left.queues(), *left.keys(), *(left.archives() if with_archive else ())]
        stays = f" but its archive, {', '.join(archives)}" if archives else ""
        if found.stack.status() is None and not left_over:
            document = {"tenant": tenant, "files": [], "archives": archives}
            text = f"Nothing is left of {tenant} in {found.session.region_name}{stays}."
            found.output.result(document, text)
            return
        if not to.is_dir():
            raise Failed(f"{to} is no folder.", "Make it, or name another with --to.")
        _confirm(tenant, confirm)
        with files.writing(to):
            exported = destroy(found.session, found.stack, to, found.say, with_archive=with_archive)
        written = [str(file) for file in exported]
        kept = f"; its rows are in {', '.join(written)}" if written else ""
        document = {"tenant": tenant, "files": written, "archives": archives}
        found.output.result(document, f"{tenant} is gone{stays}{kept}.")


def _deploy(found: Deployed, plan: bool, starter: bool, new_secret: bool, yes: bool) -> None:
    from infra import package
    from infra.cli import smoke

    documents = files.given(found.settings.configuration) if found.settings.configuration else None
    folder = package.build(found.say)
    parameters = found.settings.parameters(found.tenant)
    template = stacks.template_of(folder)
    proposal = stacks.proposed(found.session, found.stack, folder, template, parameters, found.say)
    found.show(proposal)
    document: dict[str, Any] = {"tenant": found.tenant, "stack": found.stack.name, "changes": listed(proposal)}
    if plan:
        if proposal is not None:
            found.stack.withdraw(proposal.name)
        if found.output.as_json:
            found.output.result(document, "")
        if proposal is not None:
            raise typer.Exit(CHANGED)
        return
    if proposal is not None:
        found.stack.carry_out(proposal)
    outputs = found.stack.outputs()
    with _caller(found, outputs) as tenant:
        found.say("Trying it …")
        tried = _tried(found, [smoke.token(tenant)])
        version = _configure(found, tenant, documents, starter, yes)
        tried += _tried(found, smoke.checks(tenant, found.session.client("lambda"), outputs["SweeperName"]))
        document["checks"] = [each._asdict() for each in tried]
    document |= {"endpoint": found.address(), "account_id": found.tenant, "configuration": version}
    document["domain_target"] = outputs.get("DomainTarget")
    document["credentials"] = _credentials(found, outputs, new_secret)
    found.output.result(document, list(_told(document)))


def _configure(found: Deployed, tenant: Tenant, documents: files.Given | None, starter: bool, yes: bool) -> int:
    """The version of the configuration that is applied then; 0 if there is none."""
    applied = int(tenant.get(f"{CONTACT_CENTER}/configuration")["version"])
    if documents is None and starter and not applied:
        documents = files.given(STARTER)
    if documents is None:
        return applied
    found.say("Applying the configuration …")
    return put(tenant, found.output, documents, yes=yes)


def _tried(found: Deployed, checks: Iterable[Check]) -> list[Check]:
    """What was tried, all of it good. Raises `Failed`."""
    tried = []
    for check in checks:
        found.say(f"  {'ok' if check.ok else 'WRONG'}  {check.name}: {check.text}")
        tried.append(check)
    wrong = tuple(f"{each.name}: {each.text}" for each in tried if not each.ok)
    if wrong:
        step = f"Look at the logs in /interleave/{found.stack.name}/…, or `interleave rollback {found.tenant}`."
        raise Failed(f"{found.tenant} is deployed, but does not work.", step, wrong)
    return tried


def _credentials(found: Deployed, outputs: dict[str, str], anew: bool) -> dict[str, str] | None:
    """The first client's, where it has none yet or a new secret was asked for. They are told only this once."""
    from infra import clients

    store = _store(found, outputs)
    if store.client(FIRST_CLIENT) is not None and not anew:
        return None
    return clients.create(store, FIRST_CLIENT, "admin")


@contextmanager
def _caller(found: Deployed, outputs: dict[str, str]) -> Iterator[Tenant]:
    """The tenant's API, as a client that has a secret for as long as this lasts."""
    from infra import clients

    store = _store(found, outputs)
    made = clients.create(store, OWN_CLIENT, "admin")
    url = endpoints.gateway(outputs, found.session.endpoint_url)
    address = Options(url, found.tenant, made["client_id"], made["client_secret"])
    try:
        with Tenant(found.shell.connect(address)) as tenant:
            yield tenant
    finally:
        known = store.client(OWN_CLIENT)
        if known is not None:
            store.put_client(replace(known, secrets=()))


def _store(found: Deployed, outputs: dict[str, str]) -> Any:
    from chalicelib.storage.dynamodb import DynamoStore

    return DynamoStore(found.session.client("dynamodb"), outputs["TableName"])


def _told(document: dict[str, Any]) -> Iterator[str]:
    version = document["configuration"]
    yield f"{document['tenant']} is deployed at {document['endpoint']}"
    if document["domain_target"]:
        yield f"Point its domain there (CNAME): {document['domain_target']}"
    yield f"Configuration: version {version}" if version else "Configuration: none yet; `interleave init` writes one."
    if document["credentials"]:
        yield "Its first client, shown this once:"
        yield f"  export INTERLEAVE_URL={document['endpoint']}"
        yield f"  export INTERLEAVE_ACCOUNT={document['account_id']}"
        yield f"  export INTERLEAVE_CLIENT_ID={document['credentials']['client_id']}"
        yield f"  export INTERLEAVE_CLIENT_SECRET={document['credentials']['client_secret']}"


def _confirm(tenant: str, given: str) -> None:
    if not given and sys.stdin.isatty():
        given = typer.prompt(f"This removes {tenant} and all its work. Type its name to go on", default="")
    if given != tenant:
        raise Failed("Nothing was removed.", f"Type the tenant's name, or say --confirm {tenant}.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (deploy, upgrade, status, destroy):
        app.command()(command)
