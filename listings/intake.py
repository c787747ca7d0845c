"""An enquiry comes in: it is always stored, and the owner hears of it unless it is held back."""

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from post_office import mail

from listings.choices import AddOn, ListingStatus
from listings.models import Enquiry, Property

HONEYPOT = "honeypot filled in"
NOT_LIVE = "house not live"


@transaction.atomic
def take_enquiry(enquiry: Enquiry, house: Property, *, trapped: bool) -> None:
    """Store the enquiry with the house and its owner of this moment."""
    enquiry.property, enquiry.owner = house, house.owner
    enquiry.quarantine_reason = _reason_to_hold_back(house, trapped=trapped)
    enquiry.save()
    if not enquiry.quarantine_reason:
        queue_mail_to_owner(enquiry)


def _reason_to_hold_back(house: Property, *, trapped: bool) -> str:
    if trapped:
        return HONEYPOT
    return "" if house.status == ListingStatus.LIVE else NOT_LIVE


def queue_mail_to_owner(enquiry: Enquiry) -> None:
    """Queue in the database: a rolled-back enquiry takes its mail with it."""
    house = enquiry.property
    context = {
        "enquiry": enquiry,
        "house": house,
        "add_ons": [AddOn(value).label for value in enquiry.add_ons],
        "link": settings.SITE_URL + reverse("owner_enquiry", args=[enquiry.pk]),
        "SITE_NAME": settings.SITE_NAME,
    }
    # A title may hold a line break that an import brought in; a subject must not.
    subject = " ".join(f"New enquiry for {house.title} from {enquiry.guest_name}".split())
    mail.send(
        recipients=[house.enquiry_email or house.owner.user.email],
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=subject,
        message=render_to_string("listings/email/new_enquiry.txt", context),
        html_message=render_to_string("listings/email/new_enquiry.html", context),
        headers={"Reply-To": enquiry.guest_email},
    )
