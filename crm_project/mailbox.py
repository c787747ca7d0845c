"""The demo's mailbox, which stands in for the mail server that a demo lacks."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from post_office.models import Email


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Asked at each request: outside the demo these mails hold links that log people in."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO:
            raise Http404("Only in the demo")
        return view(request, *args, **kwargs)

    return never_cache(require_safe(wrapped))


@demo_only
def mailbox(request: HttpRequest) -> HttpResponse:
    mails = Email.objects.order_by("-created", "-pk")
    page = Paginator(mails, 20).get_page(request.GET.get("page"))
    return render(request, "demo/mailbox.html", {"page": page})


@demo_only
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "demo/mail.html", {"mail": get_object_or_404(Email, pk=pk)})
