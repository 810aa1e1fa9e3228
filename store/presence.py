"""Who serves from a database file: a lock beside it, which the kernel gives back when a process dies, however it dies.

Every process that serves holds it shared. One that could have it for itself alone knows that whatever stands as
under way was begun by a process that is gone. (On PostgreSQL a session's advisory lock will say the same.)
"""

import fcntl
import os
from pathlib import Path

from store.errors import StoreError


class Presence:
    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-serving")
        self._lock: int | None = None

    def alone(self) -> bool:
        """Whether no other process serves. None can begin then until `share` is called."""
        self.leave()
        try:
            self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be used: {error.strerror}; let Signoff's user write it") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Serve beside others. Waits as long as one that begins is still alone."""
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Serve no more."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
