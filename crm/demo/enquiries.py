"""What guests ask, and why some of them do not book."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from crm.demo.houses import HousePlan
from crm.demo.people import Person
from crm.demo.prose import fill, sentences
from listings.choices import AddOn

OCCASIONS: dict[str, list[str]] = {
    "60th birthday": ["my mother's 60th", "Dad's 60th"],
    "40th birthday": ["my 40th", "my sister's 40th"],
    "30th birthday": ["a joint 30th", "my best friend's 30th"],
    "Hen weekend": ["a hen weekend", "my cousin's hen do"],
    "Stag weekend": ["a well-behaved stag weekend", "my brother's stag, mostly walking"],
    "Family reunion": ["a family reunion", "three generations who have not met since 2019"],
    "Wedding": ["a small wedding", "our wedding party the night before"],
    "Golden wedding": ["my grandparents' golden wedding", "Mum and Dad's fiftieth anniversary"],
    "Company away days": ["our team's away days", "a two-day planning retreat"],
    "Christmas": ["Christmas with everyone", "the days between Christmas and New Year"],
    "New Year": ["New Year's Eve", "a quiet New Year with old friends"],
    "Walking weekend": ["our walking group", "the annual walking weekend"],
    "Yoga retreat": ["a yoga retreat that I lead", "a long weekend of yoga"],
    "School friends": ["twelve of us from school", "our old school gang"],
}
ASKING = [
    "Is {title} free for {reason}? We would be {group}.",
    "We are looking for a house for {reason} and fell for {title}.",
    "Could you tell me whether you have space for {group} of us for {reason}?",
    "I am organising {reason} and yours is the first house that everyone agreed on.",
    "Hello, I hope that you can fit us in: {reason}, {group} people in all.",
    "We had hoped to book {title} for {reason}. Is that weekend still open?",
]
DETAILS = [
    "Two of us use a wheelchair, so could you tell me about the ground floor?",
    "Would you allow an extra dog? He is old and sleeps most of the day.",
    "We would like somebody to cook on the Saturday night.",
    "Is there a room that could be kept dark for a baby?",
    "How many cars can park without blocking anyone?",
    "Could we arrive at noon if we paid a little more?",
    "Is the wifi good enough for one person who has to work on Friday?",
    "Are there enough chairs to seat everyone outside?",
    "We are flexible by a week either way.",
    "Our budget is tight; is there a better price midweek?",
    "Is there a piano, by any chance?",
    "May we hang bunting and put up a small marquee?",
    "Is the hot tub private, and is it included?",
    "What time does the music have to stop?",
    "Half of us are vegetarian and one is coeliac, if that matters for the caterer.",
    "We came two years ago and would love to come back.",
    "Do you take payment in instalments?",
    "How far is the nearest station, and do taxis come out?",
]
ENDINGS = ["Many thanks,", "Best wishes,", "With thanks,", "Kind regards,", "Hope to hear soon,"]

LOST_REASONS = [
    "Booked another house nearer to the station.",
    "Dates were taken.",
    "Too expensive for the group.",
    "The group became too small.",
    "Guest did not answer after two reminders.",
    "Wanted a swimming pool.",
    "House rules did not fit: late music outside.",
    "Postponed to next year.",
    "Could not take four dogs.",
    "The wedding was called off.",
]
SPAM = [
    "Dear owner, we put your website on page one of every search engine. Reply for a free audit.",
    "Urgent business proposal. I hold funds in trust and need a reliable partner in your country.",
    "Cheap backlinks, 5000 for $49, permanent. Answer YES to begin today.",
    "Your listing has won our excellence award. To collect it, confirm your bank details.",
    "Buy followers!!! Real people, instant start, 24/7 support.",
]
SPAMMERS = ["SEO Expert Team", "Marketing Dept", "Award Office", "Growth Booster", "Web Promo"]


@dataclass(frozen=True)
class EnquiryPlan:
    """`answers` are what the enquiry form would be sent; `trapped` fills its hidden field."""

    number: int
    house: HousePlan
    answers: dict[str, Any] = field(hash=False)
    trapped: bool = False

    @property
    def email(self) -> str:
        return self.answers["guest_email"]


def write_enquiry(
    rng: Random, number: int, house: HousePlan, guest: Person, today: date
) -> EnquiryPlan:
    occasion = rng.choice(list(OCCASIONS))
    group = rng.randint(max(2, house.sleeps // 2), house.sleeps)
    words = {"title": house.title, "reason": rng.choice(OCCASIONS[occasion]), "group": group}
    message = (
        f"{fill(rng.choice(ASKING), words)} {sentences(rng, DETAILS, rng.randint(1, 3), words)}"
        f"\n\n{rng.choice(ENDINGS)}\n{guest.first_name}"
    )
    answers = {
        "guest_name": guest.name,
        "guest_email": guest.email,
        "guest_phone": guest.phone if rng.random() < 0.8 else "",
        "group_size": group,
        "occasion": occasion,
        "add_ons": sorted(rng.sample(AddOn.values, rng.choice([0, 0, 1, 2, 3]))),
        "message": message,
        "marketing_consent": rng.random() < 0.3,
        **_stay(rng, occasion, today),
    }
    return EnquiryPlan(number, house, answers)


def write_spam(rng: Random, number: int, house: HousePlan, *, trapped: bool) -> EnquiryPlan:
    answers = {
        "guest_name": rng.choice(SPAMMERS),
        "guest_email": f"promo{number}@example.org",
        "group_size": 2,
        "message": rng.choice(SPAM),
    }
    if trapped:
        answers["website"] = "https://promo.example/"
    return EnquiryPlan(number, house, answers, trapped)


def _stay(rng: Random, occasion: str, today: date) -> dict[str, str]:
    """A weekend, a midweek stay, or no dates yet."""
    if rng.random() < 0.12:
        return {}
    if occasion in {"Christmas", "New Year"}:
        arrival = date(today.year + (today.month > 10), 12, 23 if occasion == "Christmas" else 30)
        nights = rng.choice([3, 4, 5])
    else:
        arrival = today + timedelta(days=rng.randint(21, 330))
        weekend = rng.random() < 0.75
        arrival += timedelta(days=((4 if weekend else 0) - arrival.weekday()) % 7)
        nights = rng.choice([2, 2, 3]) if weekend else 4
    departure = arrival + timedelta(days=nights)
    return {"check_in": arrival.isoformat(), "check_out": departure.isoformat()}
