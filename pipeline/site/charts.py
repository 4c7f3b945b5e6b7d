"""Pictures as SVG, drawn here: no script, no style, readable in both colour schemes.

Every picture stands beside a table with the same figures, and is hidden from screen readers,
which read the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH = 640
_CJK = "\u2e80"


def bars(rows: Sequence[tuple[str, float, str]], label_width: int = 190) -> Markup:
    """Lying bars: a name, a value and the value as written for each."""
    height, bar = 30, 16
    peak = max((value for _, value, _ in rows), default=0) or 1
    room = _WIDTH - label_width - 90
    drawn = []
    for number, (name, value, written) in enumerate(rows):
        y = number * height
        width = max(2.0, room * value / peak) if value else 0
        drawn.append(
            Markup(
                '<text class="name" x="{}" y="{}" text-anchor="end">{}</text>'
                '<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="2"/>'
                '<text class="figure" x="{}" y="{}">{}</text>'
            ).format(
                label_width - 10,
                y + 20,
                _shortened(name, label_width - 14),
                label_width,
                y + 7,
                round(width, 1),
                bar,
                round(label_width + width + 8, 1),
                y + 20,
                written,
            )
        )
    return _svg(Markup("").join(drawn), len(rows) * height + 4)


def columns(rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Standing bars along time: a label, a value and the value as written for each."""
    height, base = 200, 168
    peak = max((value for _, value, _ in rows), default=0) or 1
    step = _WIDTH / max(len(rows), 1)
    every = max(1, -(-len(rows) // 12))
    drawn = [
        Markup('<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>').format(_WIDTH, base, base)
    ]
    for number, (name, value, written) in enumerate(rows):
        x = number * step
        tall = (base - 28) * value / peak
        drawn.append(
            Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
                round(x + step * 0.15, 1),
                round(base - tall, 1),
                round(step * 0.7, 1),
                round(tall, 1),
            )
        )
        if len(rows) <= 16 and value:
            drawn.append(_text("figure", x + step / 2, base - tall - 6, written))
        if number % every == 0:
            drawn.append(_text("name", x + step / 2, base + 20, name))
    return _svg(Markup("").join(drawn), height)


def spark(rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Small standing bars without words, to show how much there was when."""
    height = 70
    peak = max((value for _, value, _ in rows), default=0) or 1
    step = _WIDTH / max(len(rows), 1)
    bar = '<rect class="bar" x="{}" y="{}" width="{}" height="{}"/>'
    drawn = []
    for number, (_, value, _) in enumerate(rows):
        tall = max(1.0, height * value / peak) if value else 0
        size = (number * step, height - tall, max(1.0, step * 0.8), tall)
        drawn.append(Markup(bar).format(*(round(length, 1) for length in size)))
    return _svg(Markup("").join(drawn), height)


def _text(kind: str, x: float, y: float, text: str) -> Markup:
    made = Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>')
    return made.format(kind, round(x, 1), round(y, 1), text)


def _svg(drawn: Markup, height: int) -> Markup:
    frame = '<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>'
    return Markup(frame).format(_WIDTH, height, drawn)


def _shortened(text: str, room: int) -> str:
    """`text` cut so that it fits into `room` units of the picture; Chinese is twice as wide."""
    width = 0.0
    for number, character in enumerate(text):
        width += 13.5 if character >= _CJK else 7.5
        if width > room:
            return text[: max(1, number - 1)] + "…"
    return text
