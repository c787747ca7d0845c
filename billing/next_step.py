"""For each house of an owner, the one thing to do next."""

from dataclasses import dataclass

from django.urls import reverse

from billing.models import Membership
from listings.choices import ListingStatus
from listings.models import Property

WAITING = "Our team is looking at it. You need do nothing until you hear from us."


@dataclass(frozen=True)
class NextStep:
    """`label` is empty where the owner can only wait; `posts` means a button, not a link."""

    text: str
    label: str = ""
    url: str = ""
    posts: bool = False


def next_step(
    house: Property, membership: Membership | None, *, has_unused: bool, missing: list[str]
) -> NextStep:
    match house.status:
        case ListingStatus.PENDING_APPROVAL:
            return NextStep(WAITING)
        case ListingStatus.LIVE:
            return NextStep("Guests can find it.")
        case ListingStatus.PAUSED:
            url = reverse("house_resume", args=[house.pk])
            return NextStep("Guests cannot find it until you resume it.", "Resume", url, posts=True)
    return _towards_submission(house, paid=membership is not None or has_unused, missing=missing)


def _towards_submission(house: Property, *, paid: bool, missing: list[str]) -> NextStep:
    plans = f"{reverse('plans')}?house={house.pk}"
    if house.status == ListingStatus.EXPIRED and not paid:
        text = "Its membership has ended. Renew it to bring the listing back."
        return NextStep(text, "Renew", plans)
    if missing:
        edit = reverse("house_edit", args=[house.pk])
        return NextStep(f"Still to add: {', '.join(missing)}.", "Finish the listing", edit)
    if house.status == ListingStatus.REJECTED:
        return _submit(house, "Change what we asked for, then submit it again.", "Submit again")
    if not paid:
        return NextStep("The listing is complete. Choose a plan for it.", "Choose a plan", plans)
    if house.status == ListingStatus.EXPIRED:
        return _submit(house, "It may be listed again. Send it to us.", "Submit again")
    text = "It is complete, and there is nothing to pay. Send it to us."
    return _submit(house, text, "Submit for approval")


def _submit(house: Property, text: str, label: str) -> NextStep:
    return NextStep(text, label, reverse("house_submit", args=[house.pk]), posts=True)
