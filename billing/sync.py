"""Brings one membership into line with Stripe: lock, fetch, derive, save.

Webhooks, reconcile and repair all call `refresh_membership`. Any event, in any order, any number
of times, leaves the same rows, because nothing is read from the event but the id.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Owner
from billing import gateway, notices, problems, revenue
from billing import stripe_shapes as shapes
from billing.deriving import derive
from billing.entries import Money, ledger_entries
from billing.ledger import record_payments
from billing.locks import alone_with_subscription
from billing.models import Customer, Membership
from billing.models.membership import CURRENT
from billing.pending_changes import follow_pending
from billing.publishing import ON_SHOW, is_excepted
from billing.scheduled_changes import follow_schedule
from billing.state import UnreadableSubscription, unreadable_if_garbled
from listings import lifecycle
from listings.models import Property

logger = logging.getLogger(__name__)

NOT_AT_STRIPE = (
    "Stripe does not know this subscription, so its membership stays as it was. Look whether it "
    "was sold in another Stripe account, or in the other of test and live mode; connect that one."
)
NO_OWNER = (
    "No owner belongs to its Stripe customer. At Stripe, give the subscription the metadata "
    "“owner” with the owner's number (in the address of the owner's page here), then look again."
)
CUSTOMER_DELETED = (
    "Its customer was deleted at Stripe, so it can never be charged again. Cancel it at Stripe, "
    "and ask its owner to buy a membership anew: that makes a new customer."
)


@alone_with_subscription
def refresh_membership(subscription_id: str, *, now: datetime) -> Membership | None:
    """Return the membership as Stripe's subscription says it is now.

    None for a checkout that was never paid, and for a subscription that cannot be read: that one
    is parked as a SubscriptionProblem, and what we had stays as it was. Where only a price or a
    planned change cannot be read, that alone stays as it was; the rest is followed.

    Raises StripeUnavailable.
    """
    subscription = gateway.fetch_subscription(subscription_id)
    if subscription is None:
        _miss(subscription_id, now)
        return None
    membership = _read(subscription, gateway.fetch_invoices(subscription_id), now)
    # Also of what has no membership here: what is paid in another currency is listed apart.
    revenue.follow(subscription, now=now)
    return membership


def _read(
    subscription: dict[str, Any], invoices: list[dict[str, Any]], now: datetime
) -> Membership | None:
    try:
        with unreadable_if_garbled():
            money = gateway.fetch_money(invoices)
        with transaction.atomic():  # of what cannot be read, nothing is half written
            return _apply(subscription, invoices, money, now)
    except UnreadableSubscription as problem:
        if problem.__cause__:
            logger.exception("Stripe's answer about %s has an odd form", subscription["id"])
        problems.park(subscription, str(problem), now=now)
        return None


def _miss(subscription_id: str, now: datetime) -> None:
    """Stripe never forgets a subscription: ours is from another account or mode, or mistyped."""
    logger.error("Stripe has no subscription %s", subscription_id)
    if Membership.objects.filter(stripe_subscription_id=subscription_id).exists():
        problems.park({"id": subscription_id}, NOT_AT_STRIPE, now=now)
    else:
        problems.resolve(subscription_id, now=now)  # there is nothing left to read
        revenue.forget(subscription_id, now=now)


def _apply(
    subscription: dict[str, Any], invoices: list[dict[str, Any]], money: Money, now: datetime
) -> Membership | None:
    known = Membership.objects.select_for_update()
    membership = known.filter(stripe_subscription_id=subscription["id"]).first()
    derived = derive(subscription, invoices, now, was_member=membership is not None)
    if derived is None:
        problems.resolve(subscription["id"], now=now)
        return membership
    columns, entries = derived.columns, ledger_entries(invoices, money)
    was = membership.status if membership else None
    membership = membership or Membership(stripe_subscription_id=subscription["id"])
    with unreadable_if_garbled():  # what follows below is no reading: its faults are our own
        columns["owner_id"] = _owner_id(subscription) or membership.owner_id
        columns["property_id"] = _house_id(subscription, membership, columns)
        _save_changes(membership, columns)
        record_payments(membership, entries)
    unread = _follow_changes(membership, subscription, invoices)
    _take_off_show(membership, now)
    _settle(subscription, membership, derived.unread or unread, now)
    notices.after_refresh(membership, subscription, invoices, was=was, now=now)
    return membership


def _follow_changes(
    membership: Membership, subscription: dict[str, Any], invoices: list[dict[str, Any]]
) -> str:
    """Keep changes to come as they are at Stripe; return why one cannot be read, or ""."""
    try:
        with transaction.atomic(), unreadable_if_garbled():
            follow_schedule(membership, subscription)
            follow_pending(membership, subscription, invoices)
    except UnreadableSubscription as problem:
        return f"Its planned change cannot be read. {problem}"
    return ""


def _save_changes(membership: Membership, columns: dict[str, Any]) -> None:
    """Save what differs; a membership that is as it was is not saved, so nothing is logged."""
    changed = [name for name, value in columns.items() if getattr(membership, name) != value]
    for name in changed:
        setattr(membership, name, columns[name])
    if membership._state.adding:
        membership.save()
    elif changed:
        membership.save(update_fields=[*changed, "updated_at"])


def _settle(
    subscription: dict[str, Any], membership: Membership, unread: str, now: datetime
) -> None:
    if unread:
        problems.park(subscription, unread, now=now)
    elif membership.owner_id is None and not _is_known(subscription):
        problems.park(subscription, NO_OWNER, now=now)
    elif membership.is_current and _customer_is_deleted(subscription):
        problems.park(subscription, CUSTOMER_DELETED, now=now)
    else:
        problems.resolve(subscription["id"], now=now)


def _customer_is_deleted(subscription: dict[str, Any]) -> bool:
    customer = subscription["customer"]
    return isinstance(customer, dict) and bool(customer.get("deleted"))


# --- Whose it is --------------------------------------------------------------------------------


def _is_known(subscription: dict[str, Any]) -> bool:
    return Customer.objects.filter(stripe_id=shapes.id_of(subscription["customer"])).exists()


def _owner_id(subscription: dict[str, Any]) -> int | None:
    """Return the owner by Stripe's customer id; our note on the subscription is the fallback."""
    customer_id = shapes.id_of(subscription["customer"])
    customer = Customer.objects.filter(stripe_id=customer_id).first()
    if customer:
        return customer.owner_id
    owner = Owner.objects.filter(pk=_noted_id(subscription, "owner")).first()
    if owner and not Customer.objects.filter(owner=owner).exists():
        Customer.objects.create(owner=owner, stripe_id=customer_id)
    return owner.pk if owner else None


def _noted_id(subscription: dict[str, Any], name: str) -> int | None:
    note = str((subscription.get("metadata") or {}).get(name, ""))
    return int(note) if note.isascii() and note.isdigit() and len(note) < 19 else None


# --- Its house ----------------------------------------------------------------------------------


def _house_id(
    subscription: dict[str, Any], membership: Membership, columns: dict[str, Any]
) -> int | None:
    """Return the house it is for: the one it has, else the one it was bought for.

    A webhook takes a house away only where it must: a membership that comes back to life finds
    its house under another current one, and a house has at most one. It is then unused.
    """
    wanted = membership.property_id or _house_bought_for(subscription, columns["owner_id"])
    others = Membership.objects.current().exclude(pk=membership.pk)
    taken = columns["status"] in CURRENT and others.filter(property=wanted).exists()
    return None if taken else wanted


def _house_bought_for(subscription: dict[str, Any], owner_id: int | None) -> int | None:
    houses = Property.objects.filter(pk=_noted_id(subscription, "property"), owner=owner_id)
    return houses.values_list("pk", flat=True).first()


def _take_off_show(membership: Membership, now: datetime) -> None:
    """Expire the listing of a membership that ended. One that recovers publishes nothing."""
    house = membership.property
    if membership.is_current or house is None or house.status not in ON_SHOW:
        return
    others = Membership.objects.current().filter(property=house)
    if not others.exists() and not is_excepted(house, now):
        lifecycle.expire(house, now=now)
