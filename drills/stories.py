"""Lives of subscriptions, played in the sandbox: all their events, in the order they happened."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from accounts.tests.factories import OwnerFactory
from billing import gateway
from billing.models import Plan, Tier
from billing.tests.factories import PlanFactory, TierFactory
from listings.tests.factories import PropertyFactory
from stripe_sandbox.process import Running
from stripe_sandbox.shapes import present

DAY = 86_400
START = 1_701_388_800  # 1 December 2023: 34 months on is past, as all that Stripe tells of is
PAYS, PAYS_ONCE = "4242424242424242", "4000000000000341"
PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
# Events that tell us nothing are left out, as an endpoint's settings would.
TOLD = (
    *("checkout.session.completed", "customer.subscription.", "invoice.paid", "invoice.created"),
    *("invoice.payment_failed", "invoice.finalized", "invoice.voided", "charge.refunded"),
    *("charge.succeeded", "charge.dispute.", "refund.", "credit_note.", "customer.updated"),
    *("payment_method.attached", "invoice.payment_succeeded", "payment_intent."),
)

Turn = Callable[["Life"], None]


@dataclass
class Life:
    """One subscription, and what happens to it in which month."""

    running: Running
    api: Any
    customer: str
    subscription: str
    turns: dict[int, Turn]


# --- What may happen ------------------------------------------------------------------------------


def card_fails(life: Life) -> None:
    life.running.control.set_card(life.customer, PAYS_ONCE)


def new_card(life: Life) -> None:
    life.running.control.set_card(life.customer, PAYS)


def upgrade(life: Life) -> None:
    gold = gateway.ensure_price(Plan.objects.get(tier__code="gold", cycle="monthly"))
    item = life.api.subscriptions.retrieve(life.subscription)["items"]["data"][0]["id"]
    change = {"items": [{"id": item, "price": gold}], "proration_behavior": "always_invoice"}
    life.api.subscriptions.update(life.subscription, change)


def leave(life: Life) -> None:
    life.api.subscriptions.update(life.subscription, {"cancel_at_period_end": True})


def stay(life: Life) -> None:
    life.api.subscriptions.update(life.subscription, {"cancel_at_period_end": False})


def refund(life: Life) -> None:
    charge = life.api.charges.list({"customer": life.customer}).data[0]
    life.api.refunds.create({"charge": charge.id, "amount": charge.amount // 2})


def end(life: Life) -> None:
    life.running.control.cancel(life.subscription, at_period_end=False)


# By the month in which it happens; whoever is left alone renews each month.
LIVES: tuple[dict[int, Turn], ...] = (
    {},
    {3: card_fails, 4: new_card},
    {4: card_fails},
    {2: upgrade},
    {3: leave},
    {2: leave, 3: stay},
    {2: refund},
    {5: end},
    {2: upgrade, 4: refund, 6: leave},
    {1: card_fails, 2: new_card, 4: leave, 5: end},
)


# --- Playing them ---------------------------------------------------------------------------------


def play(running: Running, *, lives: int, months: int, seed: int) -> list[dict[str, Any]]:
    """Return the events, oldest first. Owners, houses and Stripe customers are in the database."""
    running.control.freeze(START)
    where = {"api": running.url}
    api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=where).v1
    draw = random.Random(seed)
    plans = [make_plan(code) for code in ("bronze", "silver", "gold")]
    everyone = []
    for number in range(lives):
        if number % 10 == 0:
            running.control.advance(DAY)
        turns = LIVES[number % len(LIVES)]
        everyone.append(
            begin(running, api, draw.choice(plans[: 2 if upgrade_in(turns) else 3]), turns)
        )
    for month in range(1, months + 1):
        for life in everyone:
            if turn := life.turns.get(month):
                try_turn(turn, life)
        running.control.advance(31 * DAY)
    return events_of(running)


def upgrade_in(turns: dict[int, Turn]) -> bool:
    return upgrade in turns.values()


def make_plan(code: str) -> Plan:
    TierFactory(code=code)
    pence = {"bronze": 4_500, "silver": 6_500, "gold": 8_500}[code]
    return PlanFactory(tier=Tier.objects.get(code=code), cycle="monthly", net_pence=pence)


def begin(running: Running, api: Any, plan: Plan, turns: dict[int, Turn]) -> Life:
    house = PropertyFactory(owner=OwnerFactory(), live=True)
    page = gateway.start_checkout(house.owner, plan, house=house, **PAGES)
    running.control.pay(page.rsplit("/", 1)[1], PAYS)
    bought = running.sandbox.all("subscription")[-1]
    return Life(running, api, bought["customer"], bought["id"], turns)


def try_turn(turn: Turn, life: Life) -> None:
    if running_still(life):
        turn(life)


def running_still(life: Life) -> bool:
    return life.running.sandbox.find(life.subscription)["status"] != "canceled"


def events_of(running: Running) -> list[dict[str, Any]]:
    told = (event for event in running.sandbox.all("event") if event["type"].startswith(TOLD))
    return [json.loads(json.dumps(present(event))) for event in told]
