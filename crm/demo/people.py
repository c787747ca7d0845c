"""Invented people: telephone numbers from Ofcom's range for drama, addresses at example.com|org."""

from dataclasses import dataclass
from random import Random

from crm.demo.places import TOWNS, Town

FIRST_NAMES = """
Abigail Adam Aisha Alan Alasdair Alexandra Alice Amara Andrew Angus Anita Annabel Anthony Arthur
Beatrice Ben Bethan Bridget Callum Camilla Caroline Catherine Charlotte Chloe Clare Conor Daniel
Deborah Dev Diana Dominic Edward Eleanor Elizabeth Emma Esther Ewan Farah Fergus Fiona Frances
Gareth Gemma George Georgina Grace Graham Hannah Harriet Harry Helen Henry Hugh Imogen Imran Isla
Jack Jacqueline James Jasmine Joanna Jonathan Joseph Josephine Judith Julian Kate Kavita Kieran
Laura Leila Leo Lewis Lorna Louise Lucy Malcolm Margaret Martha Matthew Megan Michael Miriam
Morgan Nadia Naomi Natalie Neil Nicola Niamh Oliver Owen Patrick Paul Penelope Peter Philippa
Priya Rachel Ravi Rebecca Rhys Robert Rosalind Rory Ruth Samuel Sanjay Sarah Simon Sophie Stephen
Susannah Tamsin Teresa Thomas Timothy Tobias Victoria Vikram William Yasmin Zara Zoe
""".split()

LAST_NAMES = """
Abbott Acheson Aldridge Amin Appleyard Arkwright Ashdown Atherton Bainbridge Balfour Barlow
Beaumont Bellamy Birchall Blackwood Boothroyd Bradshaw Brannigan Bright Calloway Carmichael
Chadwick Chaudhry Clitheroe Colebrook Cotterill Crowther Dalgleish Davenport Desai Dewhurst
Drummond Eastwood Ellery Entwistle Fairbairn Fanshawe Fenwick Fielding Galbraith Garside Gilchrist
Glover Greenhalgh Hadley Halliwell Harcourt Hargreaves Hathersage Haworth Hepburn Heywood Holroyd
Hussain Ingleby Iqbal Jessop Kapoor Kellett Kendrick Kershaw Lachlan Langdale Latham Lockwood
Lomax Mackenzie Mainwaring Marchbank Maynard Merrick Milburn Mistry Moorcroft Mulholland Naismith
Nethercott Nolan Oakley Okafor Ormerod Osei Padgett Parfitt Pemberton Penhale Pettifer Prescott
Prideaux Quigley Radcliffe Rahman Ramsbottom Redfern Ridgway Rowbotham Sandford Seddon Shackleton
Sinclair Standish Stanhope Sutcliffe Tempest Thackray Thornley Trelawney Tremayne Underwood
Vaughan Wadsworth Wainwright Walmsley Weatherby Whitworth Winterbottom Woodhouse Wragg Yardley
""".split()

STREETS = """
Orchard Lane|Mill Lane|Church Row|The Green|Quarry Bank|Station Road|Sheep Street|Hollow Lane
Castle Terrace|Bridge End|Harbour View|Chapel Hill|Back Lane|Market Place|Coldharbour Lane
Weavers Yard|Long Meadow|Tannery Row|Cooper's Walk|Beacon Road
"""

COMPANIES = [
    "{last} Country Houses",
    "{last} & Daughters",
    "{last} Estates Ltd",
    "{first} {last} Retreats",
    "{town} Gatherings Ltd",
    "{last} House Parties",
    "The {last} Partnership",
    "{town} Big House Company",
]


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class OwnerPlan:
    person: Person
    company: str
    website: str
    address: str
    town: Town
    wants_news: bool

    @property
    def email(self) -> str:
        return self.person.email


class Crowd:
    """Makes people, no two with the same name or address."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.numbers = 0
        pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
        self.names = iter(rng.sample(pairs, len(pairs)))

    def person(self) -> Person:
        first, last = next(self.names)
        domain = self.rng.choice(["example.com", "example.com", "example.org"])
        shape = self.rng.choice(["{f}.{l}", "{f}.{l}", "{f}{l}", "{i}.{l}", "{l}.{f}"])
        letters = {"f": first.lower(), "l": last.lower(), "i": first[0].lower()}
        # The initial alone could be somebody else's too.
        local = shape.format(**letters) + (str(self.numbers) if "{i}" in shape else "")
        return Person(first, last, f"{local}@{domain}", self.phone())

    def phone(self) -> str:
        self.numbers += 1
        number = self.numbers % 1000
        return f"01632 960{number:03}" if self.rng.random() < 0.35 else f"07700 900{number:03}"

    def owner(self, person: Person | None = None) -> OwnerPlan:
        rng, person, town = self.rng, person or self.person(), self.rng.choice(TOWNS)
        words = {"first": person.first_name, "last": person.last_name, "town": town.name}
        company = rng.choice(COMPANIES).format(**words) if rng.random() < 0.6 else ""
        site = "".join(letter for letter in company.lower() if letter.isalpha())
        streets = [street for row in STREETS.split("\n") for street in row.split("|") if street]
        return OwnerPlan(
            person=person,
            company=company,
            website=f"https://{site}.example/" if site and rng.random() < 0.7 else "",
            address=f"{rng.randint(1, 60)} {rng.choice(streets)}",
            town=town,
            wants_news=rng.random() < 0.55,
        )


MANAGER = Person("Harriet", "Lockwood", "staff@gatehouse.example", "01632 960900")
AGENT = Person("Dev", "Mistry", "agent@gatehouse.example", "01632 960901")
OLIVIA = Person("Olivia", "Hartwell", "olivia@gatehouse.example", "07700 900950")
