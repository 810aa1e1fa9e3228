"""Running: the claim, what may have changed before it, unknown outcomes, the brake, undo."""

from pathlib import Path

import pytest

from tests.bot.files import MONEY
from tests.bot.play import play, scenes

SCENES = scenes("""
run_by: what did not start in time does not start
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved run_by=1h
    +59m59s999ms                                    → approved
    it runs                                         → succeeded calls=1

run_by, at that very moment
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    +1h                                             → expired told=requester,thread
    it runs                                         → expired calls=0

run_by is looked at in the claim itself
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    olga pauses                                     → approved
    it runs                                         → approved calls=0
    +1h                                             → expired
    olga resumes                                    → expired
    +3s                                             → expired
    it runs                                         → expired calls=0

it runs once
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it is claimed                                   → executing attempts=1
    it is claimed                                   → executing attempts=1
    it runs                                         → executing calls=0
    fay approves                                    → refused wrong_moment
    ana cancels                                     → refused wrong_moment
    ana edits amount=1                              → refused wrong_moment

a failure is final
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and fails                               → failed calls=1 told=requester,thread
    +1h                                             → failed
    it runs                                         → failed calls=1
    ana undoes                                      → refused wrong_moment
    olga settles done                               → refused wrong_moment

the requester or an operator cancels what is open
    ana asks refund order=ord_1 amount=60           → pending
    walt cancels                                    → refused not_requester
    fay cancels                                     → refused not_requester
    gus cancels                                     → refused not_a_member
    ana cancels                                     → cancelled told=thread
    fay approves                                    → refused wrong_moment
    ana cancels                                     → refused wrong_moment

an operator cancels what is approved
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    olga cancels                                    → cancelled told=requester,thread
    it runs                                         → cancelled calls=0

the definition changed between approval and claim: asked again
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    file "Refund {amount} for" "Pay back {amount} for" → approved
    it runs                                         → pending version=2 votes=0 calls=0 told=requester,thread
    fay approves v1                                 → refused superseded
    fay approves v2                                 → approved
    it runs                                         → succeeded calls=1

where it would run changed: asked again
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    file "https://bank.example/refunds\\", json" "https://evil.example/refunds\\", json" → approved
    it runs                                         → pending version=2 calls=0

the action was taken out of the file: nothing runs
    ana asks ship order=ord_1                       → pending
    fay approves in review                          → approved
    file "  ship:" "  send:"                        → approved
    it runs                                         → cancelled calls=0

the definition changed and the rules deny it now: nothing runs
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    file "args.amount > 50000" "args.amount > 50"   → approved
    file "Refund {amount} for" "Pay back {amount} for" → approved
    it runs                                         → denied calls=0 told=requester

what was allowed and has changed takes one approval
    ana asks refund order=ord_1 amount=40           → approved
    file "Refund {amount} for" "Pay back {amount} for" → approved
    it runs                                         → pending version=2 calls=0 expires=24h
    fay approves                                    → approved
    it runs                                         → succeeded

asked again with time to answer, however long it had waited
    ana asks refund order=ord_1 amount=60           → pending expires=4h
    +3h30m                                          → pending
    fay approves                                    → approved run_by=4h30m
    +50m                                            → approved
    file "Refund {amount} for" "Pay back {amount} for" → approved
    it runs                                         → pending version=2 expires=8h20m
    fay approves                                    → approved

the editor of what is asked again is still its maker
    ana asks charge order=ord_1 amount=60           → pending
    fay edits amount=70                             → pending editor=fay
    fred approves                                   → approved
    file "Charge {amount} to" "Take {amount} from"  → approved
    it runs                                         → pending version=3 editor=fay
    fay approves                                    → refused is_maker
    fred approves                                   → approved

an approver of a high one has left the group: asked again
    ana asks payout to=bob amount=60                → pending
    fay approves in review                          → approved
    fay leaves S0FINANCE                            → approved
    it runs                                         → pending version=2 votes=0 calls=0 told=requester,thread
    fred approves in review                         → approved
    it runs                                         → succeeded calls=1

an approver of a high one is deactivated: asked again
    ana asks payout to=bob amount=60                → pending
    fay approves in review                          → approved
    fay is deactivated                              → approved
    it runs                                         → pending version=2 calls=0

another group of the stage does not make up for it
    file "from: finance}], escalate: []" "from: finance}], escalate: [{after: 1h, to: leads, may_approve: false}]"
    ana asks payout to=bob amount=60                → pending
    fay approves in review                          → approved
    fay leaves S0FINANCE                            → approved
    it runs                                         → pending version=2 calls=0

who approved by escalation is entitled by it
    file "from: finance}], escalate: []" "from: finance}], escalate: [{after: 1h, to: leads}]"
    ana asks payout to=bob amount=60                → pending
    +1h                                             → pending
    dora approves in review                         → approved
    it runs                                         → succeeded

for a medium one who left the group has decided
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    fay leaves S0FINANCE                            → approved
    it runs                                         → succeeded

Slack must confirm the approvers of a high one before it runs
    ana asks payout to=bob amount=60                → pending
    fay approves in review                          → approved
    slack is silent                                 → approved
    it is claimed                                   → refused unconfirmed
    slack answers                                   → approved
    it is claimed                                   → executing

unknown: an operator says done
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown calls=1 told=operators,requester,thread
    +10h                                            → unknown
    walt settles done                               → refused not_operator
    fay settles done                                → refused not_operator
    olga settles done                               → succeeded told=requester,thread
    olga settles not_done                           → refused wrong_moment

unknown: an operator says not done
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles not_done                           → failed

unknown: not a maker, be they an operator
    ana joins S0OPERATORS
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    ana settles done                                → refused is_maker
    otto settles done                               → succeeded

unknown: the editor is a maker too
    fay joins S0OPERATORS
    ana asks refund order=ord_1 amount=60           → pending
    fay edits amount=1000                           → pending editor=fay
    fred approves                                   → pending
    dora approves                                   → approved
    it runs and lost                                → unknown
    fay settles done                                → refused is_maker
    olga settles done                               → succeeded

unknown: run again, with the same key
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles again                              → unknown
    it runs                                         → succeeded calls=2 attempts=2

unknown: run again, pressed twice, runs once
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles again                              → unknown
    otto settles again                              → unknown
    it runs and lost                                → unknown calls=2

unknown: run again after run_by needs a new approval
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    +59m59s999ms                                    → unknown
    olga settles again                              → unknown
    +1ms                                            → unknown
    it runs                                         → unknown calls=1
    olga settles again                              → refused too_late
    olga settles done                               → succeeded

unknown: run again, and it fails: that does not tell what the first try did
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles again                              → unknown
    it runs and fails                               → unknown calls=2
    olga settles done                               → succeeded

unknown: run again where the definition changed needs asking anew
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    file "Refund {amount} for" "Pay back {amount} for" → unknown
    olga settles again                              → refused wrong_moment

unknown: the definition changed after run again was pressed
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles again                              → unknown
    file "Refund {amount} for" "Pay back {amount} for" → unknown
    it runs                                         → unknown calls=1

unknown: settled on the version that is shown
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles v2 done                            → refused superseded

a crash between claim and outcome is unknown
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it dies                                         → executing calls=1 wake=30s
    +29s999ms                                       → executing
    +1ms                                            → unknown told=operators,requester,thread
    it runs                                         → unknown calls=1

a crash of a target declared idempotent is run again with the same key
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it dies                                         → executing calls=1
    +30s                                            → executing attempts=2
    it runs                                         → succeeded calls=2

but not for ever
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it dies                                         → executing
    +30s                                            → executing attempts=2
    it dies                                         → executing
    +30s                                            → executing attempts=3
    it dies                                         → executing
    +30s                                            → unknown attempts=3 calls=3

not after run_by
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    +59m50s                                         → approved
    it dies                                         → executing
    +30s                                            → unknown calls=1

and not while paused
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it dies                                         → executing
    olga pauses                                     → executing
    +30s                                            → unknown calls=1

nor where it is paused just before the next try
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it dies                                         → executing calls=1
    +30s                                            → executing attempts=2
    olga pauses                                     → executing
    it runs                                         → executing calls=1
    +30s                                            → unknown calls=1

a probe answers what came of it
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it is claimed                                   → executing
    olga pauses                                     → executing
    +30s                                            → unknown
    it runs                                         → succeeded attempts=1 calls=0

a probe that cannot tell leaves it unknown
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it is claimed                                   → executing
    olga pauses                                     → executing
    +30s                                            → unknown
    it runs and lost                                → unknown
    otto settles done                               → succeeded

a probe that says no
    ana asks charge order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it is claimed                                   → executing
    olga pauses                                     → executing
    +30s                                            → unknown
    it runs and fails                               → failed

the agent runs it itself and reports
    agent asks query sql=select                     → pending
    fay approves                                    → approved
    it runs                                         → executing calls=0 wake=24h
    fay reports succeeds                            → refused not_requester
    agent reports succeeds                          → succeeded told=requester,thread
    agent reports fails                             → refused wrong_moment

an agent that does not report leaves it unknown
    agent asks query sql=select                     → pending
    fay approves                                    → approved
    it runs                                         → executing
    +23h59m59s999ms                                 → executing
    +1ms                                            → unknown told=operators,requester,thread
    agent reports succeeds                          → refused wrong_moment
    ana settles done                                → refused not_operator

only a caller's action is reported
    agent asks refund order=ord_1 amount=60         → pending
    fay approves                                    → approved
    it is claimed                                   → executing
    agent reports succeeds                          → refused wrong_moment

pause stops runs, not votes
    ana asks refund order=ord_1 amount=60           → pending
    walt pauses                                     → refused not_operator
    olga pauses                                     → pending
    fay approves                                    → approved
    it runs                                         → approved calls=0
    otto resumes                                    → approved waits=no
    +2s                                             → approved
    it runs                                         → succeeded calls=1

approved more than five minutes before the resume: waits for a release
    ana asks refund order=ord_1 amount=60           → pending
    olga pauses                                     → pending
    fay approves                                    → approved
    it runs                                         → approved
    +5m1ms                                          → approved
    olga resumes                                    → approved
    it runs                                         → approved waits=yes calls=0 told=thread
    it runs                                         → approved waits=yes calls=0
    fay releases                                    → refused not_operator
    ana releases                                    → refused not_operator
    olga releases                                   → approved waits=no
    it runs                                         → succeeded calls=1
    olga releases                                   → refused wrong_moment

five minutes and no more: goes on by itself
    ana asks refund order=ord_1 amount=60           → pending
    olga pauses                                     → pending
    fay approves                                    → approved
    it runs                                         → approved
    +5m                                             → approved
    olga resumes                                    → approved
    it runs                                         → succeeded waits=no

what waits for a release expires by run_by
    ana asks refund order=ord_1 amount=60           → pending
    olga pauses                                     → pending
    fay approves                                    → approved
    +10m                                            → approved
    olga resumes                                    → approved
    it runs                                         → approved waits=yes
    +50m                                            → expired
    olga releases                                   → refused wrong_moment

what waits for a release can be cancelled
    ana asks refund order=ord_1 amount=60           → pending
    olga pauses                                     → pending
    fay approves                                    → approved
    +10m                                            → approved
    olga resumes                                    → approved
    it runs                                         → approved waits=yes
    ana cancels                                     → cancelled

approved after the resume: nothing to wait for
    olga pauses
    +1h                                             → -
    olga resumes                                    → -
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    +30m                                            → approved
    it runs                                         → succeeded

paused again after the release: released again
    ana asks refund order=ord_1 amount=60           → pending
    olga pauses                                     → pending
    fay approves                                    → approved
    +6m                                             → approved
    olga resumes                                    → approved
    it runs                                         → approved waits=yes
    olga releases                                   → approved waits=no
    olga pauses                                     → approved
    +1m                                             → approved
    olga resumes                                    → approved
    it runs                                         → approved waits=yes calls=0

undo: a request of its own, by the same rules
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    ana undoes                                      → refused wrong_moment
    it runs                                         → succeeded
    walt undoes                                     → refused not_requester
    ana undoes                                      → pending id=2 version=1 original=succeeded
    ana approves                                    → refused is_maker
    fay approves                                    → approved original=succeeded
    it runs                                         → succeeded original=undone

undo: those who voted and operators may ask for it
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    fred undoes                                     → refused not_requester
    fay undoes                                      → pending
    fay approves                                    → refused is_maker
    fred rejects because it was right               → rejected original=succeeded

undo: one open at a time
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    olga undoes                                     → pending id=2
    request 1                                       → succeeded
    ana undoes                                      → refused wrong_moment
    request 2                                       → pending
    olga cancels                                    → cancelled
    request 1                                       → succeeded
    ana undoes                                      → pending original=succeeded

undo: taken back as it ran, or not at all
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    ana undoes                                      → pending
    ana edits amount=61                             → refused bad_input
    fay edits amount=61                             → refused bad_input

undo: what is undone cannot be undone again
    ana asks refund order=ord_1 amount=40           → approved
    it runs                                         → succeeded
    ana undoes                                      → approved
    it runs                                         → succeeded original=undone
    ana undoes                                      → refused wrong_moment
    request 1                                       → undone
    ana undoes                                      → refused wrong_moment

undo: one that failed leaves it as it was
    ana asks refund order=ord_1 amount=40           → approved
    it runs                                         → succeeded
    ana undoes                                      → approved
    it runs and fails                               → failed original=succeeded
    request 1                                       → succeeded
    ana undoes                                      → approved

undo: one that expired may be asked for again
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    ana undoes                                      → pending
    +4h                                             → expired original=succeeded
    request 1                                       → succeeded
    ana undoes                                      → pending

undo: one whose outcome is unknown is still open
    ana asks refund order=ord_1 amount=40           → approved
    it runs                                         → succeeded
    ana undoes                                      → approved id=2
    it runs and lost                                → unknown
    request 1                                       → succeeded
    olga undoes                                     → refused wrong_moment
    request 2                                       → unknown
    olga settles not_done                           → failed original=succeeded
    request 1                                       → succeeded
    olga undoes                                     → approved

undo: an operator says that it was done
    ana asks refund order=ord_1 amount=40           → approved
    it runs                                         → succeeded
    ana undoes                                      → approved
    it runs and lost                                → unknown original=succeeded
    olga settles done                               → succeeded original=undone

undo: an agent reports that it was done
    agent asks query sql=select                     → pending
    fay approves                                    → approved
    it runs                                         → executing
    agent reports succeeds                          → succeeded
    ana undoes                                      → pending
    fay approves                                    → approved
    it runs                                         → executing
    ana reports succeeds                            → succeeded original=undone

undo: only where there is one
    ana asks charge order=ord_1 amount=40           → approved
    it runs                                         → succeeded
    ana undoes                                      → refused wrong_moment

undo: denied by the rules
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs                                         → succeeded
    file "args.amount > 50000" "args.amount > 50"   → succeeded
    ana undoes                                      → refused denied
    request 1                                       → succeeded

undo: not without what the result must say
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    olga settles done                               → succeeded
    ana undoes                                      → refused bad_input

a preview that is missing or failed takes one click away
    ana asks ship order=ord_1                       → pending surface=review
    fay approves                                    → refused needs_review
    it is previewed                                 → pending surface=card
    fay approves                                    → approved

a preview that fails takes one click away
    ana asks ship order=ord_1                       → pending
    it fails to preview                             → pending surface=review
    fay approves                                    → refused needs_review
    fay approves in review                          → approved

a preview is asked for each version
    ana asks ship order=ord_1                       → pending
    it is previewed                                 → pending surface=card
    ana edits weight=5                              → pending version=2 surface=review
    it is previewed                                 → pending surface=card
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_runs(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, MONEY, rows)
