import re
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from listings.photos import CARD_EDGE, FULL_EDGE, MAX_BYTES, card_url, encode_photo, store_photo
from listings.tests.pictures import picture

GPS = 0x8825
ORIENTATION = 0x0112

# Orientation is fine; one value behind it has a type that its tag does not allow.
DAMAGED_EXIF = b"Exif\0\0" + bytes.fromhex(
    "4d4d002a000000080003010e00020000000500000032011200030000000100060000882500040000"
    "00010000003800000000646573630000000200010002000000024e000000000a0005000000030000"
    "005600000000000000330000000100000001000000010000000100000001"
)


def opened(data):
    return Image.open(BytesIO(data))


def exif(**tags):
    found = Image.Exif()
    found[ORIENTATION] = tags.get("orientation", 1)
    found.get_ifd(GPS).update({1: "N", 2: (51.0, 22.0, 53.0)})
    return found


class TestEncoding:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_every_format_we_take_becomes_a_jpeg(self, kind):
        photo = encode_photo(picture(kind=kind))

        assert opened(photo.full).format == "JPEG"

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "I;16", "L"])
    def test_every_colour_mode_becomes_rgb(self, mode):
        photo = encode_photo(picture(kind="PNG", mode=mode))

        assert opened(photo.full).mode == "RGB"

    def test_the_position_of_the_house_is_stripped(self):
        upload = picture(exif=exif())
        assert opened(upload.read()).getexif().get_ifd(GPS)
        upload.seek(0)

        photo = encode_photo(upload)

        assert not opened(photo.full).getexif()
        assert not opened(photo.card).getexif()

    def test_a_photo_taken_sideways_is_turned_upright(self):
        photo = encode_photo(picture(size=(60, 40), exif=exif(orientation=6)))

        assert opened(photo.full).size == (40, 60)

    def test_a_large_photo_shrinks_to_both_sizes(self):
        photo = encode_photo(picture(size=(3000, 1500)))

        assert opened(photo.full).size == (FULL_EDGE, FULL_EDGE // 2)
        assert opened(photo.card).size == (CARD_EDGE, CARD_EDGE // 2)

    def test_transparent_parts_become_white(self):
        photo = encode_photo(picture(kind="PNG", mode="RGBA"))

        assert opened(photo.full).getpixel((5, 5)) == (255, 255, 255)

    def test_bytes_behind_the_picture_are_not_kept(self):
        upload = picture()
        upload = SimpleUploadedFile("a.jpg", upload.read() + b"<script>alert(1)</script>")

        assert b"<script>" not in encode_photo(upload).full

    def test_a_broken_colour_profile_does_not_matter(self):
        assert encode_photo(picture(icc_profile=b"junk" * 50)).full


class TestRefusal:
    def refusal(self, upload):
        with pytest.raises(ValidationError) as caught:
            encode_photo(upload)
        return caught.value.messages[0]

    @pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "EPS"])
    def test_other_formats_are_refused_by_name(self, kind):
        assert "“holiday.x” is not a JPEG" in self.refusal(picture("holiday.x", kind=kind))

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"not a picture",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"\xff\xd8\xff\xe0junk",
        ],
    )
    def test_what_is_no_picture_is_refused(self, data):
        assert "is not a JPEG" in self.refusal(SimpleUploadedFile("a.jpg", data))

    def test_a_picture_with_damaged_metadata_is_refused(self):
        assert "is not a JPEG" in self.refusal(picture(exif=DAMAGED_EXIF))

    @pytest.mark.parametrize(
        "error", [TypeError, OverflowError, ZeroDivisionError, KeyError, AttributeError, zlib.error]
    )
    def test_whatever_the_decoder_stumbles_over_is_a_refusal(self, monkeypatch, error):
        tiny = picture()

        def stumble(image):
            raise error("damaged")

        monkeypatch.setattr(Image.Image, "load", stumble)

        assert "is not a JPEG" in self.refusal(tiny)

    def test_a_cut_off_picture_is_refused(self):
        data = picture(size=(400, 400)).read()

        assert "is not a JPEG" in self.refusal(SimpleUploadedFile("a.jpg", data[:700]))

    def test_too_many_bytes_are_refused(self):
        upload = picture()
        upload.size = MAX_BYTES + 1

        assert "larger than 10 MB" in self.refusal(upload)

    def test_a_bomb_is_refused_by_its_header_before_it_is_decoded(self, monkeypatch):
        upload = picture("bomb.png", size=(8000, 6000), kind="PNG", mode="1")
        monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))

        assert "8000 × 6000 pixels" in self.refusal(upload)


class TestStorage:
    def test_the_name_is_random_and_tells_nothing(self):
        name = store_photo(encode_photo(picture("1 Secret Lane.php.jpg")))

        assert re.fullmatch(r"photos/[0-9a-f]{32}\.jpg", name)

    def test_the_card_falls_back_to_the_full_size(self):
        name = store_photo(encode_photo(picture()))
        small = card_url(name)

        default_storage.delete(name.replace(".jpg", ".card.jpg"))

        assert small.endswith(".card.jpg")
        assert card_url(name).endswith(name)
