let householdNotes = """
    -- What was done about a household, and what it objected to. Only ever added; a member of staff or, where none is named,
    -- the household itself.
    CREATE TABLE household_note (
        community_id INTEGER NOT NULL,
        note_id TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        noted_at INTEGER NOT NULL,
        staff_id INTEGER,
        month INTEGER,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (community_id, note_id),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;
    CREATE INDEX household_note_by_home ON household_note (community_id, household_id, noted_at);
    CREATE INDEX household_note_by_time ON household_note (community_id, noted_at);
    """

/// The kind `answered_no_month` is of this schema on: a program that does not know it must not serve these notes.
let answersOfNoMonth = """
    CREATE INDEX household_note_by_kind ON household_note (community_id, kind, noted_at);
    """
