"""`/healthz`: 200 when the database answers and its tables are those that this code expects."""

from collections.abc import Callable
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse

PATH = "/healthz"


class HealthMiddleware:
    """Answers ahead of every other middleware: a probe has no session, no TLS and any Host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.migrated = False  # stays true once seen: a process never outlives a downgrade

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != PATH:
            return self.get_response(request)
        fault = self.find_fault()
        response = HttpResponse(
            fault or "ok", status=503 if fault else 200, content_type="text/plain"
        )
        response["Cache-Control"] = "no-store"
        return response

    def find_fault(self) -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self.migrated = self.migrated or last_migrations() <= applied_migrations()
        except Error:
            return "The database does not answer."
        return "" if self.migrated else "Migrations are missing: run manage.py migrate."


@cache
def last_migrations() -> set[tuple[str, str]]:
    """The newest migration of each app in the code. Reading them all takes a second: do it once."""
    return set(MigrationLoader(None).graph.leaf_nodes())


def applied_migrations() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())
