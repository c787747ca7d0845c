"""Which houses have what the site itself honours: their membership's tier brings it, or staff's
exception stands in for one."""

from datetime import date

from django.db.models import Exists, OuterRef, Q

from accounts.london import in_words
from billing.models import ListingException, Membership
from listings.models import Property
from listings.perks import Seller, Standing


def houses_with(code: str, day: date) -> Q:
    house = OuterRef("pk")
    paid = Membership.objects.current().filter(property=house, tier__features__code=code)
    lent = ListingException.objects.running(day).filter(property=house, tier__features__code=code)
    return Q(Exists(paid)) | Q(Exists(lent))


def standing_of(house: Property, day: date) -> Standing | None:
    membership = Membership.objects.current().filter(property=house).select_related("tier").first()
    if membership:
        return Standing(
            membership.tier.name, [str(each) for each in membership.tier.features.all()]
        )
    exceptions = ListingException.objects.running(day).filter(property=house)
    exception = exceptions.select_related("tier").first()
    if exception is None:
        return None
    note = f"Without a membership until {in_words(exception.until)}, as our team has agreed."
    return Standing(
        exception.tier.name, [str(each) for each in exception.tier.features.all()], note
    )


SELLER = Seller(houses_with=houses_with, standing_of=standing_of)
