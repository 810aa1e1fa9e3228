"""Deciding: who may, how votes count, how strong a click must be."""

from pathlib import Path

import pytest

from tests.bot.files import MONEY
from tests.bot.play import play, scenes

SCENES = scenes("""
one approval is enough where one is asked
    ana asks refund order=ord_1 amount=60           → pending surface=card expires=4h
    fay approves                                    → approved votes=1 label=- run_by=1h
    it runs                                         → succeeded calls=1

what is allowed runs without a look
    ana asks refund order=ord_1 amount=49.99        → approved rule=small
    it runs                                         → succeeded calls=1

what is denied is kept, and never runs
    ana asks refund order=ord_1 amount=50001        → refused denied
    it runs                                         → denied calls=0
    fay approves                                    → refused wrong_moment

two of finance, and then a director, in that order
    ana asks refund order=ord_1 amount=5000         → pending
    dora approves                                   → refused not_an_approver
    fay approves                                    → pending stage=1 votes=1
    fred approves                                   → pending stage=2 votes=2
    flo approves                                    → refused not_an_approver
    dora approves                                   → approved votes=3

a stage with two requirements needs one of each
    ana asks refund order=ord_1 amount=1000         → pending
    fay approves                                    → pending stage=1
    fred approves                                   → pending stage=1 votes=2
    dora approves                                   → approved

a person votes once on a version, and it is final
    ana asks refund order=ord_1 amount=1000         → pending
    fay approves                                    → pending
    fay approves                                    → refused already_voted
    fay rejects because i think again               → refused already_voted
    dora approves                                   → approved

a person counts in one stage
    ana asks refund order=ord_1 amount=777          → pending rule=leads_first
    dora approves                                   → pending stage=2
    dora approves                                   → refused already_voted
    fay approves                                    → approved

a stage that takes the only approver of the next one ends it
    ana asks refund order=ord_1 amount=777          → pending
    fay leaves S0LEADS                              → pending
    dora approves                                   → rejected

one rejection is enough by default
    ana asks refund order=ord_1 amount=60           → pending
    fay rejects because not this week               → rejected told=requester,thread
    fred approves                                   → refused wrong_moment
    it runs                                         → rejected calls=0

a reason is asked for
    ana asks refund order=ord_1 amount=60           → pending
    fay rejects                                     → refused bad_input

rejects: 2 takes two
    ana asks refund order=ord_1 amount=5000         → pending
    fay rejects because no                          → pending
    fred rejects because neither                    → rejected

rejects: 2 and those left can still meet it
    ana asks refund order=ord_1 amount=5000         → pending
    fay rejects because no                          → pending
    fred approves                                   → pending
    flo approves                                    → pending stage=2
    dora rejects because no                         → rejected

rejects: 2, but with one no the rest can no longer meet it
    flo leaves S0FINANCE
    ana asks refund order=ord_1 amount=5000         → pending
    fay rejects because no                          → rejected

a rejection of an earlier stage does not count in the next one
    ana asks refund order=ord_1 amount=5000         → pending
    fay rejects because no                          → pending
    fred approves                                   → pending
    flo approves                                    → pending stage=2
    dan approves                                    → approved

the requester never decides, whatever their group
    ana joins S0FINANCE
    ana asks refund order=ord_1 amount=60           → pending
    ana approves                                    → refused is_maker
    ana rejects because i was wrong                 → refused is_maker
    fay approves                                    → approved

the owner of the client and the person it acts for are makers
    owen joins S0FINANCE
    ana joins S0FINANCE
    agent asks refund order=ord_1 amount=60         → pending
    owen approves                                   → refused is_maker
    ana approves                                    → refused is_maker
    agent approves                                  → refused is_maker
    fay approves                                    → approved

an agent is no approver even where its id stands in a group
    ana asks refund order=ord_1 amount=60           → pending
    robot approves                                  → refused not_an_approver

a guest in the group does not count
    ana asks refund order=ord_1 amount=60           → pending
    gus approves                                    → refused not_a_member

nor somebody deactivated, nor from another organisation, nor a bot
    ana asks refund order=ord_1 amount=60           → pending
    fay is deactivated                              → pending
    fred is from another organisation               → pending
    flo is a bot                                    → pending
    fay approves                                    → refused not_a_member
    fred rejects because i can                      → refused not_a_member
    flo approves                                    → refused not_a_member

membership is what it is at the click
    ana asks refund order=ord_1 amount=60           → pending
    walt approves                                   → refused not_an_approver
    walt joins S0FINANCE                            → pending
    fay leaves S0FINANCE                            → pending
    fay approves                                    → refused not_an_approver
    walt approves                                   → approved

when Slack does not answer nothing is recorded
    ana asks refund order=ord_1 amount=60           → pending
    slack is silent                                 → pending
    fay approves                                    → refused unconfirmed
    slack answers                                   → pending votes=0
    fay approves                                    → approved

a request nobody could approve is refused when made
    ana joins S0FINANCE
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    flo leaves S0FINANCE
    ana asks charge order=ord_1 amount=60           → pending
    ana asks payout to=bob amount=60                → refused nobody_to_ask

an escalation to come counts as somebody
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    flo leaves S0FINANCE
    ana asks refund order=ord_1 amount=60           → pending
    dora approves                                   → refused not_an_approver
    +15m                                            → pending steps=1
    dora approves                                   → approved

too few for the approvals asked are refused when made
    flo leaves S0FINANCE
    fred leaves S0FINANCE
    ana asks wipe table=events                      → refused nobody_to_ask

high is approved in review, not on the card
    ana asks payout to=bob amount=60                → pending surface=review
    fay approves                                    → refused needs_review
    fay approves in review                          → approved

a rejection needs no review
    ana asks payout to=bob amount=60                → pending surface=review
    fay rejects because bob has left                → rejected

critical takes the typed value of confirm, and two people
    ana asks close name=acme                        → pending surface=typed
    fay approves                                    → refused needs_review
    fay approves in review                          → refused wrong_confirmation
    fay approves typing ACME                        → refused wrong_confirmation
    fay approves typing " acme "                    → pending votes=1
    fred approves typing acme                       → approved

critical without a confirm takes the short digest
    ana asks wipe table=events                      → pending surface=typed
    fay approves typing events                      → refused wrong_confirmation
    fay approves typing 00000000                    → refused wrong_confirmation

confirm of blanks is not met by typing nothing
    ana asks close name="  "                        → pending
    fay approves typing ""                          → refused wrong_confirmation

a rule raises the risk, and with it the click
    ana asks refund order=ord_1 amount=20001        → pending risk=high surface=review

an approval after the deadline is none
    ana asks refund order=ord_1 amount=60           → pending
    +3h59m59s999ms                                  → pending
    fay approves                                    → approved

at the deadline it has expired
    ana asks refund order=ord_1 amount=60           → pending
    +4h                                             → expired told=requester,thread
    fay approves                                    → refused wrong_moment

from requester: their own confirmation, labelled, and then finance
    ana asks refund order=ord_1 amount=555          → pending rule=yourself
    fay approves                                    → refused not_an_approver
    ana approves                                    → pending stage=2 label=from_requester
    ana approves                                    → refused is_maker
    fay approves                                    → approved label=-

from requester: an agent's request is confirmed by the person it acts for
    agent asks refund order=ord_1 amount=555        → pending
    owen approves                                   → refused is_maker
    agent approves                                  → refused is_maker
    ana approves                                    → pending stage=2 label=from_requester

from requester: a client without a person cannot be asked so
    robot asks refund order=ord_1 amount=555        → refused nobody_to_ask

from requester: or somebody of a group
    ana asks refund order=ord_1 amount=556          → pending rule=either
    ana approves                                    → approved label=from_requester

from requester: not for high
    file "action == 'refund' && args.amount > 20000" "args.amount == 555"
    ana asks refund order=ord_1 amount=555          → refused nobody_to_ask

an identical open request is the same one
    ana asks refund order=ord_1 amount=60           → pending id=1
    ana asks refund order=ord_1 amount=60.0         → pending id=1
    art asks refund order=ord_1 amount=60           → pending id=3
    ana asks refund order=ord_2 amount=60           → pending id=4
    request 1                                       → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    ana asks refund order=ord_1 amount=60           → pending id=5
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_votes(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, MONEY, rows)
