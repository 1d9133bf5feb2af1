"""May this happen? Every effect of every agent passes here."""
