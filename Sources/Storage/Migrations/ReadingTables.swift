let readingTables = """
    -- Append-only: one row holds one community's entries of one commit, in the order they came.
    CREATE TABLE journal (
        community_id INTEGER NOT NULL,
        journal_id INTEGER NOT NULL,
        written_at INTEGER NOT NULL,
        readings INTEGER NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (community_id, journal_id)
    ) STRICT;

    -- Kept, but in no set: readings ahead of the server's clock, and those of a gateway whose scope excludes
    -- the meter that joined.
    CREATE TABLE reading_quarantine (
        community_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        read_at INTEGER NOT NULL,
        register_ml INTEGER NOT NULL,
        gateway_id INTEGER NOT NULL,
        reason TEXT NOT NULL CHECK (reason IN ('future','scope')),
        noted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, meter_id, read_at, register_ml, gateway_id)
    ) STRICT;

    -- Held meters of a gateway and how many of their readings are kept: the base of its limits.
    CREATE TABLE held_meter (
        community_id INTEGER NOT NULL CHECK (community_id = 0),
        gateway_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        readings INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, gateway_id, meter_id)
    ) STRICT;

    -- Rows that the registry no longer maps so: (community, meter) to visit, and the meter they belong to now.
    CREATE TABLE sweep (
        community_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        target_meter_id INTEGER NOT NULL,
        asked_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, meter_id)
    ) STRICT;

    -- Raised by every fold that changes a set of the community.
    CREATE TABLE community_fold (
        community_id INTEGER NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL,
        folded_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE alert (
        community_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        code TEXT NOT NULL,
        is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
        raw TEXT NOT NULL,
        gateway_id INTEGER NOT NULL,
        PRIMARY KEY (community_id, meter_id, at, code, is_current)
    ) STRICT;
    CREATE INDEX alert_by_time ON alert (community_id, at);
    """

/// A grow-only set: one row holds the elements of one meter on one local day. Community 0 is unregistered.
let readingDayTable = """
    CREATE TABLE reading_day (
        community_id INTEGER NOT NULL,
        day INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (community_id, day, meter_id)
    ) STRICT, WITHOUT ROWID;
    """

/// The same table in months, so that what is past its time goes in one step. Months are made ahead (Partitions.swift);
/// a day of no such month lies in `reading_day_rest`.
let readingDayPartitions = """
    CREATE TABLE reading_day (
        community_id BIGINT NOT NULL,
        day BIGINT NOT NULL,
        meter_id BIGINT NOT NULL,
        body BYTEA NOT NULL,
        PRIMARY KEY (community_id, day, meter_id)
    ) PARTITION BY RANGE (day);
    CREATE TABLE reading_day_rest PARTITION OF reading_day DEFAULT;
    """

/// `JournalPayload` writes its second version from this schema on: a program that does not know it must not fold the
/// journal. No table changes.
let secondJournalForm = "-- Journal rows may be of the second form."
