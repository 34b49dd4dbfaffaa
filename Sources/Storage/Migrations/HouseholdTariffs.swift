let householdTariffs = """
    -- A household billed by another tariff than the city's from a month on: one without a meter of its own, a school.
    -- An empty id is the city's again.
    CREATE TABLE household_tariff (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        from_month INTEGER NOT NULL,
        tariff_id TEXT NOT NULL,
        noted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id, from_month),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;

    -- The tariffs beside the city's that a month's statements went by, each noted with its first one. `former_hash`
    -- is set where another file replaced it.
    CREATE TABLE month_tariff (
        month INTEGER NOT NULL,
        tariff_id TEXT NOT NULL,
        tariff_hash TEXT NOT NULL,
        noted_at INTEGER NOT NULL,
        former_hash TEXT,
        reason TEXT,
        replaced_at INTEGER,
        marked_at INTEGER,
        PRIMARY KEY (month, tariff_id)
    ) STRICT;
    """
