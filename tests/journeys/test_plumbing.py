"""What comes over the wire that should not: forged, broken, late, twice. None of it decides anything."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from handlers import logs
from handlers.demo.slack import ANY, Fault, Message, SignedRequest
from handlers.demo.slack.delivery import signature
from handlers.settings import Settings, SettingsError
from handlers.slack.signed import Signature
from tests.journeys.stage import Stage, environment_for

ONE = "refund order=ord_81 amount=50"
HIGH = "payout to=acme amount=70"


def value_of(stage: Stage, card: Message, button: str) -> str:
    return next(one.value for one in stage.fay.buttons(card) if one.action_id == button)


# ── the signature ───────────────────────────────────────────────────────────────────────────────────────────────


def sent(stage: Stage, payload: dict[str, Any], **headers: str | None) -> SignedRequest:
    """A click, signed rightly but for what `headers` change; None leaves one out."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time()))
    given = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(stage.slack.signing_secret, stamp, body),
    }
    changed = given | {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest(body, {name: value for name, value in changed.items() if value is not None})


def stamped(stage: Stage, payload: dict[str, Any], stamp: str) -> SignedRequest:
    """Signed with the right secret for any timestamp."""
    request = sent(stage, payload)
    sign = signature(stage.slack.signing_secret, stamp, request.body)
    return SignedRequest(
        request.body, {**request.headers, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign}
    )


async def test_what_slack_did_not_sign_is_answered_401_and_never_logged(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(level="debug")
    _, card = await stage.asked(stage.rita, ONE)
    payload = stage.fay.click_payload(card, "approve") | {"secret": "xoxb-leak\nINFO admin approved it"}
    now = int(time.time())
    stamps = ["abc", "", f" {now} ", f"{now}.0", "-1", f"{now - 301}", f"{now + 301}", "٠" * 10, "9" * 40, f"{now}\t"]
    capsys.readouterr()
    async with stage.unchanged():
        for request in [
            sent(stage, payload, X_Slack_Signature=None),
            sent(stage, payload, X_Slack_Request_Timestamp=None),
            sent(stage, payload, X_Slack_Signature=""),
            sent(stage, payload, X_Slack_Signature="v0="),
            sent(stage, payload, X_Slack_Signature="v1=" + "0" * 64),
            sent(stage, payload, X_Slack_Signature="v0=" + "0" * 64),
            sent(stage, payload, X_Slack_Signature="v0=ünïcödé"),
            *(stamped(stage, payload, stamp) for stamp in stamps if stamp.isascii()),
        ]:
            ack = await stage.slack.send_raw(request)
            assert ack.status == 401, request.headers
            assert ack.body is None
        ack = await stage.fay.forge_click(card, "approve", secret="another app's signing secret")
        assert ack.status == 401
    captured = capsys.readouterr()
    for leaked in ("xoxb", "admin approved", "Traceback", str(payload["response_url"]), str(payload["trigger_id"])):
        assert leaked not in captured.err + captured.out


def test_without_a_signing_secret_nothing_is_served() -> None:
    with pytest.raises(ValueError, match="SLACK_SIGNING_SECRET is empty"):
        Signature("")


async def test_without_a_way_in_it_does_not_start(stage: Stage) -> None:
    environment = environment_for(stage.slack, stage.settings.config.parent)
    del environment["SLACK_SIGNING_SECRET"]
    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET"):
        Settings.read(environment=environment, env_file=None)


async def test_the_same_bytes_again_are_a_no_op(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, "both_of_finance what=x")
    await stage.fay.click(card, "Approve")
    pressed = stage.slack.log[-1]
    await stage.settled()
    heard = len(stage.fay.sees("#approvals"))
    async with stage.unchanged():
        acks = await asyncio.gather(*(stage.slack.replay(pressed) for _ in range(20)))
        assert {ack.status for ack in acks} == {200}
    assert len(stage.fay.sees("#approvals")) == heard  # nor is she told that she has voted


async def test_a_command_played_again_asks_for_nothing_again(stage: Stage) -> None:
    await stage.rita.command("#general", '/signoff run note text="Order paper"')
    typed = stage.slack.log[-1]
    await stage.settled()
    assert len(stage.target.runs()) == 1
    async with stage.unchanged():
        assert (await stage.slack.replay(typed)).status == 200
        await stage.slack.deliveries.send("command", typed.payload)  # signed anew, with the same trigger


async def test_slacks_retry_of_an_event_is_heard_once(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "both_of_finance what=x")
    await stage.settled()
    stage.fay.say("#approvals", "Is this the invoice of May?", card)
    stage.fay.say("#approvals", "approve", card)
    await stage.settled()
    spoken = [one for one in stage.slack.log if one.payload.get("event", {}).get("user") == stage.fay.id]
    heard = len(stage.fay.sees("#approvals"))
    async with stage.unchanged():
        for delivery in spoken:
            ack = await stage.slack.deliveries.send("event", delivery.payload, retry=1, reason="http_timeout")
            assert ack.status == 200
    now = await stage.request(request.id)
    assert [remark.text for remark in now.remarks] == ["Is this the invoice of May?"]
    assert len(now.votes) == 1
    assert len(stage.fay.sees("#approvals")) == heard


# ── forged clicks ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_click_counts_only_with_the_nonce_and_in_the_message_it_was_posted_with(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    other = stage.walt.say("#general", "lunch?")
    good = value_of(stage, card, "approve")
    head, _, nonce = good.rpartition(".")
    async with stage.unchanged():
        for value, why in {
            f"{head}.{nonce[::-1]}": "replaced by a newer one",
            f"v1.{request.id}.2.{nonce}": "no such request",
            f"v1.{'0' * 32}.1.{nonce}": "no such request",
            "v1.x": "no such request",
            f"v2.{request.id}.1.{nonce}": "not one of ours any more",
            "": "not one of ours any more",
            "v1." + "a" * 1900: "no such request",
        }.items():
            await stage.fay.forge_click(card, "approve", value)
            await stage.told(stage.fay, why)
        for place in ({"message_ts": "1.000001"}, {"channel_id": other.channel, "message_ts": other.ts}):
            changes = {"container": place, "channel": {"id": place.get("channel_id", card.channel)}}
            await stage.fay.forge_click(card, "approve", changes=changes)
            await stage.settled()
        assert stage.target.runs() == []
    types = [event["type"] for event in await stage.events()]
    assert types.count("refused") >= 3
    assert "Approve" in stage.walt.reads(card)  # the true card is as it was


async def test_a_card_somebody_rewrote_gives_no_stronger_button(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.settled()
    async with stage.unchanged():  # “Approve” put where Review stands
        await stage.fay.forge_click(card, "approve", value_of(stage, card, "review"))
        await stage.told(stage.fay, "Press Review on the card")
    assert (await stage.request(request.id)).state == "pending"


async def test_clicks_that_are_not_ours_are_left_alone(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    payload = stage.fay.click_payload(card, "approve")
    (action,) = payload["actions"]
    heard = len(stage.fay.sees("#approvals"))
    async with stage.unchanged():
        changes: list[dict[str, Any]] = [
            {"actions": []},
            {"actions": [action, action]},
            {"actions": [{**action, "action_id": "launch"}]},
            {"actions": [{**action, "action_id": ""}]},
            {"actions": [{**action, "action_id": "approve:2"}], "user": {}},
            {"user": None},
            {"type": "view_closed", "view": {"callback_id": "review"}, "user": {"id": "U0FAY"}},
            {"type": "block_suggestion", "value": "x"},
            {"type": "something_new"},
        ]
        for change in changes:
            ack = await stage.slack.deliveries.send("interactive", {**payload, "trigger_id": str(change), **change})
            assert ack.status in (200, 404), change
    assert len(stage.fay.sees("#approvals")) == heard


@pytest.mark.parametrize("body", [b"", b"{", b"payload=%7B", b"payload=[]", b"\xff\xfe", b"a=b", b"payload=null"])
async def test_bytes_that_are_no_payload_are_no_fault_of_ours(stage: Stage, body: bytes) -> None:
    stamp = str(int(time.time()))
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        sign = signature(stage.slack.signing_secret, stamp, body)
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign}
        ack = await stage.slack.send_raw(SignedRequest(body, headers))
        assert ack.status in (200, 400, 404), (kind, ack)


async def test_values_of_our_own_buttons_that_make_no_sense_are_refused(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50 iban=DE89370400440532013000")
    await stage.fay.click(card, "Details")
    view = await stage.form(stage.fay, "Reveal iban")
    good = next(one for one in stage.fay.buttons(view) if one.label == "Reveal iban")
    token = good.value.partition("#")[0]
    await stage.settled()
    async with stage.unchanged():
        for action_id, value in [
            ("reveal", f"{token}#order_"),
            ("reveal", token),
            ("page:1", "x"),
            ("page:1", "99999"),
        ]:
            payload = stage.fay.click_payload(card, "x") | {
                "view": view.json("T0LOCAL", "A", "B"),
                "container": {"type": "view", "view_id": view.id},
                "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
                "trigger_id": f"{action_id}{value}",
            }
            assert (await stage.slack.deliveries.send("interactive", payload)).status == 200
            await stage.settled()
        assert "went wrong on our side" not in "\n".join(stage.fay.reads(one) for one in stage.fay.sees("#approvals"))
    assert "DE89" not in stage.slack.describe()
    assert (await stage.request(request.id)).state == "pending"


# ── forged forms ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_form_counts_for_whoever_slack_says_sent_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70 to acme")
    async with stage.unchanged():
        for person, why in ((stage.rita, "on the requester's side"), (stage.walt, "not a member there now")):
            ack = await person.forge_submit(form, {})
            assert why in str(ack.body)

        shown = (await stage.fred.forge_submit(form, {})).body
        assert shown["response_action"] == "update", "he saw it for the first time just now"
    stage.clock.forward(3_000)
    assert (await stage.fred.forge_submit(form, {})).body is None
    done = await stage.reaches(request.id, "succeeded")
    assert [vote.person for vote in done.votes] == [stage.fred.id]


async def test_what_a_form_carries_cannot_be_changed_into_another_request(stage: Stage) -> None:
    first, card = await stage.asked(stage.rita, HIGH)
    second, second_card = await stage.asked(stage.rita, "payout to=other amount=9000")
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70 to acme")
    kept = json.loads(form.content["private_metadata"])
    nonce = kept["t"].rpartition(".")[2]
    other = value_of(stage, second_card, "review")
    async with stage.unchanged():
        for token in [
            f"v1.{second.id}.1.{nonce}",
            f"v1.{first.id}.2.{nonce}",
            f"v1.{first.id}.1.{other.rpartition('.')[2]}",
            "",
            "v1",
        ]:
            changed = {"view": {"private_metadata": json.dumps({**kept, "t": token})}}
            ack = await stage.fay.forge_submit(form, {}, changes=changed)
            assert ack.body["response_action"] == "update", token
        for broken in ("", "{", "[]", '{"t": 5}', '{"p": "x"}', "null"):
            ack = await stage.fay.forge_submit(form, {}, changes={"view": {"private_metadata": broken}})
            assert ack.body["response_action"] == "update", broken
            assert "went wrong on our side" not in str(ack.body), broken
        ack = await stage.fay.forge_submit(form, {}, changes={"view": {"callback_id": "nuke"}})
        assert ack.status == 200


async def test_a_form_of_an_older_version_decides_nothing(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70 to acme")
    mine = await stage.told(stage.rita, "Pay out 70 to acme", "Edit")
    await stage.rita.click(mine, "Edit")
    await stage.rita.submit(await stage.form(stage.rita, "amount"), {"amount": "7000"})
    await stage.settled()
    assert (await stage.request(request.id)).now_version.number == 2
    async with stage.unchanged():
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert "version 2 is the one to decide on now" in stage.fay.reads(answered.top)


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seconds", [0.6, 1.2])
async def test_slack_is_answered_in_time_when_slack_itself_is_slow(stage: Stage, seconds: float) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    high, high_card = await stage.asked(stage.rita, HIGH)
    await stage.settled()
    stage.slack.faults.next(ANY, Fault.slow(seconds), times=500)

    for press in (
        stage.fay.click(card, "Approve"),  # each raises where Slack would have shown a failure
        stage.rita.command("#general", "/signoff run refund order=ord_82 amount=60"),
        stage.rita.command("#general", "/signoff list all"),
        stage.rita.command("#general", "/signoff"),
        stage.fay.click(high_card, "Review"),
        stage.fred.click(high_card, "Reject"),
    ):
        await press
    await stage.form(stage.fred, "Why not?")
    answered = await stage.fred.submit(stage.fred.modal(), {"reason": "no"})
    assert answered.ack.seconds < 3
    await stage.told(stage.rita, "ord_82")
    await stage.told(stage.rita, "latest requests")
    stage.slack.faults.clear()
    await stage.reaches(request.id, "succeeded")
    await stage.reaches(high.id, "rejected")


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
async def test_a_window_slack_will_not_open_any_more_says_press_again(stage: Stage, error: str) -> None:
    _, card = await stage.asked(stage.rita, HIGH)
    async with stage.unchanged():
        stage.slack.faults.next("views.open", Fault.refused(error))
        await stage.fay.click(card, "Review")
        await stage.told(stage.fay, "Slack waited too long to open the window. Nothing is recorded; press again")
        await stage.fay.click(card, "Review")
        await stage.form(stage.fay, "Pay out 70 to acme")


@pytest.mark.parametrize("fault", [Fault.http(503), Fault.dropped(), Fault.rate_limited(5)], ids=lambda one: one.kind)
async def test_a_window_slack_fails_to_open_says_press_again(stage: Stage, fault: Fault) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        stage.slack.faults.next("views.open", fault)
        await stage.fay.click(card, "Reject")
        await stage.told(stage.fay, "Slack did not open the window. Nothing is recorded; press again")


async def test_a_window_that_was_closed_can_be_opened_again(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    await stage.form(stage.fay, "Pay out 70 to acme")
    await stage.fay.close()
    await stage.fay.click(card, "Review")
    await stage.fay.submit(await stage.form(stage.fay, "Pay out 70 to acme"))
    await stage.reaches(request.id, "succeeded")


async def test_the_url_slack_is_told_answers_its_challenge(stage: Stage) -> None:
    await stage.slack.verify_url()


async def test_signed_payloads_of_a_wrong_shape_are_no_fault_of_ours(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    payload = stage.fay.click_payload(card, "approve")
    (action,) = payload["actions"]
    view = {"type": "modal", "id": "V1", "callback_id": "reject", "private_metadata": ""}
    message = {"type": "message", "channel": card.channel, "ts": "1.1", "thread_ts": card.ts, "text": "approve"}
    event = {"type": "event_callback", "event": message, "event_id": "E1"}
    numbers_and_texts: list[Any] = [1, "x", []]
    no_actions: list[Any] = [1, "x", {}, [1], ["x"], [None], [[]], [{"type": "button"}]]
    no_views: list[Any] = [1, "x", [], {}, view | {"callback_id": None}]
    no_authorizations: list[Any] = ["x", 1, [1], [None]]
    no_names: list[Any] = [None, 1, {}]
    no_events: list[Any] = [None, 1, {}]
    submission = payload | {"type": "view_submission", "view": view}
    parts = ("user", "team", "channel", "container")
    bodies: list[dict[str, Any]] = [
        *(payload | {name: wrong} for name in parts for wrong in numbers_and_texts),
        *(payload | {"actions": wrong} for wrong in no_actions),
        *(payload | {"actions": [action | {"action_id": wrong}]} for wrong in no_names),
        payload | {"enterprise": True},
        payload | {"user": payload["user"] | {"id": 1}},
        *(submission | {"view": wrong} for wrong in no_views),
        submission | {"response_urls": 1},
        *(event | {"authorizations": wrong} for wrong in no_authorizations),
        *(event | {"event": message | {"user": wrong}} for wrong in no_names),
        event | {"event": message | {"channel": 1}},
        *(event | {"event": wrong} for wrong in no_events),
    ]
    async with stage.unchanged():
        for nth, body in enumerate(bodies):
            for name in ("trigger_id", "event_id"):
                if name in body:
                    body[name] = f"{name} {nth}"
            ack = await stage.slack.deliveries.send("event" if "event" in body else "interactive", body)
            assert ack.status in (200, 400, 404), (body, ack)
    assert (await stage.request(request.id)).state == "pending"
