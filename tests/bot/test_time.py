"""Time: reminders, escalation, questions, hours, expiry, to the millisecond."""

from pathlib import Path

import pytest

from tests.bot.play import play, scenes

FILE = """
actions:
  act: {title: "Act {how}", params: {how: {type: string}, n: {type: number}}, required: [how], run: caller}
rules:
  route:
    - name: chain
      when: args.how == "chain"
      then:
        ask:
          - need: [{from: finance}]
            escalate: [{after: 10m, to: leads}, {after: 5m, from: previous, to: directors}]
            loops: 1
    - name: told only
      when: args.how == "told"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 10m, to: directors, may_approve: false}]}]}
    - name: for one
      when: args.how == "for"
      then: {ask: [{need: [{from: finance}, {from: leads}], escalate: [{after: 10m, to: directors, for: leads}]}]}
    - name: side by side
      when: args.how == "side"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 20m, to: leads}, {after: 10m, to: directors}]}]}
    - name: by day
      when: args.how == "day"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: daily}]}], expires: 24h}
    - name: soon over
      when: args.how == "soon"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: daily}]}], expires: 4h}
    - name: at any hour
      when: args.how == "any"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: daily, any_hour: true}]}], expires: 4h}
    - name: looped
      when: args.how == "loop"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 10m, to: directors}], loops: 2}]}
    - name: two stages
      when: args.how == "stages"
      then:
        ask:
          - {need: [{from: finance}], remind: 10m, escalate: [{after: 15m, to: leads}]}
          - {need: [{from: leads}], remind: 20m, escalate: [{after: 30m, to: directors}]}
  default:
    medium: {ask: [{need: [{from: finance}], remind: 10m, escalate: [{after: 35m, to: directors}]}], expires: 4h}
    high: deny
    critical: deny
"""
# the first moment is 20:26:40 UTC, 22:26:40 in Berlin: the day's hours are over
HEAD = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS]}
people:
  finance: {user_groups: [S0FINANCE]}
  directors: {users: [U0DORA, U0DAN]}
  leads: {user_groups: [S0LEADS]}
  daily: {users: [U0DORA], time_zone: Europe/Berlin, hours: "08:00-20:00"}
"""

SCENES = scenes("""
a reminder repeats, until escalation
    ana asks act how=wait                           → pending wake=10m
    +9m59s999ms                                     → pending reminders=0
    +1ms                                            → pending reminders=1 wake=20m told=thread
    +10m                                            → pending reminders=2
    +10m                                            → pending reminders=3 steps=0
    +5m                                             → pending reminders=3 steps=1
    +1h                                             → pending reminders=3 steps=1 wake=4h

a long stop makes no flood
    ana asks act how=wait                           → pending
    +3h                                             → pending reminders=1 steps=1 wake=4h

what is over is only over
    ana asks act how=wait                           → pending
    +5h                                             → expired reminders=0 steps=0 told=requester,thread

a step happens once, and never early
    ana asks act how=side                           → pending wake=10m
    +9m59s999ms                                     → pending steps=0
    +1ms                                            → pending steps=1
    +0s                                             → pending steps=1
    +10m                                            → pending steps=2 wake=24h

escalation adds people, at the click
    ana asks act how=wait                           → pending
    dora approves                                   → refused not_an_approver
    +35m                                            → pending steps=1
    dora approves                                   → approved

those who may not approve are told only
    ana asks act how=told                           → pending
    +10m                                            → pending steps=1
    dora approves                                   → refused not_an_approver
    dora rejects because no                         → refused not_an_approver
    dora looks                                      → pending
    fay approves                                    → approved

for a requirement: only there
    ana asks act how=for                            → pending
    +10m                                            → pending steps=1
    dan approves                                    → pending votes=1
    dora approves                                   → pending votes=2
    fred approves                                   → approved

for a requirement: not for the other one
    dora leaves S0LEADS
    ana asks act how=for                            → pending
    +10m                                            → pending steps=1
    dan approves                                    → pending
    dora approves                                   → pending
    fay approves                                    → approved

from previous: counted from when that step happened
    ana asks act how=chain                          → pending wake=10m
    +12m                                            → pending steps=1 wake=17m
    +4m59s                                          → pending steps=1
    +1s                                             → pending steps=2

loops repeat the list from its last step
    ana asks act how=chain                          → pending
    +10m                                            → pending steps=1
    +5m                                             → pending steps=2 wake=25m
    +10m                                            → pending steps=3 wake=30m
    +5m                                             → pending steps=4 wake=24h

loops: 2 makes three times
    ana asks act how=loop                           → pending
    +10m                                            → pending steps=1
    +10m                                            → pending steps=2
    +10m                                            → pending steps=3 wake=24h
    +10h                                            → pending steps=3

loops are not made up all at once
    ana asks act how=loop                           → pending
    +10h                                            → pending steps=1 wake=10h10m

the next stage has timers of its own
    ana asks act how=stages                         → pending
    +15m                                            → pending reminders=1 steps=1
    fay approves                                    → pending stage=2 wake=35m
    +20m                                            → pending reminders=2 steps=1
    +10m                                            → pending reminders=2 steps=2

people escalation added to one stage do not decide the next
    ana asks act how=stages                         → pending
    fred approves                                   → pending stage=2
    flo approves                                    → refused not_an_approver
    dan approves                                    → refused not_an_approver
    +30m                                            → pending
    dan approves                                    → approved

escalation waits for the group's hours, but not beyond half of what is left
    ana asks act how=soon                           → pending wake=2h7m30s
    +2h7m29s999ms                                   → pending steps=0
    +1ms                                            → pending steps=1

escalation waits for the next opening where there is time
    ana asks act how=day                            → pending wake=9h33m20s
    +9h33m19s999ms                                  → pending steps=0
    +1ms                                            → pending steps=1

unless it says any hour
    ana asks act how=any                            → pending wake=15m
    +15m                                            → pending steps=1

a question holds reminders and escalation, at most an hour
    ana asks act how=wait                           → pending wake=10m
    +5m                                             → pending
    fay questions which parcel was it               → pending held=5m-1h5m wake=1h10m told=requester,thread
    +1h4m59s                                        → pending reminders=0
    +1s                                             → pending reminders=1
    +25m                                            → pending steps=1 wake=4h

the answer lets them go
    ana asks act how=wait                           → pending
    +5m                                             → pending
    fay questions which parcel was it               → pending
    +20m                                            → pending reminders=0
    ana answers the blue one                        → pending held=5m-25m wake=30m
    +5m                                             → pending reminders=1
    +24m59s                                         → pending steps=0
    +1s                                             → pending steps=1

once a version
    ana asks act how=wait                           → pending
    +5m                                             → pending
    fay questions why                               → pending held=5m-1h5m
    +1m                                             → pending
    ana answers so                                  → pending held=5m-6m
    fred questions and who                          → pending held=5m-6m wake=11m
    ana answers me                                  → pending held=5m-6m

a question after a question runs out does not hold again
    ana asks act how=wait                           → pending
    fay questions why                               → pending held=0s-1h
    +2h                                             → pending
    fred questions and how                          → pending held=0s-1h
    ana answers thus                                → pending held=0s-1h

a new version may be asked about again
    ana asks act how=wait                           → pending
    fay questions why                               → pending held=0s-1h
    +1m                                             → pending
    ana edits n=1                                   → pending held=-
    +1m                                             → pending
    fay questions why again                         → pending held=2m-1h2m

a question never holds expiry
    ana asks act how=wait                           → pending
    +3h30m                                          → pending
    fay questions why                               → pending
    +30m                                            → expired

what was due before the question is not moved by it
    ana asks act how=wait                           → pending
    +10m                                            → pending reminders=1
    fay questions why                               → pending held=10m-1h10m wake=1h20m

only approvers ask, and only the requester's side answers
    ana asks act how=wait                           → pending
    walt questions why                              → refused not_an_approver
    ana questions why                               → refused is_maker
    ana answers so                                  → refused wrong_moment
    fay questions why                               → pending
    fay answers myself                              → refused not_requester
    ana answers so                                  → pending
    ana answers so                                  → refused wrong_moment

who may look may comment, which holds nothing
    ana asks act how=wait                           → pending
    walt comments hello                             → refused not_found
    fay comments hello                              → pending held=- told=-
    olga comments hello                             → pending

an agent without people cannot be asked
    robot asks act how=wait                         → pending
    fay questions why                               → refused wrong_moment

who left the group is not reached, and the step happens all the same
    dora leaves S0LEADS
    fay leaves S0LEADS
    ana asks act how=chain                          → pending
    +10m                                            → pending steps=1
    +5m                                             → pending steps=2

escalation does not wait for Slack
    ana asks act how=wait                           → pending
    slack is silent                                 → pending
    +35m                                            → pending steps=1
    slack answers                                   → pending
    dora approves                                   → approved

no person decided it: expiry is not a rejection
    ana asks act how=wait                           → pending
    +4h                                             → expired votes=0
    ana cancels                                     → refused wrong_moment
    fay approves                                    → refused wrong_moment

approved, it expires by run_by
    ana asks act how=wait                           → pending
    +10m                                            → pending
    fay approves                                    → approved run_by=1h10m wake=1h10m
    +59m59s999ms                                    → approved
    +1ms                                            → expired
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_time(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=HEAD)
