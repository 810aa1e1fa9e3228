"""The ways to run, preview, probe and undo, as the file writes them."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from handlers.config.shape.base import Part
from handlers.config.shape.values import EnvironmentName, HeaderName, Names, Risk, Text, Timeout

_REFERENCES = "${NAME} is taken from the environment and never shown"


class Http(Part):
    """One HTTP request. `{name}` takes a parameter."""

    nullable: ClassVar[frozenset[str]] = frozenset({"json_"})

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] | None = Field(
        None, description="Default POST; GET for a preview or a probe."
    )
    url: str = Field(
        description="Scheme, host and port are literal; in path and query {name} is percent-encoded.",
        examples=["https://billing.example.com/refunds/{order_id}"],
    )
    headers: dict[HeaderName, str] = Field(
        default_factory=dict,
        description=f"Headers; {_REFERENCES}.",
        examples=[{"Authorization": "Bearer ${BILLING_TOKEN}"}],
    )
    json_: Any = Field(
        None,
        alias="json",
        description='A JSON body; "{name}" alone keeps the type, an absent optional one drops its key.',
        examples=[{"order": "{order_id}", "amount": "{amount}"}],
    )
    body: str | None = Field(None, description="A body as text, in place of json.")
    idempotent: bool = Field(
        False, description="The target honours Idempotency-Key: an unknown outcome may be tried again."
    )
    max_retries: int | None = Field(None, ge=0, le=10, description="How often; default 3. Needs idempotent: true.")
    timeout: Timeout | None = Field(None, description="Of one attempt.", examples=["20s"])


class Call(Part):
    """A registered callable with arguments of its own."""

    callable: str = Field(description="A name under `callables`.")
    args: dict[str, Any] | None = Field(None, description="Keyword arguments; the action's own where not given.")


class Email(Part):
    """One message by SMTP (SIGNOFF_SMTP_URL)."""

    to: Names = Field(description="An address, or a list of them.", examples=["{to}"])
    cc: Names | None = Field(None, description="An address, or a list of them.")
    from_: str | None = Field(None, alias="from", description="Default: SIGNOFF_MAIL_FROM.")
    subject: str = Field(description="One line.")
    text: str = Field(description="The message, as plain text.")


class Post(Part):
    """One Slack message, as plain text."""

    channel: str = Field(description="#name, an id, or {name} of a parameter.", examples=["#releases"])
    text: str = Field(description="The message.")


AbsoluteFolder = Annotated[str, Text(r"/[^\0]*", "an absolute folder", "write it from the root, such as /srv/jobs")]


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "mapping"


Callable = Annotated[
    Annotated[str, Tag("text")] | Annotated[Call, Tag("mapping")],
    Discriminator(_kind),
    Field(description="A name under `callables`: never a path from a request.", examples=["rotate_key"]),
]


class Look(Part):
    """Exactly one of http, command and python."""

    http: Http | None = None
    command: list[str] | None = Field(
        None,
        min_length=1,
        description="A program and its arguments, without a shell.",
        examples=[["cleanup", "--table={table}"]],
    )
    python: Callable | None = None
    timeout: Timeout | None = Field(None, description="Of one attempt; default 1m, 10s for a preview.")
    cwd: AbsoluteFolder | None = Field(None, description="The folder a command runs in.")
    env: dict[EnvironmentName, str] | None = Field(None, description=f"A command's environment; {_REFERENCES}.")


class Way(Look):
    """Exactly one of http, command, python, email and slack."""

    email: Email | None = None
    slack: Post | None = None


class OwnUndo(Way):
    """How the action is undone. {result.name} takes a value from the result."""

    title: str | None = Field(None, description='Default: "Undo: " and the title of the action.')
    risk: Risk | None = Field(None, description="Default: the action's own.")


Caller = Annotated[Literal["caller"], Tag("text")]
Run = Annotated[Caller | Annotated[Way, Tag("mapping")], Discriminator(_kind)]
Undo = Annotated[Caller | Annotated[OwnUndo, Tag("mapping")], Discriminator(_kind)]
