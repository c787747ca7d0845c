from django.db.models import Case, CharField, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat

from billing.models import Membership
from crm.mirror.base import Mirror
from crm.mirror.references import owners_contact
from crm.models import Contact, Entity, PropertyRecord
from listings.models import Photo, Property


class Properties(Mirror):
    """Houses, with their main photo and the tier of the membership that carries them."""

    name = "properties"
    entity = Entity.PROPERTIES
    source = Property
    record = PropertyRecord
    link = "property"
    called = F("title")
    status = "listing_status"
    stamps = ("updated_at", "memberships__updated_at")
    unstamped = ("main_image",)
    columns = {
        "property": F("pk"),
        "owner": Subquery(
            Contact.objects.order_by().filter(user=OuterRef("owner__user")).values("pk")
        ),
        "title": F("title"),
        "location": Case(
            When(town="", then=F("county")),
            When(county="", then=F("town")),
            default=Concat("town", Value(", "), "county"),
        ),
        "description": F("description"),
        "bedrooms": F("bedrooms"),
        "bathrooms": F("bathrooms"),
        "guests": F("sleeps_max"),
        "listing_status": F("status"),
        "rejection_reason": F("rejection_reason"),
        "slug": F("slug"),
        "main_image": Coalesce(
            Subquery(
                Photo.objects.filter(property=OuterRef("pk"))
                .order_by("position", "pk")
                .values("image")[:1]
            ),
            Value(""),
            output_field=CharField(),  # the stored name, not the file
        ),
        "plan_tier": Coalesce(
            Subquery(
                Membership.objects.current()
                .filter(property=OuterRef("pk"))
                .order_by("pk")
                .values("tier__code")[:1]
            ),
            Value(""),
        ),
        "price_pence": F("weekend_price_pence"),
        "created_at": F("created_at"),
    }
    references = {"owner": owners_contact("owner__user")}
    parents = {"owner": ("owners", "owner__user")}
