from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.admin_columns import NOTHING, admin_url, day, label, link_to, moment, two_lines
from crm.admin import story
from crm.admin.base import STAFF_COLUMNS, RecordAdmin, name_with_tombstone
from crm.admin.filters import (
    AssignedFilter,
    DoNotContactFilter,
    MemberFilter,
    RoleFilter,
    SignupFilter,
    SourceFilter,
    TagFilter,
)
from crm.admin.interaction import NewInteractionInline, remember_who_wrote
from crm.contact_deletion import (
    delete_contact,
    enquiries_behind,
    has_standing_records,
    owner_behind,
    what_goes,
)
from crm.home import list_url
from crm.models import Contact, EnquiryRecord, Entity, MembershipRecord, PropertyRecord


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    entity = Entity.CONTACTS
    compressed_fields = False
    change_form_template = "admin/crm/contact/change_form.html"
    staff_columns = ("do_not_contact", *STAFF_COLUMNS)
    related = ("assigned_to", "user__owner")
    list_display = (
        "who",
        "roles",
        "phone",
        "company_and_place",
        "assigned_to",
        "tag_labels",
        "signed_up",
        "last_active",
    )
    list_filter = (
        RoleFilter,
        MemberFilter,
        AssignedFilter,
        TagFilter,
        SignupFilter,
        DoNotContactFilter,
        SourceFilter,
    )
    search_fields = ("first_name", "last_name", "email", "phone", "company_name")
    search_help_text = "Name, e-mail, phone, company, house title or Stripe id"
    ordering = ("last_name", "first_name", "email")
    fieldsets = ((None, {"fields": ("assigned_to", "do_not_contact", "tags", "notes")}),)
    inlines = (NewInteractionInline,)
    empty_title = "No contacts yet"
    empty_text = "Owners appear here when they sign up, guests when they send an enquiry."

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_deleted_objects(
        self, objs: Iterable[Contact], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[SafeString]]:
        """Count what goes with these contacts; name those that stay, each with the reason."""
        contacts = list(objs)
        counted = {Contact: len(contacts), **what_goes(contacts)}
        names = {str(model._meta.verbose_name_plural): count for model, count in counted.items()}
        staying = [reason for contact in contacts for reason in _reasons_to_stay(contact)]
        going = [link_to(admin_url(contact), contact) for contact in contacts]
        return going, {name: count for name, count in names.items() if count}, set(), staying

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        delete_contact(obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        with transaction.atomic():
            for contact in queryset:
                self.delete_model(request, contact)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Also find people by their houses' titles and their Stripe ids."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if term := search_term.strip():
            houses = PropertyRecord.objects.filter(title__icontains=term)
            memberships = MembershipRecord.objects.filter(stripe_customer_id=term)
            memberships |= MembershipRecord.objects.filter(stripe_subscription_id=term)
            owners = queryset.filter(pk__in=houses.values("owner"))
            members = queryset.filter(pk__in=memberships.values("contact"))
            found = found | owners | members
        return found, duplicates

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseInlineFormSet, change: bool
    ) -> None:
        for interaction in formset.save(commit=False):
            remember_who_wrote(interaction)
            interaction.save()
        formset.save_m2m()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if contact := kwargs.get("obj"):
            context["chapters"] = story.tell(contact, request)
            context["refused_mail"] = story.refused_mail(contact, context["chapters"])
            context["source_url"] = _source_url(request, contact)
            context["address"] = _address(contact)
            context["show_save_and_continue"] = False  # saving stays on the page anyway
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Contact) -> HttpResponse:
        """Stay with the person after saving: the story goes on."""
        response = super().response_change(request, obj)
        if "_continue" not in request.POST and "_save" in request.POST:
            response["Location"] = admin_url(obj)
        return response

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Contact", ordering="last_name")
    def who(self, contact: Contact) -> SafeString:
        return two_lines(name_with_tombstone(contact), contact.email)

    @display(description="Role")
    def roles(self, contact: Contact) -> SafeString | str:
        return role_labels(contact)

    @display(description="Company or town", ordering="company_name")
    def company_and_place(self, contact: Contact) -> SafeString | str:
        if not contact.company_name:
            return contact.city or NOTHING
        return two_lines(contact.company_name, contact.city)

    @display(description="Signed up", ordering="signup_date")
    def signed_up(self, contact: Contact) -> str:
        return day(contact.signup_date)

    @display(description="Last active", ordering="last_activity_date")
    def last_active(self, contact: Contact) -> str:
        return moment(contact.last_activity_date)


def _reasons_to_stay(contact: Contact) -> Iterator[SafeString]:
    """Say what the contact repeats from the site: deleted here, it would only come back."""
    owner, enquiries = owner_behind(contact), enquiries_behind(contact)
    if owner:
        account = link_to(admin_url(owner), "the account")
        yield format_html("{} is an owner on the site. See {}.", contact, account)
    if enquiries:
        words = f"{enquiries:,} {'enquiry' if enquiries == 1 else 'enquiries'}"
        listed = link_to(list_url(EnquiryRecord, contact=str(contact.pk)), words)
        yield format_html("{} has sent {} on the site.", contact, listed)
    if not owner and not enquiries and has_standing_records(contact):
        yield format_html("{} has records whose sources stand on the site.", contact)


def role_labels(contact: Contact) -> SafeString | str:
    if contact.is_owner and contact.is_guest:
        return label("Owner and guest", "live")
    if contact.is_owner:
        return label("Owner", "live")
    return label("Guest", "contacted") if contact.is_guest else "–"


def _address(contact: Contact) -> list[str]:
    lines = (contact.address, contact.city, contact.state, contact.zip_code, contact.country)
    return [line for line in lines if line]


def _source_url(request: HttpRequest, contact: Contact) -> str:
    owner = story.owner_pk(contact)
    if owner is None or not request.user.has_perm("accounts.view_owner"):
        return ""
    return reverse("admin:accounts_owner_change", args=[owner])
