let tariffReplacements = """
    -- A frozen month's tariff that turned out to be wrong, and the one that its corrections go by. The latest stands.
    CREATE TABLE tariff_replacement (
        month INTEGER NOT NULL PRIMARY KEY,
        tariff_id TEXT NOT NULL,
        former_hash TEXT NOT NULL,
        tariff_hash TEXT NOT NULL,
        reason TEXT NOT NULL,
        replaced_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
