from django import forms
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Owner, User

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


class OwnerSignupForm(forms.Form):
    """What sign-up asks beyond e-mail and password; django-allauth mixes it into its own form."""

    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150)
    phone = forms.CharField(
        max_length=30, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    company = forms.CharField(max_length=120, required=False, label="Company (optional)")
    marketing_consent = forms.BooleanField(
        required=False, label="Send me news and offers by e-mail"
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


class ProfileForm(forms.ModelForm):
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150)

    field_order = ["first_name", "last_name", *OWNER_DETAILS]

    class Meta:
        model = Owner
        fields = OWNER_DETAILS

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("first_name", self.instance.user.first_name)
        self.initial.setdefault("last_name", self.instance.user.last_name)

    def save(self, commit: bool = True) -> Owner:
        user = self.instance.user
        user.first_name = self.cleaned_data["first_name"]
        user.last_name = self.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
        return super().save(commit)
