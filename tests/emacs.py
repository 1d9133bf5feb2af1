"""Emacs as a client: its own LSP client, eglot, which nobody here wrote."""

import shutil

EMACS = shutil.which("emacs")
MISSING = "emacs with eglot is not installed (Debian and Ubuntu: apt-get install emacs-nox elpa-eglot)"
NO_EGLOT = 77
"""What our scripts end with then."""
