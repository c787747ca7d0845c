"""What a change costs, as shown to the owner, and the seal under it.

The seal holds what was shown and the second it was worked out for, so that the change that follows
charges that and nothing else.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core import signing

from accounts.london import day_of_timestamp
from billing import gateway
from billing import stripe_shapes as shapes
from billing.models import Membership, Plan

GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Line:
    text: str
    net_pence: int


@dataclass(frozen=True)
class Quote:
    """An invoice to come. `due_pence` is charged now; `credit_pence` is kept for later invoices."""

    lines: list[Line]
    net_pence: int
    vat_pence: int
    gross_pence: int
    balance_pence: int  # of what the owner has as credit already, used up by this
    due_pence: int
    next_charge: date | None
    proration_date: int

    @property
    def credit_pence(self) -> int:
        return max(-self.gross_pence, 0)

    @property
    def discount_pence(self) -> int:
        return sum(line.net_pence for line in self.lines) - self.net_pence

    @classmethod
    def of(cls, invoice: dict[str, Any], proration_date: int) -> Self:
        lines = invoice["lines"]["data"]
        ends = [line["period"]["end"] for line in lines if line.get("period")]
        gross, due = invoice["total"], invoice["amount_due"]
        return cls(
            lines=[Line(line["description"] or "", line["amount"]) for line in lines],
            net_pence=shapes.net_of(invoice),
            vat_pence=shapes.vat_of(invoice),
            gross_pence=gross,
            balance_pence=max(gross, 0) - due,
            due_pence=due,
            next_charge=day_of_timestamp(max(ends, default=None)),
            proration_date=proration_date,
        )


@dataclass(frozen=True)
class Price:
    """What each cycle costs once the plan is changed at once, without discounts. Pence."""

    net_pence: int
    vat_pence: int

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @classmethod
    def after(
        cls, plan: Plan, subscription: dict[str, Any], item: dict[str, Any], quote: Quote
    ) -> Self:
        """The VAT is the subscription's, as Stripe takes no other with a change that may have to
        wait for its payment; where no rate stands there, it is that of what is charged now.
        """
        net, vat = shapes.net_and_vat(plan.net_pence, shapes.tax_rates_of(subscription, item))
        if not vat and quote.net_pence:
            vat = shapes.round_half_up(Decimal(net * quote.vat_pence) / quote.net_pence)
        return cls(net, vat)


@dataclass(frozen=True)
class _Sealed:
    """What a page showed. Each kind has a salt of its own, so that none passes for the other."""

    salt: ClassVar[str]

    membership: int
    plan: int
    price_before: str

    def __str__(self) -> str:
        return signing.dumps(vars(self), salt=self.salt)

    @classmethod
    def read(cls, text: str, membership: Membership, plan: Plan) -> Self | None:
        """Return None for one that is forged, too old, or for something else."""
        try:
            seal = cls(**signing.loads(text, salt=cls.salt, max_age=GOOD_FOR))
        except (signing.BadSignature, TypeError):
            return None
        return seal if (seal.membership, seal.plan) == (membership.pk, plan.pk) else None


@dataclass(frozen=True)
class Seal(_Sealed):
    """Under a change at once."""

    salt = "billing.quotes"

    proration_date: int
    due_pence: int
    # Each page shown is one purchase, however often its button is pressed.
    purchase: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class PlannedSeal(_Sealed):
    """Under a change that waits for the renewal, on `day` (ISO)."""

    salt = "billing.quotes.planned"

    net_pence: int
    vat_pence: int
    day: str

    @classmethod
    def of(cls, membership: Membership, plan: Plan, price_before: str, day: date | None) -> Self:
        shown = (plan.net_pence, plan.vat_pence, day.isoformat() if day else "")
        return cls(membership.pk, plan.pk, price_before, *shown)


def quote(
    subscription: dict[str, Any], item: dict[str, Any], price: str, *, proration_date: int
) -> Quote:
    """Ask Stripe what the change would charge. Raises StripeUnavailable."""
    invoice = gateway.preview_change(
        subscription["id"], item["id"], price, proration_date=proration_date
    )
    return Quote.of(invoice, proration_date)


def second_to_prorate_from(subscription: dict[str, Any], now: datetime) -> int:
    """Return now, or the end of the period it lies outside of: clocks differ by seconds."""
    start, end = shapes.current_period(subscription)
    return max(start or 0, min(int(now.timestamp()), (end or int(now.timestamp())) - 1))
