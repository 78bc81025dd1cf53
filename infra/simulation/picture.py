"""A comparison's service levels as a picture that reads in light and dark, and without telling colours apart."""

from __future__ import annotations

from html import escape
from typing import Any

WIDTH, LEFT, RIGHT, TOP, ROW = 720, 230, 70, 54, 44


def drawn(result: dict[str, Any], title: str) -> str:
    """SVG: a point for what was recorded (diamond) or replayed (circle), a bar for the 95 % interval over the seeds."""
    lines = [("as recorded", result["recorded"]["service_level"], None)] if result["recorded"] else []
    lines += [
        (each["name"], each["replayed"]["service_level"], each.get("figures", {}).get("service_level"))
        for each in result["configurations"]
    ]
    height = TOP + ROW * len(lines) + 34
    marks = [_row(n, *line) for n, line in enumerate(lines)]
    grid = [
        f'<line class="grid" x1="{_x(share):.1f}" x2="{_x(share):.1f}" y1="{TOP - 10}" y2="{height - 30}"/>'
        f'<text class="small" x="{_x(share):.1f}" y="{height - 12}" text-anchor="middle">{100 * share:.0f} %</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">\n<style>\n'
        "text { font: 14px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 12px; fill: #59636e }\n"
        ".grid { stroke: #d1d9e0 } .bar { stroke: #0072b2; stroke-width: 8; opacity: .45 }\n"
        ".point { fill: #0072b2 } .was { fill: #b35900 }\n"
        "@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .small { fill: #9198a1 }\n"
        ".grid { stroke: #3d444d } .bar { stroke: #56b4e9 } .point { fill: #56b4e9 } .was { fill: #e69f00 } }\n"
        "</style>\n"
        f'<text x="0" y="20" font-weight="bold">{escape(title)}</text>\n' + "\n".join([*grid, *marks]) + "\n</svg>\n"
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _row(n: int, name: str, share: float, spread: dict[str, float] | None) -> str:
    y, x = TOP + ROW * n + 14, _x(share)
    parts = [f'<text x="0" y="{y + 5}">{escape(name)}</text>']
    if spread is not None:
        low, high = (_x(min(max(spread["mean"] + s * spread["within"], 0), 1)) for s in (-1, 1))
        parts.append(f'<line class="bar" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y}" r="6"/>')
    else:
        parts.append(f'<path class="was" d="M{x:.1f} {y - 7}l7 7l-7 7l-7 -7z"/>')
    parts.append(f'<text x="{WIDTH}" y="{y + 5}" text-anchor="end">{100 * share:.1f} %</text>')
    return "".join(parts)
