"""One parameter of an action: a JSON Schema property that a form field can show."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from handlers.config.shape.base import Part

Kind = Literal["string", "number", "integer", "boolean", "array"]
Format = Literal["date", "date-time", "time", "email", "uri", "uuid", "hostname", "ipv4", "ipv6"]


class Item(Part):
    """What the entries of a list are: text."""

    type: Literal["string"] = Field(description="Lists hold text.")
    enum: list[str] | None = Field(None, min_length=1, description="The values to choose from.")
    pattern: str | None = Field(None, description="A regular expression; write ^…$ to match the whole text.")
    format: Format | None = Field(None, description="A well-known form.")
    min_length: int | None = Field(None, alias="minLength", ge=0)
    max_length: int | None = Field(None, alias="maxLength", ge=1)


class Param(Part):
    """A JSON Schema property (2020-12): what the argument must be, and how forms ask for it."""

    nullable: ClassVar[frozenset[str]] = frozenset({"default"})

    type: Kind = Field(description="string, number, integer, boolean, or array (of text).")
    title: str | None = Field(None, max_length=150, description="How forms and cards call it.")
    description: str | None = Field(None, max_length=2000, description="A hint in forms, and told to the model.")
    default: Any = Field(None, description="Taken where nothing is given.")
    examples: list[Any] | None = Field(None, description="Shown where a value does not fit.")
    enum: list[Any] | None = Field(None, min_length=1, description="The values to choose from: a select in forms.")
    min_length: int | None = Field(None, alias="minLength", ge=0)
    max_length: int | None = Field(None, alias="maxLength", ge=1)
    pattern: str | None = Field(None, description="A regular expression; write ^…$ to match the whole text.")
    format: Format | None = Field(None, description="A well-known form, such as date or email; it is checked.")
    minimum: float | None = Field(None, description="The least it may be.")
    maximum: float | None = Field(None, description="The most it may be.")
    exclusive_minimum: float | None = Field(None, alias="exclusiveMinimum", description="It must be more.")
    exclusive_maximum: float | None = Field(None, alias="exclusiveMaximum", description="It must be less.")
    multiple_of: float | None = Field(None, alias="multipleOf", gt=0)
    items: Item | None = Field(None, description="What the entries of an array are.")
    min_items: int | None = Field(None, alias="minItems", ge=0)
    max_items: int | None = Field(None, alias="maxItems", ge=1)
    unique_items: bool | None = Field(None, alias="uniqueItems")
    long: bool = Field(False, alias="x-long", description="Several lines: a large field in forms.")
    sensitive: bool = Field(
        False,
        alias="x-sensitive",
        description="Masked in cards, logs and prompts, encrypted at rest; needs SIGNOFF_SECRET_KEY.",
    )


FITTING = {
    "string": {"minLength", "maxLength", "pattern", "format", "x-long"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "boolean": set[str](),
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
}
"""Which keywords mean something for which type; those not named here fit every type."""
