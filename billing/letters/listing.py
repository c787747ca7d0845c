"""A listing was submitted, approved, or sent back."""

from django.conf import settings

from billing.letters.letter import Button, Letter, page
from listings.models import Property


def submitted(house: Property) -> Letter:
    return Letter(
        subject=f"We have {house.title} and look at it now",
        paragraphs=[
            f"Thank you: {house.title} is with our team for approval.",
            "A person looks at each listing before guests see it. You need do nothing until you "
            "hear from us.",
        ],
        button=Button("Go to my houses", page("dashboard")),
    )


def approved(house: Property) -> Letter:
    return Letter(
        subject=f"{house.title} is live",
        paragraphs=[
            f"Good news: {house.title} is approved, and guests can find it from now on.",
            "Enquiries come straight to your inbox. Quick answers win bookings.",
        ],
        button=Button("See the listing", settings.SITE_URL + house.get_absolute_url()),
        after=["You can change texts, prices and photos at any time."],
    )


def rejected(house: Property) -> Letter:
    return Letter(
        subject=f"Please change something about {house.title}",
        paragraphs=[
            f"We looked at {house.title} and cannot show it to guests yet. This is why:",
            house.rejection_reason,
            "Change it and submit the house again. Your membership stays with it: there is "
            "nothing to pay a second time.",
        ],
        button=Button("Change the listing", page("house_edit", house.pk)),
        after=["Is something unclear? Answer this e-mail: a person reads it."],
    )
