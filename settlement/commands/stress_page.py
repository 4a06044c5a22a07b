"""The reports of `bulkhead stress` as pages: one file, nothing loaded from outside, pictures drawn as SVG."""

from collections.abc import Iterable, Sequence
from html import escape

from margin.contagion.phase import Cell, Interval, contour

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--quiet:#5c6670;--line:#d5dae0;--good:#2166ac;--bad:#b2182b}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--paper:#14171b;--quiet:#9aa5b1;--line:#39414a}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:2rem auto;
padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;color:var(--quiet)}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}p.quiet{color:var(--quiet)}
svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
.r0{stroke:var(--ink);stroke-width:2;stroke-dasharray:6 4}.zero{stroke:var(--ink);stroke-width:2.5}
"""


def page(title: str, *parts: str) -> str:
    """A whole document."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )


def section(heading: str, *parts: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{''.join(parts)}</section>"


def words(text: str, *, quiet: bool = False) -> str:
    return f"<p{' class=quiet' if quiet else ''}>{escape(text)}</p>"


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def millions(one: Interval) -> str:
    """A mean and its interval in $m."""
    ends = "one seed: no interval" if one.low == -float("inf") else f"{one.low / 1e6:+,.0f} to {one.high / 1e6:+,.0f}"
    return f"{one.mean / 1e6:+,.0f} ({ends})"


WIDTH, HEIGHT, LEFT, TOP = 640, 330, 70, 20


def diagram(cells: Sequence[Cell]) -> str:
    """Δ_custody over depth and hedged open interest; blue where segregation has less harm, red where more."""
    depths = sorted({cell.depth for cell in cells})
    hedged = sorted({cell.hedged for cell in cells})
    by_place = {(cell.depth, cell.hedged): cell for cell in cells}
    wide, high = (WIDTH - LEFT - 20) / len(depths), (HEIGHT - TOP - 60) / len(hedged)
    most = max((abs(cell.custody.mean) for cell in cells), default=0.0) or 1.0
    marks = []
    for i, depth in enumerate(depths):
        for j, share in enumerate(hedged):
            cell = by_place[depth, share]
            x, y = LEFT + i * wide, TOP + (len(hedged) - 1 - j) * high
            colour = "--bad" if cell.custody.mean > 0 else "--good"
            strength = 0.08 + 0.75 * abs(cell.custody.mean) / most
            marks.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" '
                f'style="fill:var({colour});fill-opacity:{strength:.2f};stroke:var(--line)"/>'
                f'<text x="{x + wide / 2:.1f}" y="{y + high / 2 - 3:.1f}" text-anchor="middle">'
                f"{cell.custody.mean / 1e6:+,.0f}</text>"
                f'<text x="{x + wide / 2:.1f}" y="{y + high / 2 + 12:.1f}" text-anchor="middle">'
                f"A {cell.amplification:.2f}</text>"
            )
    for i, depth in enumerate(depths):
        marks.append(_label(LEFT + (i + 0.5) * wide, HEIGHT - 42, f"{depth:g}", "middle"))
    for j, share in enumerate(hedged):
        marks.append(_label(LEFT - 8, TOP + (len(hedged) - j - 0.5) * high + 4, f"{share:.0%}", "end"))
    marks.append(_label(LEFT + (WIDTH - LEFT - 20) / 2, HEIGHT - 20, "depth, of the calibrated one", "middle"))
    marks.append(_label(4, 13, "hedged open interest", "start"))
    xs = [LEFT + (i + 0.5) * wide for i in range(len(depths))]
    ys = [TOP + (len(hedged) - j - 0.5) * high for j in range(len(hedged))]
    for name, level in (("r0", 1.0), ("zero", 0.0)):
        grid = [[by_place[d, h].r0 if name == "r0" else by_place[d, h].custody.mean for d in depths] for h in hedged]
        for (x1, y1), (x2, y2) in contour(xs, ys, grid, level):
            marks.append(f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
    title = "Custody-only effect on liquidated notional, $m, and amplification A"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}"><title>{title}</title>{"".join(marks)}'
        "</svg>" + words("Dashed: R0 = 1. Whole: the effect is zero. Red: segregation liquidates more.", quiet=True)
    )


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
