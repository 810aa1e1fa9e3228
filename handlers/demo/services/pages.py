"""The company's web site: pages as files in a folder, and the callable that publishes one."""

import html
import re
import threading
from pathlib import Path
from typing import Any

from handlers.demo.services.records import Effect, Records
from handlers.executors import NotDone

_ONE_AT_A_TIME = threading.Lock()  # callables run in threads of their own
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{headline}</title>
<style>body {{ font: 18px/1.5 system-ui; margin: 3rem auto; max-width: 40rem; padding: 0 1rem }}</style>
<h1>{headline}</h1>
{text}
</html>
"""


def publish(*, page: str, headline: str, text: str, folder: str, idempotency_key: str) -> dict[str, Any]:
    """Write the page. The same key writes it once, however often it is called."""
    if not _NAME.fullmatch(page):
        raise NotDone(f"{page!r} is not the name of a page")
    if not Path(folder).is_dir():
        raise NotDone(f"there is no folder {folder}")
    with _ONE_AT_A_TIME:
        return _publish(page, headline, text, folder, idempotency_key)


def _publish(page: str, headline: str, text: str, folder: str, key: str) -> dict[str, Any]:
    records = Records(Path(folder, "published.json"), "pg")
    if (earlier := records.by_key(key)) is None:
        paragraphs = [f"<p>{html.escape(each.strip())}</p>" for each in text.split("\n") if each.strip()]
        filled = _PAGE.format(headline=html.escape(headline), text="\n".join(paragraphs))
        fresh = Path(folder, f"{page}.new")
        fresh.write_text(filled, encoding="utf-8")
        fresh.replace(Path(folder, f"{page}.html"))
        earlier = records.add(key, {"page": page, "headline": headline, "bytes": len(filled.encode())})
    return {"id": earlier["id"], "page": f"{page}.html", "bytes": earlier["bytes"]}


def effects(folder: Path) -> list[Effect]:
    records = Records(folder / "published.json", "pg")
    return records.effects("pages", lambda record: f"Published {record['page']}: {record['headline']}")
