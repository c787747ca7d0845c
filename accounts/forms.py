from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Owner, User
from accounts.text_input import PlainTextMixin

OWNER_DETAILS = [
    "phone",
    "company",
    "website",
    "address",
    "city",
    "state",
    "zip_code",
    "country",
]


def _name(label: str, autocomplete: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=150, widget=widget)


class OwnerSignupForm(PlainTextMixin, forms.Form):
    """What sign-up asks beyond e-mail and password; django-allauth mixes it into its own form."""

    first_name = _name("First name", "given-name")
    last_name = _name("Last name", "family-name")
    phone = forms.CharField(
        max_length=30, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    company = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    marketing_consent = forms.BooleanField(
        required=False, label="E-mail me news and offers now and then"
    )

    field_order = ["first_name", "last_name", "email", "phone", "company", "password1", "password2"]

    def signup(self, request: HttpRequest, user: User) -> None:
        data = self.cleaned_data
        now = timezone.now()
        user.first_name, user.last_name = data["first_name"], data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        Owner.objects.create(
            user=user,
            phone=data["phone"],
            company=data["company"],
            signup_date=now,
            marketing_consent=data["marketing_consent"],
            marketing_consent_at=now if data["marketing_consent"] else None,
        )


class ProfileForm(PlainTextMixin, forms.ModelForm):
    first_name = _name("First name", "given-name")
    last_name = _name("Last name", "family-name")
    website = forms.URLField(required=False, assume_scheme="https")

    field_order = ["first_name", "last_name", *OWNER_DETAILS, "marketing_consent"]

    class Meta:
        model = Owner
        fields = [*OWNER_DETAILS, "marketing_consent"]
        labels = {"marketing_consent": "E-mail me news and offers now and then"}
        widgets = {
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "company": forms.TextInput(attrs={"autocomplete": "organization"}),
            "address": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "zip_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "country": forms.TextInput(attrs={"autocomplete": "country-name"}),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("first_name", self.instance.user.first_name)
        self.initial.setdefault("last_name", self.instance.user.last_name)

    def clean(self) -> None:
        super().clean()
        if "marketing_consent" in self.changed_data:
            agreed = self.cleaned_data["marketing_consent"]
            self.instance.marketing_consent_at = timezone.now() if agreed else None

    @transaction.atomic
    def save(self, commit: bool = True) -> Owner:
        user = self.instance.user
        user.first_name = self.cleaned_data["first_name"]
        user.last_name = self.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        return super().save(commit)
