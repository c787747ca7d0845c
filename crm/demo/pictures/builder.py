"""The parts that houses are drawn from: walls, windows, gables, chimneys."""

from dataclasses import dataclass
from random import Random

from crm.demo.pictures.canvas import Canvas, Colour, colour, colours, darker, lighter, mix
from crm.demo.pictures.landscape import Light

STONES = colours("d8bf8f c9ad78 b0614a e9e4d8 9b9a94 cfc6b4 8f8b80 c4806a")
SLATES = colours("565c66 6b5f58 7a4f42 484d57 86705c")
DOORS = colours("2f4a3d 7c2f35 28415f 4a3b32 5b6f5a")


@dataclass
class Builder:
    """One house: where it stands, how large it is, what it is made of."""

    canvas: Canvas
    hour: Light
    rng: Random
    x: float
    foot: float
    size: float  # 1 fills the middle of the picture

    def __post_init__(self) -> None:
        dim = 0.35 if self.hour.lit else 0.0
        self.stone = darker(self.rng.choice(STONES), dim)
        self.slate = darker(self.rng.choice(SLATES), dim)
        self.door = self.rng.choice(DOORS)
        self.door_x = self.x

    def at(self, across: float, up: float) -> tuple[float, float]:
        return self.x + across * self.size, self.foot - up * self.size

    def wall(self, left: float, width: float, height: float, tint: Colour | None = None) -> None:
        x, y = self.at(left, height)
        self.canvas.rectangle(x, y, width * self.size, height * self.size, tint or self.stone)
        shade = darker(tint or self.stone, 0.1)
        self.canvas.rectangle(x, self.foot - 7 * self.size, width * self.size, 7 * self.size, shade)

    def shape(self, points: list[tuple[float, float]], tint: Colour) -> None:
        self.canvas.polygon([self.at(*point) for point in points], tint)

    def window(self, left: float, up: float, width: float, height: float) -> None:
        """Panes in a light frame; some are dark in the evening."""
        x, y = self.at(left, up + height)
        w, h = width * self.size, height * self.size
        lit = not self.hour.lit or self.rng.random() < 0.8
        pane = self.hour.glass if lit else mix(self.hour.sky[0], self.stone, 0.3)
        self.canvas.rectangle(x - 2, y - 2, w + 4, h + 4, lighter(self.stone, 0.55))
        self.canvas.rectangle(x, y, w, h, pane)
        if not self.hour.lit:
            shine = [(x, y + h), (x, y + h * 0.35), (x + w * 0.65, y), (x + w, y)]
            self.canvas.polygon(shine, lighter(pane, 0.22))
        bar = lighter(self.stone, 0.5)
        self.canvas.line([(x + w / 2, y), (x + w / 2, y + h)], bar, 1.6)
        self.canvas.line([(x, y + h / 2), (x + w, y + h / 2)], bar, 1.6)

    def windows(self, left: float, width: float, up: float, count: int, height: float = 36) -> None:
        for number in range(count):
            middle = left + width * (number + 0.5) / count
            self.window(middle - 11, up, 22, height)

    def entrance(self, middle: float, width: float = 34, height: float = 62) -> None:
        x, y = self.at(middle - width / 2, height)
        w, h = width * self.size, height * self.size
        self.door_x = x + w / 2
        self.canvas.rectangle(x - 4, y - 5, w + 8, h + 5, lighter(self.stone, 0.5))
        self.canvas.rectangle(x, y, w, h, self.door)
        self.canvas.ellipse(x + w * 0.8, y + h * 0.55, 4, 4, colour("e6c35c"))
        step = lighter(self.stone, 0.3)
        self.canvas.rectangle(x - 10, self.foot - 4, w + 20, 8, step)

    def chimney(self, left: float, up: float, height: float = 46) -> None:
        x, y = self.at(left, up + height)
        tint = darker(self.stone, 0.18)
        self.canvas.rectangle(x, y, 24 * self.size, height * self.size, tint)
        self.canvas.rectangle(x - 3, y, 30 * self.size, 7 * self.size, darker(tint, 0.15))

    def gable(self, left: float, width: float, up: float, rise: float, tint: Colour) -> None:
        peak = (left + width / 2, up + rise)
        self.shape([(left, up), peak, (left + width, up)], tint)
