"""Opens, follows and closes the episode of a failing payment, from Stripe's invoices of now."""

from datetime import datetime
from typing import Any

from post_office.models import Email

from accounts.london import moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import Episode, Membership, MembershipStatus, Notice, Outcome

Invoices = list[dict[str, Any]]


def follow(membership: Membership, invoices: Invoices, *, now: datetime) -> Episode | None:
    """Make the episode say what the invoices say; return it if it has just begun or failed again.

    Runs in the transaction that saves the membership. Two open invoices are one sequence: the
    older one's.
    """
    owed = sorted(filter(is_failing, invoices), key=lambda invoice: invoice["created"])
    episode = Episode.objects.select_for_update().open().filter(membership=membership).first()
    if episode and not _goes_on(episode, membership, owed):
        close(episode, _outcome(episode, membership, invoices), now=now)
        episode = None
    if not owed or membership.status != MembershipStatus.PAST_DUE:
        return None
    return _write(episode, membership, owed)


def is_failing(invoice: dict[str, Any]) -> bool:
    return invoice.get("status") == "open" and bool(invoice.get("attempted")) and due(invoice) > 0


def due(invoice: dict[str, Any]) -> int:
    left = invoice.get("amount_remaining")
    return invoice["total"] if left is None else left


def _goes_on(episode: Episode, membership: Membership, owed: Invoices) -> bool:
    still_open = any(invoice["id"] == episode.stripe_invoice_id for invoice in owed)
    return still_open and membership.is_current


def _outcome(episode: Episode, membership: Membership, invoices: Invoices) -> Outcome:
    known = {invoice["id"]: invoice for invoice in invoices}
    invoice = known.get(episode.stripe_invoice_id, {})
    if shapes.is_paid(invoice):
        return Outcome.PAID
    return Outcome.WAIVED if membership.is_current else Outcome.ENDED


def close(episode: Episode, outcome: Outcome, *, now: datetime) -> None:
    """What is queued and not sent yet is taken back: nobody is reminded of what is paid."""
    episode.closed_at, episode.outcome = now, outcome
    episode.save(update_fields=["closed_at", "outcome"])
    waiting = Notice.objects.unsettled().filter(episode=episode)
    Email.objects.filter(notice__in=waiting).update(expires_at=now)
    waiting.update(withdrawn_at=now)


def _write(episode: Episode | None, membership: Membership, owed: Invoices) -> Episode | None:
    first = owed[0]
    columns = {
        # What the page to pay on and “charge now” take: a second open invoice comes after it.
        "amount_pence": due(first),
        "attempt_count": first.get("attempt_count") or 0,
        "next_attempt_at": _moment(first.get("next_payment_attempt")),
        "pay_url": first.get("hosted_invoice_url") or "",
    }
    episode = episode or Episode.objects.filter(stripe_invoice_id=first["id"]).first()
    if episode is None:
        columns["first_failed_at"] = _first_failure(first)
        return Episode.objects.create(
            membership=membership, stripe_invoice_id=first["id"], **columns
        )
    columns |= {"closed_at": None, "outcome": ""}  # one that was given up may be taken up again
    failed_again = columns["attempt_count"] != episode.attempt_count
    changed = [name for name, value in columns.items() if getattr(episode, name) != value]
    for name in changed:
        setattr(episode, name, columns[name])
    if changed:
        episode.save(update_fields=changed)
    return episode if failed_again else None


def _first_failure(invoice: dict[str, Any]) -> datetime:
    """An invoice is tried when it becomes final, about an hour after it was made."""
    final = (invoice.get("status_transitions") or {}).get("finalized_at")
    return moment_of_timestamp(final or invoice["created"])


def _moment(timestamp: int | None) -> datetime | None:
    return None if timestamp is None else moment_of_timestamp(timestamp)
