let keptTelegrams = """
    -- Telegrams that gave no reading but name a water meter: of a maker's own form, or without their key. Kept as heard
    -- until somebody can read them.
    CREATE TABLE kept_telegram (
        meter TEXT NOT NULL,
        hash TEXT NOT NULL,
        gateway_id INTEGER NOT NULL REFERENCES gateway (gateway_id),
        maker TEXT NOT NULL,
        field TEXT NOT NULL,
        telegram BLOB NOT NULL,
        -- When the gateway heard it, where it said so.
        heard_at INTEGER,
        kept_at INTEGER NOT NULL,
        PRIMARY KEY (meter, hash)
    ) STRICT, WITHOUT ROWID;

    -- When every home of the month was marked for its correction; none while that is under way.
    ALTER TABLE tariff_replacement ADD COLUMN marked_at INTEGER;
    """
