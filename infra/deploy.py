"""A package becomes a stack, or a stack's next state; the one before is remembered in the template itself.

The same code deploys to AWS and to the emulator. Deploying the same again changes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.stacks import DeployFailed, Parameters, Proposal, Say, Stack
from infra.upload import Template, Uploads

NOTE = "Interleave"
"""Where a template's metadata say which template it is, and which was deployed before it."""
SHARDS = "Shards"
KEY = "CustomerKey"


def stack_name(tenant: str) -> str:
    """The name of a tenant's stack."""
    return f"interleave-{tenant}"


def put(session: Any, folder: Path, template: Template, name: str, parameters: Parameters, say: Say) -> dict[str, str]:
    """Create or update a stack from a package; its outputs. Raises `DeployFailed`."""
    stack = Stack(session.client("cloudformation"), name, say)
    proposal = proposed(session, stack, folder, template, parameters, say)
    if proposal is not None:
        stack.carry_out(proposal)
    return stack.outputs()


def proposed(
    session: Any, stack: Stack, folder: Path, template: Template, parameters: Parameters, say: Say
) -> Proposal | None:
    """What putting a package would change; None if nothing. Raises `DeployFailed`."""
    uploads = Uploads(session)
    say(f"Uploading the package of {stack.name} …")
    key = uploads.template(uploads.package(folder, template))
    _settle(session, stack)
    _may_only_grow(stack, parameters)
    _may_have_its_key(session, stack, parameters)
    return _propose(uploads, stack, key, parameters, say)


def proposed_back(session: Any, stack: Stack, say: Say) -> Proposal | None:
    """What going back to the package before would change; what the stack was given stays. Raises `DeployFailed`."""
    uploads = Uploads(session)
    _settle(session, stack)
    before = stack.template().get("Metadata", {}).get(NOTE, {}).get("before")
    if not before:
        raise DeployFailed(f"{stack.name} has had no other package yet.", "Deploy an older checkout instead.")
    known = uploads.read(before)["Parameters"]
    parameters = {name: value for name, value in stack.parameters().items() if name in known}
    _may_only_grow(stack, parameters)
    return _propose(uploads, stack, before, parameters, say)


def template_of(folder: Path) -> Template:
    """A package's template, as it was built."""
    return dict(json.loads((folder / "sam.json").read_text()))


def _settle(session: Any, stack: Stack) -> None:
    """Get the stack where it can be deployed to. A table that a failed creation left goes: nobody could export it once
    its key is gone, and so nobody could destroy the tenant."""
    from infra.removal import Leftovers  # slow to import, and of no use to most commands

    for table in stack.settle():
        Leftovers(session, stack.name).delete_table(table)


def _may_only_grow(stack: Stack, parameters: Parameters) -> None:
    """What was written under a shard that is looked at no longer would wait for ever. Raises `DeployFailed`."""
    now, wanted = (int(each.get(SHARDS, 1)) for each in (stack.parameters(), parameters))
    if wanted < now:
        raise DeployFailed(
            f"{stack.name} has {now} shards and would have {wanted}; nothing was changed.",
            f"Set `shards: {now}` or more in the tenant's settings, and deploy no package that does not know it.",
        )


def _may_have_its_key(session: Any, stack: Stack, parameters: Parameters) -> None:
    """A key's name outlives its stack and its setting, and AWS gives it to one key alone. Raises `DeployFailed`."""
    if parameters.get(KEY) != "true" or stack.parameters().get(KEY) == "true":
        return
    from infra.removal import Leftovers  # slow to import, and of no use to most commands

    left = Leftovers(session, stack.name).keys()
    if left:
        raise DeployFailed(
            f"{left[0]} is the name of a key already, which an earlier stack or setting left; nothing was changed.",
            "Where an earlier tenant was to go, run `interleave destroy` again. Else delete that alias in KMS, and its "
            "key once no backup needs it. Then run the same command again.",
        )


def _propose(uploads: Uploads, stack: Stack, key: str, parameters: Parameters, say: Say) -> Proposal | None:
    now = stack.template().get("Metadata", {}).get(NOTE, {})
    before = now.get("before") if now.get("template") == key else now.get("template")
    noted = uploads.read(key)
    noted["Metadata"] = {NOTE: {"template": key, "before": before}}
    say(f"Asking CloudFormation what {stack.name} needs …")
    return stack.propose(uploads.url(uploads.template(noted)), parameters)
