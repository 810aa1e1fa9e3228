"""What Signoff remembers.

A move is stored so: `SqlStore.transact` puts a function into the queue of the one writer (`engine`). The writer takes
all moves that wait, up to 32, as one transaction: for each, in a savepoint of its own, it reads the requests whole
(`requests`, `rows`), lets the core decide, and writes what changed: the request with its next revision, a new
version, votes, attempts; the event at the end of the hash chain (`audit`); what is to be done outside (`outbox`).
A move that raises is undone alone. Then all is committed at once, and only when that is durable does anybody hear
that it happened; where the commit fails every one of them hears NotRecorded.

Lists and looks (`views`, `messages`) are read beside the writer, on a connection of their own. What may be secret is
sealed (`seal`). Tables stand in `schema`, their history in `migrations`, and what is particular to SQLite in `sqlite`.
"""

from store.errors import StoreError
from store.store import SqlStore, open_roll, open_store, open_trail

__all__ = ["SqlStore", "StoreError", "open_roll", "open_store", "open_trail"]
