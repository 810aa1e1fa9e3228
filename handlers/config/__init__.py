"""signoff.yaml: read, checked to the last line, and turned into the catalogue and the policy.

tree.py       YAML with the line of everything
shape/        its structure, as pydantic models
wording.py    pydantic's errors in our words
structure.py  the parts that are sound
build/        parts to actions, groups, rules; what is wrong with each
cases.py      the file's own tests
book.py       all of it together
schema.py     its JSON Schema, for editors
template.py   what `signoff init` writes
"""

from handlers.config.book import Book, load, load_cases, run_cases
from handlers.config.cases import CaseResult, PolicyCase
from handlers.config.mistakes import ConfigError, Mistake
from handlers.config.schema import file_schema
from handlers.config.template import template

__all__ = [
    "Book",
    "CaseResult",
    "ConfigError",
    "Mistake",
    "PolicyCase",
    "file_schema",
    "load",
    "load_cases",
    "run_cases",
    "template",
]
