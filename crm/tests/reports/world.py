"""A small business whose figures can be worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any

from accounts.models import Owner
from accounts.tests.factories import OwnerFactory
from billing.models import Membership, PaymentKind
from billing.models.revenue import RevenueChange, RevenueSpan
from billing.revenue.keeping import replace_rows, wanted_changes
from billing.tests.factories import (
    EpisodeFactory,
    MembershipFactory,
    PaymentFactory,
    TierFactory,
)
from crm.models import Interaction
from crm.tests.factories import InteractionFactory
from listings.models import Enquiry
from listings.tests.factories import EnquiryFactory, PropertyFactory


def owner(name: str, **fields: Any) -> Owner:
    first, last = name.split()
    names = {"user__first_name": first, "user__last_name": last}
    return OwnerFactory(**names, signup_date=at("2026-01-01 09:00"), **fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def membership(whose: Owner, tier: str, **fields: Any) -> Membership:
    house = PropertyFactory(owner=whose, live=True, title=f"{whose.user.first_name} Hall")
    return MembershipFactory(owner=whose, property=house, tier=TierFactory(code=tier), **fields)


def span(of: Membership, starts_on: str, annual: int, ends_on: str = "", **fields: Any) -> None:
    defaults = {"tier": of.tier.code, "cycle": of.billing_cycle, "standing": "paying"}
    RevenueSpan.objects.create(
        account=f"owner {of.owner_id}",
        stripe_subscription_id=of.stripe_subscription_id,
        membership=of,
        owner=of.owner,
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on) if ends_on else None,
        annual_pence=annual,
        **{"currency": "gbp", **defaults, **fields},
    )


def derive_changes() -> None:
    accounts = set(RevenueSpan.objects.values_list("account", flat=True))
    replace_rows(RevenueChange.objects.all(), wanted_changes(accounts))


def paid(of: Membership, when: str, net: int, fee: int | None = 0, **fields: Any) -> Any:
    vat = fields.pop("vat", net // 5)
    return PaymentFactory(
        membership=of,
        paid_at=at(when),
        net_pence=net,
        vat_pence=vat,
        gross_pence=net + vat,
        fee_pence=fee,
        **fields,
    )


def members() -> dict[str, Membership]:
    """Alice upgrades and her payment fails, Ben leaves, Cora was on trial and is leaving, Dora
    pays in euros."""
    theirs = {
        "alice": membership(owner("Alice Ash"), "gold"),
        "ben": membership(
            owner("Ben Birch"),
            "bronze",
            billing_cycle="monthly",
            net_pence=4_500,
            vat_pence=900,
            status="cancelled",
        ),
        "cora": membership(
            owner("Cora Cedar"),
            "silver",
            billing_cycle="monthly",
            net_pence=6_500,
            vat_pence=1_300,
        ),
        "dora": membership(owner("Dora Dale"), "gold", currency="eur"),
    }
    span(theirs["alice"], "2026-01-10", 65_000, "2026-03-05", tier="silver")
    span(theirs["alice"], "2026-03-05", 85_000, "2026-05-02")
    span(theirs["alice"], "2026-05-02", 85_000, is_at_risk=True)
    span(theirs["ben"], "2026-02-01", 54_000, "2026-04-15", end_reason="voluntary")
    span(theirs["cora"], "2026-03-01", 0, "2026-03-15", standing="trial")
    span(theirs["cora"], "2026-03-15", 78_000, leaving_on=date(2026, 6, 1))
    span(theirs["dora"], "2026-02-10", 40_000, currency="eur")
    derive_changes()
    return theirs


def payments(of: dict[str, Membership]) -> None:
    alice, ben, dora = of["alice"], of["ben"], of["dora"]
    paid(alice, "2026-01-10 10:00", 65_000, 1_190, invoice_number="A-1")
    paid(ben, "2026-02-01 00:00", 4_500, 101)
    paid(ben, "2026-03-01 10:00", 4_500, None)
    paid(ben, "2026-03-20 10:00", -4_500, kind=PaymentKind.REFUND)
    # Half past midnight on 1 April in London, where summer time has begun.
    paid(alice, "2026-03-31 23:30", -1_000, kind=PaymentKind.CREDIT_NOTE)
    paid(alice, "2026-04-02 10:00", -2_000, 2_000, kind=PaymentKind.DISPUTE)
    paid(dora, "2026-02-10 10:00", 40_000, 300, vat=0, currency="eur")


def failures(of: dict[str, Membership]) -> None:
    """Of Alice one recovered and one still fails, of Ben one is lost."""
    EpisodeFactory(
        membership=of["alice"],
        stripe_invoice_id="in_late",
        first_failed_at=at("2026-02-03 10:00"),
        closed_at=at("2026-02-06 10:00"),
        outcome="paid",
        amount_pence=78_000,
    )
    paid(of["alice"], "2026-02-06 10:00", 65_000, stripe_invoice_id="in_late")
    EpisodeFactory(
        membership=of["ben"],
        first_failed_at=at("2026-03-03 10:00"),
        closed_at=at("2026-03-17 10:00"),
        outcome="ended",
        amount_pence=5_400,
        decline_code="expired_card",
    )
    EpisodeFactory(
        membership=of["alice"], first_failed_at=at("2026-05-02 10:00"), amount_pence=102_000
    )


def enquiry(house: Any, received: str, answered: str = "", **fields: Any) -> None:
    made = EnquiryFactory(
        property=house, first_response_at=at(answered) if answered else None, **fields
    )
    # The time of arrival is set by the database's own clock.
    Enquiry.objects.filter(pk=made.pk).update(created_at=at(received))
    type(made.crm_record).objects.filter(pk=made.crm_record.pk).update(created_at=at(received))


def spoken(whose: Owner, when: str, kind: str = "phone") -> None:
    row = InteractionFactory(contact=whose.user.crm_record, type=kind)
    Interaction.objects.filter(pk=row.pk).update(created_at=at(when))


def whole_world() -> None:
    theirs = members()
    payments(theirs)
    failures(theirs)
    enquiry(theirs["alice"].property, "2026-03-02 10:00", "2026-03-02 12:00", status="contacted")
    spoken(theirs["alice"].owner, "2026-03-03 10:00")


def fill(many: int) -> None:
    """So many owners, each with one of everything."""
    for index in range(many):
        whose = owner(f"Olive Oak{index}")
        theirs = membership(whose, "silver", status="active")
        span(theirs, f"2026-0{index % 5 + 1}-10", 65_000)
        paid(theirs, "2026-03-05 10:00", 65_000)
        EpisodeFactory(membership=theirs, first_failed_at=at("2026-03-05 10:00"))
        enquiry(theirs.property, "2026-03-02 10:00", "2026-03-02 12:00")
        spoken(whose, "2026-03-03 10:00")
    derive_changes()
