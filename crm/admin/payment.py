"""Leads from billing's payments to the CRM's page of their membership."""

from accounts.admin_columns import admin_url
from billing.admin import PaymentAdmin
from billing.models import Membership


def membership_url(membership: Membership) -> str:
    record = getattr(membership, "crm_record", None)
    return admin_url(record) if record else ""


PaymentAdmin.related = (*PaymentAdmin.related, "membership__crm_record")
PaymentAdmin.membership_url = staticmethod(membership_url)
