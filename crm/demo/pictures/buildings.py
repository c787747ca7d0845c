"""Houses, drawn from the front, by the type of the listing."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from crm.demo.pictures.builder import Builder
from crm.demo.pictures.canvas import Canvas, Colour, colour, darker, lighter, mix
from crm.demo.pictures.landscape import Light


def manor(build: Builder) -> None:
    """Three storeys, five bays, a portico."""
    for side in (-190, 150):
        build.chimney(side, 205)
    build.shape([(-235, 182), (-185, 232), (185, 232), (235, 182)], build.slate)
    build.wall(-220, 440, 185)
    for up in (28, 86, 140):
        build.windows(-215, 160, up, 3, 38 if up < 140 else 26)
        build.windows(55, 160, up, 3, 38 if up < 140 else 26)
    build.windows(-30, 60, 86, 1)
    build.shape([(-48, 78), (0, 102), (48, 78)], lighter(build.stone, 0.4))
    build.entrance(0)


def country_house(build: Builder) -> None:
    """Gables of different heights, a long wing."""
    build.chimney(-60, 190)
    build.chimney(130, 150)
    build.shape([(-90, 128), (-60, 190), (230, 190), (252, 128)], build.slate)
    build.wall(-90, 335, 130)
    build.wall(-225, 150, 150)
    build.gable(-237, 174, 150, 90, build.slate)
    build.gable(-225, 150, 150, 74, build.stone)
    build.gable(60, 90, 128, 58, darker(build.stone, 0.05))
    for up in (26, 88):
        build.windows(-222, 144, up, 3)
        build.windows(-70, 110, up, 2)
        build.windows(110, 130, up, 3)
    build.window(-161, 158, 22, 30)
    build.entrance(64)


def cottage(build: Builder) -> None:
    """Low walls under a deep roof with dormers."""
    build.chimney(-165, 170, 52)
    build.chimney(140, 170, 52)
    roof = mix(build.slate, colour("b08d57"), 0.55)
    build.wall(-200, 400, 92)
    build.shape([(-226, 84), (-165, 196), (165, 196), (226, 84)], roof)
    for left in (-125, -15, 95):
        dormer(build, left, roof)
    build.windows(-190, 150, 26, 3, 34)
    build.windows(40, 150, 26, 3, 34)
    build.entrance(0, 32, 58)


def dormer(build: Builder, left: float, roof: Colour) -> None:
    x, y = build.at(left, 150)
    size = build.size
    build.canvas.rectangle(x, y, 40 * size, 44 * size, build.stone)
    build.window(left + 8, 112, 24, 28)
    build.gable(left - 8, 56, 148, 32, darker(roof, 0.12))


def castle(build: Builder) -> None:
    """A keep between two towers, all with battlements."""
    build.wall(-170, 340, 150)
    battlements(build, -170, 340, 150)
    for left in (-230, 150):
        build.wall(left, 80, 225, darker(build.stone, 0.07))
        battlements(build, left - 6, 92, 225)
        for up in (60, 125, 180):
            slit(build, left + 32, up)
    build.wall(-45, 90, 185, lighter(build.stone, 0.05))
    battlements(build, -50, 100, 185)
    build.windows(-145, 95, 88, 2, 34)
    build.windows(52, 95, 88, 2, 34)
    build.windows(-30, 60, 125, 2, 30)
    x, y = build.at(-24, 74)
    build.canvas.arch(x, y, 48 * build.size, 74 * build.size, build.door)
    flag = build.at(190, 290)
    build.canvas.line([build.at(190, 225), flag], darker(build.stone, 0.5), 2.5)
    build.shape([(190, 290), (228, 280), (190, 268)], build.door)


def battlements(build: Builder, left: float, width: float, up: float) -> None:
    count = max(3, round(width / 22))
    step = width / (2 * count - 1)
    for number in range(count):
        x, y = build.at(left + 2 * step * number, up + 14)
        build.canvas.rectangle(x, y, step * build.size, 15 * build.size, darker(build.stone, 0.05))


def slit(build: Builder, left: float, up: float) -> None:
    x, y = build.at(left, up + 26)
    tint = build.hour.glass if build.hour.lit else darker(build.stone, 0.6)
    build.canvas.arch(x, y, 13 * build.size, 26 * build.size, tint)


def modern(build: Builder) -> None:
    """White slabs and glass."""
    white = darker(colour("f1efe9"), 0.3 if build.hour.lit else 0.0)
    wood = darker(colour("a8794d"), 0.25 if build.hour.lit else 0.0)
    build.wall(-235, 330, 92, white)
    build.wall(-60, 300, 172, white)
    build.wall(-60, 95, 172, wood)
    for left, width, up, height in (
        (-215, 140, 14, 66),
        (55, 170, 104, 56),
        (55, 170, 14, 66),
    ):
        glazing(build, left, width, up, height)
    for left, width, up in ((-248, 356, 92), (-74, 328, 172)):
        x, y = build.at(left, up + 10)
        build.canvas.rectangle(x, y, width * build.size, 11 * build.size, darker(white, 0.12))
    build.entrance(-12, 36, 66)


def glazing(build: Builder, left: float, width: float, up: float, height: float) -> None:
    x, y = build.at(left, up + height)
    w, h = width * build.size, height * build.size
    build.canvas.rectangle(x, y, w, h, build.hour.glass)
    build.canvas.polygon(
        [(x, y + h), (x + w * 0.3, y), (x + w * 0.48, y), (x + w * 0.18, y + h)],
        lighter(build.hour.glass, 0.18),
    )
    for number in range(5):
        bar = x + w * number / 4
        build.canvas.line([(bar, y), (bar, y + h)], darker(build.hour.sky[0], 0.4), 2)


def barn(build: Builder) -> None:
    """A long boarded barn with a glazed gable."""
    boards = darker(colour("6d5a49"), 0.25 if build.hour.lit else 0.0)
    build.shape([(-60, 108), (-60, 196), (236, 196), (252, 108)], build.slate)
    build.wall(-60, 300, 112, boards)
    for number in range(1, 15):
        x, y = build.at(-60 + number * 20, 110)
        build.canvas.line([(x, y), (x, build.foot)], darker(boards, 0.2), 1.4)
    build.windows(-20, 240, 34, 4, 44)
    build.wall(-235, 190, 118, boards)
    build.gable(-250, 220, 112, 112, build.slate)
    build.gable(-235, 190, 112, 96, boards)
    glazing(build, -200, 120, 10, 96)
    build.shape([(-196, 110), (-140, 176), (-84, 110)], build.hour.glass)
    build.entrance(188, 34, 62)


def stately(build: Builder) -> None:
    """A long front, a pediment on columns, wings with balustrades."""
    pale = lighter(build.stone, 0.2)
    build.wall(-290, 580, 130)
    build.wall(-110, 220, 178)
    build.shape([(-122, 178), (0, 238), (122, 178)], pale)
    for number in range(6):
        x, y = build.at(-100 + number * 36, 172)
        build.canvas.rectangle(x, y, 12 * build.size, 172 * build.size, pale)
    for left in (-290, 110):
        x, y = build.at(left, 144)
        build.canvas.rectangle(x, y, 180 * build.size, 14 * build.size, pale)
        for up in (22, 80):
            build.windows(left + 4, 172, up, 5, 36)
    for up in (84, 128):
        build.windows(-84, 168, up, 4, 30)
    build.entrance(0, 36, 66)


def lighthouse(build: Builder) -> None:
    """A white tower with a red band, and the keepers' house."""
    white = darker(colour("f4f1ea"), 0.25 if build.hour.lit else 0.0)
    red = darker(colour("b8413b"), 0.2 if build.hour.lit else 0.0)
    build.shape([(20, 80), (44, 138), (206, 138), (230, 80)], build.slate)
    build.wall(30, 190, 84, white)
    build.windows(40, 110, 24, 3, 34)
    build.entrance(190, 30, 56)
    build.shape([(-130, 0), (-108, 250), (-40, 250), (-18, 0)], white)
    build.shape([(-122, 90), (-116, 160), (-32, 160), (-26, 90)], red)
    x, y = build.at(-118, 262)
    build.canvas.rectangle(x, y, 88 * build.size, 13 * build.size, darker(white, 0.4))
    lamp = build.at(-74, 284)
    build.canvas.glow(*lamp, 190 * build.size, colour("ffe7a3"), 0.7 if build.hour.lit else 0.25)
    x, y = build.at(-98, 304)
    build.canvas.rectangle(x, y, 48 * build.size, 44 * build.size, build.hour.glass)
    build.gable(-106, 64, 302, 34, red)
    for up in (40, 190):
        build.window(-84, up, 20, 30)


# By the type of the listing, and one that only fits where the sea is.
DESIGNS: dict[str, list[Callable[[Builder], None]]] = {
    "manor_house": [manor],
    "country_house": [country_house, manor],
    "cottage": [cottage],
    "castle": [castle],
    "luxury_house": [modern],
    "party_house": [barn, country_house],
    "stately_house": [stately],
    "quirky_property": [barn, country_house, cottage],
    "lighthouse": [lighthouse],
}


@dataclass(frozen=True)
class HouseDesign:
    """One house: the same look gives the same walls, windows and door in every picture."""

    type: str
    look: int

    def build(self, canvas: Canvas, hour: Light, x: float, foot: float, size: float) -> float:
        """Draw it with its middle at `x`, and return where its door is."""
        rng = Random(self.look)  # noqa: S311  (pictures, not secrets)
        house = Builder(canvas, hour, rng, x, foot, size)
        rng.choice(DESIGNS[self.type])(house)
        return house.door_x
