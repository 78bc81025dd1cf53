"""A comparison's result: what was recorded, and each configuration's figures with intervals and differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from infra.simulation.figures import Figures, interval

FIRST = ("service_level", "wait_mean", "wait_p50", "wait_p90", "left", "missed_due_dates", "occupancy")


def summary(
    names: Sequence[str], seeds: Sequence[int], recorded: Figures, runs: Iterable[tuple[int, int, Figures]]
) -> dict[str, Any]:
    """As a document: of each configuration the figures of the history as it was (`replayed`), and over the drawn seeds
    their `mean`, the half-width of its 95 % confidence interval (`within`), and the same of the paired difference to
    the first configuration (`difference`, `difference_within`)."""
    by_document: dict[int, dict[int, Figures]] = defaultdict(dict)
    for document, seed, figures in runs:
        by_document[document][seed] = figures
    return {
        "seeds": len([seed for seed in seeds if seed]),
        "recorded": _rounded(recorded),
        "configurations": [
            {"name": name, **_one(by_document[n], by_document[0])} for n, name in enumerate(names) if n in by_document
        ],
    }


def _one(own: dict[int, Figures], first: dict[int, Figures]) -> dict[str, Any]:
    drawn = [seed for seed in own if seed]
    found: dict[str, Any] = {"replayed": _rounded(own[0])}
    if len(drawn) < 2:
        return found
    names = sorted({name for seed in drawn for name in own[seed]})
    found["figures"] = {}
    for name in names:
        values = [own[seed].get(name, 0.0) for seed in drawn]
        gained = [value - first[seed].get(name, 0.0) for value, seed in zip(values, drawn, strict=True)]
        (mean, within), (difference, apart) = interval(values), interval(gained)
        found["figures"][name] = _rounded(
            {"mean": mean, "within": within, "difference": difference, "difference_within": apart}
        )
    return found


def _rounded(figures: Figures) -> Figures:
    return {name: round(value, 6) for name, value in figures.items()}


def rows(result: dict[str, Any]) -> list[list[str]]:
    """A row a figure: what it is, as recorded, and of each configuration as replayed and over the seeds."""
    configurations = result["configurations"]
    by_priority = sorted(
        {name for each in configurations for name in each["replayed"] if ".priority." in name and "wait_mean" in name},
        key=lambda name: -int(name.rpartition(".")[2]),
    )
    return [
        [_title(name), _cell(name, result["recorded"].get(name)), *(_of(each, name) for each in configurations)]
        for name in (*FIRST, *by_priority)
    ]


def _of(configuration: dict[str, Any], name: str) -> str:
    text = _cell(name, configuration["replayed"].get(name))
    drawn = configuration.get("figures", {}).get(name)
    return text if drawn is None else f"{text} ({_cell(name, drawn['mean'])} ± {_cell(name, drawn['within'])})"


def _title(name: str) -> str:
    return name.replace("wait_mean.priority.", "mean wait, priority ").replace("wait_", "wait, ").replace("_", " ")


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name.startswith(("service_level", "occupancy")):
        return f"{100 * value:.1f} %"
    if name.startswith("wait"):
        return (
            f"{value / 3600:.1f} h" if value >= 7200 else f"{value / 60:.1f} min" if value >= 120 else f"{value:.1f} s"
        )
    return f"{value:g}"
