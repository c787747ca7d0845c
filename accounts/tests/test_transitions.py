import pytest

from accounts.transitions import Transition, TransitionNotAllowed, TransitionTable

DOORS = TransitionTable(
    "a door",
    {"open": "open", "shut": "shut", "locked": "locked"},
    {
        "shut": Transition({"open"}, "shut", "be shut"),
        "paint": Transition({"shut", "open"}, "open", "be painted"),
        "burn": Transition({"locked", "shut", "open"}, "open", "burn"),
    },
)


class TestARefusal:
    @pytest.mark.parametrize(
        ("step", "start", "sentence"),
        [
            ("shut", "shut", "Only a door that is open can be shut; this one is shut."),
            (
                "paint",
                "locked",
                "Only a door that is open or shut can be painted; this one is lock",
            ),
        ],
    )
    def test_says_from_where_the_step_leads_and_what_is_the_case(self, step, start, sentence):
        with pytest.raises(TransitionNotAllowed) as refusal:
            DOORS.check(step, start)

        assert str(refusal.value).startswith(sentence)

    def test_does_not_come_where_the_table_has_the_step(self):
        assert DOORS.check("burn", "locked") is None
