"""What people and Stripe do to the site, each through its own door."""

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from accounts.admin_columns import admin_url
from accounts.models import Owner
from accounts.tests.factories import OwnerFactory, UserFactory
from billing import gateway, publishing
from billing.tests.deliveries import deliver
from billing.tests.factories import MembershipFactory, PlanFactory
from crm.models import Contact, EnquiryRecord, PropertyRecord
from crm.models.base import Record
from listings.models import Property
from listings.tests.factories import EnquiryFactory, PropertyFactory
from listings.tests.pictures import give_photos, picture
from stripe_sandbox.process import Running

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
RETURN_PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}


@dataclass(frozen=True)
class Place:
    """Where a flow is taken: a browser, and the Stripe that the site calls."""

    browser: Client
    stripe: Running


@dataclass(frozen=True)
class Flow:
    """Something that is done to the site. `prepare` makes what it needs, `take` does it.

    `reads` are the records that its own page shows: without their tables there is no such page.
    """

    name: str
    prepare: Callable[[Place], Any]
    take: Callable[[Place, Any], HttpResponse | None]
    reads: frozenset[type[Model]] = frozenset()


# --- What stands before ---------------------------------------------------------------------------


def nothing(place: Place) -> None:
    """The site is as it was on its first day."""


def owner(place: Place) -> Owner:
    names = {"user__first_name": "Alice", "user__last_name": "Ashdown"}
    alice = OwnerFactory(user__email="alice@example.com", **names)
    place.browser.force_login(alice.user)
    return alice


def house(place: Place) -> Property:
    fern = PropertyFactory(owner=owner(place), title="Fern Hall", live=True)
    give_photos(fern, 2)
    return fern


def house_for_guests(place: Place) -> Property:
    fern = house(place)
    place.browser.logout()
    return fern


def link_in_the_mail(place: Place) -> str:
    """Return the link of somebody who signed up after asking as a guest: the two are joined."""
    other = OwnerFactory(user__email="olive@example.com", user__last_name="Oakley")
    asked = PropertyFactory(owner=other, title="Moss Hall", live=True)
    EnquiryFactory(property=asked, guest_email="alice@example.com", guest_name="Ali")
    sign_up(place, None)
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", Email.objects.get().message)
    assert link
    return link[1]


def purchase(place: Place) -> dict[str, Any]:
    """Return the event of a subscription that was just paid for."""
    fern = PropertyFactory(owner=owner(place), title="Fern Hall", pending=True)
    place.browser.logout()
    page = gateway.start_checkout(fern.owner, PlanFactory(), house=fern, **RETURN_PAGES)
    place.stripe.control.pay(page.rsplit("/", 1)[1])
    return newest_event(place, "customer.subscription.created")


def end_of_membership(place: Place) -> dict[str, Any]:
    """Return the event of a subscription that ended, while its house was live."""
    bought = purchase(place)
    deliver(place.browser, bought)
    publishing.approve(Property.objects.get(), by="bob@example.com", now=NOW)
    place.stripe.control.cancel(bought["data"]["object"]["id"], at_period_end=False)
    return newest_event(place, "customer.subscription.deleted")


def newest_event(place: Place, kind: str) -> dict[str, Any]:
    where = {"api": place.stripe.url}
    api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=where).v1
    return json.loads(str(api.events.list({"type": kind}).data[0]))


def staff(place: Place) -> None:
    bob = UserFactory(staff=True, email="bob@example.com", first_name="Bob", last_name="Bell")
    place.browser.force_login(bob)


def owner_before_staff(place: Place) -> Owner:
    alice = owner(place)
    staff(place)
    return alice


def houses_before_staff(place: Place) -> list[Record]:
    """Return listings that are paid for and wait."""
    alice = owner_before_staff(place)
    titles = ("Fern Hall", "Moss Hall")
    houses = [PropertyFactory(owner=alice, title=title, pending=True) for title in titles]
    for number, each in enumerate(houses):
        names = {"stripe_subscription_id": f"sub_{number}", "stripe_customer_id": "cus_1"}
        MembershipFactory(owner=alice, property=each, **names)
    return [each.crm_record for each in houses]


def enquiries_before_staff(place: Place) -> list[Record]:
    fern = house(place)
    staff(place)
    guests = ("gus@example.com", "gwen@example.com")
    enquiries = [
        EnquiryFactory(property=fern, guest_email=email, guest_name="Gus Guest") for email in guests
    ]
    return [each.crm_record for each in enquiries]


# --- What is done ---------------------------------------------------------------------------------


def sign_up(place: Place, _: None) -> HttpResponse:
    fields = {
        "first_name": "Alice",
        "last_name": "Ashdown",
        "email": "alice@example.com",
        "phone": "01632 960001",
        "company": "Ashdown Houses",
        "password1": "plum-orchard-42",
        "password2": "plum-orchard-42",
    }
    return place.browser.post(reverse("account_signup"), fields, follow=True)


def confirm_address(place: Place, link: str) -> HttpResponse:
    return place.browser.post(link, follow=True)


def edit_profile(place: Place, alice: Owner) -> HttpResponse:
    fields = {"first_name": "Alice", "last_name": "Birch", "phone": "01632 960009", "city": "York"}
    return place.browser.post(reverse("profile"), fields, follow=True)


def add_house(place: Place, alice: Owner) -> HttpResponse:
    photos = {"photos-TOTAL_FORMS": "0", "photos-INITIAL_FORMS": "0", "new_photos": [picture()]}
    return place.browser.post(reverse("house_add"), house_form() | photos, follow=True)


def edit_house(place: Place, fern: Property) -> HttpResponse:
    """Change the name and what is told, and take the first photo away."""
    photos = {"photos-TOTAL_FORMS": "2", "photos-INITIAL_FORMS": "2", "photos-0-DELETE": "on"}
    for index, photo in enumerate(fern.photos.all()):
        photos[f"photos-{index}-id"] = str(photo.pk)
        photos[f"photos-{index}-position"] = str(photo.position)
    address = reverse("house_edit", args=[fern.pk])
    return place.browser.post(address, house_form(title="Moss Hall") | photos, follow=True)


def house_form(title: str = "Fern Hall") -> dict[str, Any]:
    return {
        "title": title,
        "property_type": "manor_house",
        "sleeps_min": "8",
        "sleeps_max": "24",
        "bedrooms": "12",
        "bathrooms": "6",
        "dining_capacity": "24",
        "description": "Twelve bedrooms\nround a courtyard.",
        "address": "1 Secret Lane",
        "town": "Bath",
        "county": "Somerset",
        "check_in_time": "16:00",
        "check_out_time": "10:30",
        "minimum_stay": "3",
        "midweek_price_pence": "1200.50",
        "weekend_price_pence": "1800",
    }


def pause_house(place: Place, fern: Property) -> HttpResponse:
    return place.browser.post(reverse("house_pause", args=[fern.pk]), follow=True)


def delete_house(place: Place, fern: Property) -> None:
    """No page of the site does this: it is done by hand."""
    fern.delete()


def enquire(place: Place, fern: Property) -> HttpResponse:
    arrival = NOW.date() + datetime.timedelta(days=30)
    fields = {
        "guest_name": "Gus Guest",
        "guest_email": "Gus@Example.com",
        "guest_phone": "01632 960002",
        "check_in": arrival.isoformat(),
        "check_out": (arrival + datetime.timedelta(days=2)).isoformat(),
        "group_size": "16",
        "message": "Is it free?",
    }
    return place.browser.post(fern.get_absolute_url(), fields, follow=True)


def hear_from_stripe(place: Place, event: dict[str, Any]) -> HttpResponse:
    return deliver(place.browser, event)


def save_owner(place: Place, alice: Owner) -> HttpResponse:
    fields = {"phone": "01632 960009", "company": "Birch Houses", "city": "York"}
    return place.browser.post(admin_url(alice), fields)


def save_address(place: Place, alice: Owner) -> HttpResponse:
    fields = {"email": "Anna@example.com", "first_name": "Anna", "is_active": "on"}
    return place.browser.post(admin_url(alice.user), fields)


def approve_houses(place: Place, records: list[Record]) -> HttpResponse:
    return take_action(place, "admin:crm_propertyrecord_changelist", "approve", records)


def mark_contacted(place: Place, records: list[Record]) -> HttpResponse:
    return take_action(place, "admin:crm_enquiryrecord_changelist", "contacted", records)


def take_action(place: Place, page: str, action: str, records: list[Record]) -> HttpResponse:
    ticked = [str(record.pk) for record in records]
    return place.browser.post(reverse(page), {"action": action, ACTION_CHECKBOX_NAME: ticked})


SIGN_UP = Flow("sign-up", nothing, sign_up)
PAUSE = Flow("house paused", house, pause_house)
DELETION = Flow("house deleted", house, delete_house)
ENQUIRY = Flow("enquiry", house_for_guests, enquire)
PURCHASE = Flow("webhook of a purchase", purchase, hear_from_stripe)
FLOWS = (
    SIGN_UP,
    Flow("address confirmed", link_in_the_mail, confirm_address),
    Flow("profile edited", owner, edit_profile),
    Flow("house added", owner, add_house),
    Flow("house edited", house, edit_house),
    PAUSE,
    DELETION,
    ENQUIRY,
    PURCHASE,
    Flow("webhook of an end", end_of_membership, hear_from_stripe),
    Flow("owner saved in the admin", owner_before_staff, save_owner),
    Flow("address saved in the admin", owner_before_staff, save_address),
    Flow(
        "houses approved in bulk",
        houses_before_staff,
        approve_houses,
        reads=frozenset({PropertyRecord, Contact}),
    ),
    Flow(
        "enquiries answered in bulk",
        enquiries_before_staff,
        mark_contacted,
        reads=frozenset({EnquiryRecord, PropertyRecord, Contact}),
    ),
)

# --- What the person sees -------------------------------------------------------------------------

# What is made from chance each time, or is in the address of a picture.
CHANCE = re.compile(r'csrfmiddlewaretoken" value="\w+|photos/\w+')


def seen(answer: HttpResponse | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {
        "status": answer.status_code,
        "moves": getattr(answer, "redirect_chain", [answer.headers.get("Location")]),
        "messages": [str(message) for message in get_messages(answer.wsgi_request)],
        "body": CHANCE.sub("", answer.content.decode()),
    }
