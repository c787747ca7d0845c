"""How staff take a step: asked on a page of its own, taken by POST, refused in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_ngettext, unquote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.admin_base import safe_next
from accounts.admin_columns import admin_url
from accounts.text_input import PlainTextMixin
from accounts.transitions import TransitionNotAllowed
from billing import publishing
from crm.admin.base import RecordAdmin
from crm.admin.steps import Decision, Step
from crm.models.base import Record

MOST_REFUSALS_SHOWN = 10


@dataclass
class Outcome:
    taken: int = 0
    refusals: list[str] = field(default_factory=list)


def take_step(
    step: Step, records: Iterable[Record], source_link: str, decision: Decision
) -> Outcome:
    """Take the step with the source of each record; a refusal stops none of the others."""
    outcome = Outcome()
    for record in records:
        source = getattr(record, source_link)
        try:
            if source is None:
                raise ObjectDoesNotExist
            step.take(source, decision)
        except ObjectDoesNotExist:
            outcome.refusals.append(f"“{record}”: It no longer exists on the site.")
        except (TransitionNotAllowed, publishing.EntitlementMissing) as refusal:
            outcome.refusals.append(_sentence(record, refusal))
        else:
            outcome.taken += 1
    return outcome


def _sentence(record: Record, refusal: Exception) -> str:
    text = str(refusal)
    return text if str(record) in text else f"“{record}”: {text}"


class ReasonForm(PlainTextMixin, forms.Form):
    reason = forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))

    def __init__(self, step: Step, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.label = step.reason_label
        reason.validators.append(MaxLengthValidator(step.longest_reason))
        reason.error_messages["required"] = "Say why."


class StepsAdmin(RecordAdmin):
    """Offers steps on the list, for all rows that are ticked, and on each row's own page."""

    steps: tuple[Step, ...] = ()
    source_link = ""
    change_form_outer_before_template = "admin/crm/steps.html"

    # --- On the list ------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if not self.has_change_permission(request):
            return actions
        offered = {step.name: (partial(_bulk, step), step.name, step.button) for step in self.steps}
        return actions | offered

    # --- On a row's own page ----------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        options = self.model._meta
        return [
            path(
                "<path:object_id>/step/<slug:name>/",
                self.admin_site.admin_view(self.step_view),
                name=f"{options.app_label}_{options.model_name}_step",
            ),
            *super().get_urls(),
        ]

    def step_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Show what the step will do; a POST takes it."""
        step = next((step for step in self.steps if step.name == name), None)
        record = self.get_object(request, unquote(object_id))
        if step is None or record is None:
            raise Http404
        if not self.has_change_permission(request, record):
            raise PermissionDenied
        back = safe_next(request) or admin_url(record)
        page = self._ask_or_take(request, step, [record], back=back, confirm=request.POST)
        return page or HttpResponseRedirect(back)

    def step_url(self, record: Record, step: Step) -> str:
        options = self.model._meta
        return reverse(
            f"admin:{options.app_label}_{options.model_name}_step", args=[record.pk, step.name]
        )

    def offered_steps(self, record: Record) -> list[dict[str, object]]:
        source = getattr(record, self.source_link)
        if source is None:
            return []
        offered = [step for step in self.steps if step.is_offered(source)]
        return [{"step": step, "url": self.step_url(record, step)} for step in offered]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        if record is not None and self.has_change_permission(request, record):
            context["steps"] = self.offered_steps(record)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Both -------------------------------------------------------------------------------------

    def _ask_or_take(
        self,
        request: HttpRequest,
        step: Step,
        records: Iterable[Record],
        *,
        back: str,
        confirm: Any,
        hidden: Iterable[tuple[str, object]] = (),
    ) -> HttpResponse | None:
        """Take the step and return None, or return the page that asks for what is missing."""
        answered = bool(confirm) and (not step.reason_label or "reason" in confirm)
        form = ReasonForm(step, confirm if answered else None) if step.reason_label else None
        if answered and (form is None or form.is_valid()):
            reason = form.cleaned_data["reason"] if form else ""
            decision = Decision(by=request.user.email, now=timezone.now(), reason=reason)
            self._report(request, step, take_step(step, records, self.source_link, decision))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": step.button,
            "opts": self.opts,
            "step": step,
            "records": records,
            "form": form,
            "hidden": hidden,
            "back": back,
            "next": safe_next(request),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/crm/take_step.html", context)

    def _report(self, request: HttpRequest, step: Step, outcome: Outcome) -> None:
        if outcome.taken:
            name = model_ngettext(self.opts, outcome.taken)
            messages.success(request, f"{outcome.taken} {name} {step.done}.")
        for refusal in outcome.refusals[:MOST_REFUSALS_SHOWN]:
            messages.error(request, refusal)
        if (more := len(outcome.refusals) - MOST_REFUSALS_SHOWN) > 0:
            messages.error(request, f"And {more} more could not be {step.done}.")


def _bulk(
    step: Step, model_admin: StepsAdmin, request: HttpRequest, queryset: QuerySet
) -> HttpResponse | None:
    records = list(queryset.select_related(model_admin.source_link))
    ticked = [(ACTION_CHECKBOX_NAME, record.pk) for record in records]
    return model_admin._ask_or_take(
        request,
        step,
        records,
        back=request.get_full_path(),
        confirm=request.POST,
        hidden=[("action", step.name), *ticked],
    )
