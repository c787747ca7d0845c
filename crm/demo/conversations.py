"""What staff say and write down, and what owners say to them."""

from dataclasses import dataclass

from crm.models import Interaction

EMAIL, PHONE = Interaction.Type.EMAIL, Interaction.Type.PHONE
MESSAGE, NOTE = Interaction.Type.MESSAGE, Interaction.Type.NOTE


@dataclass(frozen=True)
class Words:
    type: str
    subject: str
    content: str
    inbound: bool = False


WELCOME = [
    Words(PHONE, "Welcome call", "Talked through photographs and prices. Keen, very organised."),
    Words(EMAIL, "Welcome to Gatehouse", "Sent the guide to good photographs and the price list."),
    Words(PHONE, "First call", "Wants to know how VAT shows on the invoice. Explained."),
    Words(EMAIL, "Questions about plans", "Which plan has the homepage placement?", inbound=True),
    Words(NOTE, "Heard of us", "Came through a friend who lists with us already."),
    Words(NOTE, "Seasonal", "Closes the house in February; do not ring before ten."),
]
ABOUT_LISTING = [
    Words(PHONE, "Photographs", "Suggested moving the garden picture to the front."),
    Words(EMAIL, "Your text", "Tightened the first paragraph and sent it for approval."),
    Words(MESSAGE, "Hot tub added", "We have put in a hot tub: please add it.", inbound=True),
    Words(EMAIL, "Hen parties", "We would rather not take hens from next year.", inbound=True),
    Words(NOTE, "Visited", "Saw the house on the way north. Better than its pictures."),
    Words(PHONE, "Enquiries up", "Pleased: three enquiries in one week after the new photographs."),
    Words(NOTE, "Idea", "Would suit the holiday focus page about winter weekends."),
]
ABOUT_MONEY = [
    Words(PHONE, "Renewal payment", "Knows of it. Will put in another card this week."),
    Words(EMAIL, "Your payment did not go through", "Sent the link to change the card."),
    Words(NOTE, "Payment", "Rang twice, no answer. Try again on Thursday."),
]
ABOUT_LEAVING = [
    Words(PHONE, "Why they are leaving", "Selling the house in spring. No complaint about us."),
    Words(EMAIL, "Cancelling", "We are taking a year off. Thank you for everything.", inbound=True),
    Words(NOTE, "Win back", "Leaves because of few midweek bookings. Offer silver in January."),
]
ABOUT_REJECTION = [
    Words(PHONE, "What we need", "Explained what is missing. Photographer booked for next week."),
    Words(EMAIL, "Sent back for now", "Repeated the reason and what would make it right."),
]
WITH_GUESTS = [
    Words(PHONE, "Which house?", "Rang to ask which houses take thirty. Suggested three."),
    Words(EMAIL, "Has the owner answered?", "No answer for two days: is it free?", inbound=True),
    Words(NOTE, "Comes every year", "Organises a big walking weekend each May."),
    Words(MESSAGE, "Thank you", "We had the best weekend. Thank you all.", inbound=True),
]
REJECTIONS = [
    "The photographs are too dark. Please take them by day, with the lamps on.",
    "We need a picture of the dining room with the table laid for the full number.",
    "The description gives a private telephone number. Please remove it and submit again.",
    "It says 22 beds in the text and 18 in the form. Which is right?",
    "Please tell guests about the shared drive; the neighbours have asked us to.",
]
NOTES = [
    "Prefers e-mail. Answers within the hour.",
    "Knows everybody in the valley; good for introductions.",
    "Careful with invoices: the company is in a cousin's name.",
    "Ask about the second house, ready next summer.",
    "Likes a telephone call before any change of price.",
]
TAGS = ["friend of the house", "press", "pays late", "photogenic", "new season", "large groups"]
