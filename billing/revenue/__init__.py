"""Recurring revenue: from what Stripe says of each subscription to the movements of MRR."""

from billing.revenue.keeping import bring_into_line, follow, forget, keep_of_erased
from billing.revenue.moments import remember

__all__ = ["bring_into_line", "follow", "forget", "keep_of_erased", "remember"]
