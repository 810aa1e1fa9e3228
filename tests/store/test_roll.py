"""Who serves, and what each answers when it is asked to load its file again."""

from bot.serving import GONE, Reloaded
from store import SqlStore
from tests.store.conftest import Database, Hand

TAKEN = Reloaded(taken=True, version="b" * 64, told=("signoff.yaml:3: look at this",))
REFUSED = Reloaded(taken=False, version="a" * 64, told=("signoff.yaml:3: no",))


async def test_each_process_hears_what_is_asked_and_answers_for_itself(database: Database) -> None:
    async with database.open() as one, database.open() as two:
        assert (await one.roll.arrive("1", "host-a"), await two.roll.arrive("2", "host-b")) == (0, 0)
        number = await two.roll.ask()
        assert await one.roll.asked() == number == 1
        await one.roll.answer("1", number, TAKEN)
        first, second = await two.roll.servers()
        assert (first.name, first.heard, first.answer) == ("host-a", 1, TAKEN)
        assert (second.name, second.heard, second.answer) == ("host-b", 0, None)


async def test_who_comes_later_has_read_the_file_already(store: SqlStore) -> None:
    await store.roll.ask()
    assert await store.roll.ask() == 2
    assert await store.roll.arrive("1", "host") == 2
    (server,) = await store.roll.servers()
    assert server.heard == 2


async def test_the_first_who_refuses_tells_people_and_nobody_after(store: SqlStore) -> None:
    number = await store.roll.ask()
    for ident in "123":
        await store.roll.arrive(ident, "host")
    assert not await store.roll.answer("1", number, TAKEN)
    assert await store.roll.answer("2", number, REFUSED)
    assert not await store.roll.answer("3", number, REFUSED)
    assert await store.roll.answer("3", await store.roll.ask(), REFUSED)


async def test_who_leaves_or_gives_no_sign_of_life_is_not_waited_for(store: SqlStore, clock: Hand) -> None:
    for ident in "123":
        await store.roll.arrive(ident, f"host-{ident}")
    await store.roll.leave("1")
    clock.now += GONE
    await store.roll.beat("3")
    assert [server.name for server in await store.roll.servers()] == ["host-3"]


async def test_one_that_begins_alone_forgets_those_that_died(database: Database) -> None:
    async with database.open() as store:
        await store.roll.arrive("1", "died")
    async with database.open() as store:
        assert [server.name for server in await store.roll.servers()] == ["died"]
        await store.take_over()
        assert await store.roll.servers() == ()
