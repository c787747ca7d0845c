"""An enquiry comes in: it is always stored, and the owner hears of it unless it is held back."""

from django.db import transaction

from listings.choices import ListingStatus
from listings.models import Enquiry, Property
from listings.owner_mail import tell_owner

HONEYPOT = "honeypot filled in"
NOT_LIVE = "house not live"


@transaction.atomic
def take_enquiry(enquiry: Enquiry, house: Property, *, trapped: bool) -> None:
    """Store the enquiry with the house and its owner of this moment."""
    enquiry.property, enquiry.owner = house, house.owner
    enquiry.quarantine_reason = _reason_to_hold_back(house, trapped=trapped)
    enquiry.save()
    if not enquiry.quarantine_reason:
        tell_owner(enquiry)


def _reason_to_hold_back(house: Property, *, trapped: bool) -> str:
    if trapped:
        return HONEYPOT
    return "" if house.status == ListingStatus.LIVE else NOT_LIVE
