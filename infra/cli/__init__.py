"""`interleave`, the command line: configure a tenant, watch it, and look into it when something is wrong."""

from infra.cli.commands import app

__all__ = ["app"]
