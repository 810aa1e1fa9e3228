"""Edits: who may change what, what becomes of votes, risk, route and time."""

from pathlib import Path

import pytest

from tests.bot.files import MONEY
from tests.bot.play import play, scenes

SCENES = scenes("""
the requester may change every field
    ana asks refund order=ord_1 amount=60           → pending version=1
    ana edits order=ord_2 amount=70 note=sorry      → pending version=2 editor=-
    fay approves                                    → approved
    it runs                                         → succeeded

an approver may change what is editable, and no more
    ana asks refund order=ord_1 amount=60           → pending
    fay edits order=ord_2                           → refused bad_input
    fay edits order=ord_2 amount=70                 → refused bad_input
    fay edits amount=70                             → pending version=2 editor=fay

nobody else may
    ana asks refund order=ord_1 amount=60           → pending
    walt edits amount=70                            → refused not_an_approver
    olga edits amount=70                            → refused not_an_approver
    dora edits amount=70                            → refused not_an_approver
    gus edits amount=70                             → refused not_a_member

an approver who reached it by escalation may
    ana asks refund order=ord_1 amount=60           → pending
    +15m                                            → pending steps=1
    dora edits amount=70                            → pending version=2 editor=dora steps=0
    dora approves                                   → refused not_an_approver

what is no value, or changes nothing, is refused
    ana asks refund order=ord_1 amount=60           → pending
    ana edits amount=-1                             → refused bad_input
    ana edits amount=much                           → refused bad_input
    ana edits currency=USD                          → refused bad_input
    ana edits amount=60                             → refused bad_input
    ana edits amount=60.0                           → refused bad_input
    ana edits order=none                            → refused bad_input
    ana edits iban=••••••                           → refused bad_input
    ana edits note=none                             → refused bad_input

an optional field can be left out
    ana asks refund order=ord_1 amount=60 note=hi   → pending
    ana edits note=none                             → pending version=2

an edit voids the votes and begins at the first stage
    ana asks refund order=ord_1 amount=5000         → pending
    fay approves                                    → pending
    fred approves                                   → pending stage=2 votes=2
    dora edits amount=5001                          → pending version=2 stage=1 votes=0
    fay approves                                    → pending stage=1
    flo approves                                    → pending stage=2

a click on an older version decides nothing
    ana asks refund order=ord_1 amount=60           → pending
    ana edits amount=61                             → pending version=2
    fay approves v1                                 → refused superseded
    fay rejects v1 because of the sum               → refused superseded
    fay edits v1 amount=62                          → refused superseded
    fay approves v2                                 → approved

a click on a version that is not there yet decides nothing
    ana asks refund order=ord_1 amount=60           → pending
    fay approves v2                                 → refused superseded

the old card says that it is superseded
    ana asks refund order=ord_1 amount=60           → pending seen=pending
    ana edits amount=61                             → pending seen=pending
    fay approves                                    → approved seen=approved

whom the policy then denies stays with the old version
    ana asks refund order=ord_1 amount=60           → pending
    ana edits amount=60000                          → refused denied
    fay edits amount=60000                          → refused denied
    fay approves                                    → approved version=1

what the policy would then allow still takes one approval
    ana asks refund order=ord_1 amount=60           → pending
    ana edits amount=10                             → pending version=2 rule=small
    fay approves                                    → approved

one approval from the stage that was open
    ana asks refund order=ord_1 amount=5000         → pending
    fay approves                                    → pending
    fred approves                                   → pending stage=2
    ana edits amount=10                             → pending stage=1
    fay approves                                    → refused not_an_approver
    dora approves                                   → approved

one approval of others, where others than the requester were asked
    ana asks refund order=ord_1 amount=555          → pending
    ana approves                                    → pending stage=2
    ana edits amount=10                             → pending stage=1
    ana approves                                    → refused is_maker
    fay approves                                    → approved

nor of the requester, where either was enough
    ana asks refund order=ord_1 amount=556          → pending
    ana edits amount=10                             → pending rule=small
    ana approves                                    → refused is_maker
    fay approves                                    → approved

one approval by the requester where nobody else was asked
    ana asks charge order=ord_1 amount=555          → pending rule=yourself_alone
    ana edits amount=10                             → pending rule=cheap_charges
    ana approves                                    → approved label=from_requester

what is then of higher risk takes a stronger click
    ana asks refund order=ord_1 amount=60           → pending surface=card
    ana edits amount=20001                          → pending surface=review risk=high
    fay approves                                    → refused needs_review

an allow that an edit turned into an ask keeps the click its risk asks for
    file "when: \\"action == 'refund' && args.amount > 20000\\", to: high" "when: \\"args.amount == 10\\", to: high"
    ana asks refund order=ord_1 amount=60           → pending surface=card
    ana edits amount=10                             → pending rule=small risk=high surface=review
    fay approves                                    → refused needs_review
    fay approves in review                          → approved

an edit that nobody could approve is refused
    ana asks refund order=ord_1 amount=60           → pending
    ana joins S0LEADS                               → pending
    fay leaves S0LEADS                              → pending
    dora leaves S0LEADS                             → pending
    ana edits amount=777                            → refused nobody_to_ask
    fay edits amount=777                            → refused nobody_to_ask

an edit never lengthens its life
    ana asks refund order=ord_1 amount=60           → pending expires=4h
    +1h                                             → pending
    ana edits amount=61                             → pending expires=4h
    +2h59m59s999ms                                  → pending
    +1ms                                            → expired

an edit may shorten it
    ana asks refund order=ord_1 amount=777          → pending expires=24h
    +1h                                             → pending
    ana edits amount=60                             → pending expires=5h
    ana edits amount=777                            → pending expires=5h

an edit begins the timers of its stage anew
    ana asks refund order=ord_1 amount=60           → pending
    +14m                                            → pending reminders=1 steps=0
    ana edits amount=61                             → pending reminders=0 steps=0
    +9m59s                                          → pending reminders=0
    +1s                                             → pending reminders=1
    +5m                                             → pending steps=1

nothing is edited once it is decided
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    ana edits amount=61                             → refused wrong_moment
    fay edits amount=61                             → refused wrong_moment

an editor is a maker where the action does not let them approve
    fred joins S0LEADS
    ana asks charge order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending editor=fay
    fay approves                                    → refused is_maker
    fay rejects because it was me                   → refused is_maker
    fred approves                                   → approved label=-

an eligible editor may approve what they wrote, labelled
    ana asks refund order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending editor=fay
    fay approves                                    → approved label=edit_and_approve

not where the edit raised the risk
    ana asks refund order=ord_1 amount=19999        → pending
    fay edits amount=20001                          → pending risk=high editor=fay
    fay approves in review                          → refused is_maker
    fred approves in review                         → pending

not where the edit changed the route
    ana asks refund order=ord_1 amount=60           → pending
    fay edits amount=1000                           → pending rule=both
    fay approves                                    → refused is_maker

not where the edit made it an allow
    ana asks refund order=ord_1 amount=60           → pending
    fay edits amount=40                             → pending rule=small
    fay approves                                    → refused is_maker
    fred approves                                   → approved

not for high, whatever the file says
    ana asks payout to=bob amount=60                → pending
    fay edits amount=61                             → pending risk=high editor=fay
    fay approves in review                          → refused is_maker

an editor of an earlier version is no maker of the next one
    ana asks charge order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending editor=fay
    ana edits amount=80                             → pending editor=-
    fay approves                                    → approved

the next editor is, the one before no more
    ana asks charge order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending editor=fay
    fred edits amount=80                            → pending editor=fred
    fred approves                                   → refused is_maker
    fay approves                                    → approved

the requester's side stays makers through edits of others
    ana joins S0FINANCE
    ana asks refund order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending
    ana approves                                    → refused is_maker

an edited request is no longer identical to what it was
    ana asks refund order=ord_1 amount=60           → pending id=1
    ana edits amount=70                             → pending
    ana asks refund order=ord_1 amount=60           → pending id=2
    ana asks refund order=ord_1 amount=70           → pending id=1

an agent may edit its own request
    agent asks refund order=ord_1 amount=60         → pending
    agent edits amount=61                           → pending version=2 editor=-
    owen edits amount=62                            → pending version=3 editor=-
    ana edits amount=63                             → pending version=4 editor=-

a change of rules alone never touches an open version
    ana asks refund order=ord_1 amount=60           → pending rule=default_for_medium_risk
    file "args.amount > 50000" "args.amount > 1"    → pending
    fay approves                                    → approved
    it runs                                         → succeeded

an edit is decided by the rules in force
    ana asks refund order=ord_1 amount=60           → pending
    file "args.amount > 50000" "args.amount > 61"   → pending
    ana edits amount=62                             → refused denied
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_edits(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, MONEY, rows)
