"""Once a minute: repair what is left half done, route, roll up, archive. The backstop for every lost message."""

from __future__ import annotations

from chalicelib.handlers.observe import log, measure, metrics, observe, tell
from chalicelib.operations import archiving, reconciling, rolling, routing, timers
from chalicelib.world import World


def run(world: World) -> None:
    """One sweep, one pass over every queue, and what follows from what is over: reports, and the archive."""
    if not world.is_configured():
        log.info("unconfigured")
        return
    with metrics():
        began = world.now()
        timers.sweep(world)
        done = routing.route_everything(world)
        observe(done, world.now() - began)
        measure("OldestWait", done.oldest_wait_ms)
        rolling.roll_up(world)
        _hold_against_the_history(world)
        archived = archiving.archive(world)
    log.info("swept", offered=done.offered, waiting=done.waiting, conflicts=done.conflicts, archived=archived)


def _hold_against_the_history(world: World) -> None:
    night = reconciling.nightly(world)
    if night is not None:
        tell("ReportDrift", night.drift)
        if night.drift:
            log.error("drift", count=night.drift, named=night.named)
