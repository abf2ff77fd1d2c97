"""A plot of reliability as SVG: for each head and part of the test files, the share of right answers over their confidence.

The rule to know: plain text without a library, so that a model's folder holds a small image that git compares line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nlp.reliability import BINS, Reliability

SIDE, LEFT, TOP = 200, 48, 44
"""Of a panel, and of the space for its words, in pixels."""
WIDTH, HEIGHT = SIDE + LEFT + 24, SIDE + TOP + 44
COLUMNS = 2

Panel = tuple[str, Reliability]
"""Title and bins."""


def reliability_svg(panels: Sequence[Panel]) -> str:
    """The panels two by two. Bars above the diagonal: right more often than the model says; the numbers are records."""
    rows = -(-len(panels) // COLUMNS)
    size = f'width="{WIDTH * COLUMNS}" height="{HEIGHT * rows}"'
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="10" fill="#222">']
    text.append('<rect width="100%" height="100%" fill="#fff"/>')
    for at, (title, found) in enumerate(panels):
        across, down = at % COLUMNS * WIDTH + LEFT, at // COLUMNS * HEIGHT + TOP
        text += [f'<g transform="translate({across} {down})">', *_panel(title, found), "</g>"]
    return "\n".join([*text, "</svg>", ""])


def _panel(title: str, found: Reliability) -> Iterator[str]:
    yield f'<text x="0" y="-24" font-size="12">{escape(title)}</text>'
    yield f'<text x="0" y="-10">expected calibration error {found.error:.3f}</text>'
    for each in found.bins:
        wide, tall = SIDE / BINS, each.right * SIDE
        yield f'<rect x="{each.low * SIDE + 1:.1f}" y="{SIDE - tall:.1f}" width="{wide - 2:.1f}" height="{tall:.1f}" fill="#7aa6d6"/>'
        yield f'<circle cx="{each.confidence * SIDE:.1f}" cy="{SIDE - tall:.1f}" r="2.5" fill="#17406d"/>'
        yield f'<text x="{(each.low + 0.5 / BINS) * SIDE:.1f}" y="{SIDE - 3}" text-anchor="middle" font-size="8">{each.records}</text>'
    yield f'<path d="M0 0V{SIDE}H{SIDE}" fill="none" stroke="#222"/>'
    yield f'<path d="M0 {SIDE}L{SIDE} 0" fill="none" stroke="#888" stroke-dasharray="3 3"/>'
    for tenths in (0, 5, 10):
        yield f'<text x="{tenths / 10 * SIDE:.0f}" y="{SIDE + 14}" text-anchor="middle">{tenths / 10:.1f}</text>'
        yield f'<text x="-6" y="{SIDE - tenths / 10 * SIDE + 3:.0f}" text-anchor="end">{tenths / 10:.1f}</text>'
    yield f'<text x="{SIDE / 2:.0f}" y="{SIDE + 28}" text-anchor="middle">confidence</text>'
    yield f'<text transform="translate(-30 {SIDE / 2:.0f}) rotate(-90)" text-anchor="middle">right</text>'
