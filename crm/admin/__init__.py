"""Importing these modules registers them: Django's autodiscovery imports this package alone."""

from crm.admin.activity import ActivityAdmin
from crm.admin.contact import ContactAdmin
from crm.admin.enquiry import EnquiryAdmin
from crm.admin.interaction import InteractionAdmin
from crm.admin.mail import NoticeAdmin, QueueAdmin
from crm.admin.membership import MembershipAdmin
from crm.admin.past_due import EpisodeAdmin
from crm.admin.payment import membership_url
from crm.admin.property import PropertyAdmin
from crm.admin.sync_check import BulkWriteAdmin, SyncCheckAdmin
from crm.admin.sync_failure import SyncFailureAdmin

__all__ = [
    "ActivityAdmin",
    "BulkWriteAdmin",
    "ContactAdmin",
    "EnquiryAdmin",
    "EpisodeAdmin",
    "InteractionAdmin",
    "MembershipAdmin",
    "NoticeAdmin",
    "PropertyAdmin",
    "QueueAdmin",
    "SyncCheckAdmin",
    "SyncFailureAdmin",
    "membership_url",
]
