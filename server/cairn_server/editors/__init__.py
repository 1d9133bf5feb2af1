"""What people have open: the documents of all attached editors, and what is said to be wrong in the files."""
