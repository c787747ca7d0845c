from random import Random

import pytest
from PIL import Image

from crm.demo.album import Album, Shot, draw, shots, take
from crm.demo.houses import TYPES, Builders
from crm.demo.pictures.canvas import OUTPUT


@pytest.mark.parametrize("house_type", [*TYPES, "lighthouse"])
def test_every_type_of_house_can_be_drawn(house_type):
    picture = draw(Shot("front", house_type, "coast", 7, ""))

    assert picture.size == OUTPUT
    assert len(picture.resize((40, 27), Image.Resampling.NEAREST).getcolors()) > 20


@pytest.mark.parametrize(
    ("scene", "subject"),
    [
        ("pool", "manor_house"),
        ("garden", "cottage"),
        ("view", ""),
        ("room", "dining"),
        ("room", "sitting"),
        ("room", "bedroom"),
    ],
)
@pytest.mark.parametrize("scenery", ["hills", "mountains", "lake"])
def test_every_scene_can_be_drawn(scene, subject, scenery):
    assert draw(Shot(scene, subject, scenery, 3, "")).size == OUTPUT


def test_the_same_shot_gives_the_same_bytes():
    shot = Shot("garden", "castle", "moor", 11, "")

    assert take(shot) == take(shot)


def test_a_house_has_two_to_four_photos_with_captions_and_leads_with_its_front():
    builders = Builders(Random(1))

    for taken in [shots(builders.house()) for _ in range(20)]:
        assert taken[0].scene == "front"
        assert 2 <= len(set(taken)) == len(taken) <= 4
        assert all(shot.caption for shot in taken)


def test_the_album_gives_each_house_its_photos():
    house = Builders(Random(2)).house()

    with Album([house]) as album:
        photos = album.photos(house)

    assert [caption for _, caption in photos] == [shot.caption for shot in shots(house)]
    assert all(photo.full.startswith(b"\xff\xd8") for photo, _ in photos)
