"""What Cairn offers on code: on a problem that any language server reports, and on a selection."""
