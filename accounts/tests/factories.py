import factory
from django.utils import timezone

from accounts.models import Owner, User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    first_name = "Uma"
    last_name = factory.Sequence(lambda n: f"User{n}")
    password = factory.django.Password("gatehouse-pass")

    class Params:
        staff = factory.Trait(is_staff=True, is_superuser=True, first_name="Stella")


class OwnerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Owner

    user = factory.SubFactory(UserFactory, first_name="Olive")
    phone = "01632 960001"
    company = "Olive Houses Ltd"
    city = "Bath"
    zip_code = "BA1"
    signup_date = factory.LazyFunction(timezone.now)
