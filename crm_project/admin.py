from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import ModelAdmin as PlainModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from crm.figures.board import board
from crm.figures.pages import FigurePages
from crm.home import home
from crm.reports.pages import report_urls
from crm_project.palette import Choices, find


class GatehouseAdminSite(FigurePages, UnfoldAdminSite):
    index_title = "Today"
    enable_nav_sidebar = True

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[PlainModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Leave out what packages register for themselves.

        dj-stripe alone brings forty tables. They are caches and queues, in plain Django dress; who
        looks after them reads them with `manage.py shell` or in Stripe's dashboard.
        """
        if admin_class is not None and issubclass(admin_class, ModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send strangers to the site's own login, with its limits; refuse others in plain words."""
        if request.user.is_authenticated and not self.has_permission(request):
            return TemplateResponse(request, "admin/not_staff.html", status=403)
        return secure_admin_login(super().login)(request, extra_context)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        now = timezone.now()
        shown = home(request, now) | {"board": board(request, now)}
        return super().index(request, shown | (extra_context or {}))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*report_urls(self), *super().get_urls()]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return Choices.as_view(admin_site=self)(request)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Answer the command palette. Unlike django-unfold's, it is bounded and never stale."""
        context = find(self, request, request.GET.get("s", ""))
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html",
            context,
            headers={"HX-Trigger": "search"},
        )
