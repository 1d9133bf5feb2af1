"""The database's shape, as numbered steps, each with its reason.

A step that has shipped is never edited: the next change is the next number. Each
runs in one transaction together with the new `user_version`, so a kill leaves the
old shape or the new one.
"""

MIGRATIONS: tuple[str, ...] = (
    # 1: the log. `digest` is the row's own hash and `chain` the running one, so that
    # `verify` and the watermark can tell a lost or altered row. The first index reads
    # one session in order; the second finds the newest event of a kind in each session.
    """
    CREATE TABLE events (
        seq     INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        agent   TEXT NOT NULL,
        kind    TEXT NOT NULL,
        time    INTEGER NOT NULL,
        payload TEXT NOT NULL,
        chain   BLOB NOT NULL
    ) STRICT;
    CREATE INDEX events_by_session ON events (session, seq);
    CREATE INDEX events_by_kind ON events (kind, session, seq);
    """,
)
