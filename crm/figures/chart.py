"""Bars of movements as an SVG draws them: gains above the line of nothing, losses below."""

from dataclasses import dataclass
from typing import Any

from crm.reports.table import Column, Kind

WIDTH, HEIGHT, GAP = 520, 180, 8  # in the drawing's own units; it is stretched to its place
LEAST = 1.5  # a small movement is still seen

# A movement: its amount, its name, where it leads, and how it is written.
Part = tuple[int, str, str, str]


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    name: str
    url: str
    words: str


@dataclass(frozen=True)
class Stack:
    title: str
    bars: list[Bar]


def stacks(titles: list[str], columns: list[list[Part]], below: set[str]) -> dict[str, Any]:
    """Return the drawing: its size, the height of nothing, and the stacks, left to right."""
    ups = [sum(part[0] for part in parts if part[1] not in below) for parts in columns]
    downs = [sum(part[0] for part in parts if part[1] in below) for parts in columns]
    top, bottom = max(ups, default=0), max(downs, default=0)
    unit = HEIGHT / ((top + bottom) or 1)
    zero = top * unit
    step = WIDTH / (len(titles) or 1)
    drawn = [
        Stack(title, _bars(parts, below, index * step + GAP / 2, step - GAP, zero, unit))
        for index, (title, parts) in enumerate(zip(titles, columns, strict=True))
    ]
    pounds = Column("value", "", Kind.PENCE).shown
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "zero": zero,
        "stacks": drawn,
        "top": pounds(top),
        "bottom": f"−{pounds(bottom)}" if bottom else "",
        "is_flat": not top and not bottom,
    }


def _bars(
    parts: list[Part], below: set[str], x: float, width: float, zero: float, unit: float
) -> list[Bar]:
    bars, up, down = [], zero, zero
    for amount, name, url, words in parts:
        height = max(amount * unit, LEAST)
        if not amount:
            continue
        if name in below:
            bars.append(Bar(x, down, width, height, name, url, words))
            down += height
        else:
            up -= height
            bars.append(Bar(x, up, width, height, name, url, words))
    return bars
