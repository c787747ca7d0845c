from rest_framework import viewsets

from crm.api.filters import (
    AllowListedFilters,
    ContactFilters,
    EnquiryFilters,
    MembershipFilters,
    PropertyFilters,
)
from crm.api.pagination import CursorPages
from crm.api.permissions import StaffWithViewPermission
from crm.api.serializers import (
    ContactSerializer,
    EnquirySerializer,
    MembershipSerializer,
    PropertySerializer,
)
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord


class RecordViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [StaffWithViewPermission]
    filter_backends = [AllowListedFilters]
    pagination_class = CursorPages


class ContactViewSet(RecordViewSet):
    """People the business knows: owners, guests, or both."""

    queryset = Contact.objects.select_related("assigned_to").order_by("last_name")
    serializer_class = ContactSerializer
    filterset_class = ContactFilters


class PropertyViewSet(RecordViewSet):
    """Houses, in every listing status."""

    queryset = PropertyRecord.objects.select_related("assigned_to", "owner").order_by("-created_at")
    serializer_class = PropertySerializer
    filterset_class = PropertyFilters


class EnquiryViewSet(RecordViewSet):
    """What guests have asked; `contact` is the guest, `owner` was asked."""

    queryset = EnquiryRecord.objects.select_related(
        "assigned_to", "owner", "contact", "property"
    ).order_by("-created_at")
    serializer_class = EnquirySerializer
    filterset_class = EnquiryFilters


class MembershipViewSet(RecordViewSet):
    """What owners pay for. Prices are pence without VAT; dates are London days."""

    queryset = MembershipRecord.objects.select_related(
        "assigned_to", "contact", "property"
    ).order_by("-start_date")
    serializer_class = MembershipSerializer
    filterset_class = MembershipFilters
