"""Staff join, owners sign up, staff talk with everybody and take notes."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.actor import acting_as
from accounts.forms import OwnerSignupForm, ProfileForm
from accounts.models import Owner, User
from crm.demo.happenings import Annotate, SignUp, StaffJoin, Talk
from crm.demo.people import AGENT, OwnerPlan, Person
from crm.demo.telling.stage import Stage, by_person, tell, valid
from crm.models import Contact, Interaction

AGENTS_MAY = [
    "view_contact",
    "change_contact",
    "view_propertyrecord",
    "view_enquiryrecord",
    "change_enquiryrecord",
    "view_membershiprecord",
    "view_interaction",
    "add_interaction",
    "change_interaction",
    "view_activitylog",
]


@tell.register
def staff_join(happening: StaffJoin, stage: Stage) -> None:
    with acting_as("system:demo", "command"):
        is_manager = happening.is_manager
        user = make_user(happening.person, stage.password, is_staff=True, is_superuser=is_manager)
        if not is_manager:
            user.groups.add(agents())


def agents() -> Group:
    """Return the role of those who work on enquiries and contacts, and decide nothing else."""
    group, _ = Group.objects.get_or_create(name="Agents")
    group.permissions.set(
        Permission.objects.filter(content_type__app_label="crm", codename__in=AGENTS_MAY)
    )
    return group


def make_user(person: Person, password: str, **more: bool) -> User:
    user = User(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        password=password,
        date_joined=timezone.now(),
        **more,
    )
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@tell.register
def sign_up(happening: SignUp, stage: Stage) -> None:
    owner, person = happening.owner, happening.owner.person
    answers = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "company": owner.company,
        "marketing_consent": owner.wants_news,
    }
    with acting_as("visitor", "site"):
        form = valid(OwnerSignupForm(answers))
        user = make_user(person, stage.password)
        form.signup(None, user)
    with acting_as(user.email, "site"):
        complete_profile(Owner.objects.select_related("user").get(user=user), owner)


def complete_profile(row: Owner, owner: OwnerPlan) -> None:
    answers = {
        "first_name": owner.person.first_name,
        "last_name": owner.person.last_name,
        "phone": owner.person.phone,
        "company": owner.company,
        "website": owner.website,
        "address": owner.address,
        "city": owner.town.name,
        "state": owner.town.county,
        "zip_code": owner.town.area,
        "country": "United Kingdom",
        "marketing_consent": owner.wants_news,
    }
    valid(ProfileForm(answers, instance=row)).save()


@tell.register
def talk(happening: Talk, stage: Stage) -> None:
    words, house, enquiry = happening.words, happening.house, happening.enquiry
    note = words.type == Interaction.Type.NOTE
    outward = Interaction.Direction.INTERNAL if note else Interaction.Direction.OUTBOUND
    initiator = Interaction.Initiator
    with by_person(AGENT):
        Interaction.objects.create(
            contact=Contact.objects.get(email=happening.email),
            related_property=stage.house(house).crm_record if house else None,
            related_enquiry=stage.enquiry(enquiry).crm_record if enquiry else None,
            type=words.type,
            direction=Interaction.Direction.INBOUND if words.inbound else outward,
            initiated_by=initiator.CONTACT if words.inbound else initiator.ADMIN,
            subject=words.subject,
            content=words.content,
            read_at=None if words.inbound else timezone.now(),
        )


@tell.register
def annotate(happening: Annotate, stage: Stage) -> None:
    contact = Contact.objects.get(email=happening.email)
    contact.notes, contact.tags = happening.note, list(happening.tags)
    contact.assigned_to = User.objects.get(email=AGENT.email)
    with by_person(AGENT):
        contact.save(update_fields=["notes", "tags", "assigned_to"])
