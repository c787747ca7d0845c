"""The checkout page, driven with plain requests as a browser would post it."""

import re

import requests


def submit(session, number: str):
    data = {"card_number": number, "email": "alice@example.com", "expiry": "12/34", "cvc": "123"}
    return requests.post(session.url, data=data, allow_redirects=False, timeout=5)


def test_page_shows_the_order(shop):
    page = requests.get(shop.session().url, timeout=5)

    assert page.status_code == 200
    for shown in ("Membership", "£50.00", "£10.00", "£60.00", "VAT 20", "every month"):
        assert shown in page.text
    assert "Sandbox – no real money" in page.text


def test_page_has_the_controls_a_browser_test_drives(shop):
    page = requests.get(shop.session().url, timeout=5).text

    for control in ('name="card_number"', 'id="pay"', 'id="leave"', 'id="card-0002"'):
        assert control in page
    assert 'href="http://shop.test/join"' in page


def test_page_asks_nothing_of_other_hosts(shop):
    page = requests.get(shop.session().url, timeout=5).text

    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//(?!shop\.test)', page)


def test_every_input_has_a_label(shop):
    page = requests.get(shop.session().url, timeout=5).text

    inputs = set(re.findall(r'<input id="(\w+)"', page))
    assert inputs == {"email", "card_number", "expiry", "cvc"}
    assert inputs <= set(re.findall(r'<label for="(\w+)"', page))


def test_paying_goes_to_the_success_url(client, shop):
    session = shop.session()

    answer = submit(session, "4242 4242 4242 4242")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://shop.test/thanks?session={session.id}"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_declined_card_stays_on_the_page(client, shop):
    session = shop.session()

    answer = submit(session, "4000 0000 0000 0002")

    assert answer.status_code == 200
    assert "Your card was declined" in answer.text
    assert "4000 0000 0000 0002" in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_unknown_card_number_is_refused(shop):
    assert "Your card number is incorrect" in submit(shop.session(), "1234").text


def test_an_email_is_needed(shop, client):
    session = shop.session(customer_email="")

    data = {"card_number": "4242424242424242", "email": ""}
    answer = requests.post(session.url, data=data, allow_redirects=False, timeout=5)

    assert "Missing required param: email" in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_paid_session_says_so(shop):
    session = shop.session()
    submit(session, "4242424242424242")

    assert "Already paid" in requests.get(session.url, timeout=5).text
    assert "Already paid" in submit(session, "4242424242424242").text


def test_expired_session_says_so(client, shop):
    session = shop.session()
    client.v1.checkout.sessions.expire(session.id)

    assert "has expired" in requests.get(session.url, timeout=5).text


def test_unknown_session_is_not_found(sandbox):
    page = requests.get(f"{sandbox.url}/c/pay/cs_test_none", timeout=5)

    assert page.status_code == 404
    assert "nothing here" in page.text


def test_typed_text_is_escaped(shop):
    assert "<script>alert" not in submit(shop.session(), '"><script>alert(1)</script>').text
