"""Secrets that people paste, taken out of free text before it goes to a model or a log.

Shapes only: tokens of well-known vendors, private keys, passwords in URLs and after the word for one. It takes
rather too much than too little. It cannot know a secret without a shape; for those an action has `x-sensitive`.
"""

import re
from collections.abc import Mapping
from typing import Any

MARK = "[redacted"
"""How every mark begins; `holds_mark` finds it in what a model made of a redacted text."""

_START = r"(?<![A-Za-z0-9])"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("private key", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"),
        ("AWS key", _START + r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"),
        ("GitHub token", _START + r"(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})"),
        ("GitLab token", _START + r"gl(?:pat|dt|rt|cbt|ptt|soat|imt|agent|oas)-[A-Za-z0-9_.-]{20,300}"),
        ("Slack token", _START + r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,400}"),
        ("Slack webhook", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,300}"),
        ("Stripe key", _START + r"(?:(?:sk|rk|pk)_(?:live|test)|whsec)_[A-Za-z0-9]{10,250}"),
        ("Google key", _START + r"(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,60}|ya29\.[A-Za-z0-9_-]{20,400})"),
        ("Anthropic key", _START + r"sk-ant-[A-Za-z0-9_-]{20,300}"),
        ("OpenAI key", _START + r"sk-(?:proj-|svcacct-|admin-)?(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,300}"),
        ("Twilio key", _START + r"SK[0-9a-f]{32}(?![0-9a-f])"),
        ("SendGrid key", _START + r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}"),
        ("npm token", _START + r"npm_[A-Za-z0-9]{36}"),
        ("PyPI token", _START + r"pypi-[A-Za-z0-9_-]{40,400}"),
        ("Hugging Face token", _START + r"hf_[A-Za-z0-9]{30,60}"),
        ("DigitalOcean token", _START + r"do[opr]_v1_[0-9a-f]{64}"),
        ("Shopify token", _START + r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
        ("Azure key", r"(?i:AccountKey|SharedAccessKey|SharedAccessSignature)=[A-Za-z0-9+/=%&_.-]{20,500}"),
        ("Telegram token", _START + r"[0-9]{8,10}:AA[A-Za-z0-9_-]{32,40}"),
        ("JSON web token", _START + r"eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{0,1000}"),
        ("bearer token", r"(?i:(?<=bearer )|(?<=basic ))(?=[^\s]{0,500}[0-9+/=_-])[A-Za-z0-9+/=_.~-]{16,2000}"),
        ("password", r"(?<=://)[^\s/@:]{0,200}:[^\s/@]{1,200}(?=@)"),
    )
)
_NAMED = re.compile(
    r"(?i)(\b(?:password|passwd|passphrase|pwd|secret|api[ _-]?key|access[ _-]?key|private[ _-]?key|"
    r"(?:access|auth|refresh|session)[ _-]?token|client[ _-]?secret)\b[\"']?\s{0,3}"
    r"(?:[:=]\s{0,3}|is\s{1,3}(?=[^\s]{0,300}[0-9])))"  # "the password is required" gives nothing away
    r"(?!\[redacted)(\"[^\"\n]{1,300}\"|'[^'\n]{1,300}'|[^\s,;\"']{1,300})"
)


def redact(text: str) -> str:
    """The text with each secret replaced by `[redacted: what it looks like]`. Doing it twice changes nothing."""
    for name, shape in _SHAPES:
        text = shape.sub(f"{MARK}: {name}]", text)
    return _NAMED.sub(rf"\1{MARK}: password]", text)


def redact_tree(value: Any) -> Any:
    """A JSON value with each of its texts redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redact_tree(each) for key, each in value.items()}
    return [redact_tree(each) for each in value] if isinstance(value, list | tuple) else value


def holds_mark(value: object) -> bool:
    """Whether a JSON value holds a mark of ours anywhere."""
    if isinstance(value, str):
        return MARK in value
    if isinstance(value, Mapping):
        return any(holds_mark(each) for pair in value.items() for each in pair)
    return isinstance(value, list | tuple) and any(holds_mark(each) for each in value)
