"""What staff do on the board: pause, go on, send the link, charge; each asked on its own page."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget

from accounts.templatetags.site import pounds
from accounts.text_input import PlainTextMixin
from billing.dunning import charging, desk
from billing.gateway import StripeUnavailable
from billing.models import Cause, Episode
from billing.patience import short_patience
from crm.admin.base import log
from crm.models import ActivityType, Entity

NO_ANSWER = "Stripe gave no answer, so nothing was done. Please try again in a few minutes."


class PauseForm(PlainTextMixin, forms.Form):
    until = forms.DateField(label="Reminders go on from", widget=UnfoldAdminDateWidget())
    reason = forms.CharField(
        label="Why", max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class PastDueSteps:
    """Mixed into the board. Who may change failing payments sees the buttons."""

    def has_step_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_episode")

    def get_urls(self) -> list[URLPattern]:
        views = {
            "charge": self.charge_view,
            "link": self.link_view,
            "pause": self.pause_view,
            "resume": self.resume_view,
        }
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"billing_episode_{name}",
            )
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def offered_steps(self, request: HttpRequest, episode: Episode) -> list[dict[str, str]]:
        if episode.closed_at or not self.has_step_permission(request):
            return []
        steps = [("link", "Send link…", "primary"), ("charge", "Charge now…", "")]
        steps.append(("pause", "Pause reminders…", ""))
        if episode.paused_until:
            steps.append(("resume", "Let reminders go on…", ""))
        return [
            {"label": label, "look": look, "url": _url(episode, name)}
            for name, label, look in steps
        ]

    # --- Pages ------------------------------------------------------------------------------------

    def charge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        episode = self._episode(request, object_id)
        now = timezone.now()
        try:
            if request.method == "POST":
                return self._charge(request, episode, now)
            with short_patience():
                offered = charging.offer(episode.pk, now=now)
        except StripeUnavailable:
            return _back(request, episode, messages.ERROR, NO_ANSWER)
        facts = [
            ("Amount", f"{pounds(offered.episode.amount_pence)}, VAT included"),
            ("Charged to", offered.method or "Nothing on file"),
            ("For", offered.episode.membership),
            ("Invoice", offered.episode.stripe_invoice_id),
            (
                "Charged in 30 days",
                f"{offered.episode.recent_tries} of {charging.MOST_TRIES} times",
            ),
        ]
        warning = ""
        if offered.episode.cause == Cause.NEW_CARD and not offered.obstacle:
            warning = (
                "If this is the card that the bank refused for good, it will be refused again."
            )
        return self._ask(
            request,
            episode,
            title="Charge now",
            text="The member is charged at once. Stripe's own tries go on as planned.",
            facts=facts,
            obstacle=offered.obstacle,
            warning=warning,
            button=f"Charge {pounds(offered.episode.amount_pence)} now",
        )

    def _charge(self, request: HttpRequest, episode: Episode, now: datetime) -> HttpResponse:
        try:
            words = charging.charge(episode.pk, now=now)
        except charging.ChargeRefused as refusal:
            return _back(request, episode, messages.ERROR, str(refusal))
        _log(episode, f"Charged by staff: {words}")
        level = messages.WARNING if "refused" in words else messages.SUCCESS
        return _back(request, episode, level, words)

    def link_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        episode = self._episode(request, object_id)
        if request.method == "POST":
            return self._take(request, episode, self._send_link)
        owner = episode.membership.owner
        facts = [
            ("To", owner.user.email if owner else "Nobody"),
            ("Amount", pounds(episode.amount_pence)),
        ]
        return self._ask(
            request,
            episode,
            title="Send link",
            text="The member gets a mail with the reason and the link to pay, now. It counts as a "
            "reminder: the next planned one waits a day at least.",
            facts=facts,
            button="Send the link",
        )

    def _send_link(self, episode: Episode, now: datetime) -> str:
        notice = desk.send_link(episode.pk, now=now)
        _log(episode, f"Link to pay sent to {notice.to}")
        return f"The link is on its way to {notice.to}."

    def pause_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        episode = self._episode(request, object_id)
        if episode.closed_at:  # else it would hold back the reminders of the next failure
            words = f"Nothing is owed any more: {episode.get_outcome_display().lower()}."
            return _back(request, episode, messages.ERROR, words)
        form = PauseForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
            try:
                return self._pause(request, episode, until, reason)
            except desk.NotNow as refusal:
                form.add_error("until", str(refusal))
        return self._ask(
            request,
            episode,
            title="Pause reminders",
            text="No reminder goes out before the day you choose; then they go on by themselves. "
            "Stripe's tries and the end of the membership are not affected.",
            form=form,
            button="Pause reminders",
        )

    def _pause(
        self, request: HttpRequest, episode: Episode, until: date, reason: str
    ) -> HttpResponse:
        who = request.user.email
        desk.pause(episode.membership, until=until, reason=reason, by=who, now=timezone.now())
        words = f"Reminders are paused until {until:%-d %B %Y}."
        _log(episode, words, reason)
        return _back(request, episode, messages.SUCCESS, words)

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        episode = self._episode(request, object_id)
        if request.method == "POST":
            return self._take(request, episode, self._resume)
        return self._ask(
            request,
            episode,
            title="Let reminders go on",
            text="The pause ends now. What is due goes out with the next hourly round.",
            button="Let them go on",
        )

    def _resume(self, episode: Episode, now: datetime) -> str:
        if not desk.resume(episode.membership, now=now):
            raise desk.NotNow("There was no pause any more.")
        _log(episode, "Reminders go on")
        return "Reminders go on."

    # --- Shared -----------------------------------------------------------------------------------

    def _episode(self, request: HttpRequest, object_id: str) -> Episode:
        if not self.has_step_permission(request):
            raise PermissionDenied
        episode = self.get_object(request, unquote(object_id))
        if episode is None:
            raise Http404
        return episode

    def _take(
        self, request: HttpRequest, episode: Episode, step: Callable[[Episode, datetime], str]
    ) -> HttpResponse:
        try:
            return _back(request, episode, messages.SUCCESS, step(episode, timezone.now()))
        except desk.NotNow as refusal:
            return _back(request, episode, messages.ERROR, str(refusal))
        except StripeUnavailable:
            return _back(request, episode, messages.ERROR, NO_ANSWER)

    def _ask(
        self, request: HttpRequest, episode: Episode, *, title: str, **page: Any
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "episode": episode,
            "member": episode.membership.owner or "A member without an owner",
            "back": _url(episode, "change"),
            **page,
        }
        return TemplateResponse(request, "admin/crm/past_due/ask.html", context)


def _url(episode: Episode, name: str) -> str:
    return reverse(f"admin:billing_episode_{name}", args=[episode.pk])


def _back(request: HttpRequest, episode: Episode, level: int, words: str) -> HttpResponse:
    messages.add_message(request, level, words)
    return HttpResponseRedirect(_url(episode, "change"))


def _log(episode: Episode, title: str, description: str = "") -> None:
    """Leave it in the log of the membership's record; one without a record has no log yet."""
    record = getattr(episode.membership, "crm_record", None)
    if record is not None:
        log(Entity.MEMBERSHIPS, record, ActivityType.UPDATED, title, description=description)
