from itertools import product

import pytest
from django.db import transaction

from accounts.transitions import TransitionNotAllowed
from listings import lifecycle
from listings.choices import EnquiryStatus, ListingStatus
from listings.lifecycle import ENQUIRY, LISTING
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
