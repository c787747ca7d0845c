"""What billing tells the apps to its right."""

from django.dispatch import Signal

# sender: ListingException; exception: the row; now: the moment.
exception_granted = Signal()
exception_ended = Signal()
