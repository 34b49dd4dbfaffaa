let tableMappings = """
    -- How a gateway's own tables are read: what a handheld reader or another system exports.
    CREATE TABLE gateway_table (
        gateway_id INTEGER NOT NULL REFERENCES gateway (gateway_id),
        name TEXT NOT NULL,
        mapping TEXT NOT NULL,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (gateway_id, name)
    ) STRICT, WITHOUT ROWID;
    """
