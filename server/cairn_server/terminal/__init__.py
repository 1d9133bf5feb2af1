"""The terminal: a thin client of the host, which starts fast because it imports little."""
