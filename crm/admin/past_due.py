"""The board of failing payments: who owes what, why, what was said, and what staff can do."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.decorators import display

from accounts.admin_base import ReadOnlyAdmin
from accounts.admin_columns import NOTHING, day, label, link, link_to, moment, money, two_lines
from accounts.admin_filters import ChoiceFilter
from accounts.london import day_of
from billing.dunning.causes import reason_for
from billing.dunning.plan import GRACE_DAYS, grace_ends_on, is_on_call_list
from billing.dunning.reminding import DUNNING
from billing.models import Cause, Episode, Notice, Outcome, ReminderPause
from crm.admin.past_due_steps import PastDueSteps
from crm.models import Interaction

OPEN = "open"
CAUSE_TONES = {Cause.SOFT: "new", Cause.NEW_CARD: "past_due", Cause.AUTHENTICATION: "contacted"}
OUTCOME_TONES = {Outcome.PAID: "live", Outcome.ENDED: "past_due"}


class StateFilter(ChoiceFilter):
    """Open ones unless asked for others: it is a board of what is to be done."""

    title = "state"
    parameter_name = "state"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [(OPEN, "Failing now"), *Outcome.choices]

    def value(self) -> str:
        known = {OPEN, *Outcome.values}
        return chosen if (chosen := super().value()) in known else OPEN

    def narrow(self, rows: QuerySet, value: str) -> QuerySet:
        return rows.open() if value == OPEN else rows.filter(outcome=value)


class CauseFilter(ChoiceFilter):
    title = "cause"
    parameter_name = field = "cause"

    def options(self, request: HttpRequest) -> Iterable[tuple[str, Any]]:
        return Cause.choices


def with_contacts(rows: QuerySet[Episode], now: datetime) -> QuerySet[Episode]:
    """Add what was said, by mail and otherwise, and the pause that runs."""
    notices = Notice.objects.filter(membership=OuterRef("membership"), kind__in=DUNNING)
    person = OuterRef("membership__owner__user")
    spoken = Interaction.objects.filter(contact__user=person).order_by("-created_at")
    pauses = ReminderPause.objects.on(day_of(now)).filter(membership=OuterRef("membership"))
    return rows.annotate(
        mails_sent=Count("notices", filter=Q(notices__kind__in=DUNNING)),
        last_mail_at=Subquery(notices.order_by("-created_at").values("created_at")[:1]),
        last_spoken_at=Subquery(spoken.values("created_at")[:1]),
        paused_until=Subquery(pauses.values("until")[:1]),
        pause_reason=Subquery(pauses.values("reason")[:1], output_field=CharField()),
    )


@admin.register(Episode)
class EpisodeAdmin(PastDueSteps, ReadOnlyAdmin):
    row_name, rows_name = "failing payment", "failing payments"
    related = (
        "membership__owner__user__crm_record",
        "membership__tier",
        "membership__property",
        "membership__payment_method",
    )
    list_display = ("owed", "member", "course", "reason", "contact_or_pause")
    list_display_links = ("owed",)
    list_filter = (StateFilter, CauseFilter)
    search_fields = (
        "membership__owner__user__email",
        "membership__owner__user__last_name",
        "membership__owner__phone",
        "membership__property__title",
        "stripe_invoice_id",
    )
    search_help_text = "Member's e-mail, surname or phone, house, invoice"
    ordering = (F("closed_at").desc(nulls_first=True), "first_failed_at", "pk")
    fields = (
        "member",
        "house",
        "owed",
        "since",
        "ends",
        "tries",
        "tries_in_30_days",
        "reason",
        "contact",
        "paused",
        "pay_link",
        "stripe_invoice_id",
    )
    readonly_fields = tuple(name for name in fields if name != "stripe_invoice_id")
    change_form_outer_before_template = "admin/crm/past_due/steps.html"
    change_form_outer_after_template = "admin/crm/past_due/mails.html"
    empty_title = "Nobody owes anything"
    empty_text = "When a payment fails, the member stands here until it is paid or over."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Episode]:
        return with_contacts(super().get_queryset(request), timezone.now())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        episode = kwargs.get("obj")
        if episode is not None:
            context["notices"] = Notice.objects.filter(episode=episode)
            context["steps"] = self.offered_steps(request, episode)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Member", ordering="membership__owner__user__last_name")
    def member(self, episode: Episode) -> SafeString | str:
        owner = episode.membership.owner
        if owner is None:
            return NOTHING
        url = _contact_url(owner)
        name = link_to(url, owner.name) if url else owner.name
        if not owner.phone:
            return two_lines(name, owner.user.email)
        phone = format_html('<a href="tel:{}">{}</a>', owner.phone.replace(" ", ""), owner.phone)
        return two_lines(name, phone)

    @display(description="Owed", ordering="amount_pence")
    def owed(self, episode: Episode) -> SafeString:
        membership = episode.membership
        plan = f"{membership.tier.name}, {membership.get_billing_cycle_display().lower()}"
        return two_lines(money(episode.amount_pence), plan)

    @display(description="Failing", ordering="first_failed_at")
    def since(self, episode: Episode) -> SafeString:
        days = episode.days(timezone.now())
        return two_lines(f"Day {days} of {GRACE_DAYS}", f"since {day(episode.first_failed_at)}")

    @display(description="Failing", ordering="first_failed_at")
    def course(self, episode: Episode) -> SafeString:
        days, count = episode.days(timezone.now()), episode.attempt_count
        tries = f"{count} {'try' if count == 1 else 'tries'}"
        following = episode.next_attempt_at
        then = f"next {short_moment(following)}" if following else "none planned"
        return two_lines(
            format_html("Day {} of {} {}", days, GRACE_DAYS, _mark(episode)), f"{tries}, {then}"
        )

    @display(description="Tries", ordering="attempt_count")
    def tries(self, episode: Episode) -> SafeString:
        count = episode.attempt_count
        following = moment(episode.next_attempt_at)
        then = f"next {following}" if episode.next_attempt_at else "none planned"
        return two_lines(f"{count} {'try' if count == 1 else 'tries'}", then)

    @display(description="Why", ordering="decline_code")
    def reason(self, episode: Episode) -> SafeString:
        words = reason_for(episode.decline_code).staff
        method = getattr(episode.membership, "payment_method", "")
        short = label(_short(episode), CAUSE_TONES[Cause(episode.cause)])
        return two_lines(words, format_html("{} {}", short, method))

    @display(description="Last contact")
    def contact(self, episode: Episode) -> SafeString:
        count = episode.mails_sent
        mails = f"{count} mail{'' if count == 1 else 's'} sent"
        return two_lines(_last_contact(episode), mails)

    @display(description="Last contact")
    def contact_or_pause(self, episode: Episode) -> SafeString:
        if not episode.paused_until:
            return self.contact(episode)
        until = date_format(episode.paused_until, "j M")
        return two_lines(_last_contact(episode), label(f"Paused to {until}", "paused"))

    @display(description="House")
    def house(self, episode: Episode) -> SafeString | str:
        house = episode.membership.property
        return link(getattr(house, "crm_record", None)) if house else NOTHING

    @display(description="Listing stays until")
    def ends(self, episode: Episode) -> str:
        return day(grace_ends_on(episode.first_failed_at))

    @display(description="Charged in 30 days")
    def tries_in_30_days(self, episode: Episode) -> str:
        return f"{episode.recent_tries} of 15 times that banks allow, as last counted at Stripe"

    @display(description="Reminders")
    def paused(self, episode: Episode) -> str:
        if not episode.paused_until:
            return "Go out as planned"
        return f"Paused until {day(episode.paused_until)}: {episode.pause_reason}"

    @display(description="Page to pay on")
    def pay_link(self, episode: Episode) -> SafeString | str:
        return link_to(episode.pay_url, "Stripe's page") if episode.pay_url else NOTHING


def short_moment(value: datetime) -> str:
    """Without the year: on this board all is of these weeks."""
    return date_format(localtime(value), "j M, H:i")


def _contact_url(owner: Any) -> str:
    record = getattr(owner.user, "crm_record", None)
    return reverse("admin:crm_contact_change", args=[record.pk]) if record else ""


def _short(episode: Episode) -> str:
    return {Cause.SOFT: "May pass", Cause.NEW_CARD: "New card"}.get(Cause(episode.cause), "Bank")


def _last_contact(episode: Episode) -> str:
    last = max(filter(None, (episode.last_mail_at, episode.last_spoken_at)), default=None)
    return short_moment(last) if last else "None yet"


def _mark(episode: Episode) -> SafeString | str:
    """What became of it, or whether somebody should phone."""
    if episode.closed_at:
        outcome = Outcome(episode.outcome)
        return label(outcome.label, OUTCOME_TONES.get(outcome, ""))
    cycle, tier = episode.membership.billing_cycle, episode.membership.tier.code
    calls = is_on_call_list(episode.first_failed_at, cycle, tier, timezone.now())
    return label("Call", "new") if calls else ""
