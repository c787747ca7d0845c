"""Whole pictures: the front of a house, its garden, the view from it."""

from random import Random

from PIL import Image

from crm.demo.pictures.buildings import HouseDesign
from crm.demo.pictures.canvas import HEIGHT, WIDTH, Canvas, colour, darker, lighter, mix
from crm.demo.pictures.landscape import (
    LIGHTS,
    Light,
    paint_flowers,
    paint_hills,
    paint_lawn,
    paint_sky,
    paint_tree,
    paint_water,
)
from crm.demo.pictures.rooms import paint_room

DAYLIGHT = ["morning", "noon", "summer", "autumn", "overcast"]


def draw_front(rng: Random, design: HouseDesign, scenery: str) -> Image.Image:
    """The house across its lawn: the picture that a listing leads with."""
    hour = LIGHTS[rng.choice([*DAYLIGHT, *DAYLIGHT, "sunset", "dusk", "snow"])]
    canvas = _land(rng, hour, scenery)
    paint_lawn(canvas, hour, rng, 545)
    for x in _beside_house(rng, 7):
        paint_tree(canvas, hour, rng, x, rng.uniform(556, 576), rng.uniform(130, 250))
    size = rng.uniform(1.2, 1.4)
    x = rng.uniform(560, 640)
    canvas.ellipse(x, 604, 640 * size, 34, darker(hour.near, 0.18))
    _path(canvas, hour, design.build(canvas, hour, x, 602, size))
    for x in _beside_house(rng, 3):
        paint_tree(canvas, hour, rng, x, rng.uniform(640, 680), rng.uniform(90, 150))
    if hour is not LIGHTS["snow"]:
        paint_flowers(canvas, hour, rng, 705)
    return canvas.finished()


def draw_garden(rng: Random, design: HouseDesign, scenery: str, *, pool: bool) -> Image.Image:
    """The house from its garden, with a pool or lights strung over the lawn."""
    hour = LIGHTS[rng.choice(["summer", "noon", "sunset", "dusk"])]
    canvas = _land(rng, hour, scenery)
    paint_lawn(canvas, hour, rng, 500)
    for x in _beside_house(rng, 5):
        paint_tree(canvas, hour, rng, x, rng.uniform(512, 530), rng.uniform(110, 190))
    left = rng.choice([330, 870])
    design.build(canvas, hour, left, 545, 0.82)
    _pool(canvas, hour, rng) if pool else _lights(canvas, hour, rng)
    paint_flowers(canvas, hour, rng, 745)
    return canvas.finished()


def draw_view(rng: Random, scenery: str) -> Image.Image:
    """The land, with water where there is some."""
    hour = LIGHTS[rng.choice([*DAYLIGHT, "sunset", "sunset", "dusk"])]
    canvas = _land(rng, hour, scenery)
    if scenery in {"coast", "lake"}:
        paint_water(canvas, hour, rng, 500, HEIGHT)
    paint_lawn(canvas, hour, rng, 690 if scenery in {"coast", "lake"} else 600)
    for _ in range(6):
        x, foot = rng.uniform(0, WIDTH), rng.uniform(660, 740)
        paint_tree(canvas, hour, rng, x, foot, foot - rng.uniform(480, 560))
    paint_flowers(canvas, hour, rng, 740)
    return canvas.finished()


def draw_room(rng: Random, scenery: str, kind: str) -> Image.Image:
    hour = LIGHTS[rng.choice([*DAYLIGHT, "sunset", "dusk"])]
    return paint_room(hour, rng, scenery, kind).finished()


def _land(rng: Random, hour: Light, scenery: str) -> Canvas:
    canvas = Canvas(hour.sky)
    paint_sky(canvas, hour, rng)
    paint_hills(canvas, hour, rng, scenery)
    if scenery == "coast":
        paint_water(canvas, hour, rng, 455, 560)
    return canvas


def _beside_house(rng: Random, count: int) -> list[float]:
    sides = [(0, 190), (1010, WIDTH)]
    return sorted(rng.uniform(*sides[number % 2]) for number in range(count))


def _path(canvas: Canvas, hour: Light, x: float) -> None:
    gravel = mix(colour("d9c9a8"), hour.near, 0.25 if not hour.lit else 0.5)
    edge = darker(gravel, 0.15)
    for half, wide, tint in ((24, 165, edge), (20, 150, gravel)):
        near = 600 + (x - 600) * 0.5
        corners = [(x - half, 606), (x + half, 606), (near + wide, HEIGHT), (near - wide, HEIGHT)]
        canvas.polygon(corners, tint)


def _pool(canvas: Canvas, hour: Light, rng: Random) -> None:
    stone = mix(colour("e7dfcf"), hour.near, 0.12)
    canvas.polygon([(250, 590), (950, 590), (1090, 735), (110, 735)], stone)
    water = mix(colour("35b3c6"), hour.sky[0], 0.25)
    canvas.polygon([(285, 604), (915, 604), (1030, 718), (170, 718)], water)
    for _ in range(34):
        y = rng.uniform(612, 712)
        x, length = rng.uniform(270, 880), rng.uniform(20, 80)
        canvas.line([(x, y), (x + length, y - 2)], lighter(water, 0.4), 1.8)
    for number in range(4):
        _lounger(canvas, 200 + number * 245, 760, rng)


def _lounger(canvas: Canvas, x: float, y: float, rng: Random) -> None:
    cloth = rng.choice([colour("f5efe2"), colour("e08e5b"), colour("3f7f8c")])
    canvas.polygon([(x, y), (x + 22, y - 34), (x + 40, y - 30), (x + 30, y)], cloth)
    canvas.polygon([(x + 20, y - 6), (x + 112, y - 6), (x + 116, y + 6), (x + 16, y + 6)], cloth)
    for leg in (26, 100):
        canvas.rectangle(x + leg, y + 6, 5, 12, colour("5c4a3a"))


def _lights(canvas: Canvas, hour: Light, rng: Random) -> None:
    """A long table under strings of lights, and a fire bowl."""
    wire = darker(hour.near, 0.6)
    for top, sag in ((430, 70), (470, 90)):
        points = [(x, top + sag * (1 - ((x - 600) / 600) ** 2)) for x in range(0, 1201, 40)]
        canvas.line(points, wire, 1.8)
        for x, y in points[1::2]:
            canvas.glow(x, y + 6, 60, colour("ffe09a"), 0.8 if hour.lit else 0.45)
            canvas.ellipse(x, y + 6, 9, 11, colour("fff0c2"))
    wood = colour("7a5738")
    for number in range(9):
        canvas.rectangle(300 + number * 75, 618, 12, 52, darker(wood, 0.4))
    canvas.polygon([(280, 628), (920, 628), (960, 668), (240, 668)], wood)
    canvas.polygon([(400, 636), (800, 636), (815, 656), (385, 656)], colour("f0e9da"))
    for leg in (262, 926):
        canvas.rectangle(leg, 668, 12, 62, darker(wood, 0.3))
    canvas.ellipse(1080, 716, 120, 34, colour("3a3431"))
    for number in range(6):
        x = 1040 + number * 16
        canvas.polygon(
            [(x - 12, 712), (x, 712 - rng.uniform(36, 78)), (x + 12, 712)], colour("ff9d42")
        )
    canvas.glow(1080, 690, 220, colour("ffb454"), 0.7)
