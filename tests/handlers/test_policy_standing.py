"""`signoff policy` where standing approvals are: explained when one would allow, replayed as the past was."""

from pathlib import Path

from bot.moves import standing
from bot.request import Actor
from bot.standing import Wanted
from tests.handlers.test_policy_cli import FILE, alone, beside
from tests.journeys.stage import staged

HOUR = 3_600_000
STANDING = FILE.replace(
    "    required: [order, amount]\n", "    required: [order, amount]\n    standing: {args: [amount]}\n"
)
ASK = ("explain", "refund", "order=ord_2", "amount=60", "--as", "U0RITA")


async def test_explain_says_which_standing_approval_would_allow_it_and_why_others_do_not(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=STANDING) as stage:
        request, _ = await stage.asked(stage.rita, "refund order=ord_1 amount=60")
        desk = stage.house.desk
        assert (await beside(stage, *ASK)).has("Standing approvals: none stands for such requests of this requester.")
        for who, most in ((stage.fay, 50), (stage.fred, 100)):
            actor = Actor("person", who.id, "review")
            await standing.give(desk, actor, request.id, 1, Wanted({"amount": most}, HOUR, 3))

        told = await beside(stage, *ASK)
        assert told.has(
            "Standing approvals:",
            "(U0FAY): does not allow it, since it is only for amount from 0 to 50",
            "(U0FRED): allows it without asking; 3 of 3 uses left, until",
        ), told.out
        offline = await beside(stage, *ASK, "--offline")
        assert offline.has("by U0FRED: allows it without asking, if they could still approve it (nobody was looked up)")
        stage.slack.workspace.set_group("S0FINANCE", ["U0FAY"])
        gone = await beside(stage, *ASK)
        assert gone.has("by U0FRED: does not allow it, since their own click would not be enough for it now")
        for other in (("--as", "U0WALT"), ("--agent", "ci", "--as", "U0RITA")):
            assert (await beside(stage, *ASK[:4], *other)).has("Standing approvals: none stands for such requests")
        high = await beside(stage, "explain", "payout", "to=bob", "amount=1", "--as", "U0RITA")
        assert not high.has("Standing approvals")
        assert await stage.house.desk.store.standing_approvals() != (), "nothing was used by being explained"


async def test_what_ran_under_one_is_explained_and_replayed_as_it_was(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=STANDING) as stage:
        request, _ = await stage.asked(stage.rita, "refund order=ord_1 amount=60")
        actor = Actor("person", stage.fay.id, "review")
        given = await standing.give(stage.house.desk, actor, request.id, 1, Wanted({"amount": 60}, HOUR, 3))
        await stage.rita.command("#general", "/signoff run refund order=ord_2 amount=60")
        ran = (await stage.house.desk.store.of_asker(stage.rita.id, 1))[0]
        await stage.reaches(ran.id, "succeeded")
        told = await beside(stage, "explain", "--request", ran.id)
        assert told.has(
            "A standing approval allowed it instead:",
            "Route: allow, by “standing approval by U0FAY”",
            f"in place of “default for medium risk”; its id is {given.id}",
        ), told.out

        same = await beside(stage, "replay")
        assert same.has("2 versions replayed: 2 the same") or same.has("2 versions replayed: 2 same"), same.out
        stricter = tmp_path / "stricter.yaml"
        text = (tmp_path / "signoff.yaml").read_text()
        stricter.write_text(
            text.replace(
                "medium: {ask: [{need: [{from: finance}]", "medium: {ask: [{need: [{from: finance, approvals: 2}]"
            )
        )
        two = await beside(stage, "replay", str(stricter))
        assert two.has("1 now asked"), two.out


async def test_without_a_database_it_says_that_none_was_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "signoff.yaml"
    file.write_text(STANDING.replace("TARGET", "http://127.0.0.1:9"))
    told = await alone(tmp_path, "explain", "refund", "order=ord_2", "amount=60", "--config", str(file))
    assert told.code == 0, told.err
    assert told.has("Standing approvals were not looked for: there is no database to be read.")
