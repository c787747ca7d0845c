"""The mail that an owner gets about an enquiry."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.templatetags.site import labels
from listings.choices import AddOn
from listings.models import Enquiry


def tell_owner(enquiry: Enquiry) -> None:
    """Queue the mail in the database: an enquiry that is rolled back takes its mail with it.

    An enquiry that has lost its owner has nobody to tell.
    """
    if enquiry.owner is None:
        return
    context = {
        "enquiry": enquiry,
        "house": enquiry.property,
        "owner": enquiry.owner.user,
        "add_ons": labels(enquiry.add_ons, AddOn.choices),
        "link": settings.SITE_URL + reverse("owner_enquiry", args=[enquiry.pk]),
        "SITE_NAME": settings.SITE_NAME,
    }
    message = EmailMultiAlternatives(
        subject=_subject(enquiry),
        body=render_to_string("listings/email/new_enquiry.txt", context),
        to=[_address(enquiry)],
        reply_to=[enquiry.guest_email],
    )
    html = render_to_string("listings/email/new_enquiry.html", context)
    message.attach_alternative(html, "text/html")
    message.send()


def _address(enquiry: Enquiry) -> str:
    """Return the house's own address, while the house is still the same owner's."""
    house = enquiry.property
    if house is not None and house.owner_id == enquiry.owner_id and house.enquiry_email:
        return house.enquiry_email
    return enquiry.owner.user.email


def _subject(enquiry: Enquiry) -> str:
    about = f" for {enquiry.property.title}" if enquiry.property else ""
    # A title may hold a line break that an import brought in; a subject must not.
    return " ".join(f"New enquiry{about} from {enquiry.guest_name}".split())
