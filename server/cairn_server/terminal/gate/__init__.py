"""`cairn gate`: questions to the gate."""
