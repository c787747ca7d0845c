"""A sheet of 1200 by 800 units to draw on, at twice the size that comes out: edges stay smooth."""

from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 800
OUTPUT = (1600, 1067)
SCALE = 2 * OUTPUT[0] / WIDTH
PIXELS = (OUTPUT[0] * 2, OUTPUT[1] * 2)

Colour = tuple[int, int, int]
Point = tuple[float, float]


def colour(code: str) -> Colour:
    """Read `rrggbb`."""
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def colours(codes: str) -> list[Colour]:
    return [colour(code) for code in codes.split()]


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return `one` with `share` (0 to 1) of `other` in it."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def darker(one: Colour, share: float) -> Colour:
    return mix(one, (20, 24, 36), share)


def lighter(one: Colour, share: float) -> Colour:
    return mix(one, (255, 252, 244), share)


class Canvas:
    def __init__(self, sky: Sequence[Colour]) -> None:
        self.image = Image.new("RGB", PIXELS)
        self.pen = ImageDraw.Draw(self.image)
        self.gradient(0, HEIGHT, sky)

    def gradient(
        self,
        top: float,
        bottom: float,
        colours: Sequence[Colour],
        left: float = 0,
        right: float = WIDTH,
    ) -> None:
        """Fill a rectangle with colours that run into each other downwards."""
        strip = Image.new("RGB", (1, len(colours)))
        strip.putdata(list(colours))
        box = [round(value * SCALE) for value in (left, top, right, bottom)]
        size = (box[2] - box[0], box[3] - box[1])
        column = strip.resize((1, size[1]), Image.Resampling.BICUBIC)
        self.image.paste(column.resize(size, Image.Resampling.NEAREST), box[:2])

    def polygon(self, points: Iterable[Point], fill: Colour) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        self.pen.rectangle([x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE], fill)

    def ellipse(self, x: float, y: float, across: float, down: float, fill: Colour) -> None:
        """Around the centre (x, y)."""
        box = [x - across / 2, y - down / 2, x + across / 2, y + down / 2]
        self.pen.ellipse([value * SCALE for value in box], fill)

    def arch(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        """A rectangle with a round top, as of a door or a church window."""
        self.ellipse(x + width / 2, y + width / 2, width, width, fill)
        self.rectangle(x, y + width / 2, width, height - width / 2, fill)

    def line(self, points: Iterable[Point], fill: Colour, thickness: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill, max(1, round(thickness * SCALE)), joint="curve")

    def glow(self, x: float, y: float, across: float, tint: Colour, strength: float) -> None:
        """Lay a soft round light on what is there. Worked out small, because it is soft."""
        small = 8
        side = max(4, round(across * SCALE / small))
        mask = Image.new("L", (side, side))
        inner = side * 0.3
        ImageDraw.Draw(mask).ellipse(
            [inner, inner, side - inner, side - inner], round(255 * strength)
        )
        mask = mask.filter(ImageFilter.GaussianBlur(side / 7))
        mask = mask.resize((side * small, side * small), Image.Resampling.BILINEAR)
        left, top = round((x - across / 2) * SCALE), round((y - across / 2) * SCALE)
        self.image.paste(tint, (left, top, left + mask.width, top + mask.height), mask)

    def finished(self) -> Image.Image:
        return self.image.reduce(2)
