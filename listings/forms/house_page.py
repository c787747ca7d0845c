from typing import Any

from django.db import transaction

from listings.choices import ListingStatus
from listings.forms.house import MUST_STAY_COMPLETE, HouseForm
from listings.forms.photos import PhotoFormSet, add_photos
from listings.models import Property
from listings.photos import MAX_PHOTOS


class NotEditable(Exception):
    """Staff are looking at the listing, so it must not change under their eyes."""


class HousePage:
    """The listing form and its photos: valid together, saved together."""

    def __init__(self, house: Property, data: Any = None, files: Any = None) -> None:
        self.form = HouseForm(data, files, instance=house)
        self.photos = PhotoFormSet(data, instance=house, prefix="photos")

    def is_valid(self) -> bool:
        valid = [self.form.is_valid(), self.photos.is_valid()]
        if all(valid):
            self._check_number_of_photos()
        return all(valid) and not self.form.errors

    @transaction.atomic
    def save(self) -> Property:
        """Raises NotEditable."""
        _check_editable(self.form.instance)
        house = self.form.save_fields()
        kept = self.photos.save_in_order()
        add_photos(house, self.form.cleaned_data["new_photos"], after=len(kept))
        return house

    def _check_number_of_photos(self) -> None:
        number = len(self.photos.kept) + len(self.form.cleaned_data["new_photos"])
        if number > MAX_PHOTOS:
            self.form.add_error("new_photos", f"That makes {number}; {MAX_PHOTOS} is the most.")
        if number == 0 and self.form.instance.status in MUST_STAY_COMPLETE:
            self.form.add_error("new_photos", "A live listing needs at least one photo.")


def _check_editable(house: Property) -> None:
    """Ask the stored row: the one in hand was read before the form was checked."""
    stored = Property.objects.select_for_update().filter(pk=house.pk)
    if house.pk and ListingStatus.PENDING_APPROVAL in stored.values_list("status", flat=True):
        raise NotEditable(
            "This listing is with our team for approval, so it cannot be changed now."
        )
