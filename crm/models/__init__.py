from crm.models.activity import ActivityLog, ActivityType, Cause, Entity
from crm.models.contact import Contact
from crm.models.interaction import Interaction
from crm.models.records import EnquiryRecord, MembershipRecord, PropertyRecord
from crm.models.sync import BackfillRun, BulkWrite, SyncCheck, SyncFailure

__all__ = [
    "ActivityLog",
    "ActivityType",
    "BackfillRun",
    "BulkWrite",
    "Cause",
    "Contact",
    "Entity",
    "EnquiryRecord",
    "Interaction",
    "MembershipRecord",
    "PropertyRecord",
    "SyncCheck",
    "SyncFailure",
]
