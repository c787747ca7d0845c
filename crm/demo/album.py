"""The photos of the houses: drawn and encoded beside the story, on the machine's other core."""

import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from random import Random
from types import TracebackType
from typing import Self

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from crm.demo.houses import LIGHTHOUSE, WITH_POOL, HousePlan
from crm.demo.pictures.buildings import HouseDesign
from crm.demo.pictures.scenes import draw_front, draw_garden, draw_room, draw_view
from listings.photos import EncodedPhoto, encode_photo

# Pictures that several houses share: rooms look alike everywhere, and views do.
SHARED_LOOKS = 3
ROOMS = {"dining": "The dining room", "sitting": "The sitting room", "bedroom": "A bedroom"}
VIEWS = {
    "hills": "The hills behind the house",
    "coast": "The sea, from the end of the lane",
    "lake": "The lake",
    "mountains": "The view from breakfast",
    "moor": "The moor",
}


@dataclass(frozen=True)
class Shot:
    """What to draw: the same shot is drawn once, however many houses show it."""

    scene: str
    subject: str  # the type of house, or the room
    scenery: str
    look: int
    caption: str


def shots(house: HousePlan) -> list[Shot]:
    """Return the pictures of a house; the front comes first."""
    rng = Random(house.look)  # noqa: S311  (pictures, not secrets)
    kind, scenery = design_of(house), house.town.scenery
    has_pool = house.fields["property_type"] in WITH_POOL
    garden = ("pool", "The pool") if has_pool else ("garden", "The garden in the evening")
    room = rng.choice(list(ROOMS))
    more = [
        Shot(garden[0], kind, scenery, house.look, garden[1]),
        Shot("room", room, "hills", rng.randrange(SHARED_LOOKS), ROOMS[room]),
        Shot("view", "", scenery, rng.randrange(SHARED_LOOKS), VIEWS[scenery]),
    ]
    front = Shot("front", kind, scenery, house.look, f"{house.title} from the drive")
    return [front, *rng.sample(more, house.photo_count - 1)]


def design_of(house: HousePlan) -> str:
    if house.title.endswith(LIGHTHOUSE):
        return "lighthouse"
    return str(house.fields["property_type"])


def take(shot: Shot) -> EncodedPhoto:
    """Draw it, and put it through what an upload goes through."""
    buffer = BytesIO()
    draw(shot).save(buffer, "JPEG", quality=90)
    return encode_photo(SimpleUploadedFile(f"{shot.scene}.jpg", buffer.getvalue(), "image/jpeg"))


def draw(shot: Shot) -> Image.Image:
    rng = Random(f"{shot.scene}/{shot.subject}/{shot.scenery}/{shot.look}")  # noqa: S311
    match shot.scene:
        case "room":
            return draw_room(rng, shot.scenery, shot.subject)
        case "view":
            return draw_view(rng, shot.scenery)
    # The same house from both sides.
    design = HouseDesign(shot.subject, shot.look)
    if shot.scene == "front":
        return draw_front(rng, design, shot.scenery)
    return draw_garden(rng, design, shot.scenery, pool=shot.scene == "pool")


class Album:
    """Takes the shots in the order in which the story will ask for them."""

    def __init__(self, houses: Sequence[HousePlan]) -> None:
        # Not forked: a fork would take this process's threads' locks with it.
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(1, mp_context=context, initializer=leave_ctrl_c_to_parent)
        self.taken: dict[Shot, Future[EncodedPhoto]] = {}
        self.houses = houses

    def __enter__(self) -> Self:
        for house in self.houses:
            for shot in shots(house):
                if shot not in self.taken:
                    self.taken[shot] = self.pool.submit(take, shot)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pool.shutdown(cancel_futures=True)

    def photos(self, house: HousePlan) -> list[tuple[EncodedPhoto, str]]:
        """Return the photos with their captions."""
        return [(self.taken[shot].result(), shot.caption) for shot in shots(house)]


def leave_ctrl_c_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
