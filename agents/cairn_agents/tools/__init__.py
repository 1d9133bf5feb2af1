"""What can happen: one tool, one file."""
