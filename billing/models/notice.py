from typing import Self

from django.db import models
from django.db.models import Q
from post_office.models import Email

from accounts.models import Owner
from billing.models.dunning import Episode
from billing.models.membership import Membership
from listings.models import Property


class NoticeKind(models.TextChoices):
    """Every mail that the business sends an owner about membership and listing."""

    RECEIPT = "receipt", "Membership begun"
    SUBMITTED = "submitted", "Listing submitted"
    APPROVED = "approved", "Listing approved"
    REJECTED = "rejected", "Listing sent back"
    PAST_DUE_FIRST = "past_due_1", "Payment failed"
    PAST_DUE_REMINDER = "past_due_2", "Payment failed: reminder"
    PAST_DUE_LAST_CALL = "past_due_3", "Payment failed: last call"
    PAST_DUE_ENDED = "past_due_4", "Ended for want of payment"
    PAY_LINK = "pay_link", "Link to pay, sent by staff"
    ENDED = "ended", "Membership ended"
    RENEWAL_30 = "renewal_30", "Renews in 30 days"
    RENEWAL_7 = "renewal_7", "Renews in 7 days"
    CARD_30 = "card_30", "Card expires before the renewal"
    CARD_7 = "card_7", "Card expires: last notice"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unsettled(self) -> Self:
        """Queued, and neither delivered nor given up or withdrawn, as far as we know."""
        return self.filter(sent_at=None, given_up_at=None, withdrawn_at=None)

    def refused(self) -> Self:
        return self.filter(given_up_at__isnull=False)


class Notice(models.Model):
    """One mail to an owner, kept as the proof of what was said to whom and when.

    `subject_id` is what it is about (an invoice, a subscription and its day, a step of a house):
    about one thing there is one mail of a kind. The queue's row may go; this one stays.
    """

    kind = models.CharField(max_length=12, choices=NoticeKind)
    subject_id = models.CharField("about", max_length=300)
    owner = models.ForeignKey(
        Owner, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    house = models.ForeignKey(
        Property, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    episode = models.ForeignKey(
        Episode, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    mail = models.OneToOneField(
        Email, on_delete=models.SET_NULL, null=True, blank=True, related_name="notice"
    )
    to = models.EmailField("to", max_length=254)
    title = models.CharField("subject", max_length=300)
    text = models.TextField()
    created_at = models.DateTimeField("queued")
    sent_at = models.DateTimeField("sent", null=True, blank=True)
    given_up_at = models.DateTimeField("given up", null=True, blank=True)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)
    failure = models.CharField("reason", max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "mail to an owner"
        verbose_name_plural = "mails to owners"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="notice_of_owner")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="notice_once_for_each"),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="notice_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> str:
        if self.sent_at:
            return "sent"
        if self.given_up_at:
            return "refused"
        if self.withdrawn_at:
            return "withdrawn"
        return "delayed" if self.failure else "queued"

    @property
    def state_in_words(self) -> str:
        return STATES[self.state]


STATES = {
    "sent": "Sent",
    "refused": "Not delivered",
    "withdrawn": "Withdrawn before it was sent",
    "delayed": "Not delivered yet",
    "queued": "Waiting to be sent",
}
