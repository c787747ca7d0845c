import factory
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from listings.choices import EnquiryStatus, ListingStatus, PropertyType
from listings.models import Enquiry, Property


class PropertyFactory(factory.django.DjangoModelFactory):
    """A draft with all that a submission needs; traits put it further along its life."""

    class Meta:
        model = Property

    owner = factory.SubFactory(OwnerFactory)
    title = factory.Sequence(lambda n: f"Test Hall {n}")
    property_type = PropertyType.MANOR_HOUSE
    description = "Twelve bedrooms round a courtyard."
    address = "1 Secret Lane"
    town = "Bath"
    county = "Somerset"
    postcode = "BA1"
    sleeps_min = 8
    sleeps_max = 24
    bedrooms = 12
    bathrooms = 6
    midweek_price_pence = 120_000
    weekend_price_pence = 180_000

    class Params:
        pending = factory.Trait(
            status=ListingStatus.PENDING_APPROVAL, submitted_at=factory.LazyFunction(timezone.now)
        )
        live = factory.Trait(
            status=ListingStatus.LIVE, approved_at=factory.LazyFunction(timezone.now)
        )
        rejected = factory.Trait(
            status=ListingStatus.REJECTED, rejection_reason="The photos are too dark."
        )
        paused = factory.Trait(status=ListingStatus.PAUSED)
        expired = factory.Trait(status=ListingStatus.EXPIRED)


class EnquiryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Enquiry

    property = factory.SubFactory(PropertyFactory, live=True)
    owner = factory.SelfAttribute("property.owner")
    guest_name = factory.Sequence(lambda n: f"Gus Guest{n}")
    guest_email = factory.Sequence(lambda n: f"guest{n}@example.com")
    guest_phone = "01632 960002"
    group_size = 16
    message = "Is the house free for a birthday?"
    status = EnquiryStatus.NEW
