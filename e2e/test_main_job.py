"""The whole business in a browser: from an owner's sign-up to a renewal that is declined."""

import io
import re
import time
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

OWNER = "alice@example.com"
STAFF = "bob@example.com"
GUEST = "gus@example.com"
PASSWORD = "a-long-enough-pass-9"
HOUSE = "Larkrise Manor"
A_YEAR_AND_A_DAY = 366 * 24 * 3600

MAKE_STAFF = f"""
from accounts.models import User
from allauth.account.models import EmailAddress
staff = User.objects.create_superuser("{STAFF}", "{PASSWORD}", first_name="Bob")
EmailAddress.objects.create(user=staff, email=staff.email, verified=True, primary=True)
"""


@pytest.fixture(scope="module")
def browse(site, browser, browser_context_args):
    """Return a function that opens a browser of one's own: cookies are not shared."""
    contexts = []

    def open_browser() -> Page:
        contexts.append(browser.new_context(**browser_context_args))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        return page

    yield open_browser
    for context in contexts:
        context.close()


def test_from_sign_up_to_a_declined_renewal(site, browse):
    site.manage("shell", "-c", MAKE_STAFF)
    owner, staff, guest = browse(), browse(), browse()

    sign_up(owner)
    verify_address(owner)
    add_house(owner)
    buy_silver_for_a_year(owner)
    submit(owner)
    not_public_yet(guest)
    log_in_as_staff(staff)
    approve(staff)
    find_and_enquire(guest)
    owner_sees_the_enquiry(owner)
    records_are_in_the_admin(staff)
    site.sandbox.advance(A_YEAR_AND_A_DAY, wait=True)
    membership_is_past_due(staff)


# --- The owner ------------------------------------------------------------------------------------


def sign_up(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="List your house").first.click()
    page.get_by_label("First name").fill("Alice")
    page.get_by_label("Last name").fill("Larkin")
    page.get_by_label("E-mail", exact=True).fill(OWNER)
    page.get_by_label("Phone").fill("01632 960111")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()


def verify_address(page: Page) -> None:
    page.locator("#main").get_by_role("link", name="demo mailbox").click()
    page.get_by_role("row", name=OWNER).get_by_role("link").click()
    page.locator(".mail-text a").first.click()
    page.get_by_role("button", name="Yes, that is mine").click()
    expect(page).to_have_url(re.compile("/owner/"))


def add_house(page: Page) -> None:
    page.get_by_role("link", name=re.compile("add .*house", re.I)).first.click()
    page.get_by_label("Name of the house").fill(HOUSE)
    page.get_by_label("Type of house").select_option(label="Manor house")
    page.get_by_label("Sleeps from").fill("8")
    page.get_by_label("Sleeps up to").fill("24")
    page.get_by_label("Bedrooms").fill("12")
    page.get_by_label("Bathrooms").fill("7")
    page.locator("[name=description]").fill("A manor among larks, with a hall for forty.")
    page.locator("[name=address]").fill("7 Hidden Lane")
    page.locator("[name=town]").fill("Tetbury")
    page.locator("[name=county]").fill("Gloucestershire")
    page.locator("[name=midweek_price_pence]").fill("1250")
    page.locator("[name=weekend_price_pence]").fill("1800.50")
    page.locator("[name=new_photos]").set_input_files(
        {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    page.get_by_role("button", name=re.compile("^save", re.I)).first.click()
    expect(page.get_by_text(HOUSE).first).to_be_visible()


def a_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1200, 800), "#7a9471").save(file, "JPEG")
    return file.getvalue()


def buy_silver_for_a_year(page: Page) -> None:
    page.goto("/owner/")
    page.get_by_role("link", name=re.compile("choose a plan", re.I)).first.click()
    page.get_by_role("button", name="Choose Silver by the year").click()
    expect(page.locator("#net")).to_have_text("£650.00")
    expect(page.locator("#total")).to_have_text("£780.00")
    page.locator("#card-0341").click()  # pays today, declines at the renewal
    page.locator("#pay").click()
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible(timeout=30_000)


def submit(page: Page) -> None:
    page.get_by_role("button", name=f"Submit {HOUSE}").click()
    expect(page.get_by_text("Pending approval").first).to_be_visible()


def owner_sees_the_enquiry(page: Page) -> None:
    page.goto("/owner/enquiries/")
    page.get_by_role("link", name=re.compile("Gus Guest")).first.click()
    expect(page.get_by_text("Is there room for a harp?")).to_be_visible()
    expect(page.get_by_text(GUEST).first).to_be_visible()


# --- The guest ------------------------------------------------------------------------------------


def not_public_yet(page: Page) -> None:
    page.goto("/houses/?q=Larkrise")
    expect(page.get_by_role("link", name=HOUSE)).to_have_count(0)


def find_and_enquire(page: Page) -> None:
    page.goto("/houses/?q=Tetbury&guests=20")
    page.get_by_role("link", name=re.compile(HOUSE)).first.click()
    expect(page.get_by_role("heading", name=HOUSE, exact=True)).to_be_visible()
    assert "Hidden Lane" not in page.content()
    page.get_by_label("Your name").fill("Gus Guest")
    page.locator("[name=guest_email]").fill(GUEST)
    page.locator("[name=guest_phone]").fill("01632 960222")
    page.locator("[name=group_size]").fill("20")
    page.locator("[name=message]").fill("Is there room for a harp?")
    page.get_by_role("button", name="Send the enquiry").click()
    expect(page).to_have_url(re.compile("/thank-you/"))


# --- Staff ----------------------------------------------------------------------------------------


def log_in_as_staff(page: Page) -> None:
    page.goto("/admin/")
    page.locator("[name=login]").fill(STAFF)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("log in", re.I)).click()
    expect(page).to_have_url(re.compile("/admin/$"))


def approve(page: Page) -> None:
    queue = page.locator("#listings")
    expect(queue.get_by_text(HOUSE)).to_be_visible()
    queue.get_by_role("button", name=f"Approve {HOUSE}").click()
    expect(page.get_by_text(re.compile("approved", re.I)).first).to_be_visible()


def records_are_in_the_admin(page: Page) -> None:
    for path, text in (
        ("crm/contact/?q=alice", "Alice Larkin"),
        ("crm/contact/?q=gus", "Gus Guest"),
        ("crm/propertyrecord/", HOUSE),
        ("crm/enquiryrecord/", "Gus Guest"),
        ("crm/membershiprecord/", "Alice Larkin"),
        ("billing/payment/", "£780"),
        ("crm/activitylog/", f"Property live: {HOUSE}"),
    ):
        page.goto(f"/admin/{path}")
        expect(page.locator("#result_list").get_by_text(text).first).to_be_visible()


def membership_is_past_due(page: Page) -> None:
    def shown() -> None:  # once the worker has processed what Stripe sent
        page.goto("/admin/crm/membershiprecord/")
        expect(page.locator("#result_list").get_by_text("Past due")).to_be_visible(timeout=500)

    eventually(shown)
    page.goto("/admin/crm/activitylog/")
    expect(page.get_by_text(re.compile("Membership past due")).first).to_be_visible()


def eventually(look: Callable[[], None], seconds: int = 30) -> None:
    """Look again until it is as expected, or time is up."""
    ends_at = time.monotonic() + seconds
    while True:
        try:
            return look()
        except AssertionError:
            if time.monotonic() > ends_at:
                raise
