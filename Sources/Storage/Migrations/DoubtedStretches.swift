let doubtedStretches = """
    -- Where a meter's registers are in doubt as a run, however long: how far back a later month has to look to know it.
    -- What a month's measuring found; nothing that the sets do not say.
    CREATE TABLE doubted_stretch (
        community_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        to_at INTEGER,
        PRIMARY KEY (community_id, meter_id, first_at)
    ) STRICT, WITHOUT ROWID;
    """
