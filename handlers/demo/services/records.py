"""What a service of the demo has done, kept in a JSON file, so that it can be looked at and outlives a restart."""

import datetime
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Effect = dict[str, Any]
"""`{"service", "id", "what", "at", "details"}`, and `"undone": true` once it was. `at` is UTC, ISO 8601."""


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class Records:
    """Records in the order they were made. Every change is on disk before it is answered."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._path = path
        self._prefix = prefix
        self._all: list[Record] = json.loads(path.read_text("utf-8")) if path.exists() else []

    def __iter__(self) -> Iterator[Record]:
        return iter([dict(record) for record in self._all])

    def __len__(self) -> int:
        return len(self._all)

    def add(self, key: str | None, content: Mapping[str, Any]) -> Record:
        record = {"id": f"{self._prefix}_{len(self._all) + 1:04}", "at": now(), "key": key} | dict(content)
        self._save([*self._all, record])
        return dict(record)

    def by_id(self, record_id: str) -> Record | None:
        return next((dict(record) for record in self._all if record["id"] == record_id), None)

    def by_key(self, key: str) -> Record | None:
        return next((dict(record) for record in self._all if record["key"] == key), None)

    def change(self, record_id: str, **changes: Any) -> Record:
        """The record with these changes. KeyError where there is none."""
        if self.by_id(record_id) is None:
            raise KeyError(record_id)
        self._save([record | changes if record["id"] == record_id else record for record in self._all])
        return next(dict(record) for record in self._all if record["id"] == record_id)

    def effects(self, service: str, say: Callable[[Record], str]) -> list[Effect]:
        """Each record as one line for people."""
        aside = {"id", "at", "key", "sha256", "reversed_at"}
        return [
            {
                "service": service,
                "id": record["id"],
                "what": say(record),
                "at": record["at"],
                "details": {name: value for name, value in record.items() if name not in aside},
            }
            | ({"undone": True} if record.get("reversed_at") else {})
            for record in self._all
        ]

    def _save(self, records: list[Record]) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(records, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._all = records
