"""The admin's sidebar. Packages' own tables are left out: nobody's work is in them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from crm.home import queue_counts
from crm.reports.pages import seen_by

# django-unfold takes a text for the path of a function, and shows it when there is none.
BROKEN = "cannot be read"

REPORTS = "reports"  # not a model's list

# Models whose first page is not their list.
FIRST_PAGES = {"crm_synccheck": "admin:crm_synccheck_health"}

# (section, [(title, icon, admin name, queue whose length is the badge)])
SECTIONS = (
    (
        "CRM",
        [
            ("Contacts", "group", "crm_contact", ""),
            ("Properties", "cottage", "crm_propertyrecord", "listings"),
            ("Enquiries", "mark_email_unread", "crm_enquiryrecord", "enquiries"),
            ("Memberships", "card_membership", "crm_membershiprecord", ""),
            ("Past due", "credit_card_clock", "billing_episode", "payments"),
            ("Interactions", "forum", "crm_interaction", ""),
        ],
    ),
    (
        "Money",
        [
            ("Months", "calendar_month", "billing_closedmonth", ""),
            ("Reports", "table_chart", REPORTS, ""),
            ("Payments", "payments", "billing_payment", ""),
            ("Price list", "sell", "billing_plan", ""),
            ("Tiers", "stars", "billing_tier", ""),
            ("Features", "checklist", "billing_feature", ""),
            ("Exceptions", "approval_delegation", "billing_listingexception", ""),
        ],
    ),
    (
        "Trust",
        [
            ("Sync health", "verified", "crm_synccheck", ""),
            ("Stripe comparisons", "sync", "billing_reconcilerun", ""),
            ("Activity log", "history", "crm_activitylog", ""),
            ("Mails to owners", "outgoing_mail", "billing_notice", ""),
            ("Mail queue", "outbox", "post_office_email", ""),
            (
                "Subscription problems",
                "credit_card_off",
                "billing_subscriptionproblem",
                "subscriptions",
            ),
            ("Stripe events", "webhook", "billing_incomingevent", "events"),
            ("Sync failures", "sync_problem", "crm_syncfailure", "failures"),
        ],
    ),
    (
        "People",
        [
            ("Owners", "real_estate_agent", "accounts_owner", ""),
            ("Staff & users", "badge", "accounts_user", ""),
            ("Roles", "key", "auth_group", ""),
        ],
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    home = {"title": "Home", "icon": "today", "link": reverse("admin:index")}
    sections = [{"title": "Today", "items": [home]}]
    for title, entries in SECTIONS:
        items = [_item(request, *entry) for entry in entries if _may_view(request, entry[2])]
        if items:
            sections.append({"title": title, "separator": True, "items": items})
    return sections


def _item(request: HttpRequest, title: str, icon: str, name: str, queue: str) -> dict[str, Any]:
    rows = reverse(f"admin:{name}" if name == REPORTS else f"admin:{name}_changelist")
    first_page = reverse(FIRST_PAGES[name]) if name in FIRST_PAGES else rows
    item = {"title": title, "icon": icon, "link": first_page, "active": rows in request.path}
    count = queue_counts(request)[queue] if queue else 0
    if count is None:
        return item | {"badge": BROKEN, "badge_variant": "danger"}
    if count:
        item |= {"badge": count, "badge_variant": "danger" if queue != "listings" else "warning"}
    return item


def _may_view(request: HttpRequest, name: str) -> bool:
    if name == REPORTS:
        return bool(seen_by(request))
    app, model = name.split("_", 1)
    return request.user.has_perm(f"{app}.view_{model}")
