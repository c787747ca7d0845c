"""Owners change plans; banks refuse, staff give back: all of it as real objects at Stripe."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from billing import changing, gateway
from billing.models import Membership, Payment, PaymentKind, Plan
from billing.models.plans import STRIPE_INTERVALS
from crm.demo.happenings import (
    BankSays,
    ChangePlan,
    Credit,
    DecideDispute,
    Dispute,
    GiveBack,
    GiveCoupon,
    Hold,
)
from crm.demo.houses import HousePlan
from crm.demo.telling.stage import Stage, by_owner, tell


@tell.register
def change_plan(happening: ChangePlan, stage: Stage) -> None:
    house = stage.house(happening.house)
    membership = Membership.objects.current().select_related("tier").get(property=house)
    plan = Plan.objects.on_sale().get(tier__code=happening.tier, cycle=happening.cycle)
    change = _change_now if changing.is_at_once(membership, plan) else _plan_change
    with by_owner(house):
        change(membership, plan)
    stage.sandbox.settle()


def _change_now(membership: Membership, plan: Plan) -> None:
    subscription = gateway.fetch_subscription(membership.stripe_subscription_id)
    gateway.change_now(
        subscription,
        changing.item_to_change(subscription)["id"],
        gateway.ensure_price(plan),
        proration_date=int(timezone.now().timestamp()),
        purchase=f"{membership.stripe_subscription_id}-{plan.lookup_key}",
    )


def _plan_change(membership: Membership, plan: Plan) -> None:
    gateway.plan_change(
        gateway.fetch_subscription(membership.stripe_subscription_id),
        gateway.ensure_price(plan),
        vat_rate=gateway.ensure_vat_rate(plan),
        interval=STRIPE_INTERVALS[plan.cycle],
    )


# --- Banks ----------------------------------------------------------------------------------------


@tell.register
def bank_says(happening: BankSays, stage: Stage) -> None:
    membership = membership_of(happening.house, stage)
    method = gateway.fetch_payment_method(membership.stripe_subscription_id)
    said: dict[str, Any] = {"decline_code": happening.code}
    if happening.code == "expired_card":
        last_month = timezone.now().replace(day=1) - timedelta(days=1)
        said = {"exp_month": last_month.month, "exp_year": last_month.year}
    stage.sandbox.bank_says(method["id"], said)


@tell.register
def dispute(happening: Dispute, stage: Stage) -> None:
    stage.sandbox.dispute(charge_of(happening.house, stage), happening.reason)


@tell.register
def decide_dispute(happening: DecideDispute, stage: Stage) -> None:
    membership = membership_of(happening.house, stage)
    disputes = membership.payments.filter(kind=PaymentKind.DISPUTE)
    charge = _charge(disputes.earliest("paid_at"))
    stage.sandbox.decide_dispute(charge, won=happening.won)


# --- Staff, at Stripe's dashboard -----------------------------------------------------------------


@tell.register
def give_back(happening: GiveBack, stage: Stage) -> None:
    amount = {"amount": happening.pence} if happening.pence else {}
    charge = charge_of(happening.house, stage)
    stage.sandbox.post("refunds", charge=charge, reason="requested_by_customer", **amount)


@tell.register
def credit(happening: Credit, stage: Stage) -> None:
    invoice = newest_payment(happening.house, stage).stripe_invoice_id
    pence = happening.pence
    stage.sandbox.post("credit_notes", invoice=invoice, amount=pence, credit_amount=pence)


@tell.register
def give_coupon(happening: GiveCoupon, stage: Stage) -> None:
    subscription = membership_of(happening.house, stage).stripe_subscription_id
    coupon = stage.sandbox.post(
        "coupons",
        name=f"{happening.percent} % off for {happening.months} months",
        percent_off=happening.percent,
        duration="repeating",
        duration_in_months=happening.months,
    )
    given = {"discounts[0][coupon]": coupon["id"]}
    stage.sandbox.post(f"subscriptions/{subscription}", **given)


@tell.register
def hold(happening: Hold, stage: Stage) -> None:
    subscription = membership_of(happening.house, stage).stripe_subscription_id
    pause = {
        "pause_collection[behavior]": "void",
        "pause_collection[resumes_at]": int(happening.until.timestamp()),
    }
    stage.sandbox.post(f"subscriptions/{subscription}", **pause)


def membership_of(house: HousePlan, stage: Stage) -> Membership:
    return Membership.objects.filter(property=stage.house(house)).latest("start_date", "pk")


def newest_payment(house: HousePlan, stage: Stage) -> Payment:
    return membership_of(house, stage).payments.filter(kind=PaymentKind.INVOICE).latest("paid_at")


def charge_of(house: HousePlan, stage: Stage) -> str:
    return _charge(newest_payment(house, stage))


def _charge(payment: Payment) -> str:
    invoice = gateway.fetch_invoice_with_payments(payment.stripe_invoice_id)
    [paid] = invoice["payments"]["data"]
    return paid["payment"]["payment_intent"]["latest_charge"]
