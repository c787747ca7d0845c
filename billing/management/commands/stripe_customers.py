from collections import Counter
from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError

from billing import customer_details
from billing.gateway import StripeUnavailable
from billing.models import Customer

NOT_DONE = 2


class Command(BaseCommand):
    help = (
        "Tell Stripe of owners whose name, e-mail address or telephone number has changed, so that "
        "its receipts go to the right mailbox. Exit code 2 when Stripe did not take them all."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        customer_details.forget_erased()
        counts: Counter[str] = Counter()
        for customer in list(customer_details.outdated()):
            counts[self._tell(customer)] += 1
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("updated", "gone", "failed"))
        self.stdout.write(told)
        if counts["failed"]:
            raise CommandError(f"Stripe refused {counts['failed']:,}.", returncode=NOT_DONE)

    def _tell(self, customer: Customer) -> str:
        try:
            return "updated" if customer_details.tell(customer) else "gone"
        except StripeUnavailable as error:
            if not isinstance(error.__cause__, stripe.InvalidRequestError):
                said = "Stripe did not answer. What it was not told, it is told the next time."
                raise CommandError(said, returncode=NOT_DONE) from error
            self.stderr.write(f"{customer}: {error.__cause__.user_message}")
            return "failed"
