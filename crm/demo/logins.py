"""What somebody who looks round needs to know."""

from django.conf import settings

from crm.demo.making import PASSWORD
from crm.demo.memberships import FAILS_AT_RENEWAL, GOOD_CARD
from crm.demo.people import AGENT, MANAGER, OLIVIA

DECLINED_CARD = "4000000000000002"


def logins() -> str:
    site = settings.SITE_URL
    lines = [
        ("Site", f"{site}/"),
        ("Admin", f"{site}/admin/"),
        ("Manager", f"{MANAGER.email}   may do everything"),
        ("Agent", f"{AGENT.email}   works on enquiries and contacts"),
        ("Owner", f"{OLIVIA.email}   has houses in several states"),
        ("Password", f"{PASSWORD}   for all of them"),
        ("Card", f"{spaced(GOOD_CARD)}   pays"),
        ("", f"{spaced(FAILS_AT_RENEWAL)}   pays now, is declined at the renewal"),
        ("", f"{spaced(DECLINED_CARD)}   is declined"),
        ("", "Any date to come and any three digits do."),
    ]
    return "\n".join(f"  {name:<10}{text}" for name, text in lines)


def spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, 16, 4))
