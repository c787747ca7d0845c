"""All reports, in the order in which they are offered. Importing their modules registers them."""

from crm.reports import cash, cohorts, enquiries, failing, members, movements, owners
from crm.reports.base import REPORTS, Report

MODULES = (cash, cohorts, enquiries, failing, members, movements, owners)
GROUPS = (
    ("Money", ("cash", "payments", "failed_payments")),
    (
        "Members",
        ("revenue_movement", "revenue_changes", "members", "tier_mix", "renewals", "cohorts"),
    ),
    ("Houses and owners", ("enquiries", "owners")),
)

__all__ = ["GROUPS", "MODULES", "REPORTS", "Report"]
