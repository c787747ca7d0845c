"""Uploads for tests: drawn on the spot, good and bad."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from listings.forms.photos import add_photos
from listings.models import Photo, Property
from listings.photos import encode_photo


def picture(
    name: str = "house.jpg",
    size: tuple[int, int] = (60, 40),
    kind: str = "JPEG",
    mode: str = "RGB",
    **options: Any,
) -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return SimpleUploadedFile(name, buffer.getvalue())


def give_photos(house: Property, number: int = 1) -> list[Photo]:
    add_photos(house, [encode_photo(picture()) for _ in range(number)])
    return list(house.photos.all())
