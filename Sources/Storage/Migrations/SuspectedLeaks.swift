let suspectedLeaks = """
    -- What ran without a pause in a closed month, as the home's newest statement says: for those who chase leaks.
    CREATE TABLE suspected_leak (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        to_at INTEGER NOT NULL,
        litres_per_hour INTEGER NOT NULL,
        PRIMARY KEY (community_id, month, household_id, from_at, to_at, litres_per_hour)
    ) STRICT, WITHOUT ROWID;
    """
