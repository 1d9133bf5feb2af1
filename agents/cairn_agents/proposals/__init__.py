"""What agents propose: parts of a change that a person accepts, rejects or edits, one by one."""
