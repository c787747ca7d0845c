import datetime

import pytest
from django.urls import reverse
from post_office.models import Email

from listings.intake import HONEYPOT, NOT_LIVE
from listings.lifecycle import release_from_quarantine
from listings.models import Enquiry
from listings.tests.factories import PropertyFactory

pytestmark = pytest.mark.django_db

TOMORROW = datetime.date.today() + datetime.timedelta(days=1)
NEXT_WEEK = TOMORROW + datetime.timedelta(days=7)


@pytest.fixture
def house():
    return PropertyFactory(live=True, title="Fern Hall", sleeps_min=8, sleeps_max=24)


def typed(**changes):
    return {
        "guest_name": "Gus Guest",
        "guest_email": "Gus@Example.com",
        "guest_phone": "01632 960002",
        "check_in": TOMORROW.isoformat(),
        "check_out": NEXT_WEEK.isoformat(),
        "group_size": "16",
        "occasion": "A birthday",
        "add_ons": ["private_chef", "life_drawing"],
        "message": "Is it free?\n\nWith a dog?",
        **changes,
    }


def send(client, house, **changes):
    return client.post(house.get_absolute_url(), typed(**changes))


class TestGoodEnquiry:
    def test_it_is_stored_with_all_that_was_typed(self, client, house):
        response = send(client, house)

        enquiry = Enquiry.objects.get()
        assert response.status_code == 302
        assert (enquiry.property, enquiry.owner) == (house, house.owner)
        assert enquiry.guest_email == "gus@example.com"
        assert (enquiry.check_in, enquiry.check_out) == (TOMORROW, NEXT_WEEK)
        assert enquiry.add_ons == ["private_chef", "life_drawing"]
        assert enquiry.message.replace("\r", "") == "Is it free?\n\nWith a dog?"
        assert enquiry.marketing_consent is False
        assert enquiry.quarantine_reason == ""

    def test_the_guest_is_thanked_on_a_page_that_can_be_reloaded(self, client, house):
        response = client.post(house.get_absolute_url(), typed(), follow=True)

        assert response.redirect_chain[-1][1] == 302
        assert "Your enquiry is on its way" in response.content.decode()

    @pytest.mark.parametrize("status", ["live", "paused", "draft", "pending_approval"])
    def test_the_thanks_are_not_there_for_who_sent_nothing(self, client, status):
        house = PropertyFactory(status=status)

        response = client.get(reverse("enquiry_thanks", args=[house.slug]))

        assert response.status_code == 404

    def test_the_thanks_of_one_house_are_not_those_of_another(self, client, house):
        send(client, house)

        other = PropertyFactory(live=True)

        assert client.get(reverse("enquiry_thanks", args=[other.slug])).status_code == 404

    def test_name_email_and_guests_are_enough(self, client, house):
        for name in ("guest_phone", "check_in", "check_out", "occasion", "message"):
            assert send(client, house, **{name: "", "check_in": "", "check_out": ""}).url

        assert Enquiry.objects.count() == 5

    def test_fields_of_ours_are_not_taken_from_the_request(self, client, house):
        other = PropertyFactory()

        send(
            client,
            house,
            status="converted",
            owner=other.owner.pk,
            property=other.pk,
            quarantine_reason="x",
            first_response_at="2026-01-01",
        )

        enquiry = Enquiry.objects.get()
        assert (enquiry.status, enquiry.owner, enquiry.property) == ("new", house.owner, house)
        assert enquiry.quarantine_reason == ""
        assert enquiry.first_response_at is None


class TestWhatIsWrong:
    def errors(self, client, house, **changes):
        response = send(client, house, **changes)
        assert response.status_code == 200
        assert Enquiry.objects.count() == 0
        return response.context["form"].errors

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("guest_name", "", "required"),
            ("guest_name", "x" * 151, "150"),
            ("guest_name", "\u200b\u2060", "can be seen"),
            ("guest_name", "Gus\r\nBcc: all@example.com", "one line"),
            ("guest_name", "Gus\x00", "Null"),
            ("guest_email", "", "required"),
            ("guest_email", "gus", "valid"),
            ("guest_email", "gus@example.com\nBcc: x@example.com", "valid"),
            ("guest_phone", "0\n1", "one line"),
            ("guest_phone", "0" * 31, "30"),
            ("occasion", "a\u2028b", "one line"),
            ("occasion", "x" * 101, "100"),
            ("group_size", "", "required"),
            ("group_size", "0", "1"),
            ("group_size", "25", "sleeps up to 24"),
            ("group_size", "many", "whole number"),
            ("group_size", "9" * 30, "sleeps up to 24"),
            ("check_in", "2020-01-01", "past"),
            ("check_in", "2999-01-01", "three years"),
            ("check_in", "soon", "Enter a date"),
            ("check_in", "", "arrival too"),
            ("check_out", "", "departure too"),
            ("check_out", TOMORROW.isoformat(), "after the arrival"),
            ("check_out", "2999-01-01", "three years"),
            ("add_ons", ["fireworks"], "not one of the available"),
            ("message", "x" * 4001, "4000"),
            ("message", "bell\x07", "ordinary text"),
        ],
    )
    def test_it_is_said_beside_the_field(self, client, house, field, value, words):
        errors = self.errors(client, house, **{field: value})

        assert list(errors) == [field]
        assert words in errors[field][0]

    def test_what_was_typed_stays(self, client, house):
        page = send(client, house, group_size="99", message="Do <b>keep</b> me").content.decode()

        assert 'value="Gus Guest"' in page
        assert "Do &lt;b&gt;keep&lt;/b&gt; me" in page
        assert 'aria-invalid="true"' in page
        assert 'id="id_group_size_error"' in page

    def test_the_last_guest_fits(self, client, house):
        assert send(client, house, group_size="24").status_code == 302

    def test_today_is_a_fine_arrival(self, client, house):
        today = datetime.date.today().isoformat()

        assert send(client, house, check_in=today).status_code == 302


class TestWordsThatLookLikeATemplate:
    CODE = ["{{ 7|add:7 }}", "{% lorem 9 w %}", "{# gone #}", "{% no_such_tag %}", "{{ x|y }}"]
    ADDRESS = "{{1*2}}@example.com"

    def words(self, code):
        words = {f: f"{f} {code}" for f in ("guest_name", "occasion", "message")}
        return {**words, "guest_email": self.ADDRESS}

    def assert_verbatim(self, mail, words):
        assert mail.headers == {"Reply-To": self.ADDRESS}
        assert words["guest_name"] in mail.subject
        for said in words.values():
            assert said in mail.message
            assert said in mail.html_message

    @pytest.mark.parametrize("code", CODE)
    def test_they_are_stored_and_mailed_as_they_are(self, client, code):
        house = PropertyFactory(live=True, slug="x", title=f"Hall {code}")
        words = self.words(code)

        response = send(client, house, **words)

        assert response.status_code == 302
        assert Enquiry.objects.values(*words).get() == words
        mail = Email.objects.get()
        assert f"Hall {code}" in mail.subject
        self.assert_verbatim(mail, words)

    @pytest.mark.parametrize("code", CODE)
    def test_they_are_mailed_as_they_are_when_staff_release_them(self, client, house, code):
        words = self.words(code)
        send(client, house, **words, website="filled in")

        release_from_quarantine(Enquiry.objects.get())

        self.assert_verbatim(Email.objects.get(), words)


class TestHeldBack:
    def test_a_filled_honeypot_is_kept_aside_and_answered_like_success(self, client, house):
        response = send(client, house, website="https://spam.example")

        assert response.url == send(client, house).url
        assert Enquiry.objects.filter(quarantine_reason=HONEYPOT).count() == 1
        assert Email.objects.count() == 1

    @pytest.mark.parametrize("status", ["paused", "expired", "draft", "pending_approval"])
    def test_a_house_that_is_not_live_keeps_the_enquiry_and_says_so(self, client, status):
        house = PropertyFactory(status=status, title="Hidden Hall")

        response = client.post(house.get_absolute_url(), typed(), follow=True)

        enquiry = Enquiry.objects.get()
        assert (enquiry.quarantine_reason, enquiry.owner) == (NOT_LIVE, house.owner)
        assert "We have kept your enquiry" in response.content.decode()
        assert Email.objects.count() == 0

    def test_a_mistake_on_a_house_that_is_not_live_loses_nothing(self, client):
        house = PropertyFactory(status="paused")

        response = send(client, house, group_size="")

        assert response.status_code == 200
        assert 'value="Gus Guest"' in response.content.decode()

    def test_a_house_that_was_never_public_does_not_give_its_name_away(self, client):
        house = PropertyFactory(slug="x", title="Hidden Hall")

        pages = [
            send(client, house, group_size=""),
            client.post("/houses/x/", typed(), follow=True),
        ]

        assert all("Hidden Hall" not in page.content.decode() for page in pages)
