"""The login's address stands in two tables, ours and allauth's; a change must reach both."""

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from unfold.forms import UserChangeForm as UnfoldUserChangeForm
from unfold.forms import UserCreationForm as UnfoldUserCreationForm

from accounts.models import User, normalise_email


class FreeEmailMixin:
    """Refuses an address that allauth keeps for somebody else, or for the person as a further one.

    It would take the other's log-in, or break on allauth's own constraints.
    """

    def clean_email(self) -> str:
        email = normalise_email(self.cleaned_data["email"])
        others = EmailAddress.objects.filter(email__iexact=email)
        if self.instance.pk:
            others = others.exclude(user=self.instance, primary=True)
        if others.exists():
            raise ValidationError("Another account, or this one as a further address, has it.")
        return email


class UserChangeForm(FreeEmailMixin, UnfoldUserChangeForm):
    pass


class UserCreationForm(FreeEmailMixin, UnfoldUserCreationForm):
    pass


def keep_login_address_in_step(user: User) -> None:
    """Give allauth's primary address the user's e-mail; it stays as verified as it was.

    The row is replaced, not renamed: a confirmation link that was sent to the old address names
    the old row, and must not confirm the new one.
    """
    primary = EmailAddress.objects.get_primary(user)
    if primary is None or primary.email == user.email:
        return
    primary.delete()
    EmailAddress.objects.create(
        user=user, email=user.email, verified=primary.verified, primary=True
    )
