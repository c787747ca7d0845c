from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Owner
from listings.choices import ListingStatus
from listings.forms.house import MUST_STAY_COMPLETE, HouseForm
from listings.forms.photos import PhotoFormSet, add_photos
from listings.models import Property
from listings.photos import MAX_PHOTOS

TRIES = 3
DOUBLE_CLICK = timedelta(minutes=1)


class NotEditable(Exception):
    """Staff are looking at the listing, so it must not change under their eyes."""


class WebAddressTaken(Exception):
    """Another house got the address that was typed between the check and the saving."""


class SavedAlready(Exception):
    """The same new house came in a moment ago: a second press of the button."""


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

    def save(self, *, now: datetime) -> Property:
        """Raises NotEditable, WebAddressTaken, SavedAlready."""
        for _ in range(TRIES - 1):
            try:
                return self._save(now)
            except IntegrityError as error:
                self._leave_taken_address(error)
        return self._save(now)

    @transaction.atomic
    def _save(self, now: datetime) -> Property:
        _check_editable(self.form.instance)
        _check_new(self.form.instance, now)
        house = self.form.save_fields()
        kept = self.photos.save_in_order()
        add_photos(house, self.form.cleaned_data["new_photos"], after=len(kept))
        return house

    def _leave_taken_address(self, error: IntegrityError) -> None:
        """An address made from the name is made again; a typed one is for its owner to change."""
        house = self.form.instance
        if not Property.objects.exclude(pk=house.pk).filter(slug=house.slug).exists():
            raise error
        if self.form.cleaned_data["slug"]:
            raise WebAddressTaken from error
        house.slug = ""

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


def _check_new(house: Property, now: datetime) -> None:
    """Owners save new houses one after the other, so that the second finds the first."""
    if house.pk:
        return
    Owner.objects.select_for_update().get(pk=house.owner_id)
    same = Property.objects.filter(owner=house.owner, title=house.title, address=house.address)
    if same.filter(created_at__gt=now - DOUBLE_CLICK).exists():
        raise SavedAlready
