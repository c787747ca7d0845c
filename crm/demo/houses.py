"""Invented houses: what each is called, what it has, and how its owner describes it."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from crm.demo.places import TOWNS, Town
from crm.demo.prose import a_list, fill, sentences
from listings.choices import Amenity, Occasion, PropertyType

BEGINNINGS = """
Alder Amber Ash Badger Bramble Briar Cider Copper Curlew Damson Elder Fallow Fern Fox Harrow Hart
Harvest Hazel Heron Juniper Kestrel Lark Linden Medlar Merle Mistle Otter Plover Quince Raven
Rook Rowan Sorrel Swallow Teasel Thistle Wren Yarrow
""".split()
ENDINGS = (
    "bank brook combe croft dale fell field garth hollow holt ley mead mere moor stead".split()
)

# Type of house: what follows the name, how many sleep there, pence a head and weekend night.
TYPES: dict[str, tuple[list[str], tuple[int, int], int]] = {
    PropertyType.MANOR_HOUSE: (["Manor", "Court", "Priory"], (16, 30), 5_200),
    PropertyType.COUNTRY_HOUSE: (["House", "Grange", "Rectory"], (12, 24), 4_700),
    PropertyType.COTTAGE: (["Cottages", "Farmhouse", "Longhouse"], (8, 16), 3_900),
    PropertyType.CASTLE: (["Castle", "Keep", "Tower"], (18, 36), 6_400),
    PropertyType.LUXURY_HOUSE: (["Lodge", "Place", "View"], (10, 20), 6_900),
    PropertyType.PARTY_HOUSE: (["Barns", "Mill", "Stables"], (16, 32), 4_400),
    PropertyType.STATELY_HOUSE: (["Hall", "Park", "Abbey"], (22, 44), 7_200),
    PropertyType.QUIRKY_PROPERTY: (["Old School", "Brewhouse", "Signal Box"], (8, 18), 4_600),
}
LIGHTHOUSE = "Lighthouse"  # what a quirky house by the sea is
COMMON = [*TYPES, PropertyType.COUNTRY_HOUSE, PropertyType.PARTY_HOUSE, PropertyType.MANOR_HOUSE]

OPENINGS = [
    "{title} is {kind} {where}, a mile outside {town}, with room for {sleeps} round one table.",
    "Down a long drive {where}, {title} sleeps {sleeps} and keeps everybody under one roof.",
    "We restored {title} over six winters so that {sleeps} people could be together {where}.",
    "Once the home of a {trade}, {title} is now {kind} for parties of up to {sleeps}.",
    "{title} stands on its own {where}: no neighbours to wake, and {town} ten minutes away.",
    "Three generations of our family grew up at {title}; we now share it with groups of {sleeps}.",
]
INSIDE = [
    "The kitchen has two ranges and an island long enough for twelve helpers.",
    "There are {bedrooms} bedrooms and {bathrooms} bathrooms, so nobody queues in the morning.",
    "The dining table seats {dining}, with a dresser full of crockery that matches, mostly.",
    "A wood burner warms the sitting room, and there are enough sofas for a whole hen party.",
    "The {bedrooms} bedrooms range from a four-poster to a bunk room that children fight over.",
    "Two sitting rooms mean that the film and the quiet book can happen at the same time.",
    "The boot room takes {sleeps} pairs of wellingtons and as many muddy dogs as you dare.",
    "Beds are made up with cotton sheets; tell us who needs twins and who a double.",
    "An old gun room is now a larder with three fridges, one of them only for drinks.",
]
OUTSIDE = {
    "hills": [
        "The garden falls away to an orchard, and a footpath leads over the hill to a good pub.",
        "From the terrace you look across two counties and hardly a roof.",
    ],
    "coast": [
        "The beach is a fifteen-minute walk down the lane, and you hear it at night.",
        "The coast path passes the bottom of the garden; turn left for ice cream.",
    ],
    "lake": [
        "The water is at the end of the field, with a jetty and two rowing boats.",
        "Bring swimming things: there is a shingle beach on the lake five minutes away.",
    ],
    "mountains": [
        "You can be on the ridge an hour after breakfast without starting a car.",
        "The mountains fill every window on the south side, whatever the weather does.",
    ],
    "moor": [
        "The moor begins at the garden gate, and the stars are the best for miles.",
        "Behind the house a track climbs to the moor, the stones and the curlews.",
    ],
}
EXTRAS = {
    Amenity.HOT_TUB: "The hot tub seats ten and is ready when you arrive.",
    Amenity.SAUNA: "A wood-fired sauna stands in the old apple store.",
    Amenity.GAMES_ROOM: "The games room has table tennis, a pool table and a dressing-up trunk.",
    Amenity.BBQ: "The barbecue hut keeps the cook dry in any British summer.",
    Amenity.PETS_ALLOWED: "Up to three dogs are welcome.",
}
# These have a pool, which is no amenity on the list, so the text tells of it.
WITH_POOL = {PropertyType.LUXURY_HOUSE, PropertyType.STATELY_HOUSE}
POOL = "The pool is heated from April to October."
CLOSINGS = [
    "We live nearby and answer the telephone.",
    "We meet every party ourselves, show you round and then leave you in peace.",
    "Ask us about caterers, walks and the wet-weather plan.",
    "Come for the weekend; most people wish that they had booked the Monday too.",
    "Hampers, high chairs and a stage for speeches can be arranged.",
]
SHORT = [
    "{Kind} for {sleeps} {where}, near {town}.",
    "Sleeps {sleeps}: {kind} {where}, made for getting everybody together.",
    "Big tables, wide views and {bedrooms} bedrooms {where}.",
    "Room for {sleeps} {where}, {town} ten minutes away.",
]
KINDS = {
    PropertyType.MANOR_HOUSE: ["a Georgian manor", "a handsome stone manor"],
    PropertyType.COUNTRY_HOUSE: ["a rambling country house", "a gabled country house"],
    PropertyType.COTTAGE: ["a row of knocked-through cottages", "a low-beamed farmhouse"],
    PropertyType.CASTLE: ["a small castle with real battlements", "a Victorian folly of a castle"],
    PropertyType.LUXURY_HOUSE: ["a bright modern house", "a house of glass and oak"],
    PropertyType.PARTY_HOUSE: ["a great converted barn", "a cluster of barns round a yard"],
    PropertyType.STATELY_HOUSE: ["a stately house in its own park", "a Palladian hall"],
    PropertyType.QUIRKY_PROPERTY: ["a thoroughly odd building", "a one-off with a tall story"],
}
WHERE = {
    "hills": ["among the hills", "above a quiet valley", "at the end of a beech avenue"],
    "coast": ["within sound of the sea", "on the cliffs", "behind the dunes"],
    "lake": ["above the lake", "between the fells and the water"],
    "mountains": ["under the mountains", "at the head of the valley"],
    "moor": ["on the edge of the moor", "high above the dale"],
}
TRADES = ["wool merchant", "sea captain", "clock maker", "plant hunter", "brewer", "bell founder"]
NEARBY = {
    "hills": "Antiques and lunch in {town}; a walled garden open to visitors; riding; cycle hire.",
    "coast": "Beaches, seal trips and crab sandwiches; surf school; the harbour at {town}.",
    "lake": "Steamers, open-water swimming and canoe hire; the market in {town} on Thursdays.",
    "mountains": "Guided scrambles, a narrow-gauge railway, a waterfall; bakeries in {town}.",
    "moor": "Stone circles, gravel biking, a brewery with a tap room; {town} for supplies.",
}
RULES = [
    "No amplified music outside after 11 pm. No confetti, please: the owls eat it.",
    "Leave the house as you found it, more or less. Candles in lanterns only.",
    "Smoking outside only. Please tell us about extra day guests before they come.",
    "Quiet outside after 10 pm. Shoes off upstairs. Fireworks never: there are sheep.",
]
CANCELLATION = [
    "A quarter to book, the rest eight weeks before arrival. Free changes of date until then.",
    "Full refund up to 90 days before arrival, half up to 45 days, nothing after that.",
    "We refund everything if we can let the dates again, less £75 for our work.",
]


@dataclass(frozen=True)
class HousePlan:
    """`fields` are the columns of a listing; the pictures follow from type, scenery and `look`."""

    title: str
    town: Town
    fields: dict[str, Any] = field(hash=False)
    look: int
    photo_count: int

    @property
    def sleeps(self) -> int:
        return self.fields["sleeps_max"]


class Builders:
    """Makes houses, no two of the same name."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        stems = [first + last for first in BEGINNINGS for last in ENDINGS]
        self.stems = iter(rng.sample(stems, len(stems)))
        self.types = self._types()

    def _types(self) -> Any:
        while True:
            yield from self.rng.sample(COMMON, len(COMMON))

    def house(self) -> HousePlan:
        rng, kind, town = self.rng, next(self.types), self.rng.choice(TOWNS)
        nouns, sizes, head_price = TYPES[kind]
        by_the_sea = kind == PropertyType.QUIRKY_PROPERTY and town.scenery == "coast"
        title = f"{next(self.stems)} {rng.choice([LIGHTHOUSE] if by_the_sea else nouns)}"
        sleeps = rng.randrange(sizes[0], sizes[1] + 1, 2)
        fields = {"title": title, "property_type": kind, **_rooms(rng, sleeps)}
        fields |= _place(rng, town) | _prices(rng, sleeps, head_price) | _welcome(rng)
        fields |= _texts(rng, fields, town)
        return HousePlan(title, town, fields, rng.getrandbits(32), rng.choice([2, 3, 3, 4]))


def _rooms(rng: Random, sleeps: int) -> dict[str, Any]:
    bedrooms = max(3, round(sleeps * rng.uniform(0.4, 0.5)))
    return {
        "sleeps_min": max(2, round(sleeps * 0.4)),
        "sleeps_max": sleeps,
        "bedrooms": bedrooms,
        "bathrooms": max(2, round(bedrooms * rng.uniform(0.5, 0.95))),
        "dining_capacity": sleeps + rng.choice([0, 0, 2, 4]),
    }


def _place(rng: Random, town: Town) -> dict[str, Any]:
    lane = rng.choice(["Upper", "Nether", "Old", "Far", "High"]), rng.choice(BEGINNINGS)
    return {
        "address": f"{lane[0]} {lane[1]} Lane, near {town.name}",
        "town": town.name,
        "county": town.county,
        "postcode": town.area,
        "latitude": f"{town.latitude + rng.uniform(-0.03, 0.03):.5f}",
        "longitude": f"{town.longitude + rng.uniform(-0.04, 0.04):.5f}",
    }


def _prices(rng: Random, sleeps: int, head_price: int) -> dict[str, Any]:
    weekend = round(sleeps * head_price * rng.uniform(0.85, 1.2) / 2_500) * 2_500
    return {
        "weekend_price_pence": weekend,
        "midweek_price_pence": round(weekend * rng.uniform(0.62, 0.8) / 2_500) * 2_500,
        "cleaning_fee_pence": rng.choice([0, 7_500, 12_000, 15_000]),
        "security_deposit_pence": rng.choice([25_000, 50_000, 75_000]),
        "minimum_stay": rng.choice([2, 2, 3]),
        "check_in_time": rng.choice(["15:00", "16:00", "16:00"]),
        "check_out_time": rng.choice(["10:00", "10:00", "11:00"]),
    }


def _welcome(rng: Random) -> dict[str, Any]:
    usual = [Amenity.GARDEN, Amenity.PARKING, Amenity.WIFI]
    more = [amenity for amenity in Amenity if amenity not in usual]
    occasions = sorted(rng.sample(Occasion.values, rng.randint(2, 4)))
    return {
        "amenities": [str(each) for each in usual + rng.sample(more, rng.randint(2, 4))],
        "best_for": occasions,
        "hens_allowed": Occasion.HEN_PARTIES in occasions,
        "corporate_allowed": Occasion.CORPORATE_EVENTS in occasions,
        "weddings_allowed": Occasion.WEDDINGS in occasions,
    }


def _texts(rng: Random, fields: dict[str, Any], town: Town) -> dict[str, Any]:
    words = {
        "title": fields["title"],
        "town": town.name,
        "sleeps": fields["sleeps_max"],
        "bedrooms": fields["bedrooms"],
        "bathrooms": fields["bathrooms"],
        "dining": fields["dining_capacity"],
        "kind": rng.choice(KINDS[fields["property_type"]]),
        "where": rng.choice(WHERE[town.scenery]),
        "trade": rng.choice(TRADES),
    }
    extras = [EXTRAS[name] for name in fields["amenities"] if name in EXTRAS]
    outside = [rng.choice(OUTSIDE[town.scenery]), *extras]
    if fields["property_type"] in WITH_POOL:
        outside.append(POOL)
    description = [
        fill(rng.choice(OPENINGS), words),
        sentences(rng, INSIDE, 3, words),
        " ".join(outside),
        f"Best for {a_list(_said(fields['best_for']))}. {rng.choice(CLOSINGS)}",
    ]
    return {
        "short_description": fill(rng.choice(SHORT), words),
        "description": "\n\n".join(description),
        "nearby_attractions": fill(NEARBY[town.scenery], words),
        "house_rules": rng.choice(RULES),
        "cancellation_policy": rng.choice(CANCELLATION),
        "meta_title": fill("{title}, {town}: sleeps {sleeps}", words)[:60],
        "meta_description": fill("{Kind} {where} near {town} for up to {sleeps}.", words)[:160],
    }


def _said(occasions: list[str]) -> list[str]:
    return [Occasion(occasion).label.lower() for occasion in occasions]
