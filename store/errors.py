"""What goes wrong with the database itself, in words for the operator. What a person hears is `bot.errors`."""


class StoreError(Exception):
    """The database cannot be used as it is; the text names what is wrong and the remedy."""
