"""A membership begins, renews, and ends; its card expires."""

from datetime import date
from typing import Any

from accounts.templatetags.site import pounds
from billing.letters.letter import Button, Letter, day, page
from billing.models import Cycle, Membership, PaymentMethod, ScheduledChange
from listings.choices import ListingStatus

UNITS = {Cycle.ANNUAL: "year", Cycle.MONTHLY: "month"}
HOW_TO_STOP = (
    "If you do not want it to renew, open your houses and end it under “Memberships” before that "
    "day. It takes a minute, and the membership stays until then. Or answer this e-mail, and we "
    "do it for you."
)


def begun(membership: Membership, invoice: dict[str, Any], paid_on: date) -> Letter:
    """`invoice`: net_pence, vat_pence, gross_pence."""
    facts = [
        *about(membership),
        ("Paid", f"{pounds(invoice['gross_pence'])} on {day(paid_on)}"),
        ("Of this", f"{pounds(invoice['net_pence'])} and {pounds(invoice['vat_pence'])} VAT"),
    ]
    if membership.renewal_date:
        facts.append(("Renews", f"on {day(membership.renewal_date)}"))
    return Letter(
        subject=f"Your {tier(membership)} membership has begun",
        paragraphs=[
            "Thank you: your payment has arrived and your membership has begun."
            if invoice["gross_pence"]
            else "Thank you: your membership has begun. There was nothing to pay this time.",
            _next(membership),
        ],
        facts=facts,
        button=Button("Go to my houses", page("dashboard")),
        after=["The VAT invoice is on that page too, under “Card and invoices”."],
    )


def _next(membership: Membership) -> str:
    house = membership.property
    if house is None:
        return "It is used for the next house that you submit for approval."
    if house.status in (ListingStatus.DRAFT, ListingStatus.REJECTED, ListingStatus.EXPIRED):
        return f"One step is left: submit {house.title} for approval, and a person looks at it."
    return f"It pays for {house.title}."


def ended(membership: Membership) -> Letter:
    return farewell(
        membership,
        f"Your {tier(membership)} membership has ended, and nothing more is charged."
        f"{off_show(membership)}",
        "Was something not as it should be? Answer this e-mail and tell us.",
    )


def renews(membership: Membership, gross_pence: int, method: PaymentMethod | None) -> Letter:
    on, change = day(membership.renewal_date), planned_change(membership)
    facts = [*about(membership), ("Renews on", on), ("Price", f"{pounds(gross_pence)} with VAT")]
    if change:
        then = f"{change.tier.name}, {change.get_billing_cycle_display().lower()}"
        facts.insert(1, ("From then on", then))
    if method and method.stripe_id:
        facts.append(("Paid by", str(method)))
    return Letter(
        subject=f"Your membership renews on {on}",
        paragraphs=[
            f"Your {tier(membership)} membership {_goes_on(change, on)} We then charge "
            f"{pounds(gross_pence)}, VAT included. You need do nothing for it to go on.",
            HOW_TO_STOP,
        ],
        facts=facts,
        button=Button("See or stop the renewal", page("dashboard")),
    )


def planned_change(membership: Membership) -> ScheduledChange | None:
    """Return what it becomes at the renewal that comes next, where that is something else."""
    change = ScheduledChange.objects.filter(membership=membership).select_related("tier").first()
    return change if change and change.starts_on == membership.renewal_date else None


def _goes_on(change: ScheduledChange | None, on: str) -> str:
    if change is None:
        return f"renews on {on} for another year."
    plan = f"{change.tier.name.lower()}, {change.get_billing_cycle_display().lower()}"
    return f"changes on {on}, as you planned: from then on it is {plan}."


def card_expires(membership: Membership, method: PaymentMethod) -> Letter:
    on = day(membership.renewal_date)
    return Letter(
        subject=f"Your card expires before your membership renews on {on}",
        paragraphs=[
            f"The card that pays for your {tier(membership)} membership, {method}, is good until "
            f"the end of {method.exp_month:02d}/{method.exp_year}. The next payment is on {on}.",
            "Please put the new card in before then, so that the payment goes through. If your "
            "bank has told us of your new card already, you can leave this e-mail alone.",
        ],
        facts=about(membership),
        button=Button("Change the card", page("dashboard")),
        after=["It is behind “Card and invoices” there."],
    )


# --- Shared -----------------------------------------------------------------------------------


def tier(membership: Membership) -> str:
    return membership.tier.name.lower()


def about(membership: Membership) -> list[tuple[str, str]]:
    plan = f"{membership.tier.name}, {membership.get_billing_cycle_display().lower()}"
    house = membership.property
    return [("Membership", plan), *([("House", house.title)] if house else [])]


def off_show(membership: Membership) -> str:
    """A house that an exception keeps on show, or that never was, is not said to have gone."""
    house = membership.property
    gone = house is not None and house.status == ListingStatus.EXPIRED
    return f" {house.title} is no longer shown to guests." if gone else ""


def farewell(membership: Membership, why: str, last: str) -> Letter:
    house = membership.property_id
    return Letter(
        subject="Your membership has ended",
        paragraphs=[
            why,
            "Everything you entered is kept. If you come back, choose a plan and submit the house "
            "again: there is nothing to type a second time.",
        ],
        facts=about(membership),
        button=Button("Join again", page("plans", query=f"?house={house}" if house else "")),
        after=[last],
    )
