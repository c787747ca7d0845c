"""Mail: what owners were sent, kept as proof, and what the queue could not deliver."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from post_office.models import STATUS, Email
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, label, lines, link, moment, two_lines
from accounts.admin_filters import ChoiceFilter, DayRangeFilter, OwnerFilter
from accounts.mail_delivery import explain, last_failure, try_again, with_failures
from billing.deliveries import follow_anew
from billing.models import Notice, NoticeKind
from crm.admin.filters import CreatedFilter

TONES = {"sent": "live", "refused": "rejected", "delayed": "new"}
QUEUE_STATES = {
    STATUS.sent: ("Sent", "live"),
    STATUS.failed: ("Given up", "rejected"),
    STATUS.requeued: ("Tried again later", "new"),
    STATUS.queued: ("Waiting to be sent", ""),
}


class KindFilter(ChoiceFilter):
    title = "mail"
    parameter_name = field = "kind"

    def options(self, request: HttpRequest) -> Iterable[tuple[str, Any]]:
        return NoticeKind.choices


class DeliveryFilter(ChoiceFilter):
    title = "delivery"
    parameter_name = "delivery"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("refused", "Not delivered"), ("waiting", "Not sent yet"), ("sent", "Sent")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        if value == "sent":
            return rows.filter(sent_at__isnull=False)
        return rows.refused() if value == "refused" else rows.unsettled()


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What an owner was told, when and how it went: nobody changes it afterwards."""

    row_name, rows_name = "mail", "mails"
    related = ("owner__user__crm_record", "house__crm_record")
    list_display = ("what", "whom", "state", "queued", "sent")
    list_filter = (DeliveryFilter, KindFilter, CreatedFilter, OwnerFilter)
    search_fields = ("to", "title", "subject_id")
    search_help_text = "Address, subject, Stripe id"
    fields = ("what", "whom", "to", "state", "failure", "queued", "sent", "about", "words")
    readonly_fields = fields
    empty_title = "No mail yet"
    empty_text = "Receipts, approvals, reminders and renewal notices to owners are kept here."

    @display(description="Mail", ordering="title")
    def what(self, notice: Notice) -> SafeString:
        return two_lines(notice.title, notice.get_kind_display())

    @display(description="Owner", ordering="to")
    def whom(self, notice: Notice) -> SafeString | str:
        record = getattr(notice.owner.user, "crm_record", None) if notice.owner else None
        return two_lines(link(record), notice.to) if record else notice.to

    @display(description="State")
    def state(self, notice: Notice) -> SafeString:
        shown = label(notice.state_in_words, TONES.get(notice.state, ""))
        return two_lines(shown, notice.failure)

    @display(description="Queued", ordering="created_at")
    def queued(self, notice: Notice) -> str:
        return moment(notice.created_at)

    @display(description="Sent", ordering="sent_at")
    def sent(self, notice: Notice) -> str:
        return moment(notice.sent_at)

    @display(description="About")
    def about(self, notice: Notice) -> SafeString | str:
        return link(getattr(notice.house, "crm_record", None)) if notice.house else NOTHING

    @display(description="Text")
    def words(self, notice: Notice) -> SafeString | str:
        return lines(notice.text)


class QueueStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [("failed", "Given up"), ("requeued", "Tried again later"), ("queued", "Waiting")]

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.filter(status=getattr(STATUS, value))


class QueuedFilter(DayRangeFilter):
    title = "day"
    field = "created"


@admin.register(Email)
class QueueAdmin(ReadOnlyAdmin):
    """All mail, with the reason where it did not go out. No text: some holds links to log in."""

    row_name, rows_name = "mail", "mails"
    change_form_template = "admin/change_form.html"  # the queue brings one of its own
    actions = ("queue_anew",)
    list_display = ("mail_and_address", "state_and_why", "tries_and_next", "queued")
    list_filter = (QueueStateFilter, QueuedFilter)
    search_fields = ("to", "subject")
    search_help_text = "Address or subject"
    ordering = ("-created", "-pk")
    fields = ("what", "whom", "state", "why", "tries", "next_try", "queued")
    readonly_fields = fields
    empty_title = "No mail yet"
    empty_text = "Every mail stands here, with the reason if it could not be delivered."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        return with_failures(super().get_queryset(request))

    def has_queue_anew_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("post_office.change_email")

    @admin.action(description="Try again now", permissions=["queue_anew"])
    def queue_anew(self, request: HttpRequest, queryset: QuerySet[Email]) -> None:
        mails = list(queryset)
        count = try_again(mails, now=timezone.now())
        follow_anew(mails)
        if count:
            messages.success(request, f"{count} to be tried again within five minutes.")
        else:
            messages.info(request, "Nothing to try again: only mail that failed can be.")

    @display(description="Mail", ordering="subject")
    def mail_and_address(self, mail: Email) -> SafeString:
        return two_lines(self.what(mail), self.whom(mail))

    @display(description="State", ordering="status")
    def state_and_why(self, mail: Email) -> SafeString:
        why = self.why(mail)
        return two_lines(self.state(mail), "" if why == NOTHING else why)

    @display(description="Failures", ordering="number_of_retries")
    def tries_and_next(self, mail: Email) -> SafeString:
        following = self.next_try(mail)
        return two_lines(self.tries(mail), "" if following == NOTHING else f"Next: {following}")

    @display(description="Mail", ordering="subject")
    def what(self, mail: Email) -> str:
        return mail.subject or "(no subject)"

    @display(description="To", ordering="to")
    def whom(self, mail: Email) -> str:
        return ", ".join(mail.to)

    @display(description="State", ordering="status")
    def state(self, mail: Email) -> SafeString:
        if mail.expires_at and mail.status == STATUS.queued:
            return label("Withdrawn")
        return label(*QUEUE_STATES.get(mail.status, ("Not queued", "")))

    @display(description="Why")
    def why(self, mail: Email) -> str:
        failure = last_failure(mail)
        return explain(failure) if failure and mail.status != STATUS.sent else NOTHING

    @display(description="Failures", ordering="number_of_retries")
    def tries(self, mail: Email) -> str:
        return str(len(mail.failures))

    @display(description="Next try", ordering="scheduled_time")
    def next_try(self, mail: Email) -> str:
        waits = mail.status in (STATUS.queued, STATUS.requeued) and not mail.expires_at
        return moment(mail.scheduled_time) if waits else NOTHING

    @display(description="Queued", ordering="created")
    def queued(self, mail: Email) -> SafeString:
        day_and_hour = moment(mail.created).split(", ")
        return two_lines(*day_and_hour)
