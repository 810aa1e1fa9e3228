"""What ways are made with."""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.config.build.machine import Machine
from handlers.config.build.placing import Names


@dataclass(frozen=True, slots=True)
class Workshop:
    """`looks` is true for a preview or a probe, which asks and does not act."""

    machine: Machine
    names: Names
    private: tuple[str, ...]
    callables: Mapping[str, str]
    looks: bool = False
