let pushTables = """
    -- How a gateway's platform pushes. The secrets are sealed under a key that is not in the database.
    CREATE TABLE gateway_push (
        gateway_id INTEGER NOT NULL REFERENCES gateway (gateway_id),
        platform TEXT NOT NULL,
        mapping TEXT NOT NULL,
        sealed_secrets BLOB NOT NULL,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (gateway_id, platform)
    ) STRICT;

    -- Keys that open meters' telegrams, sealed likewise.
    CREATE TABLE meter_key (
        meter_id INTEGER NOT NULL REFERENCES meter (meter_id),
        sealed_key BLOB NOT NULL,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (meter_id)
    ) STRICT;
    """
