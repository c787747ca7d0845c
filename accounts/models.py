from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Trim
from django.utils import timezone

from accounts.bulk import AnnouncedQuerySet
from accounts.whole import SavedWhole


def normalise_email(email: str) -> str:
    """Return the one spelling under which an address is stored and compared."""
    return email.strip().lower()


class UserManager(BaseUserManager.from_queryset(AnnouncedQuerySet["User"])):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=normalise_email(email))


class User(SavedWhole, AbstractUser):
    """A login. The e-mail address is the name; roles follow from `is_staff` and an Owner row."""

    username = None
    email = models.EmailField("e-mail address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower(Trim("email"))), name="user_email_is_normalised"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = normalise_email(self.email)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.email = normalise_email(self.email)


class Owner(SavedWhole):
    """The person or business that lists houses."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="owner")
    phone = models.CharField(max_length=30, blank=True)
    company = models.CharField(max_length=120, blank=True)
    website = models.URLField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField("county", max_length=80, blank=True)
    zip_code = models.CharField("postcode", max_length=12, blank=True)
    country = models.CharField(max_length=60, blank=True, default="United Kingdom")
    signup_date = models.DateTimeField("signed up", default=timezone.now)
    marketing_consent = models.BooleanField(default=False)
    marketing_consent_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AnnouncedQuerySet.as_manager()

    class Meta:
        ordering = ["-signup_date", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(marketing_consent=False)
                | models.Q(marketing_consent_at__isnull=False),
                name="owner_consent_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The person's full name; costs a query unless `user` was joined."""
        return str(self.user)
