"""Whatever happens to parcels and their workers, in any order: nothing is lost, nothing is drawn twice at once."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ports import Parcel
from bot.request import Effect, EffectKind
from store import SqlStore
from tests.store.values import NOW

LEASE = 100
Key = tuple[str, str]


@dataclass(slots=True)
class World:
    """What was wanted, who is at what, and what was drawn: kept beside the store, and compared with it."""

    store: SqlStore
    now: int = NOW
    count: int = 0
    wanted: dict[Key, int] = field(default_factory=dict)  # the latest number that must be drawn, or told
    drawn: dict[Key, int] = field(default_factory=dict)
    hands: list[Parcel] = field(default_factory=list)
    holder: dict[Key, Parcel] = field(default_factory=dict)  # who took it last

    def at_work(self) -> list[Key]:
        return [key_of(parcel) for parcel in self.hands if parcel.lease_until > self.now]

    async def put(self, kind: EffectKind, key: str) -> None:
        self.count += 1
        self.wanted.setdefault((kind, key), self.count)
        if kind is EffectKind.SHOW:
            self.wanted[kind, key] = self.count
        await self.store.put([Effect(kind, "req_1", key, {"n": self.count})])

    async def take(self, limit: int) -> None:
        busy = self.at_work()
        for parcel in await self.store.take(self.now, LEASE, limit, list(EffectKind)):
            assert key_of(parcel) not in busy, "two are at one key"
            self.hands.append(parcel)
            self.holder[key_of(parcel)] = parcel

    async def done(self, which: int) -> None:
        parcel = self.hands.pop(which % len(self.hands))
        if (
            self.holder[key_of(parcel)] == parcel
        ):  # one that another has taken over since may draw too: nobody counts on it
            self.drawn[key_of(parcel)] = parcel.data["n"]
        await self.store.done(parcel)

    async def failed(self, which: int, later: int) -> None:
        parcel = self.hands.pop(which % len(self.hands))
        await self.store.postpone(parcel, self.now + later, "failed")

    async def drain(self) -> None:
        """Everything that is still wanted is drawn in the end, and then nothing is left."""
        for _ in range(5):
            self.now += 10_000
            self.hands.clear()
            await self.take(1_000)
            for _ in range(len(self.hands)):
                await self.done(0)
        assert await self.store.next_due(list(EffectKind)) is None


def key_of(parcel: Parcel) -> Key:
    return parcel.kind, parcel.key


OPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from([EffectKind.SHOW, EffectKind.TELL]), st.just("a")),
    st.tuples(st.just("take"), st.integers(1, 2)),
    st.tuples(st.just("done"), st.integers(0, 1)),
    st.tuples(st.just("failed"), st.integers(0, 1), st.sampled_from([0, 150])),
    st.tuples(st.just("dies"), st.integers(0, 1)),
    st.tuples(st.just("waits"), st.sampled_from([1, LEASE])),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPS, min_size=8, max_size=50))
async def test_nothing_is_lost_and_the_last_state_is_drawn(store: SqlStore, ops: list[tuple[object, ...]]) -> None:
    world = World(store)
    for name, *given_ in ops:
        await _step(world, str(name), given_)
    await world.drain()
    for key, number in world.wanted.items():
        assert world.drawn[key] == number, f"{key}: {number} was wanted, {world.drawn.get(key)} drawn"


async def _step(world: World, name: str, given_: list[object]) -> None:
    match name, given_:
        case "put", [EffectKind() as kind, str(key)]:
            if kind is EffectKind.SHOW or (kind, key) not in world.wanted:  # a TELL's key holds a revision: never again
                await world.put(kind, key)
        case "take", [int(limit)]:
            await world.take(limit)
        case "done", [int(which)] if world.hands:
            await world.done(which)
        case "failed", [int(which), int(later)] if world.hands:
            await world.failed(which, later)
        case "dies", [int(which)] if world.hands:
            world.hands.pop(which % len(world.hands))
        case "waits", [int(time)]:
            world.now += time
