let ledgerTables = """
    -- Double entry: points move from `debit_account` to `credit_account`. Never changed, never removed.
    -- Accounts are texts within the community: `household:ID`, `issued`, `spent`, `expired`, …
    CREATE TABLE transfer (
        community_id INTEGER NOT NULL,
        transfer_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        input_hash TEXT NOT NULL,
        kind TEXT NOT NULL,
        debit_account TEXT NOT NULL,
        credit_account TEXT NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        household_id INTEGER,
        linked_transfer_id TEXT,
        reference TEXT NOT NULL,
        posted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, transfer_id),
        UNIQUE (community_id, sequence),
        CHECK (debit_account <> credit_account)
    ) STRICT;
    CREATE INDEX transfer_by_household ON transfer (community_id, household_id, sequence);

    CREATE TABLE lot (
        community_id INTEGER NOT NULL,
        lot_id TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, lot_id),
        FOREIGN KEY (community_id, lot_id) REFERENCES transfer (community_id, transfer_id)
    ) STRICT;
    CREATE INDEX lot_by_household ON lot (community_id, household_id);
    CREATE INDEX lot_by_expiry ON lot (community_id, expires_at);

    -- How a transfer moved a lot's points between its buckets; a lot's remainder is the sum.
    CREATE TABLE lot_entry (
        community_id INTEGER NOT NULL,
        transfer_id TEXT NOT NULL,
        lot_id TEXT NOT NULL,
        bucket TEXT NOT NULL CHECK (bucket IN ('available','held')),
        points INTEGER NOT NULL CHECK (points <> 0),
        household_id INTEGER NOT NULL,
        PRIMARY KEY (community_id, transfer_id, lot_id, bucket),
        FOREIGN KEY (community_id, transfer_id) REFERENCES transfer (community_id, transfer_id),
        FOREIGN KEY (community_id, lot_id) REFERENCES lot (community_id, lot_id)
    ) STRICT;
    CREATE INDEX lot_entry_by_household ON lot_entry (community_id, household_id);

    -- Raised by every posting to the household's account: two posters of one account cannot both succeed.
    CREATE TABLE account_version (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id)
    ) STRICT;

    -- Stock belongs to one community. `version` is raised by every hold, void, expiry and restocking.
    CREATE TABLE item (
        community_id INTEGER NOT NULL REFERENCES area (area_id),
        item_id INTEGER NOT NULL,
        name_zh TEXT NOT NULL,
        name_en TEXT NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        stock INTEGER NOT NULL CHECK (stock >= 0),
        version INTEGER NOT NULL DEFAULT 1,
        created_at INTEGER NOT NULL,
        withdrawn_at INTEGER,
        PRIMARY KEY (community_id, item_id),
        UNIQUE (community_id, name_zh)
    ) STRICT;

    CREATE TABLE redemption (
        community_id INTEGER NOT NULL,
        redemption_id TEXT NOT NULL,
        input_hash TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        item_id INTEGER NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        desk_code TEXT NOT NULL,
        held_at INTEGER NOT NULL,
        hold_until INTEGER NOT NULL,
        PRIMARY KEY (community_id, redemption_id),
        UNIQUE (community_id, desk_code),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id),
        FOREIGN KEY (community_id, item_id) REFERENCES item (community_id, item_id)
    ) STRICT;
    CREATE INDEX redemption_by_household ON redemption (community_id, household_id);

    -- How a redemption ended; its absence is an open hold, and its key lets it end once only.
    CREATE TABLE redemption_outcome (
        community_id INTEGER NOT NULL,
        redemption_id TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('confirmed','voided','expired')),
        staff_id INTEGER REFERENCES staff (staff_id),
        at INTEGER NOT NULL,
        PRIMARY KEY (community_id, redemption_id),
        FOREIGN KEY (community_id, redemption_id) REFERENCES redemption (community_id, redemption_id)
    ) STRICT;
    """
