"""What keeps a run from going wrong for hours: each guard sees one kind of trouble and acts on it."""
