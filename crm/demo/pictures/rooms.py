"""Rooms: a wall, a floor, windows onto the land, and what people gather round."""

from collections.abc import Callable
from random import Random

from crm.demo.pictures.canvas import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    colour,
    colours,
    darker,
    lighter,
    mix,
)
from crm.demo.pictures.landscape import Light, paint_hills, paint_sky, paint_tree

WALLS = colours("e9e2d3 cfd8d3 d9cfc4 b9c4c9 e4d6cb 8fa39a 5f7480")
FLOORS = colours("a77c4f b88d5e 8a6544 c2a27a 9a8c7c")
CLOTHS = colours("7d2f3b 2f5560 c08a3e 4f6b4a 8c6f8f b5533c 41506e")


def paint_room(hour: Light, rng: Random, scenery: str, kind: str) -> Canvas:
    canvas = Canvas(hour.sky)
    paint_sky(canvas, hour, rng)
    paint_hills(canvas, hour, rng, scenery)
    paint_tree(canvas, hour, rng, rng.uniform(350, 850), 520, 150)
    wall = darker(rng.choice(WALLS), 0.12 if hour.lit else 0.0)
    _wall_with_windows(canvas, wall, rng)
    floor = rng.choice(FLOORS)
    canvas.gradient(560, HEIGHT, [darker(floor, 0.2), floor, lighter(floor, 0.1)])
    for number in range(-6, 19):
        x = number * 100
        canvas.line([(600 + (x - 600) * 0.55, 560), (x, HEIGHT)], darker(floor, 0.14), 1.6)
    canvas.rectangle(0, 548, WIDTH, 14, lighter(wall, 0.5))
    ROOMS[kind](canvas, rng)
    if hour.lit:
        canvas.glow(600, 150, 900, colour("ffdf9e"), 0.28)
    return canvas


def _wall_with_windows(canvas: Canvas, wall: Colour, rng: Random) -> None:
    """Paint the wall round the openings, so that the land shows through."""
    count = rng.choice([2, 3])
    width, top, bottom = 620 / count, 110, 470
    gap = (WIDTH - count * width) / (count + 1)
    canvas.rectangle(0, 0, WIDTH, top, wall)
    canvas.rectangle(0, bottom, WIDTH, HEIGHT - bottom, darker(wall, 0.03))
    for number in range(count + 1):
        canvas.rectangle(number * (width + gap), top, gap, bottom - top, wall)
    frame, cloth = lighter(wall, 0.6), rng.choice(CLOTHS)
    for number in range(count):
        x = gap + number * (width + gap)
        for bar in (0, 0.5, 1):
            canvas.rectangle(x + width * bar - 4, top, 8, bottom - top, frame)
        for bar in (0, 0.4, 1):
            canvas.rectangle(x, top + (bottom - top) * bar - 4, width, 8, frame)
        canvas.rectangle(x - 14, bottom, width + 28, 14, frame)
        for side in (x - 40, x + width - 6):
            _curtain(canvas, side, top - 26, 46, bottom - top + 90, cloth)
        canvas.rectangle(x - 60, top - 34, width + 120, 7, darker(wall, 0.5))


def _curtain(
    canvas: Canvas, x: float, y: float, width: float, height: float, cloth: Colour
) -> None:
    canvas.rectangle(x, y, width, height, cloth)
    for fold in range(4):
        canvas.rectangle(x + fold * width / 4, y, width / 12, height, darker(cloth, 0.22))


def dining_room(canvas: Canvas, rng: Random) -> None:
    """A long table, laid, with a chandelier above it."""
    wood, cloth = darker(rng.choice(FLOORS), 0.35), rng.choice(CLOTHS)
    canvas.line([(600, 0), (600, 96)], darker(wood, 0.3), 3)
    canvas.ellipse(600, 120, 300, 26, darker(wood, 0.2))
    for number in range(7):
        x = 470 + number * 43
        canvas.rectangle(x, 88, 6, 26, colour("f6ecd4"))
        canvas.glow(x + 3, 82, 70, colour("ffe2a0"), 0.8)
    for number in range(7):
        _chair(canvas, 175 + number * 135, 560, darker(cloth, 0.1))
    canvas.polygon([(130, 600), (1070, 600), (1150, 680), (50, 680)], wood)
    canvas.rectangle(50, 680, 1100, 22, darker(wood, 0.25))
    runner = [(220, 618), (980, 618), (1010, 662), (190, 662)]
    canvas.polygon(runner, lighter(cloth, 0.65))
    for number in range(8):
        x = 165 + number * 124
        canvas.ellipse(x, 640, 58, 18, colour("f7f4ec"))
        canvas.ellipse(x, 639, 38, 11, colour("e4ded0"))
        canvas.line([(x + 40, 640), (x + 40, 618)], colour("d9e3e6"), 2)
        canvas.ellipse(x + 40, 612, 13, 18, mix(colour("d9e3e6"), cloth, 0.35))
    for number in range(8):
        _chair(canvas, 110 + number * 140, 690, cloth)


def _chair(canvas: Canvas, x: float, y: float, cloth: Colour) -> None:
    canvas.rectangle(x - 34, y - 62, 68, 80, darker(cloth, 0.35))
    canvas.rectangle(x - 28, y - 56, 56, 60, cloth)
    for leg in (-30, 24):
        canvas.rectangle(x + leg, y + 16, 7, 70, darker(cloth, 0.5))


def sitting_room(canvas: Canvas, rng: Random) -> None:
    """Sofas round a rug, a fire, a lamp."""
    cloth, rug = rng.choice(CLOTHS), rng.choice(CLOTHS)
    canvas.ellipse(600, 715, 900, 150, lighter(rug, 0.45))
    canvas.ellipse(600, 715, 780, 116, lighter(rug, 0.2))
    canvas.rectangle(500, 400, 200, 168, colour("d9d0c0"))
    canvas.rectangle(480, 384, 240, 22, colour("c3b8a4"))
    canvas.rectangle(535, 440, 130, 128, colour("2b2623"))
    canvas.glow(600, 545, 200, colour("ff9a3c"), 0.9)
    for number in range(5):
        x = 562 + number * 19
        canvas.polygon(
            [(x - 12, 566), (x, 566 - rng.uniform(40, 82)), (x + 12, 566)], colour("ffb347")
        )
    for x, facing in ((235, 1), (965, -1)):
        _sofa(canvas, x, 640, cloth, facing)
    canvas.rectangle(505, 668, 190, 16, colour("6b4a31"))
    for leg in (515, 672):
        canvas.rectangle(leg, 684, 10, 46, colour("55391f"))
    canvas.ellipse(560, 662, 52, 12, colour("f3efe6"))
    canvas.line([(1130, 640), (1130, 360)], colour("5c5147"), 5)
    canvas.polygon([(1095, 360), (1112, 300), (1148, 300), (1165, 360)], colour("f5e3b8"))
    canvas.glow(1130, 350, 320, colour("ffe6ad"), 0.45)


def _sofa(canvas: Canvas, x: float, y: float, cloth: Colour, facing: int) -> None:
    canvas.rectangle(x - 190, y - 78, 380, 100, darker(cloth, 0.12))
    canvas.rectangle(x - 190, y, 380, 74, cloth)
    canvas.rectangle(x - 190, y + 66, 380, 16, darker(cloth, 0.4))
    for end in (-214, 176):
        canvas.rectangle(x + end, y - 34, 40, 112, darker(cloth, 0.2))
    for number, tint in enumerate(colours("f0e6d2 d8a657 e9ddd0")):
        left = x - 130 + number * 92 + facing * 12
        canvas.polygon(
            [(left, y - 4), (left + 12, y - 62), (left + 68, y - 56), (left + 62, y)], tint
        )


def bedroom(canvas: Canvas, rng: Random) -> None:
    """A wide bed between two lamps."""
    cloth, wood = rng.choice(CLOTHS), darker(rng.choice(FLOORS), 0.3)
    canvas.rectangle(330, 330, 540, 250, darker(cloth, 0.15))
    for number in range(5):
        canvas.rectangle(340 + number * 106, 342, 96, 220, lighter(cloth, 0.08))
    canvas.polygon([(315, 560), (885, 560), (960, 720), (240, 720)], colour("f4f0e8"))
    canvas.polygon([(283, 628), (917, 628), (960, 720), (240, 720)], cloth)
    canvas.rectangle(240, 720, 720, 46, darker(cloth, 0.25))
    for left in (345, 620):
        canvas.polygon(
            [(left, 568), (left + 20, 506), (left + 220, 506), (left + 235, 568)],
            colour("fbf8f2"),
        )
        canvas.polygon(
            [(left + 50, 575), (left + 62, 528), (left + 180, 528), (left + 190, 575)],
            lighter(cloth, 0.35),
        )
    for x in (195, 1005):
        canvas.rectangle(x - 62, 600, 124, 120, wood)
        canvas.rectangle(x - 62, 656, 124, 5, darker(wood, 0.3))
        canvas.rectangle(x - 5, 548, 10, 52, darker(wood, 0.3))
        canvas.polygon(
            [(x - 40, 550), (x - 22, 484), (x + 22, 484), (x + 40, 550)], colour("f7e7c2")
        )
        canvas.glow(x, 535, 300, colour("ffe6ad"), 0.5)


ROOMS: dict[str, Callable[[Canvas, Random], None]] = {
    "dining": dining_room,
    "sitting": sitting_room,
    "bedroom": bedroom,
}
