"""The demo's workspace: who is there, where they talk, and what one may try first."""

from handlers.demo.slack import App, Json, sample
from handlers.demo.slack.sample import Start

PEOPLE = {
    "rita": "Rita Ramos",  # asks
    "tom": "Tom Okafor",  # her team
    "fay": "Fay Lindqvist",  # finance
    "fred": "Fred Osei",
    "dora": "Dora Weiss",  # directors
    "dan": "Dan Moreau",
    "olga": "Olga Petrova",  # keeps Signoff running
}
GROUPS = {
    "team": ["rita", "tom"],
    "finance": ["fay", "fred"],
    "directors": ["dora", "dan"],
    "operators": ["olga"],
}
EVERYBODY = [*PEOPLE, "gus"]
CHANNELS = {"general": EVERYBODY, "approvals": EVERYBODY, "ops": ["olga", "tom"]}
EXAMPLES: list[Json] = [
    {"as": "rita", "channel": "general", "text": "/signoff refund order ord_81 fifty dollars, parcel never came"},
    {"as": "rita", "channel": "general", "text": "/signoff pay 2,500 for the team offsite, receipt attached"},
    {"as": "rita", "channel": "general", "text": "/signoff buy 100 shares of ACME"},
    {"as": "rita", "channel": "general", "text": "/signoff delete events older than 2025-01-01"},
    {"as": "rita", "channel": "general", "text": "/signoff"},
]


def workspace(manifest: Json) -> Start:
    """What the local Slack begins with."""
    people = [sample.person(name, real) for name, real in PEOPLE.items()]
    people.append(sample.person("gus", "Gus (guest)", is_restricted=True))
    return sample.build(App.from_manifest(manifest), people, channels=CHANNELS, groups=GROUPS)


def places() -> dict[str, str]:
    """What stands between @ signs in the sample catalogue, as far as it is about the workspace."""
    groups = {name: sample.group_id(name) for name in GROUPS}
    return {"channel": "#approvals", "fallback_channel": "#ops", **groups}
