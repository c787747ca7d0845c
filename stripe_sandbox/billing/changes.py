"""A change of what a subscription is for: worked out, shown beforehand, carried out."""

from dataclasses import dataclass, field

from stripe_sandbox.billing import (
    bank,
    invoices,
    pending,
    prorations,
    renewals,
    schedules,
    trials,
)
from stripe_sandbox.billing.payments import charge_intent, create_intent
from stripe_sandbox.billing.subscriptions import (
    announce_change,
    create_item,
    items_of,
    period_end,
    restart_period,
    set_price,
    step_of,
)
from stripe_sandbox.errors import ConfirmationNeeded, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox


@dataclass
class Wish:
    """What one item is to be; a new one if `item` is None."""

    item: dict | None
    price: dict
    quantity: int
    gone: bool = False

    def alters(self) -> bool:
        if self.counts():
            return True
        now = (self.item["price"]["id"], self.item["quantity"])
        return now != (self.price["id"], self.quantity)

    def counts(self) -> bool:
        """Whether there will be more or fewer items."""
        return self.item is None or self.gone

    def steps_differently(self) -> bool:
        return bool(self.item) and step_of(self.item["price"]) != step_of(self.price)


@dataclass
class How:
    """How a change is charged; `moment` is from when it is prorated."""

    moment: int
    behavior: str = "create_prorations"
    restart: bool = False
    refuse_unpaid: bool = False
    wait_unpaid: bool = False
    metadata: dict = field(default_factory=dict)


@dataclass
class Outcome:
    """What a change leads to: new invoice items, and whether a new period began."""

    waiting: list[dict]
    restarted: bool


def work_out(sandbox: Sandbox, subscription: dict, wishes: list[Wish], how: How) -> Outcome:
    """Change `subscription`, a copy; keep and charge nothing yet."""
    wishes = [wish for wish in wishes if wish.alters()]
    on_trial = subscription["status"] == "trialing"
    restarts = not on_trial and (how.restart or any(wish.steps_differently() for wish in wishes))
    affected = items_of(subscription) if restarts else [wish.item for wish in wishes if wish.item]
    prorated = how.behavior != "none" and not on_trial
    credits = [
        entry
        for item in (affected if prorated else [])
        for entry in prorations.credit(sandbox, subscription, item, how.moment)
    ]
    changed = [item for wish in wishes if (item := grant(sandbox, subscription, wish))]
    require_one_step(subscription)
    if subscription["schedule"] and (restarts or any(wish.counts() for wish in wishes)):
        message = "The sandbox needs the subscription schedule to be released first."
        raise ParameterInvalid("items", message)
    if restarts:
        restart_period(subscription, sandbox.now())
    charged = changed if prorated and not restarts else []
    debits = [prorations.charge(sandbox, subscription, item, how.moment) for item in charged]
    return Outcome(credits + debits, restarts)


def grant(sandbox: Sandbox, subscription: dict, wish: Wish) -> dict | None:
    """The item as wished; None if it is gone."""
    item = wish.item
    if wish.gone:
        items_of(subscription).remove(item)
        return None
    if item is None:
        first = items_of(subscription)[0]
        item = create_item(sandbox, subscription, wish.price, wish.quantity)
        for name in ("current_period_start", "current_period_end"):
            item[name] = first[name]
        items_of(subscription).append(item)
    item["quantity"] = wish.quantity
    return set_price(item, wish.price)


def require_one_step(subscription: dict) -> None:
    if not items_of(subscription):
        raise ParameterInvalid("items", "A subscription must have at least one active item.")
    if len({step_of(item["price"]) for item in items_of(subscription)}) > 1:
        message = "The sandbox only has subscriptions whose items all have the same interval."
        raise ParameterInvalid("items", message)


def bill_now(
    sandbox: Sandbox, subscription: dict, outcome: Outcome, how: How
) -> invoices.Bill | None:
    """What is invoiced at once, if anything is."""
    if not outcome.restarted and (how.behavior != "always_invoice" or not outcome.waiting):
        return None
    return invoices.Bill(
        "subscription_update",
        (sandbox.now(), sandbox.now()),
        items_of(subscription) if outcome.restarted else [],
        prorations.waiting_for(sandbox, subscription) + outcome.waiting,
    )


def carry_out(
    sandbox: Sandbox, subscription: dict, before: dict, outcome: Outcome, how: How
) -> dict:
    """Return the subscription as it is then."""
    bill = bill_now(sandbox, subscription, outcome, how)
    method = renewals.paying_method(sandbox, subscription)
    unpaid = bill and (how.refuse_unpaid or how.wait_unpaid)
    unpaid = unpaid and not is_payable(sandbox, subscription, bill, method)
    if unpaid and method is None:
        message = "This customer has no attached payment source or default payment method."
        raise ParameterInvalid("payment_behavior", message, "resource_missing")
    if unpaid and how.refuse_unpaid:
        refuse(sandbox, subscription, bill, method)
    for entry in outcome.waiting:
        sandbox.record("invoiceitem.created", sandbox.save(entry))
    if unpaid:
        return pending.begin(sandbox, subscription, bill, method, how.metadata)
    schedules.follow_items(sandbox, subscription)
    if bill is None:
        announce_change(sandbox, subscription, before)
    else:
        renewals.charge_bill(sandbox, subscription, bill, before)
    return subscription


def due_for(sandbox: Sandbox, subscription: dict, bill: invoices.Bill) -> int:
    return invoices.compose(sandbox, subscription, bill, "in_asked")["amount_due"]


def is_payable(
    sandbox: Sandbox, subscription: dict, bill: invoices.Bill, method: dict | None
) -> bool:
    if not due_for(sandbox, subscription, bill):
        return True
    return bool(method and bank.ask(method, sandbox.now()).paid)


def refuse(sandbox: Sandbox, subscription: dict, bill: invoices.Bill, method: dict) -> None:
    """error_if_incomplete: a refused card leaves a failed charge, and all else as it was."""
    intent = create_intent(
        sandbox,
        amount=due_for(sandbox, subscription, bill),
        currency=subscription["currency"],
        customer=subscription["customer"],
        description="Subscription update",
    )
    answer = charge_intent(sandbox, intent, method)
    if answer.result == bank.ASKS:
        raise ConfirmationNeeded("subscription", intent["id"])
    raise answer.error(charge=intent["latest_charge"])


def next_bill(sandbox: Sandbox, subscription: dict, outcome: Outcome) -> invoices.Bill:
    """What the next renewal invoices; moves `subscription`, a copy, on to that period."""
    phase = schedules.next_phase(sandbox, subscription, period_end(subscription))
    if phase:
        schedules.enter(sandbox, subscription, phase)
    trials.convert(subscription)
    waiting = prorations.waiting_for(sandbox, subscription) + outcome.waiting
    period = renewals.move_period(subscription)
    return invoices.Bill("upcoming", period, items_of(subscription), waiting)
