"""A report as one HTML file that needs nothing else: no network, no script. It reads in light and dark, in print, and
without telling colours apart: lines differ in shape and dashes as well, and each chart has its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from infra.cli.figures import Figure

WIDTH, BAR, HEIGHT = 560, 26, 240
FEW = 5
"""About as many ticks are enough."""
COLOURS = 7
"""Okabe and Ito's; in `STYLE` each theme has those that stand out from it, some of them darker or lighter."""
LONGER = ((3600, "hours"), (60, "minutes"))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3], [10, 4])
STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #a8558a; --c4: #1f2328; --c5: #b87a00; --c6: #2b8cc4; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #f0f6fc; --quiet: #9198a1; --line: #3d444d;
  --c0: #56b4e9; --c1: #e69f00; --c2: #2bc79a; --c3: #cc79a7; --c4: #f0f6fc; --c5: #f0e442; --c6: #ff8a3d; } }
body { background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.2rem; margin: 0 } p { color: var(--quiet); margin: .2rem 0 }
section { border-top: 1px solid var(--line); break-inside: avoid; margin-top: 1.5rem; padding-top: 1rem }
.side { align-items: start; display: flex; flex-wrap: wrap; gap: 1.5rem; margin-top: .8rem }
figure { flex: 1 1 24rem; margin: 0; max-width: 100%; min-width: 0 }
svg { height: auto; max-width: 100%; overflow: visible }
.scroll { flex: 1 1 18rem; max-height: 26rem; overflow: auto; max-width: 100% }
table { border-collapse: collapse; font-size: .9rem } caption { color: var(--quiet); text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem .2rem 0; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left } thead th { position: sticky; top: 0; background: var(--page) }
@media print { .scroll { max-height: none } }
"""
NOTHING = "default-src 'none'; style-src 'unsafe-inline'"
"""What the file may load."""


def page(title: str, about: str, figures: Sequence[Figure]) -> str:
    """The whole file."""
    sections = "\n".join(map(_section, figures)) or "<p>Nothing happened in that time.</p>"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(about)}</p>\n{sections}\n</main>\n</body>\n</html>\n"
    )


def _section(figure: Figure) -> str:
    meaning = figure.meaning[:1].upper() + figure.meaning[1:]
    return (
        f"<section>\n<h2>{escape(figure.heading)}</h2>\n<p>{escape(meaning)}</p>\n"
        f'<div class="side">\n<figure role="img" aria-label="{escape(_said(figure))}">{_svg(figure)}</figure>\n'
        f'<div class="scroll" tabindex="0">{_table(figure)}</div>\n</div>\n</section>'
    )


def _said(figure: Figure) -> str:
    """What the chart shows, for who does not see it."""
    more = len(figure.series) - len(figure.drawn)
    left_out = f", without the {more} smallest" if more else ""
    over_time = " over time" if len(figure.moments) > 1 else ""
    return f"{figure.heading}{over_time}: {', '.join(figure.drawn)}{left_out}. The table has the numbers."


def _svg(figure: Figure) -> str:
    import vl_convert  # takes a second, which no other command should

    svg: str = vl_convert.vegalite_to_svg(_chart(figure), vl_version="5.20")
    return svg


def _chart(figure: Figure) -> dict[str, Any]:
    """The chart in the words of Vega-Lite."""
    axis = {"labelColor": "var(--text)", "titleColor": "var(--quiet)", "domainColor": "var(--line)"}
    axis |= {"gridColor": "var(--line)", "tickColor": "var(--line)", "titleFontWeight": "normal"}
    return {
        "background": "transparent",
        "width": WIDTH,
        "config": {
            "font": "Arial, Helvetica, sans-serif",  # near what widths are reckoned with
            "axis": {**axis, "labelFontSize": 12, "labelLimit": 240},
            "legend": {"labelColor": "var(--text)", "labelFontSize": 12, "labelLimit": 220, "title": None},
            "view": {"stroke": None},
        },
        **(_lines(figure) if len(figure.moments) > 1 else _bars(figure)),
    }


def _bars(figure: Figure) -> dict[str, Any]:
    size, _ = _unit(figure)
    values = [
        {"who": label, "value": value and value / size, "text": figure.text(value)}
        for label, (value,) in figure.drawn.items()
    ]
    who = {"field": "who", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}}
    return {
        "height": {"step": BAR},
        "data": {"values": values},
        "encoding": {"y": who, "x": _values(figure)},
        "layer": [
            {"mark": {"type": "bar", "color": "var(--c0)", "height": BAR - 8}},
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": "var(--text)", "fontSize": 12},
                "encoding": {"text": {"field": "text"}},
            },
        ],
    }


def _lines(figure: Figure) -> dict[str, Any]:
    drawn, (size, _) = list(figure.drawn), _unit(figure)
    values = [
        {"who": label, "at": f"{at.isoformat()}Z", "value": value and value / size}
        for label in drawn
        for at, value in zip(figure.moments, figure.series[label], strict=True)
    ]

    def told_by(channel: Sequence[Any]) -> dict[str, Any]:
        scale = {"domain": drawn, "range": list(channel[: len(drawn)])}
        return {"field": "who", "type": "nominal", "scale": scale, "legend": {"orient": "bottom", "columns": 2}}

    return {
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {
            "type": "line",
            "point": {"filled": True, "size": 50},
            "strokeWidth": 2,
            "invalid": "break-paths-show-domains",
        },
        "encoding": {
            "x": {
                "field": "at",
                "type": "temporal",
                "scale": {"type": "utc"},
                "title": None,
                "axis": {"format": _pattern(figure), "grid": False, "labelOverlap": True},
            },
            "y": _values(figure),
            "color": told_by([f"var(--c{n})" for n in range(COLOURS)]),
            "shape": told_by(SHAPES),
            "strokeDash": told_by(DASHES),
        },
    }


def _values(figure: Figure) -> dict[str, Any]:
    """The axis of the values, from nothing on; of what is counted it has whole numbers."""
    top, (_, unit) = _top(figure), _unit(figure)
    ticks = {"values": list(range(int(top) + 1))} if not figure.unit and top <= FEW else {"tickCount": FEW}
    axis = {**ticks, **({} if figure.unit else {"format": ",d"})}
    scale = {"domain": [0, 100]} if figure.unit == "%" else {"zero": True}
    return {"field": "value", "type": "quantitative", "title": unit or None, "axis": axis, "scale": scale}


def _unit(figure: Figure) -> tuple[int, str]:
    """How many of its units make one that the chart is drawn in, and what that is called."""
    longest = _top(figure) if figure.unit == "seconds" else 0
    return next(((size, name) for size, name in LONGER if longest >= 2 * size), (1, figure.unit))


def _top(figure: Figure) -> float:
    return max((value for values in figure.drawn.values() for value in values if value is not None), default=0)


def _pattern(figure: Figure) -> str:
    """How moments are written: as short as they can be told apart."""
    of_days = all(each.hour == each.minute == 0 for each in figure.moments)
    if of_days:
        return "%d %b"
    return "%H:%M" if len({each.date() for each in figure.moments}) == 1 else "%d %b %H:%M"


def _table(figure: Figure) -> str:
    head, body = _over_time(figure) if len(figure.moments) > 1 else _at_once(figure)
    titles = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    lines = "".join(_line(row) for row in body)
    caption = f"<caption>{escape(figure.heading)}</caption>"
    return f"<table>{caption}<thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def _at_once(figure: Figure) -> tuple[list[str], Iterator[list[str]]]:
    total = {} if figure.total is None else {"Together": figure.total}
    lines = ([label, figure.text(value)] for label, (value,) in (*figure.series.items(), *total.items()))
    return ["", figure.heading], lines


def _over_time(figure: Figure) -> tuple[list[str], Iterator[list[str]]]:
    columns = [*figure.series.values(), *([figure.total] if figure.total is not None else [])]
    pattern = "%Y-%m-%d" if all(each.hour == each.minute == 0 for each in figure.moments) else "%Y-%m-%d %H:%M"
    lines = (
        [at.strftime(pattern), *(figure.text(column[n]) for column in columns)] for n, at in enumerate(figure.moments)
    )
    return ["", *figure.series, *(["Together"] if figure.total is not None else [])], lines


def _line(cells: Sequence[str]) -> str:
    first, *others = (escape(each) for each in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in others)}</tr>'
