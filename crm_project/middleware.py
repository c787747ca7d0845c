from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

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
