"""The agent: its loop, its window, its model client, its tools and the gate before them.

`cairn_agents` knows no socket, no terminal and no language server.
"""
