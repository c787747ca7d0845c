import datetime

import pytest
from django.urls import reverse

from listings.intake import NOT_LIVE
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(client):
    house = PropertyFactory(live=True)
    client.force_login(house.owner.user)
    return house


def names(client, **wanted):
    page = client.get(reverse("owner_enquiries"), wanted).context["page"]
    return {enquiry.guest_name for enquiry in page}


class TestList:
    def test_it_holds_the_owners_enquiries_and_no_held_back_ones(self, client, house):
        EnquiryFactory(property=house, guest_name="Ours")
        EnquiryFactory(property=house, guest_name="Spam", status="spam")
        EnquiryFactory(property=house, guest_name="Held", quarantine_reason=NOT_LIVE)
        EnquiryFactory(guest_name="Theirs")

        assert names(client) == {"Ours"}

    def test_it_is_filtered_by_status_and_house(self, client, house):
        other = PropertyFactory(owner=house.owner)
        EnquiryFactory(property=house, guest_name="A", status="contacted")
        EnquiryFactory(property=house, guest_name="B")
        EnquiryFactory(property=other, guest_name="C", status="contacted")

        assert names(client, status="contacted") == {"A", "C"}
        assert names(client, status="contacted", house=house.pk) == {"A"}

    def test_another_owners_house_is_no_choice(self, client, house):
        theirs = PropertyFactory(title="Their Hall")

        page = client.get(reverse("owner_enquiries"), {"house": theirs.pk}).content.decode()

        assert "Their Hall" not in page

    @pytest.mark.parametrize(
        "junk", [{"status": "x"}, {"house": "\x00"}, {"house": "9" * 40}, {"page": "x\x00"}]
    )
    def test_junk_is_no_error_of_ours(self, client, house, junk):
        assert client.get(reverse("owner_enquiries"), junk).status_code == 200

    def test_an_enquiry_outlives_its_house(self, client, house):
        EnquiryFactory(property=None, owner=house.owner)

        assert "A deleted house" in client.get(reverse("owner_enquiries")).content.decode()

    def test_it_costs_the_same_with_2_and_12_enquiries(
        self, client, house, django_assert_num_queries
    ):
        # Session, user, owner; number, enquiries with their houses; houses for the filter.
        for number in (2, 10):
            for _ in range(number):
                EnquiryFactory(property=PropertyFactory(owner=house.owner))
            with django_assert_num_queries(6):
                client.get(reverse("owner_enquiries"))


class TestDetail:
    def test_it_shows_all_that_the_guest_said(self, client, house):
        enquiry = EnquiryFactory(
            property=house,
            check_in=datetime.date(2027, 5, 7),
            check_out=datetime.date(2027, 5, 10),
            occasion="A wedding",
            add_ons=["private_chef", "withdrawn_extra"],
            message="<script>alert(1)</script>",
        )

        page = client.get(reverse("owner_enquiry", args=[enquiry.pk])).content.decode()

        for words in ("7 May 2027", "A wedding", "Private chef", "01632 960002"):
            assert words in page
        assert "<script>alert" not in page

    def test_a_held_back_one_does_not_exist_for_the_owner(self, client, house):
        enquiry = EnquiryFactory(property=house, quarantine_reason=NOT_LIVE)

        assert client.get(reverse("owner_enquiry", args=[enquiry.pk])).status_code == 404


class TestSteps:
    def take(self, client, enquiry, **data):
        return client.post(reverse("owner_enquiry", args=[enquiry.pk]), data, follow=True)

    @pytest.mark.parametrize("step", ["contacted", "converted"])
    def test_the_owner_says_what_became_of_it(self, client, house, step):
        enquiry = EnquiryFactory(property=house)

        self.take(client, enquiry, step=step)

        enquiry.refresh_from_db()
        assert enquiry.status == step
        assert enquiry.first_response_at is not None

    def test_a_lost_one_keeps_the_reason(self, client, house):
        enquiry = EnquiryFactory(property=house)

        self.take(client, enquiry, step="lost", reason="Dates taken")

        enquiry.refresh_from_db()
        assert (enquiry.status, enquiry.lost_reason) == ("lost", "Dates taken")

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\nb"])
    def test_a_lost_one_needs_a_proper_reason(self, client, house, reason):
        enquiry = EnquiryFactory(property=house)

        response = self.take(client, enquiry, step="lost", reason=reason)

        enquiry.refresh_from_db()
        assert enquiry.status == "new"
        assert 'id="id_reason_error"' in response.content.decode()

    def test_a_step_that_is_not_there_is_said_not_taken(self, client, house):
        enquiry = EnquiryFactory(property=house, status="converted")

        page = self.take(client, enquiry, step="contacted").content.decode()

        enquiry.refresh_from_db()
        assert enquiry.status == "converted"
        assert "can be marked as contacted; this one is converted." in page

    @pytest.mark.parametrize("step", ["", "spam", "delete", "\x00"])
    def test_an_unknown_step_changes_nothing(self, client, house, step):
        enquiry = EnquiryFactory(property=house)

        page = self.take(client, enquiry, step=step).content.decode()

        enquiry.refresh_from_db()
        assert enquiry.status == "new"
        assert "Choose what to do" in page
