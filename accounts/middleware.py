from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.actor import acting_as

ORIGINS = {"admin": "admin", "api": "api"}


class ActorMiddleware:
    """Name the signed-in person, or `visitor`, as the actor of all that a request writes.

    Asked when something is written: by then a login has said who it is, and a page that writes
    nothing needs no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def name() -> str:
            return request.user.email if request.user.is_authenticated else "visitor"

        first_segment = request.path.strip("/").split("/")[0]
        with acting_as(name, ORIGINS.get(first_segment, "site")):
            return self.get_response(request)
