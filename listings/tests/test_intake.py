import pytest
from django.db import transaction
from post_office.models import Email

from listings.intake import take_enquiry
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory, PropertyFactory

pytestmark = pytest.mark.django_db


def take(house, **fields):
    enquiry = EnquiryFactory.build(property=None, owner=None, **fields)
    take_enquiry(enquiry, house, trapped=False)
    return Email.objects.get()


class TestMailToTheOwner:
    def test_it_goes_to_the_address_of_the_house(self):
        mail = take(PropertyFactory(live=True, enquiry_email="bookings@example.com"))

        assert mail.to == ["bookings@example.com"]

    def test_it_goes_to_the_owner_where_the_house_has_none(self):
        house = PropertyFactory(live=True)

        assert take(house).to == [house.owner.user.email]

    def test_an_answer_goes_to_the_guest(self):
        mail = take(PropertyFactory(live=True), guest_email="gus@example.com")

        message = mail.email_message()
        assert mail.headers == {"Reply-To": "gus@example.com"}
        assert "Reply-To: gus@example.com" in message.message().as_string()

    def test_it_says_all_that_the_guest_said(self):
        mail = take(
            PropertyFactory(live=True),
            message="With a dog & two cats",
            occasion="A wedding",
            add_ons=["private_chef"],
        )

        for words in ("With a dog & two cats", "A wedding", "Private chef", "01632 960002"):
            assert words in mail.message

    def test_the_html_shows_hostile_words_as_words(self):
        mail = take(
            PropertyFactory(live=True, title="<b>Hall</b>"),
            guest_name="<script>x</script>",
            message="<a href='https://bad.example'>here</a>",
            occasion="<img src=x>",
        )

        for markup in ("<script", "<a href='https://bad", "<img", "<b>Hall"):
            assert markup not in mail.html_message

    def test_a_line_break_in_a_title_stays_out_of_the_header(self):
        mail = take(PropertyFactory(live=True, slug="x", title="Fern\r\nBcc: all@example.com"))

        assert "\n" not in mail.subject
        assert mail.email_message().message()["Bcc"] is None

    def test_it_is_gone_with_an_enquiry_that_was_not_kept(self):
        house = PropertyFactory(live=True)

        with transaction.atomic():
            take(house)
            transaction.set_rollback(True)

        assert (Enquiry.objects.count(), Email.objects.count()) == (0, 0)

    def test_an_extra_that_was_withdrawn_is_left_out(self):
        mail = take(PropertyFactory(live=True), add_ons=["private_chef", "withdrawn_extra"])

        assert "Extras: Private chef\n" in mail.message
