"""Writes the ledger of what owners paid and got back: each step of a Stripe object once."""

from dataclasses import asdict

from billing.entries import Entry
from billing.models import Membership, Payment
from billing.revenue.tallies import CASH


def record_payments(membership: Membership, entries: list[Entry]) -> list[Payment]:
    """Write the rows that are missing and return them; add the fees that were not known before."""
    ids = {entry.stripe_object_id for entry in entries}
    known = {row.key: row for row in Payment.objects.filter(stripe_object_id__in=ids)}
    for entry in entries:
        row = known.get(entry.key)
        if row and row.fee_pence is None and entry.fee_pence is not None:
            CASH.add([row], sign=-1)
            row.learn_fee(entry.fee_pence)
            CASH.add([row])
    return [_record(membership, entry) for entry in entries if entry.key not in known]


def _record(membership: Membership, entry: Entry) -> Payment:
    owner = membership.owner
    return Payment.objects.create(
        **asdict(entry),
        stripe_customer_id=membership.stripe_customer_id,
        membership=membership,
        owner=owner,
        owner_name=(owner.company or owner.name) if owner else "",
        description=str(membership),
    )
