"""One use case a file: load, decide, save. What a person may do goes by `Desk.act`, and so through the one door."""
