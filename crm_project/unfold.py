"""How the admin looks. Read by django-unfold from the settings; imports no models."""

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _static(path: str) -> object:
    # Called on each request: the names of static files are not known while settings load.
    return lambda request: static(path)


def environment(request: HttpRequest) -> list[str] | None:
    return ["Demo", "info"] if settings.DEMO else None


UNFOLD = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "SITE_SUBHEADER": "Staff desk",
    "SITE_URL": "/",
    "SITE_ICON": _static("site/favicon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("site/favicon.svg")},
    ],
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "crm_project.unfold.environment",
    "STYLES": [_static("crm/admin.css"), _static("crm/figures.css")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .013 168)",
            "100": "oklch(94.5% .032 168)",
            "200": "oklch(89.5% .058 168)",
            "300": "oklch(81.5% .086 168)",
            "400": "oklch(72% .1 168)",
            "500": "oklch(62% .1 168)",
            "600": "oklch(50% .085 168)",
            "700": "oklch(43% .073 168)",
            "800": "oklch(37% .06 168)",
            "900": "oklch(32% .05 168)",
            "950": "oklch(23% .036 168)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Password and e-mail", "link": reverse_lazy("account_change_password")},
        ],
    },
    "COMMAND": {"search_models": True, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "crm_project.navigation.sidebar",
    },
}
