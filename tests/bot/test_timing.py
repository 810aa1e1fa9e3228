"""What falls due when: boundaries, hours with daylight saving, rest for a question; and that nothing waits for ever."""

import datetime
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import timing
from bot.catalogue import Group
from bot.request import OPEN, Attempt, Fired, Request, State
from bot.route import Escalation, Requirement, Route, Stage, Verdict
from bot.timing import HOUR, MINUTE, Due
from tests import build
from tests.build import T0

NEED = (Requirement(("finance",)),)


def routed(*stages: Stage, **groups: Group) -> Route:
    known = {"finance": Group("finance", users=("U1",)), "directors": Group("directors", users=("U2",))}
    return Route(Verdict.ASK, "rule", stages, groups=known | groups)


def waiting(*steps: Escalation, remind: int | None = None, loops: int = 0, **rest: Any) -> Request:
    stage = Stage(need=NEED, remind=remind, escalate=steps, loops=loops)
    groups = {name: group for name, group in rest.items() if isinstance(group, Group)}
    others = {name: value for name, value in rest.items() if name not in groups}
    return build.request(build.version(by=routed(stage, **groups)), **others)


def fired(kind: str, at: int, index: int = 0, loop: int = 0) -> Fired:
    return Fired(1, 0, kind, index, loop, at)


def step(after: int, **rest: object) -> Escalation:
    return replace(Escalation(after, ("directors",)), **rest)  # type: ignore[arg-type]


# ── nothing waits for ever, nothing is due without being woken for ──────────────────────────────────────────────

steps_drawn = st.builds(
    Escalation,
    after=st.integers(1, 5 * HOUR),
    to=st.sampled_from([("directors",), ("office",), ("office", "night")]),
    counted_from=st.sampled_from(["stage", "previous"]),
    any_hour=st.booleans(),
)
HOURS = {
    "office": Group("office", users=("U3",), hours="08:00-20:00", time_zone="Europe/Berlin"),
    "night": Group("night", users=("U4",), hours="22:00-06:00", time_zone="America/New_York"),
}
holds = st.none() | st.tuples(st.integers(0, 3 * HOUR), st.integers(0, HOUR)).map(
    lambda pair: (T0 + pair[0], T0 + sum(pair))
)


@given(st.lists(steps_drawn, max_size=3), st.none() | st.integers(10 * MINUTE, HOUR), st.integers(0, 3), holds)
def test_time_passes_to_the_end_for_whatever_waits(
    steps: list[Escalation], remind: int | None, loops: int, held: tuple[int, int] | None
) -> None:
    """Wake, let the first due thing happen, and so on: never early, each once, in order, and it ends in expiry."""
    request = waiting(*steps, remind=remind, loops=loops, held=held, **HOURS)
    happened: list[tuple[str, int, int]] = []
    last = T0
    while True:
        wake = timing.wake_at(request)
        assert wake is not None, "what is open always has something to come"
        assert timing.due(request, wake - 1) == (), "and nothing before it"
        first = timing.due(request, wake)[0]
        assert first.at == wake
        assert wake >= last, "time does not run backwards"
        last = wake
        if first.kind == "expire":
            break
        happened.append((first.kind, first.index, first.loop))
        place = fired(first.kind, wake, first.index, first.loop)
        request = request.but(fired=(*request.fired, place))
    assert last == request.expires_at
    escalated = [place for place in happened if place[0] == "escalate"]
    assert len(set(happened)) == len(happened), "each step once"
    assert len(escalated) <= len(steps) * (loops + 1)
    if escalated:
        after = happened[happened.index(escalated[0]) :]
        assert all(kind == "escalate" for kind, *_ in after), "reminders end with the first escalation"
    assert [loop for _, _, loop in escalated] == sorted(loop for _, _, loop in escalated)


@pytest.mark.parametrize("state", State)
def test_which_states_need_time(state: State) -> None:
    request = build.request(state=state, run_by=T0 + HOUR, attempts=(Attempt(1, T0, T0 + 30_000),))
    wakes = {
        State.DRAFTING: request.expires_at,
        State.PENDING: request.expires_at,
        State.APPROVED: T0 + HOUR,
        State.EXECUTING: T0 + 30_000,
    }
    assert timing.wake_at(request) == wakes.get(state)
    assert (timing.wake_at(request) is None) is (state not in OPEN or state is State.UNKNOWN)


@pytest.mark.parametrize(("late", "is_due"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize("state", [State.DRAFTING, State.PENDING, State.APPROVED])
def test_expiry_to_the_millisecond(state: State, late: int, is_due: bool) -> None:
    request = build.request(state=state, run_by=T0 + HOUR)
    end = T0 + HOUR if state is State.APPROVED else request.expires_at
    assert bool(timing.due(request, end + late)) is is_due


# ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────


def coming(request: Request) -> list[tuple[str, int, int, int]]:
    """What is to come but expiry: kind, index, loop, minutes since the first moment."""
    return [
        (due.kind, due.index, due.loop, (due.at - T0) // MINUTE)
        for due in timing.schedule(request)
        if due.kind != "expire"
    ]


def test_steps_counted_from_the_stage_stand_side_by_side() -> None:
    request = waiting(step(20 * MINUTE), step(10 * MINUTE))
    assert coming(request) == [("escalate", 1, 0, 10), ("escalate", 0, 0, 20)]


def test_a_step_counted_from_the_previous_waits_for_it() -> None:
    request = waiting(step(10 * MINUTE), step(5 * MINUTE, counted_from="previous"))
    assert coming(request) == [("escalate", 0, 0, 10)]
    later = request.but(fired=(fired("escalate", T0 + 13 * MINUTE),))
    assert coming(later) == [("escalate", 1, 0, 18)]


def test_the_first_step_counted_from_the_previous_counts_from_the_stage() -> None:
    assert coming(waiting(step(5 * MINUTE, counted_from="previous"))) == [("escalate", 0, 0, 5)]


def test_a_loop_begins_when_all_of_the_one_before_has_happened() -> None:
    request = waiting(step(20 * MINUTE), step(10 * MINUTE), loops=1)
    half = request.but(fired=(fired("escalate", T0 + 10 * MINUTE, 1),))
    assert coming(half) == [("escalate", 0, 0, 20)]
    whole = half.but(fired=(*half.fired, fired("escalate", T0 + 25 * MINUTE, 0)))
    assert coming(whole) == [("escalate", 1, 1, 35), ("escalate", 0, 1, 45)]
    again = (fired("escalate", T0 + 35 * MINUTE, 1, 1), fired("escalate", T0 + 45 * MINUTE, 0, 1))
    assert coming(whole.but(fired=(*whole.fired, *again))) == []


def test_what_another_stage_did_is_not_counted() -> None:
    stages = (Stage(need=NEED, remind=5 * MINUTE, escalate=(step(10 * MINUTE),)),) * 2
    request = build.request(
        build.version(by=routed(*stages)),
        stage=1,
        stage_at=T0 + HOUR,
        fired=(fired("remind", T0 + 5 * MINUTE), fired("escalate", T0 + 10 * MINUTE)),
    )
    assert coming(request) == [("remind", 0, 0, 65), ("escalate", 0, 0, 70)]


def test_reminders_are_counted_from_the_last_one() -> None:
    request = waiting(step(HOUR), remind=10 * MINUTE)
    late = request.but(fired=(fired("remind", T0 + 34 * MINUTE),))
    assert coming(late)[0] == ("remind", 1, 0, 44)


# ── rest for a question ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("begin", "end", "due"),
    [
        (0, 60, 70),  # from the very start: it waits out the hour
        (5, 15, 20),
        (9, 69, 70),
        (10, 70, 10),  # it was due when the question came
        (11, 71, 10),
        (5, 5, 10),  # answered at once
    ],
)
def test_a_step_is_moved_by_the_rest(begin: int, end: int, due: int) -> None:
    request = waiting(step(10 * MINUTE), held=(T0 + begin * MINUTE, T0 + end * MINUTE))
    assert coming(request) == [("escalate", 0, 0, due)]


def test_what_is_counted_from_a_moment_within_the_rest_is_moved_by_what_is_left_of_it() -> None:
    request = waiting(remind=10 * MINUTE, held=(T0 + 15 * MINUTE, T0 + 45 * MINUTE))
    assert coming(request.but(fired=(fired("remind", T0 + 30 * MINUTE),))) == [("remind", 1, 0, 55)]
    assert coming(request.but(fired=(fired("remind", T0 + 50 * MINUTE),))) == [("remind", 1, 0, 60)]


@given(st.integers(1, HOUR), st.integers(0, 2 * HOUR), st.integers(0, HOUR))
def test_a_rest_only_ever_moves_later_and_at_most_by_its_length(after: int, begin: int, length: int) -> None:
    free = timing.schedule(waiting(step(after)))[0].at
    held = timing.schedule(waiting(step(after), held=(T0 + begin, T0 + begin + length)))
    (moved,) = [due.at for due in held if due.kind == "escalate"]
    assert free <= moved <= free + length


def test_a_rest_does_not_move_expiry() -> None:
    request = waiting(held=(T0, T0 + HOUR))
    assert timing.schedule(request) == (Due(request.expires_at, "expire"),)


# ── hours ───────────────────────────────────────────────────────────────────────────────────────────────────────

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def group(hours: str, zone: str = "Europe/Berlin") -> Group:
    return Group("office", users=("U3",), hours=hours, time_zone=zone)


@pytest.mark.parametrize(
    ("hours", "now", "opening"),
    [
        ("08:00-20:00", "2026-05-28T07:59:59.999", "2026-05-28T08:00"),
        ("08:00-20:00", "2026-05-28T08:00", "2026-05-28T08:00"),
        ("08:00-20:00", "2026-05-28T19:59:59.999", "2026-05-28T19:59:59.999"),
        ("08:00-20:00", "2026-05-28T20:00", "2026-05-29T08:00"),
        ("08:00-20:00", "2026-05-31T23:30", "2026-06-01T08:00"),
        ("08:00-20:00", "2026-12-31T20:00", "2027-01-01T08:00"),
        ("22:00-06:00", "2026-05-28T21:59:59.999", "2026-05-28T22:00"),
        ("22:00-06:00", "2026-05-28T23:00", "2026-05-28T23:00"),
        ("22:00-06:00", "2026-05-28T00:00", "2026-05-28T00:00"),
        ("22:00-06:00", "2026-05-28T05:59:59.999", "2026-05-28T05:59:59.999"),
        ("22:00-06:00", "2026-05-28T06:00", "2026-05-28T22:00"),
        ("00:00-06:00", "2026-05-28T12:00", "2026-05-29T00:00"),
        # the clock goes forward in the night to 29 March, and back in the night to 25 October 2026
        ("08:00-20:00", "2026-03-28T20:00", "2026-03-29T08:00"),
        ("08:00-20:00", "2026-10-24T20:00", "2026-10-25T08:00"),
        ("02:30-04:00", "2026-03-28T12:00", "2026-03-29T03:30"),  # 02:30 does not exist that night
        ("02:30-04:00", "2026-10-24T12:00", "2026-10-25T02:30"),  # the first of the two
    ],
)
def test_the_next_opening(hours: str, now: str, opening: str) -> None:
    assert timing.opens(group(hours), at(now)) == at(opening)


def test_a_night_with_a_change_of_the_clock_is_as_long_as_it_is() -> None:
    office = group("08:00-20:00")
    nights = {
        evening: (timing.opens(office, at(f"{evening}T20:00")) - at(f"{evening}T20:00")) / HOUR
        for evening in ("2026-03-27", "2026-03-28", "2026-10-24")
    }
    assert nights == {"2026-03-27": 12, "2026-03-28": 11, "2026-10-24": 13}


def test_without_hours_it_is_always_open_and_without_a_zone_it_is_utc() -> None:
    assert timing.opens(Group("x"), T0) == T0
    utc = Group("x", hours="08:00-20:00")
    assert timing.opens(utc, at("2026-05-28T07:00", ZoneInfo("UTC"))) == at("2026-05-28T08:00", ZoneInfo("UTC"))


clock_times = st.times().map(lambda moment: moment.strftime("%H:%M"))


@given(
    st.tuples(clock_times, clock_times).filter(lambda pair: pair[0] != pair[1]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    st.integers(at("2026-01-01T00:00"), at("2027-01-01T00:00")),
)
def test_the_next_opening_is_open_and_not_far(pair: tuple[str, str], zone: str, now: int) -> None:
    office = group("-".join(pair), zone)
    opening = timing.opens(office, now)
    assert now <= opening <= now + 25 * HOUR
    assert timing.opens(office, opening) == opening or _skipped(office, opening), "it is open then"
    between = now + (opening - now) // 2
    if opening > now:
        assert timing.opens(office, between) != between or _skipped(office, between), "and was not before"


def _skipped(office: Group, moment: int) -> bool:
    """Whether the clock is changed within an hour: an opening may not exist that night, or come twice."""
    zone = ZoneInfo(office.time_zone or "UTC")
    offsets = {datetime.datetime.fromtimestamp((moment + d) / 1000, zone).utcoffset() for d in (-2 * HOUR, 0, 2 * HOUR)}
    return len(offsets) > 1


def test_a_step_waits_for_the_opening_but_not_beyond_half_of_what_is_left() -> None:
    office = group("08:00-20:00")
    night = at("2026-05-28T22:00")
    rest: dict[str, Any] = {"stage_at": night, "made_at": night, "office": office}
    to_office = Escalation(15 * MINUTE, ("office",))

    def due(lives: int, steps: Escalation = to_office) -> int:
        request = waiting(steps, expires_at=night + lives, **rest)
        (found,) = [due.at for due in timing.schedule(request) if due.kind == "escalate"]
        return found

    assert due(24 * HOUR) == at("2026-05-29T08:00")
    assert due(4 * HOUR) == night + 15 * MINUTE + (4 * HOUR - 15 * MINUTE) // 2
    exactly = 2 * (at("2026-05-29T08:00") - night - 15 * MINUTE) + 15 * MINUTE
    assert due(exactly) == at("2026-05-29T08:00")
    assert due(exactly - 2) == at("2026-05-29T08:00") - 1
    assert due(24 * HOUR, replace(to_office, any_hour=True)) == night + 15 * MINUTE
    assert due(24 * HOUR, replace(to_office, to=("office", "directors"))) == night + 15 * MINUTE, "one is always open"


def test_of_several_groups_the_first_that_opens_counts() -> None:
    night = at("2026-05-28T21:00")
    request = waiting(
        Escalation(MINUTE, ("office", "late")),
        stage_at=night,
        expires_at=night + 48 * HOUR,
        office=group("08:00-20:00"),
        late=replace(group("22:00-23:00"), name="late"),
    )
    assert coming_at(request) == at("2026-05-28T22:00")


def coming_at(request: Request) -> int:
    return next(due.at for due in timing.schedule(request) if due.kind == "escalate")


def test_hours_do_not_hold_reminders() -> None:
    request = waiting(Escalation(HOUR, ("office",)), remind=10 * MINUTE, office=group("08:00-09:00"))
    assert coming(request)[0] == ("remind", 0, 0, 10)
