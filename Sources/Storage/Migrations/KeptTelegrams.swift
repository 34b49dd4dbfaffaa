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
        -- When the gateway heard it; 0 where it did not say.
        heard_at INTEGER NOT NULL,
        kept_at INTEGER NOT NULL,
        PRIMARY KEY (meter, gateway_id, hash, heard_at)
    ) STRICT, WITHOUT ROWID;

    -- When every home of the month was marked for its correction; none while that is under way.
    ALTER TABLE tariff_replacement ADD COLUMN marked_at INTEGER;
    UPDATE tariff_replacement SET marked_at = replaced_at;
    """
