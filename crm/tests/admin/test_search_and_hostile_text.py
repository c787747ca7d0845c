"""Search finds what staff type; text from strangers stays text on every page."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from billing.tests.factories import PaymentFactory
from crm.tests.factories import (
    ActivityFactory,
    InteractionFactory,
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)

HOSTILE = "<script>alert(1)</script>{{7*7}}{% now 'Y' %}\u202e🏰"
CONTACTS = "admin:crm_contact_changelist"


class TestSearch:
    @pytest.mark.parametrize(
        "typed",
        ["margaret", "MARGARET ash", "m.ashworth@example.com", "01632 960123", "Ashworth Estates"],
    )
    def test_finds_a_contact_by_name_e_mail_phone_or_company(
        self, desk: Client, typed: str
    ) -> None:
        wanted = contact(
            user__first_name="Margaret",
            user__last_name="Ashworth",
            user__email="m.ashworth@example.com",
            phone="01632 960123",
            company="Ashworth Estates",
        )
        contact()

        assert list(desk.get(reverse(CONTACTS), {"q": typed}).context["cl"].result_list) == [wanted]

    def test_finds_a_contact_once_by_its_houses(self, desk: Client) -> None:
        first = property_record(title="Larkfield Hall")
        property_record(title="Larkfield Barn", owner=first.property.owner)
        contact()

        found = desk.get(reverse(CONTACTS), {"q": "larkfield"}).context["cl"].result_list

        assert list(found) == [first.owner]

    @pytest.mark.parametrize("column", ["stripe_customer_id", "stripe_subscription_id"])
    def test_finds_a_contact_by_a_stripe_id(self, desk: Client, column: str) -> None:
        record = membership_record()
        membership_record()

        found = desk.get(reverse(CONTACTS), {"q": getattr(record, column)})

        assert list(found.context["cl"].result_list) == [record.contact]

    def test_says_when_nothing_matches(self, desk: Client) -> None:
        contact()

        page = desk.get(reverse(CONTACTS), {"q": "nobody at all"}).content.decode()

        assert "Nothing matches" in page


@pytest.fixture
def hostile(db: None) -> list[str]:
    """Rows full of hostile text, and the address of every page that shows them."""
    house = property_record(title=HOSTILE, pending=True, description=HOSTILE, town=HOSTILE[:60])
    house.property.owner.user.first_name = HOSTILE
    house.property.owner.user.save()
    rows = [
        house,
        house.owner,
        enquiry_record(property=house.property, guest_name=HOSTILE, message=HOSTILE),
        membership_record(owner=house.property.owner, property=house.property, status="past_due"),
        InteractionFactory(contact=house.owner, subject=HOSTILE, content=HOSTILE),
        ActivityFactory(title=HOSTILE, actor=HOSTILE, changes={HOSTILE: [HOSTILE, HOSTILE]}),
        SyncFailureFactory(message=HOSTILE, source_key=HOSTILE),
        PaymentFactory(description=HOSTILE, owner=house.property.owner),
    ]
    house.tags = [HOSTILE[:30]]
    house.save()
    lists = [f"admin:{row._meta.label_lower.replace('.', '_')}_changelist" for row in rows]
    reject = reverse("admin:crm_propertyrecord_step", args=[house.pk, "reject"])
    palette = reverse("admin:search") + "?s=script&extended=1"
    pages = [reverse(name) for name in lists] + [admin_url(row) for row in rows]
    return [*pages, reject, palette, reverse("admin:index")]


def test_hostile_text_stays_text_on_every_page(desk: Client, hostile: list[str]) -> None:
    pages = {address: desk.get(address).content.decode() for address in hostile}

    assert not [address for address, page in pages.items() if "<script>alert" in page]
    assert not [address for address, page in pages.items() if "49{% now" in page]
    assert all("&lt;script&gt;" in page for page in pages.values())


def test_what_is_typed_into_the_search_box_stays_text(desk: Client) -> None:
    page = desk.get(reverse(CONTACTS), {"q": HOSTILE, "tag": HOSTILE}).content.decode()

    assert "<script>alert" not in page
