let editTables = """
    -- What staff decided about a reading. Only ever added; the reading that was sent stays as it is.
    CREATE TABLE reading_edit (
        community_id INTEGER NOT NULL,
        edit_id TEXT NOT NULL,
        meter_id INTEGER NOT NULL REFERENCES meter (meter_id),
        read_at INTEGER NOT NULL,
        register_ml INTEGER NOT NULL CHECK (register_ml >= 0),
        action TEXT NOT NULL CHECK (action IN ('accept', 'reject', 'enter', 'withdraw')),
        staff_id INTEGER NOT NULL REFERENCES staff (staff_id),
        decided_at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (community_id, edit_id)
    ) STRICT;
    CREATE INDEX reading_edit_by_meter ON reading_edit (community_id, meter_id, read_at);
    """

let changeTables = """
    -- Why a home whose month has figures is to be corrected; taken up by the correction that follows.
    CREATE TABLE home_change (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        cause TEXT NOT NULL,
        meter_id INTEGER NOT NULL,
        read_at INTEGER NOT NULL,
        register_ml INTEGER NOT NULL,
        noted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, month, household_id, cause, meter_id, read_at, register_ml)
    ) STRICT, WITHOUT ROWID;
    """
