"""How two values of a column are shown side by side."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from crm.admin.contrast import LONGEST_WHOLE, Side, contrast
from crm.models import MembershipRecord, PropertyRecord


def sides(before: Any, after: Any, column: str = "title") -> tuple[Side, Side]:
    return contrast(before, after, PropertyRecord._meta.get_field(column), {})


def shown(side: Side) -> str:
    return side.lead + side.part + side.tail


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("price_pence", 105_050, "£1,050.50"),
        ("listing_status", "pending_approval", "Pending approval"),
        ("bedrooms", 0, "0"),
        ("created_at", datetime(2026, 7, 1, 9, 30, tzinfo=UTC), "1 Jul 2026, 10:30"),
    ],
)
def test_a_value_is_put_as_people_say_it(column: str, value: Any, words: str) -> None:
    assert shown(sides(value, None, column)[0]) == words


def test_yes_and_no() -> None:
    field = MembershipRecord._meta.get_field("auto_renew")

    before, after = contrast(True, False, field, {})

    assert (shown(before), shown(after)) == ("Yes", "No")


def test_a_record_that_is_referred_to_goes_by_its_name() -> None:
    one, other = uuid4(), uuid4()
    owner = PropertyRecord._meta.get_field("owner")

    before, after = contrast(one, other, owner, {one: "Olive Owner"})

    assert (shown(before), shown(after)) == ("Olive Owner", "a record still to be made")


def test_nothing_and_an_empty_text_are_told_apart() -> None:
    before, after = sides(None, "")

    assert (before.absent, after.absent) == ("nothing", "empty")


def test_what_is_alike_in_words_is_shown_to_the_last_digit() -> None:
    moment = datetime(2026, 7, 1, 9, 30, 1, tzinfo=UTC)

    before, after = sides(moment, moment.replace(second=2), "created_at")

    assert (before.part, after.part) != ("", "")
    assert shown(before).endswith("09:30:01+00:00")


def test_a_small_change_in_a_text_is_marked() -> None:
    before, after = sides("Hill House", "Mill House")

    assert (before.part, after.part) == ("H", "M")
    assert (after.lead, after.tail) == ("", "ill House")


def test_a_space_at_the_end_is_marked() -> None:
    before, after = sides("Hill House ", "Hill House")

    assert (before.part, after.part) == (" ", "")


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("par2\u202ex  ", "par2⟨U+202E⟩x⟨space⟩⟨space⟩"),
        (" \tHill House", "⟨space⟩⟨U+0009⟩Hill House"),
        ("Hill House\u00a0", "Hill House⟨U+00A0⟩"),
        ("  ", "⟨space⟩⟨space⟩"),
    ],
)
def test_blanks_at_the_ends_are_spelt_out_where_nothing_is_shared(text: str, spelt: str) -> None:
    before, after = sides("Z", text)

    assert (before.part, after.part) == ("Z", spelt)


def test_two_texts_that_share_little_are_shown_whole() -> None:
    before, after = sides("Hill House", "The Old Vicarage")

    assert (before.lead, after.part) == ("", "The Old Vicarage")


def test_a_long_text_is_cut_round_the_change_and_can_be_read_whole() -> None:
    text = "a word and another " * 50

    before, after = sides(text + "one" + text, text + "two" + text, "description")

    assert (before.part, after.part) == ("one", "two")
    assert len(shown(after)) < 100
    assert after.whole == text + "two" + text


def test_the_whole_of_a_very_long_text_is_not_sent() -> None:
    _, after = sides("x", "y" * 100_000, "description")

    assert len(after.whole) == LONGEST_WHOLE + 1


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x07", "\u2028"])
def test_what_cannot_be_seen_is_spelt_out(hidden: str) -> None:
    _, after = sides("Hill House", f"Hill{hidden} House")

    assert after.part == f"⟨U+{ord(hidden):04X}⟩"


def test_lines_stay_lines() -> None:
    _, after = sides("", "One\nTwo", "description")

    assert after.part == "One\nTwo"
