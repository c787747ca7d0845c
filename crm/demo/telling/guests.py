"""Guests ask, owners answer, some book."""

from django.utils import timezone

from accounts.actor import acting_as
from accounts.london import day_of
from crm.demo.happenings import Answer, Convert, Enquire, Lose, MarkSpam
from crm.demo.telling.stage import Stage, by_person, tell, valid
from listings import lifecycle
from listings.forms.enquiry import EnquiryForm
from listings.intake import take_enquiry


@tell.register
def enquire(happening: Enquire, stage: Stage) -> None:
    plan = happening.enquiry
    house = stage.house(plan.house)
    form = valid(EnquiryForm(plan.answers, house=house, today=day_of(timezone.now())))
    with acting_as("visitor", "site"):
        enquiry = form.save(commit=False)
        take_enquiry(enquiry, house, trapped=form.trapped)
    stage.enquiries[plan.number] = enquiry.pk


@tell.register
def answer(happening: Answer, stage: Stage) -> None:
    with by_person(happening.by):
        lifecycle.mark_contacted(stage.enquiry(happening.enquiry), now=timezone.now())


@tell.register
def convert(happening: Convert, stage: Stage) -> None:
    with by_person(happening.by):
        lifecycle.mark_converted(stage.enquiry(happening.enquiry), now=timezone.now())


@tell.register
def lose(happening: Lose, stage: Stage) -> None:
    with by_person(happening.by):
        lifecycle.mark_lost(stage.enquiry(happening.enquiry), reason=happening.reason)


@tell.register
def mark_spam(happening: MarkSpam, stage: Stage) -> None:
    with by_person(happening.by):
        lifecycle.mark_spam(stage.enquiry(happening.enquiry))
