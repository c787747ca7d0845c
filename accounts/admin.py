from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField, Model
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin_base import DeskAdmin
from accounts.admin_columns import day, label, moment, two_lines
from accounts.admin_filters import DayRangeFilter, YesNoFilter
from accounts.admin_user_form import (
    UserChangeForm,
    UserCreationForm,
    keep_login_address_in_step,
)
from accounts.models import Owner, User

ROLE_FIELDS = ("is_active", "is_staff", "is_superuser", "groups")
# Permissions on packages' own tables have no page here, and would hide those that count.
OUR_APPS = ("accounts", "auth", "billing", "crm", "listings")


class StaffFilter(YesNoFilter):
    title = "staff"
    parameter_name = field = "is_staff"


class ActiveFilter(YesNoFilter):
    title = "active"
    parameter_name = field = "is_active"


class JoinedFilter(DayRangeFilter):
    title = "day joined"
    field = "date_joined"


class SignupFilter(DayRangeFilter):
    title = "sign-up"
    field = "signup_date"


class ConsentFilter(YesNoFilter):
    title = "marketing consent"
    parameter_name = field = "marketing_consent"


@admin.register(User)
class UserAdmin(BaseUserAdmin, DeskAdmin):
    """Logins. Only superusers hand out roles and edit other staff: to set a password is both."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    related = ("owner",)
    autocomplete_fields = ("groups",)
    filter_horizontal = ()
    list_display = ("who", "role", "is_active", "last_seen", "joined")
    list_filter = (StaffFilter, ActiveFilter, JoinedFilter)
    search_fields = ("email", "first_name", "last_name")
    search_help_text = "Name or e-mail"
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        ("Role", {"fields": ROLE_FIELDS}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "first_name", "last_name", "password1", "password2", "is_staff")},
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    empty_title = "No users yet"

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        if request.user.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, *ROLE_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None or request.user.is_superuser:
            return allowed
        return obj.pk == request.user.pk or not (obj.is_staff or obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        keep_login_address_in_step(obj)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="User", ordering="email")
    def who(self, user: User) -> SafeString:
        return two_lines(user.get_full_name(), user.email)

    @display(description="Role")
    def role(self, user: User) -> SafeString:
        if user.is_superuser:
            return label("Superuser", "past_due")
        if user.is_staff:
            return label("Staff", "contacted")
        return label("Owner", "live") if hasattr(user, "owner") else label("No role")

    @display(description="Last login", ordering="last_login")
    def last_seen(self, user: User) -> str:
        return moment(user.last_login)

    @display(description="Joined", ordering="date_joined")
    def joined(self, user: User) -> str:
        return day(user.date_joined)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, DeskAdmin):
    list_filter = ()
    filter_horizontal = ()
    empty_title = "No roles yet"
    empty_text = "A role is a set of permissions that staff can be given."

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField:
        if db_field.name == "permissions":
            ours = Permission.objects.filter(content_type__app_label__in=OUR_APPS)
            kwargs["queryset"] = ours.select_related("content_type")
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Owner)
class OwnerAdmin(DeskAdmin):
    """How to reach an owner. What they agreed to, and when, is theirs alone to change."""

    related = ("user",)
    list_display = ("who", "phone", "company", "city", "signed_up", "marketing_consent")
    list_filter = (SignupFilter, ConsentFilter)
    search_fields = ("user__email", "user__first_name", "user__last_name", "phone", "company")
    search_help_text = "Name, e-mail, phone or company"
    ordering = ("-signup_date", "-pk")
    readonly_fields = ("user", "signup_date", "marketing_consent", "marketing_consent_at")
    fieldsets = (
        (None, {"fields": ("user", "phone", "company", "website")}),
        ("Address", {"fields": ("address", "city", "state", "zip_code", "country")}),
        ("Consent", {"fields": ("signup_date", "marketing_consent", "marketing_consent_at")}),
    )
    empty_title = "No owners yet"
    empty_text = "Owners appear here when they sign up on the site."

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="Owner", ordering="user__last_name")
    def who(self, owner: Owner) -> SafeString:
        return two_lines(owner.name, owner.user.email)

    @display(description="Signed up", ordering="signup_date")
    def signed_up(self, owner: Owner) -> str:
        return day(owner.signup_date)
