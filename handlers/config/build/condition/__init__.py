"""What a condition says, held to what there is: its names, its kinds of values, its comparisons.

kinds.py    what kind of value an argument or a variable is, by JSON Schema
scene.py    which actions a part of a condition is about, and which arguments are there
written.py  a part of a condition, as text
check.py    the walk over the whole of it
"""

from handlers.config.build.condition.check import FUNCTIONS, Checked, checked
from handlers.config.build.condition.kinds import KNOWN

__all__ = ["FUNCTIONS", "KNOWN", "Checked", "checked"]
