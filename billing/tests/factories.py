import datetime

import factory
from django.utils import timezone

from accounts.london import day_of
from accounts.tests.factories import OwnerFactory
from billing.models import (
    ClosedMonth,
    Cycle,
    Episode,
    Feature,
    IncomingEvent,
    ListingException,
    Membership,
    MembershipStatus,
    Notice,
    NoticeKind,
    Payment,
    PaymentKind,
    PaymentMethod,
    PendingChange,
    Plan,
    ReconcileRun,
    SubscriptionProblem,
    Tier,
)
from listings.tests.factories import PropertyFactory


class FeatureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Feature
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"feature{n}")
    text = factory.LazyAttribute(lambda feature: feature.code.replace("_", " ").capitalize())


class TierFactory(factory.django.DjangoModelFactory):
    """One of the three tiers; a flushed test database gets it back."""

    class Meta:
        model = Tier
        django_get_or_create = ("code",)

    code = "silver"
    name = factory.LazyAttribute(lambda tier: tier.code.title())
    display_name = factory.LazyAttribute(lambda tier: f"{tier.name} listing")
    rank = factory.LazyAttribute(lambda tier: ["bronze", "silver", "gold"].index(tier.code) + 1)


class PlanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Plan
        django_get_or_create = ("tier", "cycle")

    tier = factory.SubFactory(TierFactory)
    cycle = Cycle.ANNUAL
    net_pence = 65_000


def make_price_list() -> None:
    """The six plans of a new site, where another test has emptied the database of them."""
    for code, net_pence in {"bronze": 45_000, "silver": 65_000, "gold": 85_000}.items():
        tier = TierFactory(code=code)
        PlanFactory(tier=tier, net_pence=net_pence)
        PlanFactory(tier=tier, cycle=Cycle.MONTHLY, net_pence=net_pence // 10)


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    owner = factory.SubFactory(OwnerFactory)
    tier = factory.SubFactory(TierFactory)
    stripe_subscription_id = factory.Sequence(lambda n: f"sub_test{n}")
    stripe_customer_id = factory.Sequence(lambda n: f"cus_test{n}")
    billing_cycle = Cycle.ANNUAL
    net_pence = 65_000
    vat_pence = 13_000
    status = MembershipStatus.ACTIVE
    start_date = datetime.date(2026, 1, 10)
    end_date = datetime.date(2027, 1, 10)
    renewal_date = datetime.date(2027, 1, 10)


class PendingChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PendingChange

    membership = factory.SubFactory(MembershipFactory)
    tier = factory.SubFactory(TierFactory, code="gold")
    billing_cycle = Cycle.ANNUAL
    amount_pence = 12_000
    pay_url = "https://pay.example.com/i/in_1"
    expires_at = factory.LazyFunction(lambda: timezone.now() + datetime.timedelta(hours=23))


class ListingExceptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ListingException

    property = factory.SubFactory(PropertyFactory)
    tier = factory.SubFactory(TierFactory, code="bronze")
    reason = "Their bank is changing hands."
    until = factory.LazyFunction(lambda: day_of(timezone.now()) + datetime.timedelta(days=30))
    granted_by = "bob@example.com"
    granted_at = factory.LazyFunction(timezone.now)


class PaymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Payment

    membership = factory.SubFactory(MembershipFactory)
    owner = factory.SelfAttribute("membership.owner")
    kind = PaymentKind.INVOICE
    stripe_object_id = factory.Sequence(lambda n: f"in_test{n}")
    stripe_customer_id = factory.SelfAttribute("membership.stripe_customer_id")
    description = "Silver yearly membership"
    currency = "gbp"
    net_pence = 65_000
    vat_pence = 13_000
    gross_pence = 78_000
    paid_at = factory.LazyFunction(timezone.now)


class SubscriptionProblemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SubscriptionProblem

    stripe_subscription_id = factory.Sequence(lambda n: f"sub_parked{n}")
    stripe_customer_id = factory.Sequence(lambda n: f"cus_parked{n}")
    reason = "The price price_1 belongs to no tier."
    first_seen_at = factory.LazyFunction(timezone.now)
    last_seen_at = factory.SelfAttribute("first_seen_at")


class IncomingEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IncomingEvent

    stripe_id = factory.Sequence(lambda n: f"evt_test{n}")
    type = "invoice.paid"
    stripe_customer_id = factory.Sequence(lambda n: f"cus_event{n}")
    body = "{}"
    error = "Stripe could not be reached, or had too much to do.\nStripeUnavailable: 503"
    attempts = 3
    received_at = factory.LazyFunction(timezone.now)
    next_try_at = factory.SelfAttribute("received_at")


class ReconcileRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReconcileRun

    started_at = factory.LazyFunction(timezone.now)
    finished_at = factory.SelfAttribute("started_at")
    counts = factory.LazyFunction(lambda: {"subscriptions": 3, "invoices": 9})


class EpisodeFactory(factory.django.DjangoModelFactory):
    """A payment that failed just now, with a reason that may pass."""

    class Meta:
        model = Episode

    membership = factory.SubFactory(MembershipFactory, status=MembershipStatus.PAST_DUE)
    stripe_invoice_id = factory.Sequence(lambda n: f"in_failing{n}")
    first_failed_at = factory.LazyFunction(timezone.now)
    last_failed_at = factory.SelfAttribute("first_failed_at")
    amount_pence = 78_000
    attempt_count = 1
    decline_code = "insufficient_funds"
    pay_url = "https://pay.example/i/1"


class PaymentMethodFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PaymentMethod

    membership = factory.SubFactory(MembershipFactory)
    stripe_id = factory.Sequence(lambda n: f"pm_test{n}")
    kind = "card"
    brand = "visa"
    last4 = "4242"
    exp_month = 12
    exp_year = 2034
    seen_at = factory.LazyFunction(timezone.now)


class NoticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Notice

    kind = NoticeKind.PAST_DUE_FIRST
    subject_id = factory.Sequence(lambda n: f"in_told{n}")
    owner = factory.SubFactory(OwnerFactory)
    to = factory.SelfAttribute("owner.user.email")
    title = "The payment did not go through"
    text = "Hello Olive,\n\nthe payment did not go through."
    created_at = factory.LazyFunction(timezone.now)


class ClosedMonthFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClosedMonth

    month = datetime.date(2026, 3, 1)
    closed_at = factory.LazyFunction(timezone.now)
    closed_by = "bob@example.com"
    figures = factory.LazyFunction(dict)
