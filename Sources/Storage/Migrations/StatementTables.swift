// Months are numbers: year × 12 + month − 1.
let statementTables = """
    -- A month of the city: `issued_at` is set when its cohort figures are frozen.
    CREATE TABLE city_month (
        month INTEGER NOT NULL PRIMARY KEY,
        rule_version TEXT NOT NULL,
        rule_hash TEXT NOT NULL,
        tariff_id TEXT NOT NULL,
        tariff_hash TEXT NOT NULL,
        frozen_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE cohort_figures (
        month INTEGER NOT NULL REFERENCES city_month (month),
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        body TEXT NOT NULL,
        PRIMARY KEY (month, area_id)
    ) STRICT;

    CREATE TABLE community_month (
        community_id INTEGER NOT NULL REFERENCES area (area_id),
        month INTEGER NOT NULL,
        fold_version INTEGER NOT NULL,
        homes INTEGER NOT NULL,
        measured_at INTEGER NOT NULL,
        -- 0: the city's figures were frozen without it and it has none of its own yet.
        is_measured INTEGER NOT NULL CHECK (is_measured IN (0, 1)),
        issued_at INTEGER,
        excluded_reason TEXT,
        PRIMARY KEY (community_id, month)
    ) STRICT;

    -- Frozen by the measure pass.
    CREATE TABLE home_month (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (community_id, month, household_id)
    ) STRICT;

    -- Homes whose readings changed after their month was measured.
    CREATE TABLE home_dirty (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (community_id, month, household_id)
    ) STRICT;

    CREATE TABLE finding (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        meter_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        register_ml INTEGER NOT NULL,
        before_ml INTEGER,
        PRIMARY KEY (community_id, month, meter_id, at, kind, register_ml)
    ) STRICT;

    -- Versioned, immutable; `body` is the canonical bytes, `hash` their SHA-256.
    CREATE TABLE statement (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        version INTEGER NOT NULL CHECK (version >= 1),
        body TEXT NOT NULL,
        hash TEXT NOT NULL,
        issued_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, month, household_id, version),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;
    """
