"""The owner's listing form: every field of a house on one page."""

import re
from typing import Any

from django import forms

from accounts.text_input import PlainTextMixin
from listings.choices import Amenity, ListingStatus, Occasion, PropertyType
from listings.forms.fields import (
    ChoicesField,
    FilmField,
    LongTextField,
    PhotosField,
    PoundsField,
    film_host,
)
from listings.models import Property

WEB_ADDRESS = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
WEB_ADDRESS_TAKEN = "Another house has this web address. Choose another one."
# A listing that guests know must not lose what it was approved with.
MUST_STAY_COMPLETE = {ListingStatus.LIVE, ListingStatus.PAUSED}


def _count(label: str, **kwargs: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric"})
    return forms.IntegerField(label=label, min_value=1, max_value=500, widget=widget, **kwargs)


def _degrees(label: str, furthest: int, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=-furthest,
        max_value=furthest,
        max_digits=8,
        decimal_places=5,
        required=False,
        help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


def _times() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class HouseForm(PlainTextMixin, forms.ModelForm):
    sleeps_min = _count("Sleeps from")
    sleeps_max = _count("Sleeps up to")
    bedrooms = _count("Bedrooms")
    bathrooms = _count("Bathrooms")
    dining_capacity = _count("Dining table seats")
    minimum_stay = _count("Shortest stay, in nights")
    latitude = _degrees("Latitude", 90, "For example 51.3813. Not shown to guests.")
    longitude = _degrees("Longitude", 180, "For example -2.359. Not shown to guests.")
    best_for = ChoicesField(label="Best for", choices=Occasion)
    amenities = ChoicesField(label="Amenities", choices=Amenity)
    midweek_price_pence = PoundsField(label="Monday to Thursday", min_value=1)
    weekend_price_pence = PoundsField(
        label="Friday to Sunday", required=False, help_text="Empty: the same as in the week."
    )
    cleaning_fee_pence = PoundsField(label="Cleaning fee, once", required=False)
    security_deposit_pence = PoundsField(label="Security deposit", required=False)
    description = LongTextField(rows=8, label="Description")
    nearby_attractions = LongTextField(rows=4, label="Nearby attractions")
    house_rules = LongTextField(rows=4, label="House rules")
    cancellation_policy = LongTextField(rows=4, label="Cancellation policy")
    hero_video = FilmField(label="Link to a film", help_text="On YouTube or Vimeo.")
    new_photos = PhotosField(
        label="Add photos",
        help_text="JPEG, PNG or WebP, up to 10 MB each. You can choose several at once.",
    )

    class Meta:
        model = Property
        fields = [
            "title",
            "property_type",
            "best_for",
            "sleeps_min",
            "sleeps_max",
            "bedrooms",
            "bathrooms",
            "dining_capacity",
            "short_description",
            "description",
            "address",
            "town",
            "county",
            "postcode",
            "latitude",
            "longitude",
            "nearby_attractions",
            "amenities",
            "hens_allowed",
            "corporate_allowed",
            "weddings_allowed",
            "house_rules",
            "check_in_time",
            "check_out_time",
            "minimum_stay",
            "cancellation_policy",
            "midweek_price_pence",
            "weekend_price_pence",
            "cleaning_fee_pence",
            "security_deposit_pence",
            "hero_video",
            "slug",
            "meta_title",
            "meta_description",
            "enquiry_email",
        ]
        labels = {
            "title": "Name of the house",
            "property_type": "Type of house",
            "postcode": "First half of the postcode",
            "slug": "Web address",
            "meta_title": "Title in search engines",
            "meta_description": "Description in search engines",
            "enquiry_email": "E-mail for enquiries",
            "check_in_time": "Guests arrive from",
            "check_out_time": "Guests leave by",
        }
        help_texts = {
            "short_description": "One or two lines that make people want to read on.",
            "address": "Private: only our team sees it, to check the house. Guests never do.",
            "postcode": "For example BA1. Never the whole postcode.",
            "slug": "Small letters, digits and hyphens. Empty: made from the name.",
            "enquiry_email": "Empty: enquiries go to the address you log in with.",
        }
        error_messages = {"slug": {"unique": WEB_ADDRESS_TAKEN}}
        widgets = {
            "short_description": forms.Textarea(attrs={"rows": 2}),
            "check_in_time": _times(),
            "check_out_time": _times(),
            "meta_description": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["property_type"].choices = [("", "Choose one"), *PropertyType.choices]
        if self.instance.has_been_public:
            # Links to the page are out in the world.
            self.fields["slug"].disabled = True
            self.fields["slug"].help_text = "Fixed, since guests may have kept the link."
        if self.instance.status in MUST_STAY_COMPLETE:
            self.fields["description"].required = True

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if data.get("sleeps_max", 500) < data.get("sleeps_min", 1):
            self.add_error("sleeps_max", "This cannot be less than “Sleeps from”.")
        if data.get("weekend_price_pence") is None and "weekend_price_pence" in data:
            data["weekend_price_pence"] = data.get("midweek_price_pence")
        for fee in ("cleaning_fee_pence", "security_deposit_pence"):
            data[fee] = data.get(fee) or 0
        self.instance.video_type = film_host(data.get("hero_video", ""))

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        if not slug or self.fields["slug"].disabled:
            return slug
        slug = slug.lower()
        if not WEB_ADDRESS.fullmatch(slug):
            raise forms.ValidationError(
                "Use small letters, digits and single hyphens between them."
            )
        return slug

    def save_fields(self) -> Property:
        """Write the form's own columns and no other: the status may have moved meanwhile."""
        house = self.instance
        if house.pk is None:
            house.save()
        else:
            house.save(update_fields=[*self.Meta.fields, "video_type", "updated_at"])
        return house
