import datetime

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import OwnerFactory
from listings import lifecycle
from listings.choices import ListingStatus
from listings.forms.fields import PoundsField
from listings.forms.house_page import HousePage, NotEditable
from listings.models import Photo, Property
from listings.photos import MAX_PHOTOS
from listings.tests.factories import PropertyFactory
from listings.tests.pictures import give_photos, picture

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def alice(client):
    owner = OwnerFactory()
    client.force_login(owner.user)
    return owner


def typed(photos=(), **changes):
    """The whole form as a browser sends it, for a house with the given photos."""
    data = {
        "title": "Fern Hall",
        "property_type": "manor_house",
        "best_for": ["weddings", "birthdays"],
        "sleeps_min": "8",
        "sleeps_max": "24",
        "bedrooms": "12",
        "bathrooms": "6",
        "dining_capacity": "24",
        "short_description": "Round a courtyard",
        "description": "Twelve bedrooms\nround a courtyard.",
        "address": "1 Secret Lane",
        "town": "Bath",
        "county": "Somerset",
        "postcode": "BA1",
        "latitude": "51.38130",
        "longitude": "-2.35900",
        "nearby_attractions": "The baths",
        "amenities": ["hot_tub", "wifi"],
        "hens_allowed": "on",
        "weddings_allowed": "on",
        "house_rules": "No fireworks",
        "check_in_time": "16:00",
        "check_out_time": "10:30",
        "minimum_stay": "3",
        "cancellation_policy": "Half back",
        "midweek_price_pence": "1200.50",
        "weekend_price_pence": "1800",
        "cleaning_fee_pence": "250",
        "security_deposit_pence": "",
        "hero_video": "https://youtube.com/watch?v=1",
        "slug": "",
        "meta_title": "Fern Hall in Bath",
        "meta_description": "A manor",
        "enquiry_email": "fern@example.com",
        "photos-TOTAL_FORMS": str(len(photos)),
        "photos-INITIAL_FORMS": str(len(photos)),
    }
    for index, photo in enumerate(photos):
        data |= {
            f"photos-{index}-id": str(photo.pk),
            f"photos-{index}-position": str(photo.position),
            f"photos-{index}-caption": photo.caption,
        }
    return data | changes


def add(client, **changes):
    return client.post(reverse("house_add"), typed(**changes))


def edit(client, house, **changes):
    return client.post(reverse("house_edit", args=[house.pk]), typed(house.photos.all(), **changes))


class TestPounds:
    @pytest.mark.parametrize(
        ("typed", "pence"), [("1200", 120_000), ("0.1", 10), ("19.99", 1999), ("", None)]
    )
    def test_pounds_become_whole_pence(self, typed, pence):
        assert PoundsField(required=False).clean(typed) == pence

    @pytest.mark.parametrize(
        "typed", ["1.234", "-1", "100001", "NaN", "Infinity", "1e9", "£5", "٣x"]
    )
    def test_what_is_no_price_is_refused(self, typed):
        with pytest.raises(Exception, match="(?i)ensure|enter"):
            PoundsField().clean(typed)

    @pytest.mark.parametrize(("pence", "shown"), [(120_000, "1200"), (1999, "19.99"), (5, "0.05")])
    def test_pence_are_shown_as_pounds(self, pence, shown):
        assert PoundsField().prepare_value(pence) == shown


class TestAdd:
    def test_every_field_is_stored(self, client, alice):
        add(client)

        house = Property.objects.get()
        assert (house.owner, house.status) == (alice, ListingStatus.DRAFT)
        assert (house.midweek_price_pence, house.weekend_price_pence) == (120_050, 180_000)
        assert (house.cleaning_fee_pence, house.security_deposit_pence) == (25_000, 0)
        assert (house.best_for, house.amenities) == (["weddings", "birthdays"], ["hot_tub", "wifi"])
        assert (house.hens_allowed, house.corporate_allowed, house.weddings_allowed) == (
            True,
            False,
            True,
        )
        assert (house.check_in_time, house.minimum_stay) == (datetime.time(16), 3)
        assert (house.slug, house.enquiry_email) == ("fern-hall", "fern@example.com")
        assert (str(house.latitude), house.address) == ("51.38130", "1 Secret Lane")

    def test_no_field_of_a_house_is_left_out_of_the_form(self):
        ours = {"id", "owner", "created_at", "updated_at"}
        ours.add("video_type")  # follows from the link
        editable = {f.name for f in Property._meta.concrete_fields if f.editable} - ours

        assert editable <= set(HousePage(Property()).form.fields)

    def test_an_empty_weekend_price_is_the_midweek_one(self, client, alice):
        add(client, weekend_price_pence="")

        assert Property.objects.get().weekend_price_pence == 120_050

    def test_owner_and_status_are_not_taken_from_the_request(self, client, alice):
        charlie = OwnerFactory()

        add(client, owner=charlie.pk, status="live", approved_at="2026-01-01", approved_by="me")

        house = Property.objects.get()
        assert (house.owner, house.status, house.approved_at) == (alice, "draft", None)

    def test_what_is_still_missing_is_said(self, client, alice):
        page = client.post(reverse("house_add"), typed(description=""), follow=True)

        assert "add: a description, at least one photo" in page.content.decode()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", ""),
            ("title", "a\nb"),
            ("title", "a\x00b"),
            ("title", "x" * 121),
            ("property_type", "igloo"),
            ("best_for", ["riots"]),
            ("amenities", ["moat"]),
            ("sleeps_min", "0"),
            ("sleeps_max", "7"),
            ("sleeps_max", "99999999999"),
            ("bedrooms", "0"),
            ("address", ""),
            ("county", ""),
            ("latitude", "91"),
            ("longitude", "west"),
            ("check_in_time", "noon"),
            ("minimum_stay", "0"),
            ("midweek_price_pence", ""),
            ("midweek_price_pence", "0"),
            ("weekend_price_pence", "-5"),
            ("hero_video", "javascript:alert(1)"),
            ("hero_video", "http://youtube.com/watch?v=1"),
            ("hero_video", "https://bad.example/youtube.com"),
            ("hero_video", "https://youtube.com@bad.example/"),
            ("hero_video", "https://youtube.com.bad.example/"),
            ("hero_video", "https://youtube.com/" + "x" * 200),
            ("title", "\u200b\u200d"),
            ("title", "\u3164"),
            ("slug", "-"),
            ("slug", "under_score"),
            ("slug", "-fern-"),
            ("description", "x" * 10_001),
            ("nearby_attractions", "x" * 10_001),
            ("house_rules", "x" * 10_001),
            ("cancellation_policy", "x" * 10_001),
            ("slug", "Not A Slug!"),
            ("description", "bell\x07"),
            ("enquiry_email", "nobody"),
            ("meta_title", "x" * 61),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field(self, client, alice, field, value):
        response = add(client, **{field: value})

        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert 'value="Bath"' in response.content.decode()
        assert Property.objects.count() == 0

    @pytest.mark.parametrize("slug", ["fern-hall", "Fern-Hall"])
    def test_a_taken_web_address_is_refused_in_the_words_of_the_form(self, client, alice, slug):
        PropertyFactory(slug="fern-hall")

        response = add(client, slug=slug)

        assert response.context["form"].errors == {
            "slug": ["Another house has this web address. Choose another one."]
        }

    def test_a_web_address_is_stored_in_small_letters(self, client, alice):
        add(client, slug="The-Fern-2")

        assert Property.objects.get().slug == "the-fern-2"

    def test_the_longest_text_fits_however_many_lines_it_has(self, client, alice):
        add(client, description="x\r\n" * 4999 + "xx")

        assert len(Property.objects.get().description) == 10_000

    @pytest.mark.parametrize(
        ("link", "where"),
        [
            ("https://youtu.be/abc", "youtube"),
            ("www.YouTube.com/watch?v=abc", "youtube"),
            ("https://player.vimeo.com/video/1", "vimeo"),
            ("", ""),
        ],
    )
    def test_where_a_film_is_follows_from_its_link(self, client, alice, link, where):
        add(client, hero_video=link)

        assert Property.objects.get().video_type == where

    def test_another_film_may_be_elsewhere(self, client, alice):
        house = PropertyFactory(owner=alice, hero_video="https://youtu.be/a", video_type="youtube")

        edit(client, house, hero_video="https://vimeo.com/1")

        house.refresh_from_db()
        assert (house.hero_video, house.video_type) == ("https://vimeo.com/1", "vimeo")

    @pytest.mark.parametrize(
        "junk",
        [
            {"photos-TOTAL_FORMS": "x"},
            {"photos-TOTAL_FORMS": "", "photos-INITIAL_FORMS": ""},
            {"photos-TOTAL_FORMS": "5", "photos-INITIAL_FORMS": "5"},
            {"photos-TOTAL_FORMS": "99999", "photos-INITIAL_FORMS": "-1"},
            {"photos-TOTAL_FORMS": "1", "photos-INITIAL_FORMS": "1", "photos-0-id": "9" * 40},
            {"photos-TOTAL_FORMS": "1", "photos-INITIAL_FORMS": "1", "photos-0-id": "\x00"},
        ],
    )
    def test_a_tampered_photo_list_is_no_error_of_ours(self, client, alice, junk):
        assert add(client, **junk).status_code in {200, 302}


class TestAtTheSameMoment:
    @pytest.fixture
    def rival(self, monkeypatch):
        """Another owner's house takes the address after ours was found to be free."""
        real = HousePage.is_valid

        def valid_then_taken(page):
            return real(page) and bool(PropertyFactory(slug="fern-hall"))

        monkeypatch.setattr(HousePage, "is_valid", valid_then_taken)

    def test_a_typed_address_that_was_just_taken_is_said_beside_the_field(
        self, client, alice, rival
    ):
        response = add(client, slug="fern-hall")

        assert list(response.context["form"].errors) == ["slug"]
        page = response.content.decode()
        assert 'value="fern-hall"' in page
        assert "Twelve bedrooms\nround a courtyard." in page
        assert not Property.objects.for_owner(alice).exists()

    def test_an_edited_address_that_was_just_taken_is_said_beside_the_field(
        self, client, alice, rival
    ):
        house = PropertyFactory(owner=alice, slug="old")

        response = edit(client, house, slug="fern-hall")

        house.refresh_from_db()
        assert list(response.context["form"].errors) == ["slug"]
        assert house.slug == "old"

    def test_an_address_made_from_the_name_is_made_again(self, client, alice, monkeypatch):
        PropertyFactory(slug="fern-hall")
        free = iter(["fern-hall", "fern-hall", "fern-hall-2"])
        monkeypatch.setattr(Property, "_free_slug", lambda house: next(free))

        assert add(client).status_code == 302

        assert Property.objects.for_owner(alice).get().slug == "fern-hall-2"

    def test_another_clash_than_of_addresses_is_not_hidden(self, alice, monkeypatch):
        page = HousePage(Property(owner=alice), typed(), {})
        assert page.is_valid()
        page.form.instance.bedrooms = 0  # past the form, against the database's own rule

        with pytest.raises(IntegrityError):
            page.save(now=timezone.now())

    def test_a_second_press_of_the_button_makes_no_second_house(self, client, alice):
        responses = [add(client), add(client)]

        assert [response.url for response in responses] == [reverse("dashboard")] * 2
        assert Property.objects.count() == 1

    def test_a_second_house_on_another_day_may_be_called_the_same(self, alice):
        for now in (timezone.now(), timezone.now() + datetime.timedelta(days=1)):
            page = HousePage(Property(owner=alice), typed(), {})
            assert page.is_valid()
            page.save(now=now)

        assert Property.objects.count() == 2


class TestEdit:
    def test_the_form_shows_what_is_stored(self, client, alice):
        house = PropertyFactory(owner=alice, midweek_price_pence=123_456, title="Old & grey")

        page = client.get(reverse("house_edit", args=[house.pk])).content.decode()

        assert 'value="1234.56"' in page
        assert 'value="Old &amp; grey"' in page

    def test_saving_an_untouched_form_changes_nothing(self, client, alice):
        add(client)
        house = Property.objects.get()
        before = {**Property.objects.values().get(), "updated_at": None}
        form = client.get(reverse("house_edit", args=[house.pk])).context["form"]
        shown = {name: form[name].value() for name in form.fields}
        shown = {name: value for name, value in shown.items() if value not in (None, False)}

        client.post(reverse("house_edit", args=[house.pk]), typed(**shown))

        assert {**Property.objects.values().get(), "updated_at": None} == before

    def test_a_live_house_can_be_edited_and_stays_live(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        give_photos(house)

        edit(client, house, title="New name")

        house.refresh_from_db()
        assert (house.title, house.status) == ("New name", "live")

    def test_a_house_that_was_public_keeps_its_web_address(self, client, alice):
        house = PropertyFactory(owner=alice, live=True, slug="known")
        give_photos(house)

        edit(client, house, slug="other")

        house.refresh_from_db()
        assert house.slug == "known"

    def test_a_live_house_stays_complete(self, client, alice):
        house = PropertyFactory(owner=alice, live=True)
        give_photos(house)

        response = edit(client, house, description="", **{"photos-0-DELETE": "on"})
        assert list(response.context["form"].errors) == ["description"]
        response = edit(client, house, **{"photos-0-DELETE": "on"})
        assert list(response.context["form"].errors) == ["new_photos"]
        assert Photo.objects.count() == 1

    def test_a_pending_house_is_shown_but_not_changed(self, client, alice):
        house = PropertyFactory(owner=alice, pending=True, title="As submitted")

        for response in (client.get(reverse("house_edit", args=[house.pk])), edit(client, house)):
            assert response.url == house.get_absolute_url()
        page = client.get(house.get_absolute_url()).content.decode()

        house.refresh_from_db()
        assert house.title == "As submitted"
        assert "is with our team for approval" in page

    def test_a_house_submitted_meanwhile_is_not_changed(self):
        house = PropertyFactory(title="As submitted")
        page = HousePage(house, typed(), {})
        assert page.is_valid()
        lifecycle.submit(Property.objects.get(pk=house.pk), now=NOW)

        with pytest.raises(NotEditable):
            page.save(now=NOW)

        assert Property.objects.get().title == "As submitted"

    def test_a_house_paused_meanwhile_stays_paused(self):
        house = PropertyFactory(live=True)
        give_photos(house)
        page = HousePage(house, typed(house.photos.all()), {})
        assert page.is_valid()
        lifecycle.pause(Property.objects.get(pk=house.pk), now=NOW)

        page.save(now=NOW)

        assert Property.objects.get().status == ListingStatus.PAUSED


class TestPhotos:
    def positions(self, house):
        return list(house.photos.values_list("pk", "position"))

    def test_several_are_uploaded_at_once_and_keep_their_order(self, client, alice):
        uploads = [picture("a.jpg", (60, 40)), picture("b.png", (80, 40), "PNG")]

        add(client, new_photos=uploads)

        assert [(p.position, p.width) for p in Photo.objects.all()] == [(1, 60), (2, 80)]

    def test_a_bad_one_is_named_and_nothing_typed_is_lost(self, client, alice):
        uploads = [picture("good.jpg"), picture("bad.gif", kind="GIF")]

        response = add(client, new_photos=uploads)

        page = response.content.decode()
        assert list(response.context["form"].errors) == ["new_photos"]
        assert "“bad.gif” is not a JPEG" in page
        assert 'id="id_new_photos_error"' in page
        assert 'value="Fern Hall"' in page
        assert Photo.objects.count() == 0

    def test_the_name_of_an_upload_is_escaped(self, client, alice):
        page = add(client, new_photos=[picture("<img src=x>.gif", kind="GIF")]).content.decode()

        assert "<img src=x>" not in page

    def test_twenty_are_the_most(self, client, alice):
        house = PropertyFactory(owner=alice)
        give_photos(house, MAX_PHOTOS)

        response = edit(client, house, new_photos=[picture()])

        assert "20 is the most" in response.content.decode()
        assert house.photos.count() == MAX_PHOTOS

    @pytest.mark.parametrize(
        ("moves", "order"), [({2: 1}, [2, 0, 1]), ({0: 3}, [1, 2, 0]), ({0: 2}, [1, 0, 2])]
    )
    def test_a_new_place_moves_a_photo_there(self, client, alice, moves, order):
        house = PropertyFactory(owner=alice)
        photos = give_photos(house, 3)

        edit(client, house, **{f"photos-{at}-position": str(to) for at, to in moves.items()})

        assert self.positions(house) == [(photos[at].pk, n) for n, at in enumerate(order, 1)]

    def test_a_caption_is_kept(self, client, alice):
        house = PropertyFactory(owner=alice)
        give_photos(house)

        edit(client, house, **{"photos-0-caption": "The garden"})

        assert house.photos.get().caption == "The garden"

    def test_a_removed_photo_leaves_with_its_files(
        self, client, alice, django_capture_on_commit_callbacks
    ):
        house = PropertyFactory(owner=alice)
        first, second = give_photos(house, 2)

        with django_capture_on_commit_callbacks(execute=True):
            edit(client, house, **{"photos-0-DELETE": "on"})

        assert self.positions(house) == [(second.pk, 1)]
        assert not default_storage.exists(first.image.name)
        assert first.card_url.endswith(first.image.name)

    def test_another_owners_photo_cannot_be_moved_or_removed(self, client, alice):
        house = PropertyFactory(owner=alice)
        theirs = give_photos(PropertyFactory())

        fields = typed(theirs, **{"photos-0-DELETE": "on", "photos-0-caption": "mine"})
        client.post(reverse("house_edit", args=[house.pk]), fields)

        kept = Photo.objects.get()
        assert (kept.property_id, kept.caption) == (theirs[0].property_id, "")

    def test_another_owners_photo_is_no_photo_of_this_house(self, client, alice):
        house = PropertyFactory(owner=alice, title="Fern")
        theirs = give_photos(PropertyFactory())

        url = reverse("house_edit", args=[house.pk])
        response = client.post(url, typed(theirs, title="New", **{"photos-0-caption": "mine"}))

        house.refresh_from_db()
        assert response.status_code == 200
        assert "not of this house" in response.content.decode()
        assert (house.title, Photo.objects.get().caption) == ("Fern", "")

    def test_a_photo_without_its_number_is_no_error_of_ours(self, client, alice):
        house = PropertyFactory(owner=alice)
        give_photos(house)

        response = edit(client, house, **{"photos-0-id": ""})

        assert response.status_code == 200
        assert "not of this house" in response.content.decode()
