import logging
import traceback
from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.contrib import admin
from django.db import Error
from django.db.models.sql.compiler import SQLCompiler, cursor_iter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.reasons import UNREADABLE, explain, halves

logger = logging.getLogger(__name__)

# django-unfold's Alpine.js compiles expressions, and its widgets carry style attributes. The
# looser policy holds for the admin alone; pages that strangers can write to keep the strict one.
ADMIN_SOURCES = {
    "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'"],
    "style-src": ["'self'", "'unsafe-inline'"],
}


class ContentSecurityPolicy(CSPMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path.startswith("/admin/"):
            response._csp_update = ADMIN_SOURCES
        return super().process_response(request, response)


class BrokenTables:
    """Says in words, on the pages of the CRM, that a table of it, or a row, cannot be read.

    The admin is where a broken table is noticed, so its pages do not break with it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        place = request.resolver_match
        is_of_crm = (
            place and place.namespace == "admin" and (place.url_name or "").startswith("crm_")
        )
        is_unreadable = is_of_stored_value(error)
        if not is_of_crm or not (is_unreadable or isinstance(error, Error)):
            return None
        logger.error("A page of the CRM cannot be shown.", exc_info=error)
        reason, said = halves(explain(error))
        words = {
            "title": "This page cannot be shown",
            "reason": UNREADABLE if is_unreadable else reason,
            "said": said,
            "can_be_repaired": is_unreadable,
        }
        request.current_app = admin.site.name
        context = {**admin.site.each_context(request), **words}
        # What was to be written is not; a list that could not be shown has lost nothing.
        status = 500 if request.method == "POST" else 200
        return render(request, "admin/crm/cannot_be_read.html", context, status=status)


# Where Django makes Python's values of what the database holds.
READERS = {SQLCompiler.apply_converters.__code__, cursor_iter.__code__}


def is_of_stored_value(error: Exception) -> bool:
    """Whether a row holds what Python cannot take; SQLite stores whatever a hand types."""
    frames = traceback.walk_tb(error.__traceback__)
    is_of_value = isinstance(error, (TypeError, ValueError, OverflowError))
    return is_of_value and any(frame.f_code in READERS for frame, _ in frames)
