"""The owner's enquiries. Those held back for staff are not among them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import owner_required
from accounts.models import Owner
from accounts.transitions import TransitionNotAllowed
from listings import lifecycle
from listings.choices import AddOn
from listings.forms.inbox import InboxFilter, LostForm
from listings.lifecycle import ENQUIRY
from listings.models import Enquiry

ON_A_PAGE = 20
STEPS = {
    "contacted": ("mark as contacted", "I have answered"),
    "converted": ("mark as converted", "It became a booking"),
    "lost": ("mark as lost", "It came to nothing"),
}


@owner_required
@require_safe
def owner_enquiries(request: HttpRequest, owner: Owner) -> HttpResponse:
    form = InboxFilter(request.GET, owner=owner)
    form.is_valid()  # a field in error is missing from `cleaned_data` and filters nothing
    enquiries = Enquiry.objects.for_owner(owner).select_related("property")
    if status := form.cleaned_data.get("status"):
        enquiries = enquiries.filter(status=status)
    if house := form.cleaned_data.get("house"):
        enquiries = enquiries.filter(property=house)
    page = Paginator(enquiries, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "filtered": status or house, "owner_area": "enquiries"}
    return render(request, "listings/owner/enquiries.html", context)


@owner_required
@require_http_methods(["GET", "HEAD", "POST"])
def owner_enquiry(request: HttpRequest, owner: Owner, pk: int) -> HttpResponse:
    enquiries = Enquiry.objects.for_owner(owner).select_related("property")
    enquiry = get_object_or_404(enquiries, pk=pk)
    form = LostForm(request.POST if request.POST.get("step") == "lost" else None)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        return _take_step(request, enquiry, form)
    context = {
        "enquiry": enquiry,
        "add_ons": AddOn.choices,
        "steps": _open_steps(enquiry),
        "can_be_lost": ENQUIRY.allows("mark as lost", enquiry.status),
        "form": form,
        "owner_area": "enquiries",
    }
    return render(request, "listings/owner/enquiry.html", context)


def _open_steps(enquiry: Enquiry) -> list[tuple[str, str]]:
    return [
        (name, label)
        for name, (step, label) in STEPS.items()
        if name != "lost" and ENQUIRY.allows(step, enquiry.status)
    ]


def _take_step(request: HttpRequest, enquiry: Enquiry, form: LostForm) -> HttpResponse:
    now = timezone.now()
    try:
        match request.POST.get("step"):
            case "contacted":
                lifecycle.mark_contacted(enquiry, now=now)
            case "converted":
                lifecycle.mark_converted(enquiry, now=now)
            case "lost":
                lifecycle.mark_lost(enquiry, reason=form.cleaned_data["reason"])
            case _:
                messages.error(request, "Choose what to do with the enquiry.")
                return redirect("owner_enquiry", pk=enquiry.pk)
    except TransitionNotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        status = enquiry.get_status_display().lower()
        messages.success(request, f"The enquiry from {enquiry.guest_name} is now {status}.")
    return redirect("owner_enquiry", pk=enquiry.pk)
