"""Form fields for what a house page holds: prices in pounds, choices as lists, photos."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms

from listings.choices import VideoType
from listings.photos import MAX_BYTES, EncodedPhoto, encode_photo

HIGHEST_PRICE = 100_000
FILM_HOSTS = {
    "youtube.com": VideoType.YOUTUBE,
    "www.youtube.com": VideoType.YOUTUBE,
    "m.youtube.com": VideoType.YOUTUBE,
    "www.youtube-nocookie.com": VideoType.YOUTUBE,
    "youtu.be": VideoType.YOUTUBE,
    "vimeo.com": VideoType.VIMEO,
    "www.vimeo.com": VideoType.VIMEO,
    "player.vimeo.com": VideoType.VIMEO,
}


class PoundsField(forms.DecimalField):
    """Typed as pounds, cleaned to whole pence."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        super().__init__(max_value=HIGHEST_PRICE, decimal_places=2, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {**super().widget_attrs(widget), "inputmode": "decimal"}

    def clean(self, value: Any) -> int | None:
        pounds = super().clean(value)
        return None if pounds is None else int(pounds * 100)

    def prepare_value(self, value: Any) -> Any:
        """Stored values are whole numbers of pence; what was typed is text and stays as it is."""
        if not isinstance(value, int):
            return value
        whole, odd = divmod(value, 100)
        return f"{whole}.{odd:02d}" if odd else str(whole)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(None if initial is None else Decimal(initial) / 100, data)


class LongTextField(forms.CharField):
    """Several lines, with a limit that browser and server count alike.

    Browsers count a line break as one character and send it as two.
    """

    def __init__(self, *, rows: int, max_length: int = 10_000, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(required=False, max_length=max_length, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class FilmField(forms.URLField):
    """A link to a film on YouTube or Vimeo."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, assume_scheme="https", max_length=200, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not (value.startswith("https://") and film_host(value)):
            raise forms.ValidationError("Enter a link to YouTube or Vimeo, with https://.")


def film_host(link: str) -> str:
    """Return the VideoType of the link, or "" where it leads elsewhere."""
    return FILM_HOSTS.get(urlsplit(link).netloc.lower(), "")


class ChoicesField(forms.MultipleChoiceField):
    """Several of a list, as checkboxes, stored as a list of values."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class PhotosField(forms.FileField):
    """Several photos at once. Cleaned to a list of EncodedPhoto; every bad file is named."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"accept": "image/jpeg,image/png,image/webp", "data-max-bytes": MAX_BYTES}
        super().__init__(required=False, widget=SeveralFilesInput(attrs=attrs), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[EncodedPhoto]:
        photos, errors = [], []
        for upload in data or []:
            try:
                super().clean(upload, initial)
                photos.append(encode_photo(upload))
            except forms.ValidationError as error:
                errors.append(error)
        if errors:
            raise forms.ValidationError(errors)
        return photos
