"""The photos that a house has: their order, captions and removal."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseInlineFormSet, inlineformset_factory

from accounts.text_input import PlainTextMixin
from listings.models import Photo, Property
from listings.photos import MAX_PHOTOS, EncodedPhoto, delete_stored, store_photo


class PhotoForm(PlainTextMixin, forms.ModelForm):
    position = forms.IntegerField(label="Place in the order", min_value=0, max_value=999)

    class Meta:
        model = Photo
        fields = ["caption", "position"]

    def place(self) -> tuple[int, int, int]:
        """Sort key: a photo moved up goes before the one at its new place, moved down after."""
        new, old = self.cleaned_data["position"], self.initial.get("position", 0)
        moved = (new > old) - (new < old)
        return new, moved, self.instance.pk


class PhotoSet(BaseInlineFormSet):
    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = "Remove this photo"

    def clean(self) -> None:
        super().clean()
        # Django accepts the number of any photo there is, of whichever house.
        if any(form.instance.pk is None for form in self.kept):
            raise ValidationError("One of these photos is not of this house. Load the page again.")

    @property
    def removed(self) -> list[Photo]:
        """Forms marked for removal are not validated: a photo of another house has no key here."""
        return [form.instance for form in self.deleted_forms if form.instance.pk]

    @property
    def kept(self) -> list[PhotoForm]:
        marked = self.deleted_forms
        return [form for form in self.initial_forms if form not in marked]

    def save_in_order(self) -> list[Photo]:
        """Remove, caption and number the photos from 1 on. Must run inside a transaction."""
        for photo in self.removed:
            transaction.on_commit(partial(delete_stored, photo.image.name))
            photo.delete()
        photos = [form.save(commit=False) for form in sorted(self.kept, key=PhotoForm.place)]
        for position, photo in enumerate(photos, start=1):
            photo.position = position
            photo.save(update_fields=["caption", "position"])
        return photos


PhotoFormSet: Any = inlineformset_factory(
    Property, Photo, form=PhotoForm, formset=PhotoSet, extra=0, can_delete=True, max_num=MAX_PHOTOS
)


def add_photos(house: Property, photos: Iterable[EncodedPhoto], *, after: int = 0) -> None:
    """Append photos to the house, numbered on from `after`."""
    for position, photo in enumerate(photos, start=after + 1):
        Photo.objects.create(property=house, image=store_photo(photo), position=position)
