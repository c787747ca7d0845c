"""What Stripe sends: stored at once, each event one time, and processed by the worker."""

from billing.inbox.intake import take_in
from billing.inbox.keeping import forget_old
from billing.inbox.processing import Tally, work_off, work_off_due
from billing.inbox.tries import try_again

__all__ = ["Tally", "forget_old", "take_in", "try_again", "work_off", "work_off_due"]
