"""Sky, hills, water, trees: what stands round a house, in the light of one hour of the day."""

import math
from dataclasses import dataclass
from random import Random

from crm.demo.pictures.canvas import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Point,
    colour,
    colours,
    darker,
    lighter,
    mix,
)


@dataclass(frozen=True)
class Light:
    """The colours of an hour: sky from the top down, far and near land, windows."""

    sky: tuple[Colour, ...]
    far: Colour
    near: Colour
    sun: Colour
    glass: Colour
    lit: bool = False


def light(sky: str, far: str, near: str, sun: str, glass: str, *, lit: bool = False) -> Light:
    return Light(tuple(colours(sky)), colour(far), colour(near), colour(sun), colour(glass), lit)


LIGHTS = {
    "morning": light("6fa8d6 a9cfe6 e8efe4 fbe9cf", "9fb9c4", "6f9a5a", "fff3d0", "7d9db3"),
    "noon": light("3f86c9 6eaadf a9d2f0 dcecf2", "8fb0c2", "5d9448", "fffbe8", "5f87a6"),
    "summer": light("4796d2 86c0e6 c8e5ee f4f2dc", "94b59f", "79a344", "fff6cf", "6c93ab"),
    "autumn": light("7fa3c4 b9cbd6 eddcc0 f4cfa0", "b09a86", "a3843f", "ffe9bd", "7a8a99"),
    "overcast": light("8d9ba8 aab6bf c7cfd2 dfe2dd", "97a6a6", "6b8f5d", "eef0ea", "71848f"),
    "sunset": light(
        "3d4f86 8a6a9c d98a86 f6bb7a ffe0a3", "84708f", "5b6d44", "ffd98a", "ffd27a", lit=True
    ),
    "dusk": light(
        "1f2c57 3b4a7e 766b97 c98f94 f0bd90", "4d5279", "3f5747", "f7e3c0", "ffcf70", lit=True
    ),
    "night": light("0d1636 1a2652 304172 52608c", "2b3763", "263e3f", "eef2ff", "ffd071", lit=True),
    "snow": light("8aa5c2 b4c8db d9e3ea f3f1ee", "b9c8d6", "e9eef1", "fffaf0", "ffd892", lit=True),
}


def paint_sky(canvas: Canvas, hour: Light, rng: Random) -> None:
    x, y = rng.uniform(150, 1050), rng.uniform(90, 260)
    canvas.glow(x, y, 460, hour.sun, 0.55)
    canvas.ellipse(x, y, 62, 62, hour.sun)
    if hour.sky[0][2] < 100:
        for _ in range(60):
            size = rng.uniform(1.5, 3.5)
            canvas.ellipse(rng.uniform(0, WIDTH), rng.uniform(0, 330), size, size, hour.sun)
    for _ in range(rng.randint(2, 4)):
        paint_cloud(canvas, hour, rng)


def paint_cloud(canvas: Canvas, hour: Light, rng: Random) -> None:
    x, y, size = rng.uniform(0, WIDTH), rng.uniform(60, 280), rng.uniform(50, 100)
    tint = mix(lighter(hour.sky[-1], 0.5), hour.sky[1], 0.35)
    for step in range(5):
        offset = (step - 2) * size * 0.55
        swell = size * (1.1 - abs(step - 2) * 0.28)
        canvas.ellipse(x + offset, y - swell * 0.18, swell * 1.3, swell * 0.62, tint)


def ridge(rng: Random, level: float, height: float, *, jagged: bool = False) -> list[Point]:
    """Return the outline of a chain of hills, down to the bottom of the sheet."""
    waves = [
        (rng.uniform(0.6, 1.4) * power, rng.uniform(0, math.tau), height / power)
        for power in ((1, 2.3, 5.1) if jagged else (1, 2))
    ]
    xs = range(0, WIDTH + 12, 12)
    points = []
    for x in xs:
        swings = [math.sin(x / WIDTH * math.tau * pace + phase) for pace, phase, _ in waves]
        if jagged:
            swings = [1 - 2 * abs(swing) for swing in swings]
        rise = sum(swing * size for swing, (_, _, size) in zip(swings, waves, strict=True))
        points.append((float(x), level - rise))
    return [(0, HEIGHT), *points, (WIDTH, HEIGHT)]


def paint_hills(canvas: Canvas, hour: Light, rng: Random, scenery: str) -> None:
    """Three chains, each nearer one darker and greener."""
    jagged = scenery == "mountains"
    height = {"mountains": 90, "moor": 34, "coast": 16, "lake": 60}.get(scenery, 46)
    for step in range(3):
        tint = mix(mix(hour.far, hour.sky[-1], 0.45), hour.near, step * 0.38)
        level = 430 + step * 45
        outline = ridge(rng, level, height * (1 - step * 0.25), jagged=jagged and step < 2)
        canvas.polygon(outline, tint)
        if jagged and step == 0:
            paint_snow(canvas, outline, lighter(tint, 0.5))


def paint_snow(canvas: Canvas, outline: list[Point], white: Colour) -> None:
    tops = [point for point in outline[1:-1] if point[1] < 365]
    for x, y in tops:
        canvas.polygon([(x - 9, y + 9), (x, y), (x + 9, y + 9), (x, y + 24)], white)


def paint_water(canvas: Canvas, hour: Light, rng: Random, top: float, bottom: float) -> None:
    shine = lighter(hour.sky[-1], 0.15)
    deep = mix(hour.sky[0], hour.far, 0.3)
    canvas.gradient(top, bottom, [shine, mix(shine, deep, 0.6), deep])
    for _ in range(70):
        y = rng.uniform(top + 6, bottom - 4)
        length = rng.uniform(20, 110) * (y - top + 40) / (bottom - top + 40)
        x = rng.uniform(0, WIDTH)
        tint = mix(shine, (255, 255, 255), 0.35) if rng.random() < 0.6 else darker(deep, 0.12)
        canvas.line([(x, y), (x + length, y)], tint, 1.6)


def paint_lawn(canvas: Canvas, hour: Light, rng: Random, level: float) -> None:
    canvas.polygon(ridge(rng, level, 9), hour.near)
    for stripe in range(7):
        top = level + 34 + stripe * 52
        tint = mix(hour.near, (255, 255, 230), 0.05 if stripe % 2 else 0.0)
        canvas.polygon(
            [(0, top), (WIDTH, top - 8), (WIDTH, top + 46), (0, top + 52)], darker(tint, 0.04)
        )


def paint_tree(
    canvas: Canvas, hour: Light, rng: Random, x: float, foot: float, height: float
) -> None:
    leaf = mix(darker(hour.near, rng.uniform(0.25, 0.5)), hour.far, 0.12)
    if rng.random() < 0.3:
        paint_conifer(canvas, leaf, x, foot, height)
        return
    canvas.rectangle(x - height * 0.035, foot - height * 0.4, height * 0.07, height * 0.4, BARK)
    for _ in range(9):
        across = height * rng.uniform(0.34, 0.52)
        canvas.ellipse(
            x + rng.uniform(-0.26, 0.26) * height,
            foot - height * rng.uniform(0.45, 0.85),
            across,
            across * 0.86,
            mix(leaf, hour.sun, rng.uniform(0, 0.16)),
        )


BARK = colour("4b3a2d")


def paint_conifer(canvas: Canvas, leaf: Colour, x: float, foot: float, height: float) -> None:
    canvas.rectangle(x - height * 0.025, foot - height * 0.15, height * 0.05, height * 0.15, BARK)
    for tier in range(4):
        top = foot - height + tier * height * 0.2
        half = height * (0.1 + tier * 0.05)
        points = [(x, top), (x + half, top + height * 0.3), (x - half, top + height * 0.3)]
        canvas.polygon(points, mix(leaf, (255, 255, 255), 0.03 * tier))


def paint_flowers(canvas: Canvas, hour: Light, rng: Random, top: float) -> None:
    palettes = ["e8a0b4 f4e0e6 c76b8e", "f2c94c fff1b8 e39a3b", "a78bd0 d9c8ef 7d62b5"]
    tints = colours(rng.choice(palettes))
    for _ in range(170):
        x, y = rng.uniform(0, WIDTH), rng.uniform(top, HEIGHT)
        tint = mix(rng.choice(tints), hour.near, 0.15)
        size = 3 + (y - top) / (HEIGHT - top) * 7
        canvas.line([(x, y), (x + rng.uniform(-2, 2), y + size * 2.2)], darker(hour.near, 0.3), 1.2)
        canvas.ellipse(x, y, size, size, tint)
