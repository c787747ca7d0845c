"""The pages that rest on the checks: sync health, the differences, the sources; and two buttons."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm import reasons
from crm.admin import repairs
from crm.admin.differences import Choice, differences_page
from crm.admin.sync_health import health_page
from crm.admin.sync_sources import sources_page
from crm.mirror import MIRRORS
from crm.proof.evidence import remember_broken_off

LONGEST_NUMBER = 18


class SyncPages:
    """Mixed into the admin of SyncCheck: who may view checks sees the pages.

    To check and to repair takes the permission that the roles call “Can change sync check”.
    """

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "health": ("health/", self.health_view),
            "differences": ("health/differences/", self.differences_view),
            "sources": ("health/sources/", self.sources_view),
            "check_now": ("health/check-now/", require_POST(self.check_now_view)),
            "repair": ("health/repair/", require_POST(self.repair_view)),
        }
        view = self.admin_site.admin_view
        named = [
            path(address, view(page), name=f"crm_synccheck_{name}")
            for name, (address, page) in pages.items()
        ]
        return [*named, *super().get_urls()]

    # --- Looking ------------------------------------------------------------------------------

    def health_view(self, request: HttpRequest) -> HttpResponse:
        self._must(self.has_view_permission(request))
        context = health_page(request, now=timezone.now())
        return self.page(request, "admin/crm/sync_health/page.html", context)

    def differences_view(self, request: HttpRequest) -> HttpResponse:
        self._must(self.has_view_permission(request))
        context = differences_page(request)
        return self.page(request, "admin/crm/sync_health/differences.html", context)

    def sources_view(self, request: HttpRequest) -> HttpResponse:
        self._must(self.has_view_permission(request))
        return self.page(request, "admin/crm/sync_health/sources.html", sources_page(request))

    def page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        shared = self.admin_site.each_context(request)
        may_repair = self.has_repair_permission(request)
        return TemplateResponse(request, template, {**shared, "may_repair": may_repair, **context})

    # --- Doing --------------------------------------------------------------------------------

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_synccheck")

    def check_now_view(self, request: HttpRequest) -> HttpResponse:
        self._must(self.has_repair_permission(request))
        now = timezone.now()
        try:
            if not repairs.check_now():
                messages.info(request, f"The worker checks now. {repairs.LARGE}")
        except DatabaseError as error:
            _broke_off(request, "check", error, now)
        return HttpResponseRedirect(reverse("admin:crm_synccheck_health"))

    def repair_view(self, request: HttpRequest) -> HttpResponse:
        """Repair what the viewer showed: all that was chosen, or the one with this key."""
        self._must(self.has_repair_permission(request))
        choice = Choice.asked(request, request.POST)
        now = timezone.now()
        try:
            repairs.report(request, self._repair(request, choice, now), now=now)
        except DatabaseError as error:
            _broke_off(request, "repair", error, now)
        return HttpResponseRedirect(choice.url)

    def _repair(self, request: HttpRequest, choice: Choice, now: datetime) -> repairs.Repaired:
        name = request.POST.get("mirror", "")
        if not name:
            return repairs.repair_chosen(choice, now=now)
        self._must(name in MIRRORS and MIRRORS[name].entity in choice.entities)
        return repairs.repair_this(name, _usable_key(request.POST.get("key", "")), now=now)

    def _must(self, is_allowed: bool) -> None:
        if not is_allowed:
            raise PermissionDenied


def _usable_key(text: str) -> str:
    """Leave out what a database fails on: null characters, and numbers beyond its own."""
    is_too_large = text.isdigit() and len(text) > LONGEST_NUMBER
    return "" if is_too_large else text.replace("\x00", "")


def _broke_off(request: HttpRequest, what: str, error: DatabaseError, began_at: datetime) -> None:
    """Say so now, and on the health page until a check comes to its end."""
    reason, said = reasons.halves(reasons.explain(error))
    why = f"{reason} ({said})"
    messages.error(request, f"The {what} broke off. {why}")
    remember_broken_off(why, began_at=began_at)
