from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.functions import MD5, Cast, Concat
from django.urls import reverse
from django.utils.text import slugify

from accounts.bulk import AnnouncedQuerySet
from accounts.models import Owner
from accounts.whole import SavedWhole
from listings.choices import ListingStatus, PropertyType, VideoType
from listings.perks import Perk, houses_with

SLUG_LENGTH = 50
ONCE_PUBLIC = {ListingStatus.LIVE, ListingStatus.PAUSED, ListingStatus.EXPIRED}


class PropertyQuerySet(AnnouncedQuerySet["Property"]):
    def public(self) -> Self:
        """Houses that guests may find and enquire about: the one answer, used everywhere."""
        return self.filter(status=ListingStatus.LIVE)

    def awaiting_decision(self) -> Self:
        return self.filter(status=ListingStatus.PENDING_APPROVAL).order_by("submitted_at", "pk")

    def for_owner(self, owner: Owner) -> Self:
        return self.filter(owner=owner)

    def with_photos(self) -> Self:
        return self.prefetch_related("photos")

    def newest(self) -> Self:
        return self.order_by(F("approved_at").desc(nulls_last=True), "-pk")

    def with_perk(self, perk: Perk, day: date) -> Self:
        return self.filter(houses_with(perk, day))

    def in_fair_order(self, day: date) -> Self:
        """Draw lots anew each London day: nobody is always last, and the pages of a list agree."""
        return self.order_by(self._lot(day), "pk")

    def in_search_order(self, day: date) -> Self:
        """Put those first that have bought it, and be fair among them and among the others."""
        first = Case(When(houses_with(Perk.SEARCH_FIRST, day), then=0), default=1)
        return self.order_by(first, self._lot(day), "pk")

    def showing_website(self, day: date) -> Self:
        """Add `shows_website`: whether the page may link to the owner's own website."""
        may = Case(
            When(houses_with(Perk.WEBSITE_LINK, day), then=True),
            default=False,
            output_field=BooleanField(),
        )
        return self.annotate(shows_website=may)

    @staticmethod
    def _lot(day: date) -> MD5:
        key = Cast("pk", output_field=models.CharField(max_length=20))
        return MD5(Concat(key, Value(f" {day.isoformat()}")))

    def like(self, house: "Property") -> Self:
        """Other houses, those of the same county first."""
        same_county = Case(When(county__iexact=house.county, then=0), default=1)
        return self.exclude(pk=house.pk).order_by(same_county, "-approved_at", "-pk")

    def matching(self, words: str) -> Self:
        """Houses whose title or public place holds every word."""
        houses = self
        for word in words.split():
            houses = houses.filter(
                Q(title__icontains=word) | Q(town__icontains=word) | Q(county__icontains=word)
            )
        return houses

    def sleeping(self, guests: int) -> Self:
        return self.filter(sleeps_max__gte=guests)


class Property(SavedWhole):
    """A house that an owner lists. Prices are whole pence a night."""

    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="properties")

    # Details
    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=SLUG_LENGTH + 10, unique=True, blank=True)
    property_type = models.CharField(max_length=20, choices=PropertyType)
    best_for = models.JSONField(default=list, blank=True)
    sleeps_min = models.PositiveSmallIntegerField("sleeps from", default=2)
    sleeps_max = models.PositiveSmallIntegerField("sleeps up to", default=8)
    bedrooms = models.PositiveSmallIntegerField(default=4)
    bathrooms = models.PositiveSmallIntegerField(default=2)
    dining_capacity = models.PositiveSmallIntegerField("dining table seats", default=8)

    # Descriptions
    short_description = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)

    # Location. The address is for staff only; guests see town and county.
    address = models.CharField("private address", max_length=200)
    town = models.CharField(max_length=80, blank=True)
    county = models.CharField(max_length=80)
    postcode = models.CharField("postcode area", max_length=12, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    nearby_attractions = models.TextField(blank=True)

    # Amenities and rules
    amenities = models.JSONField(default=list, blank=True)
    hens_allowed = models.BooleanField("hen parties welcome", default=False)
    corporate_allowed = models.BooleanField("corporate events welcome", default=False)
    weddings_allowed = models.BooleanField("weddings welcome", default=False)
    house_rules = models.TextField(blank=True)

    # Policies
    check_in_time = models.TimeField(default="15:00")
    check_out_time = models.TimeField(default="10:00")
    minimum_stay = models.PositiveSmallIntegerField("minimum stay (nights)", default=2)
    cancellation_policy = models.TextField(blank=True)

    # Prices
    midweek_price_pence = models.PositiveIntegerField()
    weekend_price_pence = models.PositiveIntegerField()
    cleaning_fee_pence = models.PositiveIntegerField(default=0)
    security_deposit_pence = models.PositiveIntegerField(default=0)

    # Media and search engines
    hero_video = models.URLField(blank=True)
    video_type = models.CharField(max_length=10, choices=VideoType, blank=True)
    meta_title = models.CharField(max_length=60, blank=True)
    meta_description = models.CharField(max_length=160, blank=True)

    # Where enquiries go; the owner's own address when empty.
    enquiry_email = models.EmailField(blank=True)

    # Lifecycle: `status` changes only through listings/lifecycle.py
    status = models.CharField(
        max_length=20, choices=ListingStatus, default=ListingStatus.DRAFT, editable=False
    )
    rejection_reason = models.TextField(blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.CharField(max_length=254, blank=True, editable=False)
    rejected_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    expired_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PropertyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "properties"
        ordering = ["title", "pk"]
        indexes = [models.Index(fields=["status", "submitted_at"], name="property_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ListingStatus.values), name="property_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(sleeps_min__gte=1) & Q(sleeps_max__gte=F("sleeps_min")),
                name="property_sleeps_in_order",
                violation_error_message="“Sleeps up to” cannot be less than “sleeps from”.",
            ),
            models.CheckConstraint(
                condition=Q(bedrooms__gte=1, bathrooms__gte=1, minimum_stay__gte=1),
                name="property_has_rooms",
            ),
            models.CheckConstraint(
                condition=Q(midweek_price_pence__gt=0), name="property_has_a_price"
            ),
            models.CheckConstraint(
                condition=~Q(status=ListingStatus.REJECTED) | ~Q(rejection_reason=""),
                name="property_rejected_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = self._free_slug()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("house", args=[self.slug])

    @property
    def location(self) -> str:
        """The public place; never the address."""
        return ", ".join(part for part in (self.town, self.county) if part)

    @property
    def price_from_pence(self) -> int:
        return min(self.midweek_price_pence, self.weekend_price_pence)

    @property
    def has_been_public(self) -> bool:
        """Guests may know this house, whatever its status is now."""
        return self.status in ONCE_PUBLIC or self.approved_at is not None

    def missing_for_submission(self) -> list[str]:
        """Name what staff would send the listing back for. Empty: it can be submitted."""
        needed = {
            "a title": self.title,
            "the type of house": self.property_type,
            "a description": self.description.strip(),
            "the address": self.address,
            "the county": self.county,
            "a price": self.midweek_price_pence,
            "at least one photo": self.hero,
        }
        return [name for name, value in needed.items() if not value]

    @property
    def hero(self) -> "Any | None":
        """The first photo, or None. Costs a query unless photos were prefetched."""
        return next(iter(self.photos.all()), None)

    def _free_slug(self) -> str:
        base = slugify(self.title)[:SLUG_LENGTH].strip("-") or "house"
        taken = set(Property.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
        return next(slug for slug in (base, *numbered) if slug not in taken)
