import pytest
from django.db.models import F

from crm.mirror.among import Among
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory

pytestmark = pytest.mark.django_db

AWKWARD = ['a "b"', "c\\d", "e,f", "{g}", "null", "", " h ", "i\nj", "k'l", "ü€😀", "%s"]


@pytest.mark.parametrize("name", AWKWARD)
def test_any_text_is_found_among_others_and_no_other_is(name):
    for each in AWKWARD:
        EnquiryFactory(guest_name=each)

    found = Enquiry.objects.filter(Among("guest_name", [name, "nobody"]))

    assert list(found.values_list("guest_name", flat=True)) == [name]


def test_numbers_are_found_among_others():
    first, _, third = (EnquiryFactory() for _ in range(3))

    found = Enquiry.objects.filter(Among(F("pk"), [first.pk, third.pk, 987654]))

    assert set(found.values_list("pk", flat=True)) == {first.pk, third.pk}


def test_nothing_is_among_none():
    EnquiryFactory()

    assert not Enquiry.objects.filter(Among("pk", [])).exists()
