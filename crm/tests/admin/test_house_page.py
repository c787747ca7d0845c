"""What staff read before they approve a house: all that its owner typed, and its photos."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.admin_columns import admin_url
from crm.models import PropertyRecord
from crm.tests.factories import enquiry_record, property_record
from listings.models import Photo, Property

TYPED = {
    "address": "1 Secret Lane",
    "postcode": "BA1 9ZZ",
    "latitude": "51.38000",
    "longitude": "-2.36000",
    "enquiry_email": "bookings@example.com",
    "midweek_price_pence": 123_400,
    "weekend_price_pence": 234_500,
    "cleaning_fee_pence": 34_500,
    "security_deposit_pence": 45_600,
    "amenities": ["hot_tub"],
    "best_for": ["hen_parties"],
    "house_rules": "No fireworks.",
    "check_in_time": "16:30",
    "check_out_time": "09:15",
    "minimum_stay": 3,
}
SHOWN = [
    "1 Secret Lane",
    "BA1 9ZZ",
    "51.38000, -2.36000",
    "bookings@example.com",
    "£1,234",
    "£2,345",
    "£345",
    "£456",
    "Hot tub",
    "Hen parties",
    "No fireworks.",
    "from 16:30, until 09:15",
    "3 nights",
]


def page(desk: Client, record: object) -> str:
    return desk.get(admin_url(record)).content.decode()


def add_photos(house: Property, number: int) -> None:
    for position in range(number):
        name = default_storage.save("photos/hall.jpg", ContentFile(b""))
        with default_storage.open(name, "wb") as file:
            Image.new("RGB", (4, 3)).save(file, "JPEG")
        Photo.objects.create(property=house, image=name, position=position)


@pytest.mark.parametrize("words", SHOWN)
def test_what_the_owner_typed_is_shown(desk: Client, words: str) -> None:
    record = property_record(pending=True, **TYPED)

    assert words in page(desk, record)


def test_all_photos_are_shown_in_the_small_size(desk: Client) -> None:
    record = property_record(pending=True)
    add_photos(record.property, 3)

    shown = page(desk, record)

    assert [photo.card_url in shown for photo in Photo.objects.all()] == [True] * 3


def test_a_house_that_waits_can_be_previewed(desk: Client) -> None:
    record = property_record(pending=True)

    shown = page(desk, record)

    assert f'href="/houses/{record.slug}/">Preview on the site</a>' in shown


def test_the_page_costs_the_same_for_2_photos_and_for_12(desk: Client) -> None:
    record = property_record(pending=True, **TYPED)
    add_photos(record.property, 2)
    at_two = queries_of(desk, record)

    add_photos(record.property, 10)
    at_twelve = queries_of(desk, record)

    # session, user, the record with its house and owner, photos, exceptions, queue lengths
    assert (len(at_two), len(at_twelve)) == (6, 6), "\n".join(at_twelve)


def queries_of(desk: Client, record: PropertyRecord) -> list[str]:
    page(desk, record)  # content types are looked up once in a process's life
    with CaptureQueriesContext(connection) as queries:
        page(desk, record)
    every = [query["sql"] for query in queries.captured_queries]
    return [sql for sql in every if "SAVEPOINT" not in sql]


def test_the_record_of_a_deleted_house_still_opens(desk: Client) -> None:
    record = property_record(title="Gone Hall")
    record.property.delete()

    assert "Gone Hall" in page(desk, record)


class TestLineBreaks:
    TYPED = "First <b>line</b>.\nSecond line."
    SHOWN = "First &lt;b&gt;line&lt;/b&gt;.<br>Second line."

    def test_are_kept_in_the_description(self, desk: Client) -> None:
        assert self.SHOWN in page(desk, property_record(description=self.TYPED))

    def test_are_kept_in_the_house_rules(self, desk: Client) -> None:
        assert self.SHOWN in page(desk, property_record(house_rules=self.TYPED))

    def test_are_kept_in_the_reason_for_a_rejection(self, desk: Client) -> None:
        record = property_record(rejected=True, rejection_reason=self.TYPED)

        assert self.SHOWN in page(desk, record)

    def test_are_kept_in_an_enquirys_message(self, desk: Client) -> None:
        assert self.SHOWN in page(desk, enquiry_record(message=self.TYPED))
