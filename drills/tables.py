"""What two runs must agree on, laid side by side row by row."""

from typing import Any

from django.db.models import Model

from billing.models import (
    IncomingEvent,
    Membership,
    Payment,
    RevenueChange,
    RevenueSpan,
    SubscriptionProblem,
)
from crm.models import Contact, MembershipRecord, PropertyRecord
from listings.models import Property

# What a row is known by in both runs.
KEYS: dict[type[Model], str] = {
    Membership: "stripe_subscription_id",
    Payment: "stripe_object_id",
    RevenueSpan: "stripe_subscription_id",
    RevenueChange: "account",
    SubscriptionProblem: "stripe_subscription_id",
    Property: "pk",
    Contact: "pk",
    PropertyRecord: "property_id",
    MembershipRecord: "stripe_subscription_id",
}
# What tells the rows of one key apart.
SECOND = {Payment: "step", RevenueSpan: "starts_on", RevenueChange: "day"}
# Keys and clocks of our own, which differ in any two runs.
OURS = {"id", "created_at", "updated_at", "membership_id", "expired_at", "attempts"}
OURS |= {"first_seen_at", "last_seen_at", "resolved_at", "last_activity_date"}

Rows = dict[str, dict[str, Any]]


def rows() -> Rows:
    return {
        f"{model._meta.label} {row[key]}": row
        for model, key in KEYS.items()
        for row in _of(model, key)
    }


def _of(model: type[Model], key: str) -> list[dict[str, Any]]:
    hidden = OURS - {key}
    second = SECOND.get(model)
    found = []
    for row in model._base_manager.order_by(key, *([second] if second else [])).values():
        shown = {name: value for name, value in row.items() if name not in hidden}
        shown[key] = row["id"] if key == "pk" else row[key]
        if second:
            shown[key] = f"{row[key]} {row[second]}"
        if "membership_id" in row:
            shown["membership"] = _subscription_of(row["membership_id"])
        found.append(shown)
    return found


def _subscription_of(membership_id: int | None) -> str:
    membership = Membership.objects.filter(pk=membership_id).first()
    return membership.stripe_subscription_id if membership else ""


def differences(expected: Rows, found: Rows) -> list[str]:
    lines = []
    for name in sorted(expected.keys() | found.keys()):
        before, after = expected.get(name), found.get(name)
        if before != after:
            lines.append(f"{name}: {_contrast(before, after)}")
    return lines


def _contrast(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    if before is None or after is None:
        return "too much" if before is None else "missing"
    names = [name for name in before if before[name] != after.get(name)]
    return ", ".join(f"{name} {before[name]!r} is {after.get(name)!r}" for name in names)


def states() -> dict[str, int]:
    names = IncomingEvent.objects.values_list("status", flat=True)
    return {name: sum(each == name for each in names) for name in sorted(set(names))}
