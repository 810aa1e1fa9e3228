"""The sample catalogue, filled with where the demo's services and people are."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

_PLACE = re.compile(r"@([a-z_]+)@")
_TEMPLATE = Path(__file__).with_name("catalogue.yaml")


def catalogue(places: Mapping[str, str]) -> str:
    """The text of a `signoff.yaml`. `places` fills what stands between @ signs; KeyError names what is lacking.

    From the services: `Services.places()`. From the workspace, as ids: `channel`, `fallback_channel`, `operators`,
    `team`, `finance`, `directors` (the last four are user groups).
    """
    text = _TEMPLATE.read_text("utf-8")
    if lacking := sorted(set(_PLACE.findall(text)) - set(places)):
        raise KeyError(f"the sample catalogue also needs to know: {', '.join(lacking)}")
    return _PLACE.sub(lambda found: _inside_quotes(places[found[1]]), text)


def _inside_quotes(value: str) -> str:
    """As it must stand between double quotes in YAML, and with its braces doubled: it is no template."""
    return json.dumps(value, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")
