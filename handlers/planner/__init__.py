"""Words to typed drafts: by a model where one is configured, else by plain text alone. Neither decides anything.

closest.py     the action most like the words, and the planner that has nothing else
prompt.py      what a model is told, without secrets, and the shape of the answer
endpoint.py    any OpenAI-compatible endpoint: what it takes, what it may cost
answer.py      the answer read as a form, against the action's schema
model.py       the planner that puts these together within its budget
"""

from handlers.planner.closest import TextMatchPlanner, closest
from handlers.planner.endpoint import model_client
from handlers.planner.model import ModelPlanner

__all__ = ["ModelPlanner", "TextMatchPlanner", "closest", "model_client"]
