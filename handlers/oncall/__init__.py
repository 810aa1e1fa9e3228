"""Who is on call right now, as another system says it: asked through the guarded client, read by its format.

formats.py   what an answer says, for plain JSON, PagerDuty and Opsgenie
ask.py       the question: its address at this moment, its headers, its limits
"""

from handlers.oncall.ask import Lookups
from handlers.oncall.formats import LookupFailed, Named

__all__ = ["LookupFailed", "Lookups", "Named"]
