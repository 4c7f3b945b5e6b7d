"""Draws cost against size from bench/results: processor seconds and peak memory, ours and the
peers'.

    python -m bench.plot [docs/images/bench.svg]

Both axes of both pictures are logarithmic, so that a straight line of slope one is cost in
proportion to size.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
WIDTH, HEIGHT, LEFT, TOP, BETWEEN = 380, 300, 60, 40, 80
FONT = "font-family='sans-serif' font-size='12'"
#: Program → what it is called in the picture, colour, ours or a peer's (drawn with dashes).
LINES = {
    "gongshi publish": ("publish 发布", "#b3261e", ""),
    "publish, no downloads": ("publish, no downloads 不含下载", "#d98200", ""),
    "gongshi check": ("check 检查", "#00658f", ""),
    "our Table Schema check": ("Table Schema alone 仅字段规则", "#3a7d34", ""),
    "frictionless validate": ("frictionless validate", "#555555", "5 4"),
    "csvs-to-sqlite": ("csvs-to-sqlite", "#8a6fb0", "5 4"),
}
PICTURES = (("cpu_seconds", "Processor seconds 处理器秒"), ("peak_mb", "Peak memory, MB 内存峰值"))
Point = tuple[int, float]


def results() -> list[dict[str, Any]]:
    """The kept results, the smallest first; those of the wide layout are another picture's."""
    paths = [p for p in (HERE / "results").glob("*.json") if p.stem.isdigit()]
    return sorted((json.loads(p.read_text("utf-8")) for p in paths), key=lambda r: r["rows"])


def picture(found: list[dict[str, Any]]) -> str:
    """The whole SVG."""
    wide = LEFT + len(PICTURES) * (WIDTH + BETWEEN)
    tall = TOP + HEIGHT + 60 + 18 * math.ceil(len(LINES) / 3)
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {wide} {tall}' role='img'>"]
    parts += ["<title>Cost against size 规模与开销</title>", f"<rect width='{wide}' height='{tall}' fill='white'/>"]  # fmt: skip
    for place, (key, title) in enumerate(PICTURES):
        parts += axes(found, key, title, LEFT + place * (WIDTH + BETWEEN))
    return "\n".join([*parts, *legend(TOP + HEIGHT + 56), "</svg>"]) + "\n"


def axes(found: list[dict[str, Any]], key: str, title: str, left: int) -> Iterable[str]:
    """One picture: its frame, its grid, a line for each program."""
    lines = {name: [(r["rows"], r["runs"][name][key]) for r in found if name in r["runs"]] for name in LINES}  # fmt: skip
    values = [v for points in lines.values() for _, v in points]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))
    first, last = found[0]["rows"], max(found[-1]["rows"], found[0]["rows"] * 10)

    def at(point: Point) -> tuple[float, float]:
        rows, value = point
        x = left + WIDTH * math.log(rows / first) / math.log(last / first)
        return round(x, 1), round(TOP + HEIGHT - HEIGHT * math.log(value / low) / math.log(high / low), 1)  # fmt: skip

    yield f"<text x='{left}' y='{TOP - 14}' {FONT} font-weight='bold'>{escape(title)}</text>"
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = at((first, 10.0**power))[1]
        yield f"<path d='M{left} {y}H{left + WIDTH}' stroke='#dddddd'/>"
        yield f"<text x='{left - 6}' y='{y + 4}' {FONT} text-anchor='end'>{10.0**power:,g}</text>"
    for result in found:
        x = at((result["rows"], low))[0]
        yield f"<path d='M{x} {TOP}V{TOP + HEIGHT}' stroke='#dddddd'/>"
        yield f"<text x='{x}' y='{TOP + HEIGHT + 16}' {FONT} text-anchor='middle'>{result['rows']:,}</text>"
    yield f"<text x='{left + WIDTH / 2}' y='{TOP + HEIGHT + 34}' {FONT} text-anchor='middle'>rows 行</text>"
    for name, points in lines.items():
        yield from line([at(point) for point in points], name)


def line(points: list[tuple[float, float]], name: str) -> Iterable[str]:
    """The SVG of one program's line through `points`."""
    _, colour, dashes = LINES[name]
    path = "L".join(f"{x} {y}" for x, y in points)
    yield f"<path d='M{path}' fill='none' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>"
    yield from (f"<circle cx='{x}' cy='{y}' r='3' fill='{colour}'/>" for x, y in points)


def legend(top: int) -> Iterable[str]:
    """The SVG of the legend at height `top`."""
    for number, (label, colour, dashes) in enumerate(LINES.values()):
        x, y = LEFT + number % 3 * 290, top + number // 3 * 18
        yield f"<path d='M{x} {y}h24' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>"
        yield f"<text x='{x + 30}' y='{y + 4}' {FONT}>{escape(label)}</text>"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else HERE.parent / "docs" / "images" / "bench.svg"
    target.write_text(picture(results()), "utf-8")
