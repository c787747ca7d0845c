from django.db import models


class Lease(models.Model):
    """Who may write about one customer or one subscription of Stripe, and until when.

    See billing/locks.py.
    """

    name = models.CharField(max_length=255, unique=True)  # Stripe's id
    token = models.CharField(max_length=32)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
