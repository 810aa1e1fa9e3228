"""Two hundred clicks of twenty people on one card, some yes and some no, all at once."""

import asyncio
import itertools
from pathlib import Path

from tests.journeys.stage import staged

CROWD = [f"p{number:02}" for number in range(20)]
THREE_OF_FINANCE = """\
  route:
    - name: three of finance
      when: action == "charge"
      then: {ask: [{need: [{from: [finance], approvals: 3}], rejects: 3}]}
"""


async def test_two_hundred_clicks_make_one_outcome_and_one_run(tmp_path: Path) -> None:
    catalogue = (Path(__file__).parent / "signoff.yaml").read_text().replace("  route:\n", THREE_OF_FINANCE, 1)
    async with staged(tmp_path, yaml_text=catalogue, people=CROWD) as stage:
        request, card = await stage.asked(stage.rita, "charge order=ord_1 amount=5")
        crowd = [stage.slack.person(name) for name in CROWD]
        against, in_favour = crowd[::4], [person for person in crowd if person not in crowd[::4]]
        forms = []
        for person in against:
            await person.click(card, "reject")
            forms.append((person, await stage.form(person, "Why not?")))

        yes = [person.forge_click(card, "approve") for person in in_favour for _ in range(10)]
        no = [person.forge_submit(view, {"reason": "no"}) for person, view in forms for _ in range(10)]
        mixed = [click for pair in itertools.zip_longest(yes, no) for click in pair if click is not None]
        assert len(mixed) == 200
        answers = await asyncio.gather(*mixed)
        await stage.settled()

        assert all(answer.status == 200 for answer in answers)
        decided = await stage.request(request.id)
        voters = [vote.person for vote in decided.votes]
        assert len(voters) == len(set(voters))
        approvals = sum(vote.approve for vote in decided.votes)
        rejections = len(voters) - approvals
        if decided.state == "succeeded":
            assert (approvals, rejections < 3, len(stage.target.runs())) == (3, True, 1)
        else:
            assert (decided.state, rejections, approvals < 3, stage.target.runs()) == ("rejected", 3, True, [])
