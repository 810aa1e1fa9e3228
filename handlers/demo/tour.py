"""`signoff demo --tour`: one approval of each kind, played in the terminal by the people of the demo.

Each scene ends with what really happened, asked of the service it happened in. One that was not seen fails the tour.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from handlers.demo.services import Mood, Services
from handlers.demo.slack import LocalSlack, Message, Person

WIDTH = 96
PATIENCE = 15.0  # seconds to wait for anything
MINUTE = 60_000
READING = 5_000  # milliseconds a review is read before it is answered


class NotSeenError(Exception):
    """Something the tour promised did not happen."""


@dataclass(slots=True)
class Scene:
    """Where the tour plays. `forward` moves the clock on by milliseconds; `verify` checks the audit trail."""

    slack: LocalSlack
    services: Services
    forward: Callable[[int], None]
    verify: Callable[[], Awaitable[str]]
    say: Callable[[str], None]
    seen: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Person:
        return self.slack.person(name)

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

    def title(self, text: str) -> None:
        self.say(f"\n━━ {text} {'━' * max(0, WIDTH - len(text) - 4)}")

    def tell(self, text: str) -> None:
        self.say(f"   {text}")

    def show(self, label: str, text: str) -> None:
        self.say(f"   ┌─ {label}")
        for line in text.splitlines():
            self.say(f"   │ {line}")
        self.say("   └─")

    # ── doing ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def types(self, who: Person, line: str) -> None:
        self.tell(f"{_first(who)} types  {line}")
        await who.command("#general", line)

    async def message(self, who: Person, where: str, *words: str) -> Message:
        """The newest message there with all these words, when it comes."""

        def newest() -> Message | None:
            for message in reversed(who.sees(where)):
                if all(word in who.reads(message) for word in words):
                    return message
            return None

        try:
            found = await self.slack.wait_for(newest, timeout=PATIENCE)
        except TimeoutError:
            raise NotSeenError(f"no message with {' and '.join(words)} came to {_first(who)} in {where}") from None
        if found is None:
            raise NotSeenError(f"no message with {' and '.join(words)}")
        return found

    async def card(self, who: Person, *words: str, quiet: bool = False) -> Message:
        found = await self.message(who, "#approvals", *words)
        if not quiet:
            self.show("the card in #approvals", who.reads(found))
        return found

    async def presses(self, who: Person, message: Message, button: str) -> None:
        self.tell(f"{_first(who)} presses {button}")
        await who.click(message, button)

    async def fills(self, who: Person, values: dict[str, object]) -> None:
        view = await self.slack.wait_for(who.modal, timeout=PATIENCE)
        if view is not None and view.callback_id == "review":
            self.forward(READING)
        written = ", ".join(f"{label}: {value}" for label, value in values.items())
        self.tell(f"{_first(who)} fills in  {written}")
        answer = await who.submit(view, values)
        if answer.errors:
            raise NotSeenError(f"the form was refused: {answer.errors}")

    async def privately(self, who: Person, *words: str, where: str = "#approvals") -> None:
        told = await self.message(who, where, *words)
        self.tell(f"{_first(who)} privately reads: {_one_line(who.reads(told))}")

    # ── seeing ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def effect(self, service: str, *words: str, undone: bool = False) -> None:
        """What happened, asked of the service itself."""

        async def done() -> str | None:
            for effect in self.services.effects():
                fits = effect["service"] == service and all(word in effect["what"] for word in words)
                if fits and bool(effect.get("undone")) is undone:
                    return f"{effect['what']}{' (undone)' if undone else ''}"
            return None

        try:
            what = await self.slack.wait_until(done, timeout=PATIENCE)
        except TimeoutError:
            raise NotSeenError(f"{service} shows no effect with {' and '.join(words)}") from None
        self.seen.append(f"{service}: {what}")
        self.tell(f"✔ really happened, says {service}: {what}")

    def nothing(self, service: str, *words: str) -> None:
        if any(e["service"] == service and all(w in e["what"] for w in words) for e in self.services.effects()):
            raise NotSeenError(f"{service} did something it should not have")
        self.tell(f"✔ nothing happened, says {service}")


def _first(who: Person) -> str:
    return who.user.real_name.split()[0]


def _one_line(text: str) -> str:
    return " ".join(text.split())


async def in_words(scene: Scene) -> None:
    """Words to a typed action; nobody approves their own; an edit is a new version; an undo is a request too."""
    scene.title("In words: understood, refused to its own requester, edited, approved, run, undone")
    await scene.types(scene.rita, "/signoff refund order ord_81 eighty dollars, parcel never came")
    mine = await scene.message(scene.rita, "@signoff", "Refund 80 USD")
    scene.show("what Rita sees privately", scene.rita.reads(mine))
    card = await scene.card(scene.tom, "Refund 80 USD", "Approve")
    await scene.presses(scene.rita, card, "Approve")
    await scene.privately(scene.rita, "requester's side")
    await scene.presses(scene.tom, card, "Edit")
    await scene.fills(scene.tom, {"Amount": 75})
    edited = await scene.card(scene.tom, "Refund 75 USD", "Approve")
    await scene.presses(scene.tom, edited, "Approve")
    await scene.effect("billing", "75.00 USD", "ord_81")
    done = await scene.card(scene.tom, "Refund 75 USD", "Undo", quiet=True)
    await scene.presses(scene.tom, done, "Undo")
    undo = await scene.card(scene.rita, "Undo: Refund 75 USD", "Approve")
    await scene.presses(scene.rita, undo, "Approve")
    await scene.card(scene.tom, "Refund 75 USD", "Undone", quiet=True)
    await scene.effect("billing", "75.00 USD", undone=True)


async def allowed(scene: Scene) -> None:
    scene.title("Small and sure: allowed by a rule, once its requester has pressed Send")
    await scene.types(scene.rita, "/signoff pay 40 dollars for stamps, receipt attached")
    mine = await scene.message(scene.rita, "@signoff", "Send")
    scene.show("the private preview", scene.rita.reads(mine))
    await scene.presses(scene.rita, mine, "Send")
    await scene.effect("ledger", "40.00 USD")


async def two_stages(scene: Scene) -> None:
    scene.title("Large: finance, then a director")
    await scene.types(scene.rita, '/signoff run pay_expense amount=25000 purpose="trade fair" receipt=true')
    first = await scene.card(scene.fay, "25000 USD", "Approve")
    await scene.presses(scene.fay, first, "Approve")
    second = await scene.card(scene.dora, "25000 USD", "directors 0 of 1", "Approve")
    await scene.presses(scene.dora, second, "Approve")
    await scene.effect("ledger", "25,000.00 USD", "trade fair")


async def rejected(scene: Scene) -> None:
    scene.title("A person says no, with a reason")
    await scene.types(scene.rita, '/signoff run send_mail to=dana@example.com subject="Your order" body="It is late."')
    card = await scene.card(scene.tom, "Send mail to dana@example.com", "Reject")
    await scene.presses(scene.tom, card, "Reject")
    await scene.fills(scene.tom, {"reason": "Say when it will come."})
    await scene.card(scene.rita, "Send mail to dana@example.com", "Rejected")
    scene.nothing("mail", "dana@example.com")


async def typed(scene: Scene) -> None:
    scene.title("High risk: a review drawn fresh, and the ticker typed")
    await scene.types(scene.rita, "/signoff buy 100 shares of ACME")
    mine = await scene.message(scene.rita, "@signoff", "100 shares of ACME")
    if any(each.label == "Send" for each in scene.rita.buttons(mine)):
        await scene.presses(scene.rita, mine, "Send")
    card = await scene.card(scene.fay, "100 shares of ACME", "Review")
    await scene.presses(scene.fay, card, "Review")
    view = await scene.slack.wait_for(scene.fay.modal, timeout=PATIENCE)
    if view is not None:
        scene.show("the review", scene.fay.reads(view))
    await scene.fills(scene.fay, {"confirm": "ACME"})
    await scene.effect("desk", "100", "ACME")


async def critical(scene: Scene) -> None:
    scene.title("Critical: what it would do is shown; two people; the table's name typed by each")
    await scene.types(scene.rita, "/signoff run delete_old_rows table=events before=2025-01-01")
    card = await scene.card(scene.fay, "Delete rows of events", "would", "Review")
    for who in (scene.fay, scene.dora):
        await scene.presses(who, card, "Review")
        await scene.fills(who, {"confirm": "events"})
    await scene.effect("database", "events")


async def unanswered(scene: Scene) -> None:
    scene.title("Nobody answers: a reminder, an escalation by DM, and an approval from there")
    await scene.types(
        scene.rita, '/signoff run publish_page page=status headline="All is well" text="Every system is running."'
    )
    await scene.card(scene.tom, "Publish the page status", "Approve", quiet=True)
    scene.tell("… sixteen minutes pass")
    scene.forward(16 * MINUTE)
    copy = await scene.message(scene.fay, "@signoff", "Publish the page status", "Approve")
    scene.show("the DM to Fay", scene.fay.reads(copy))
    await scene.presses(scene.fay, copy, "Approve")
    await scene.effect("pages", "All is well")


async def expired(scene: Scene) -> None:
    scene.title("Nobody ever answers: it expires, and nothing runs")
    await scene.types(scene.rita, "/signoff run refund_payment order_id=ord_99 amount=60")
    await scene.card(scene.tom, "ord_99", "Approve", quiet=True)
    scene.tell("… a day passes")
    scene.forward(25 * 60 * MINUTE)
    await scene.card(scene.tom, "ord_99", "Expired")
    scene.nothing("billing", "ord_99")


async def unknown(scene: Scene) -> None:
    scene.title("The answer is lost: unknown, told to the operators, settled by one of them")
    scene.services.desk.next(Mood.RESET)
    await scene.types(scene.rita, "/signoff run trade_shares side=sell shares=5 ticker=INIT")
    card = await scene.card(scene.fay, "sell 5 shares of INIT", "Review", quiet=True)
    await scene.presses(scene.fay, card, "Review")
    await scene.fills(scene.fay, {"confirm": "INIT"})
    lost = await scene.card(scene.olga, "sell 5 shares of INIT", "Not done")
    await scene.effect("desk", "5", "INIT")
    await scene.presses(scene.olga, lost, "Done")
    await scene.fills(scene.olga, {"reason": "The desk shows the order."})
    await scene.card(scene.olga, "sell 5 shares of INIT", "Done", quiet=True)


SCENES: Sequence[Callable[[Scene], Awaitable[None]]] = (
    in_words,
    allowed,
    two_stages,
    rejected,
    typed,
    critical,
    unanswered,
    expired,
    unknown,
)


async def play(scene: Scene) -> int:
    """0 when every effect was really seen, and the audit trail holds."""
    try:
        for each in SCENES:
            await each(scene)
        scene.title("The proof")
        scene.tell(await scene.verify())
    except NotSeenError as error:
        scene.say(f"\nNot seen: {error}")
        return 1
    scene.title(f"All of it really happened: {len(scene.seen)} effects")
    for line in scene.seen:
        scene.tell(f"✔ {line}")
    return 0
