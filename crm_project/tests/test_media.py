from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from listings.photos import card_url, encode_photo, store_photo

pytestmark = pytest.mark.django_db

NAME = "0123456789abcdef0123456789abcdef"
JPEG = b"\xff\xd8\xff"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """A site's uploads, with files about that are nobody's business."""
    settings.MEDIA_ROOT = tmp_path / "media"
    photos = settings.MEDIA_ROOT / "photos"
    photos.mkdir(parents=True)
    for path in (
        photos / f"{NAME}.jpg",
        photos / f"{NAME}.html",
        photos / "notes.jpg",
        photos / f"{NAME}.jpg.bak",
        settings.MEDIA_ROOT / f"{NAME}.jpg",
        tmp_path / f"{NAME}.jpg",
    ):
        path.write_bytes(JPEG)
    return photos


def read(response) -> bytes:
    content = b"".join(response)
    response.close()
    return content


def test_a_real_site_serves_a_photo_as_what_it_is(client, settings):
    settings.DEMO = settings.DEBUG = False

    response = client.get(f"/media/photos/{NAME}.jpg")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert read(response) == JPEG


def test_browsers_keep_a_photo_for_a_year(client):
    response = client.get(f"/media/photos/{NAME}.jpg")
    response.close()

    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not response.cookies


def test_both_sizes_of_an_upload_are_found_at_their_addresses(client):
    upload = BytesIO()
    Image.new("RGB", (900, 600), "navy").save(upload, "PNG")
    stored = store_photo(encode_photo(SimpleUploadedFile("house.png", upload.getvalue())))

    for address in (f"/media/{stored}", card_url(stored)):
        response = client.get(address)
        assert response.status_code == 200
        assert read(response).startswith(JPEG)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "photos",
        "photos/",
        "photos/notes.jpg",
        f"photos/{NAME}.html",
        f"photos/{NAME}.jpg.bak",
        f"photos/{NAME}.jpg%0a",
        f"photos/{NAME}.jpg%00",
        f"photos/{NAME.upper()}.jpg",
        f"photos/{NAME.replace('0', '1')}.jpg",
        f"photos/../{NAME}.jpg",
        f"photos/%2e%2e/{NAME}.jpg",
        f"photos/..%2f..%2f{NAME}.jpg",
        f"{NAME}.jpg",
        f"../{NAME}.jpg",
    ],
)
def test_nothing_else_is_served(client, path):
    response = client.get(f"/media/{path}")

    assert response.status_code == 404
    assert "immutable" not in response.headers.get("Cache-Control", "")


def test_photos_can_only_be_read(client):
    assert client.post(f"/media/photos/{NAME}.jpg").status_code == 405
