"""What a decision about a house rests on, read from the house itself: the mirror keeps less."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_columns import NOTHING, admin_url, day, lines, link_to, money
from accounts.london import day_of
from accounts.templatetags.site import labels
from billing.models import ListingException
from crm.models import PropertyRecord
from listings.choices import Amenity, ListingStatus, Occasion
from listings.models import Property

DETAILS = ("kind", "size", "best_for", "amenities", "welcome", "summary", "description_lines")
PLACE = ("location", "private_address", "postcode", "coordinates", "attractions")
PRICES = ("midweek_price", "weekend_night", "cleaning_fee", "deposit")
RULES = ("arrival", "minimum_stay", "rules", "cancellation")


def _source(record: PropertyRecord) -> Property | None:
    """Return the house without a query, where the record was read with it joined."""
    return record.property if record.source_deleted_at is None else None


def _of(record: PropertyRecord, read: Callable[[Property], str]) -> str:
    house = _source(record)
    return (house and read(house)) or NOTHING


def _coordinates(house: Property) -> str:
    if house.latitude is None or house.longitude is None:
        return NOTHING
    return f"{house.latitude}, {house.longitude}"


def _parties(house: Property) -> list[str]:
    allowed = {
        "hen parties": house.hens_allowed,
        "corporate events": house.corporate_allowed,
        "weddings": house.weddings_allowed,
    }
    return [name for name, is_allowed in allowed.items() if is_allowed]


def running_exceptions() -> Prefetch:
    """Read with the record what `exception` shows of its house, as `running_exceptions`."""
    running = ListingException.objects.running(day_of(timezone.now())).select_related("tier")
    path = "property__listing_exceptions"
    return Prefetch(path, queryset=running, to_attr="running_exceptions")


class HouseSourceMixin:
    """Read-only fields of a house's page. Each says nothing once the house is deleted."""

    @display(description="Photos")
    def photos(self, record: PropertyRecord) -> SafeString | str:
        house = _source(record)
        photos = house.photos.all() if house else []
        pictures = format_html_join(
            "",
            '<a href="{}"><img src="{}" alt="{}" loading="lazy"></a>',
            ((photo.image.url, photo.card_url, photo) for photo in photos),
        )
        return format_html('<div class="gh-strip">{}</div>', pictures) if pictures else NOTHING

    @display(description="On the site")
    def on_the_site(self, record: PropertyRecord) -> SafeString | str:
        house = _source(record)
        if house is None:
            return NOTHING
        text = "See it" if house.status == ListingStatus.LIVE else "Preview"
        return format_html(
            '<a class="gh-link" href="{}">{} on the site</a>', house.get_absolute_url(), text
        )

    @display(description="Exception")
    def exception(self, record: PropertyRecord) -> SafeString | str:
        """Whether staff let the house be listed without a membership, and the way to do so."""
        house = _source(record)
        if house is None:
            return NOTHING
        for found in house.running_exceptions:
            text = f"Listed as {found.tier} without a membership until {day(found.until)}"
            return link_to(admin_url(found), text)
        url = f"{reverse('admin:billing_listingexception_add')}?{urlencode({'house': house.slug})}"
        return link_to(url, "Grant an exception")

    @display(description="Enquiries go to")
    def enquiries_go_to(self, record: PropertyRecord) -> str:
        house = _source(record)
        if house and house.enquiry_email:
            return house.enquiry_email
        return f"{record.owner.email} (the owner’s own)" if house and record.owner else NOTHING

    # --- Details ----------------------------------------------------------------------------------

    @display(description="Type")
    def kind(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: house.get_property_type_display())

    @display(description="Size")
    def size(self, record: PropertyRecord) -> str:
        mirrored = f"{record.bedrooms} bedrooms, {record.bathrooms} bathrooms"
        house = _source(record)
        if house is None:
            return f"{record.guests} guests, {mirrored}"
        return (
            f"{house.sleeps_min} to {house.sleeps_max} guests, {mirrored}, "
            f"{house.dining_capacity} at the table"
        )

    @display(description="Best for")
    def best_for(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: ", ".join(labels(house.best_for, Occasion.choices)))

    @display(description="Amenities")
    def amenities(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: ", ".join(labels(house.amenities, Amenity.choices)))

    @display(description="Welcome")
    def welcome(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: ", ".join(_parties(house)))

    @display(description="Short description")
    def summary(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: house.short_description)

    @display(description="Description")
    def description_lines(self, record: PropertyRecord) -> SafeString | str:
        return lines(record.description)

    # --- Place ------------------------------------------------------------------------------------

    @display(description="Private address")
    def private_address(self, record: PropertyRecord) -> SafeString | str:
        return _of(record, lambda house: lines(house.address))

    @display(description="Postcode")
    def postcode(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: house.postcode)

    @display(description="Coordinates")
    def coordinates(self, record: PropertyRecord) -> str:
        return _of(record, _coordinates)

    @display(description="Nearby")
    def attractions(self, record: PropertyRecord) -> SafeString | str:
        return _of(record, lambda house: lines(house.nearby_attractions))

    # --- Prices -----------------------------------------------------------------------------------

    @display(description="Midweek night")
    def midweek_price(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: money(house.midweek_price_pence))

    @display(description="Weekend night")
    def weekend_night(self, record: PropertyRecord) -> str:
        return money(record.price_pence)

    @display(description="Cleaning fee")
    def cleaning_fee(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: money(house.cleaning_fee_pence))

    @display(description="Security deposit")
    def deposit(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: money(house.security_deposit_pence))

    # --- Rules ------------------------------------------------------------------------------------

    @display(description="Arrival and departure")
    def arrival(self, record: PropertyRecord) -> str:
        return _of(
            record,
            lambda house: f"from {house.check_in_time:%H:%M}, until {house.check_out_time:%H:%M}",
        )

    @display(description="Minimum stay")
    def minimum_stay(self, record: PropertyRecord) -> str:
        return _of(record, lambda house: f"{house.minimum_stay} nights")

    @display(description="House rules")
    def rules(self, record: PropertyRecord) -> SafeString | str:
        return _of(record, lambda house: lines(house.house_rules))

    @display(description="Cancellation")
    def cancellation(self, record: PropertyRecord) -> SafeString | str:
        return _of(record, lambda house: lines(house.cancellation_policy))
