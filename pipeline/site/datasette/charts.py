"""Charts as SVG without text, script or style, at any width.

Labels and values are in the HTML beside a chart, so that they keep their size on a phone. A chart
is hidden from screen readers, which read the values instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

Row = tuple[str, float, str]  # a label, a value, and the value as written

_WIDTH, _HEIGHT = 1000, 100
_FRAME = Markup(
    '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" '
    'focusable="false">{}</svg>'
)
_BAR = Markup('<rect x="{}" y="{}" width="{}" height="{}"/>')


def bar(value: float, peak: float) -> Markup:
    """A horizontal bar; its length is the share of `peak` that `value` is. 0 gives an empty one."""
    long = round(_WIDTH * value / peak, 1) if peak > 0 and value > 0 else 0
    return _FRAME.format("bar", _WIDTH, 10, _BAR.format(0, 0, max(long, 3 if value else 0), 10))


def bars(rows: Sequence[Row]) -> list[tuple[str, str, Markup]]:
    """For each row its label, its value as written and its horizontal bar."""
    peak = max((value for _, value, _ in rows), default=0)
    return [(label, written, bar(value, peak)) for label, value, written in rows]


def columns(rows: Sequence[Row]) -> Markup:
    """One SVG of vertical bars, in the order of `rows`, as tall as each is of the largest."""
    peak = max((value for _, value, _ in rows), default=0) or 1
    step = _WIDTH / max(len(rows), 1)
    drawn = []
    for number, (_, value, _) in enumerate(rows):
        tall = max(1.5, _HEIGHT * value / peak) if value else 0
        size = (number * step + step * 0.1, _HEIGHT - tall, step * 0.8, tall)
        drawn.append(_BAR.format(*(round(length, 1) for length in size)))
    return _FRAME.format("columns", _WIDTH, _HEIGHT, Markup("").join(drawn))


def highest(rows: Sequence[Row]) -> Row:
    """The row with the largest value. ValueError where there are no rows."""
    return max(rows, key=lambda row: row[1])
