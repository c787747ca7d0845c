"""Photos as owners send them, made safe and small: checked, re-encoded, stripped, renamed.

Nothing of the upload's own bytes, name or metadata is kept: a phone writes the house's exact
position into each picture, and the address is private.
"""

import secrets
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PHOTOS = 20
FULL_EDGE = 2400
CARD_EDGE = 800
SMOOTHLY_SHRUNK = {"RGB", "RGBA", "L", "LA", "CMYK"}

# What Pillow raises for damaged or hostile files, as it reads the header and as it decodes.
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True)
class EncodedPhoto:
    """JPEG bytes in both sizes, free of metadata."""

    full: bytes
    card: bytes


def encode_photo(upload: UploadedFile) -> EncodedPhoto:
    """Raise ValidationError, naming the file, if it is not a photo that we take."""
    if upload.size > MAX_BYTES:
        raise _refused(upload, "is larger than 10 MB")
    try:
        image = Image.open(upload, formats=FORMATS)
        _refuse_too_many_pixels(upload, image)
        return _encoded(image)
    except ValidationError:
        raise
    except UNREADABLE as error:
        raise _refused(upload, "is not a JPEG, PNG or WebP picture that we can read") from error


def store_photo(photo: EncodedPhoto) -> str:
    """Save both sizes under a random name and return the name of the full one."""
    name = default_storage.save(f"photos/{secrets.token_hex(16)}.jpg", ContentFile(photo.full))
    default_storage.save(card_name(name), ContentFile(photo.card))
    return name


def delete_stored(name: str) -> None:
    default_storage.delete(name)
    default_storage.delete(card_name(name))


def card_name(name: str) -> str:
    return f"{name.removesuffix('.jpg')}.card.jpg"


def card_url(name: str) -> str:
    """Return the small size's address, or the full one's where no small size was made."""
    small = card_name(name)
    return default_storage.url(small if default_storage.exists(small) else name)


def _refused(upload: UploadedFile, why: str) -> ValidationError:
    return ValidationError("“%(name)s” %(why)s.", params={"name": upload.name, "why": why})


def _refuse_too_many_pixels(upload: UploadedFile, image: Image.Image) -> None:
    """The size stands in the header: a bomb is refused before it is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _refused(upload, f"has {width} × {height} pixels; 40 million is the most")


def _encoded(image: Image.Image) -> EncodedPhoto:
    """Shrink before anything else: each step on 40 million pixels costs 160 MB."""
    profile = image.info.get("icc_profile")
    # Lets the JPEG decoder work at a fraction of the size.
    image.draft("RGB", (FULL_EDGE, FULL_EDGE))
    if image.mode not in SMOOTHLY_SHRUNK:
        image = image.convert("RGBA")
    image.thumbnail((FULL_EDGE, FULL_EDGE))
    picture = _without_transparency(_in_srgb(ImageOps.exif_transpose(image), profile))
    card = picture.copy()
    card.thumbnail((CARD_EDGE, CARD_EDGE))
    return EncodedPhoto(_jpeg(picture), _jpeg(card))


def _without_transparency(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Phones shoot in a wider colour space; dropping its profile would leave dull colours."""
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile: the colours as they are


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=84, optimize=True, progressive=True)
    return buffer.getvalue()
