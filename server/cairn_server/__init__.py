"""Processes, sockets, LSP and the terminal. No agent logic lives here."""

__version__ = "0.1.0"
