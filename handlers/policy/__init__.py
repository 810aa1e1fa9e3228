"""`signoff policy`: try the rules before they go live, on cases, on one request, on everything that was ever asked.

commands.py   the commands and their help
written.py    what was written on the command line, as values
explaining.py one decision, with who could approve it now
standing.py   what standing approvals would make of it
past.py       the past through a file: replay, suggestions
words.py      what is printed
"""

from handlers.policy.commands import app

__all__ = ["app"]
