"""Where the agent's shell commands run: what of the machine they see, may write and may reach.

A command gets a `Launch` from a `Sandbox`; which kind there is on this machine `detect` finds out by trying.
"""
