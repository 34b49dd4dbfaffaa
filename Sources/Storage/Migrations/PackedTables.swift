let packedTables = """
    -- A closed month's day sets of a meter in one body. A day is here or in reading_day, never in both. With rows
    -- of their own numbers: bodies of more than a quarter page would each take a page in the key's tree.
    CREATE TABLE reading_month (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        meter_id INTEGER NOT NULL REFERENCES meter (meter_id),
        body BLOB NOT NULL,
        PRIMARY KEY (community_id, month, meter_id)
    ) STRICT;
    -- The months of a community that any body is packed of.
    CREATE TABLE packed_month (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        packed_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, month)
    ) STRICT, WITHOUT ROWID;
    -- The first month of which a community's readings are kept; earlier ones were pruned.
    CREATE TABLE pruned_month (
        community_id INTEGER NOT NULL,
        month INTEGER NOT NULL,
        pruned_at INTEGER NOT NULL,
        PRIMARY KEY (community_id)
    ) STRICT, WITHOUT ROWID;
    """
