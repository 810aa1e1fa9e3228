"""Why a call brought no answer: the classes tell whether anything was sent."""


class NoAnswer(Exception):
    """A call that brought no answer. The text names the host and is meant for people."""


class EgressRefused(NoAnswer):
    """The rules forbid the call. Nothing was sent."""


class NotConnected(NoAnswer):
    """No connection came about (name, route, refusal, TLS, time). No byte of the request was sent."""


class Lost(NoAnswer):
    """It was connected, and no answer came. The request may have arrived."""
