from itertools import product

import pytest
from django.db import transaction
from post_office.models import Email

from accounts.tests.factories import OwnerFactory
from accounts.transitions import TransitionNotAllowed
from listings import lifecycle
from listings.choices import EnquiryStatus, ListingStatus
from listings.intake import NOT_LIVE, take_enquiry
from listings.lifecycle import ENQUIRY, LISTING
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory, PropertyFactory

REFUSED = [
    (table, step, status)
    for table, statuses in ((LISTING, ListingStatus), (ENQUIRY, EnquiryStatus))
    for step, status in product(table.steps, statuses.values)
    if not table.allows(step, status)
]


class TestWordsOfARefusal:
    @pytest.mark.parametrize(
        ("table", "step", "status", "sentence"),
        [
            (
                LISTING,
                "submit",
                "live",
                "Only a listing that is a draft, rejected or expired can be submitted for "
                "approval; this one is live.",
            ),
            (
                LISTING,
                "approve",
                "draft",
                "Only a listing that is pending approval can be approved; this one is a draft.",
            ),
            (
                LISTING,
                "expire",
                "rejected",
                "Only a listing that is live or paused can expire; this one is rejected.",
            ),
            (
                ENQUIRY,
                "mark as spam",
                "converted",
                "Only an enquiry that is new, contacted or lost can be marked as spam; "
                "this one is converted.",
            ),
            (
                ENQUIRY,
                "release",
                "new",
                "Only an enquiry that is spam can be released from spam; this one is new.",
            ),
        ],
    )
    def test_they_are_a_sentence_for_the_person_asking(self, table, step, status, sentence):
        with pytest.raises(TransitionNotAllowed) as refusal:
            table.check(step, status)

        assert str(refusal.value) == sentence

    @pytest.mark.parametrize(("table", "step", "status"), REFUSED)
    def test_there_are_some_for_every_step_from_every_status(self, table, step, status):
        with pytest.raises(TransitionNotAllowed, match=r"^Only an? .+ can .+; this one is .+\.$"):
            table.check(step, status)


@pytest.mark.django_db
class TestMove:
    def test_the_stored_status_decides_and_not_the_one_in_hand(self):
        house = PropertyFactory(live=True)
        house.status = ListingStatus.PAUSED

        with pytest.raises(TransitionNotAllowed, match="this one is live"):
            lifecycle.resume(house)

    def test_a_refused_step_saves_nothing(self):
        enquiry = EnquiryFactory(status="converted")

        with pytest.raises(TransitionNotAllowed), transaction.atomic():
            lifecycle.mark_spam(enquiry)
        enquiry.refresh_from_db()
        assert enquiry.status == "converted"


@pytest.mark.django_db
class TestReleaseFromQuarantine:
    def test_the_owner_sees_it_and_hears_of_it(self):
        enquiry = EnquiryFactory(quarantine_reason=NOT_LIVE)

        lifecycle.release_from_quarantine(enquiry)

        assert list(Enquiry.objects.for_owner(enquiry.owner)) == [enquiry]
        assert Email.objects.get().to == [enquiry.owner.user.email]

    def test_it_says_why_it_was_held_back(self):
        enquiry = EnquiryFactory(quarantine_reason=NOT_LIVE)

        assert lifecycle.release_from_quarantine(enquiry) == NOT_LIVE

    def test_the_mail_is_the_one_that_a_normal_enquiry_sends(self):
        house = PropertyFactory(live=True)
        normal, held = (EnquiryFactory.build(property=None, owner=None) for _ in range(2))
        held.guest_name, held.guest_email = normal.guest_name, normal.guest_email
        take_enquiry(normal, house, trapped=False)
        take_enquiry(held, house, trapped=True)

        lifecycle.release_from_quarantine(held)

        first, second = Email.objects.order_by("pk")
        assert (second.to, second.subject, second.headers) == (
            first.to,
            first.subject,
            first.headers,
        )
        assert second.message == first.message.replace(f"/{normal.pk}/", f"/{held.pk}/")

    def test_without_an_owner_it_is_released_and_nobody_is_told(self):
        enquiry = EnquiryFactory(owner=None, quarantine_reason=NOT_LIVE)

        lifecycle.release_from_quarantine(enquiry)

        assert not Enquiry.objects.exclude(quarantine_reason="").exists()
        assert not Email.objects.exists()

    def test_one_that_has_lost_its_house_is_released_too(self):
        owner = OwnerFactory()
        enquiry = EnquiryFactory(property=None, owner=owner, quarantine_reason=NOT_LIVE)

        lifecycle.release_from_quarantine(enquiry)

        mail = Email.objects.get()
        assert mail.subject == f"New enquiry from {enquiry.guest_name}"
        assert "a house that is deleted by now" in mail.message

    def test_a_house_that_was_sold_does_not_give_the_guest_away_to_the_new_owner(self):
        house = PropertyFactory(live=True, enquiry_email="new-owner@example.com")
        enquiry = EnquiryFactory(property=house, owner=OwnerFactory(), quarantine_reason=NOT_LIVE)

        lifecycle.release_from_quarantine(enquiry)

        assert Email.objects.get().to == [enquiry.owner.user.email]

    @pytest.mark.parametrize(
        ("fields", "ending"),
        [
            ({}, "this one is not."),
            ({"status": "spam", "quarantine_reason": NOT_LIVE}, "this one is spam."),
        ],
        ids=["not held back", "spam"],
    )
    def test_what_is_not_held_back_cannot_be_released(self, fields, ending):
        enquiry = EnquiryFactory(**fields)

        with pytest.raises(TransitionNotAllowed, match=ending):
            lifecycle.release_from_quarantine(enquiry)
        assert not Email.objects.exists()

    def test_two_people_who_press_at_once_send_one_mail(self):
        enquiry = EnquiryFactory(quarantine_reason=NOT_LIVE)
        as_bob_sees_it = Enquiry.objects.get()
        lifecycle.release_from_quarantine(enquiry)

        with pytest.raises(TransitionNotAllowed):
            lifecycle.release_from_quarantine(as_bob_sees_it)
        assert Email.objects.count() == 1
