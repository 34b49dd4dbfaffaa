let ledgerTables = """
    -- An accepted command: its transfers are appended with it, and its id answers a retry with the same.
    CREATE TABLE posting (
        community_id INTEGER NOT NULL,
        posting_id TEXT NOT NULL,
        input_hash TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        -- `YYYY-MM:rule` and the statement version, of an award.
        award_reference TEXT,
        award_version INTEGER,
        posted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, posting_id),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;
    CREATE INDEX posting_by_award ON posting (community_id, household_id, award_reference)
        WHERE award_reference IS NOT NULL;

    -- Double entry: points leave `debit_kind` and enter `credit_kind`, the household's own or the community's
    -- account of that kind. Never changed, never removed.
    CREATE TABLE transfer (
        community_id INTEGER NOT NULL,
        transfer_id TEXT NOT NULL,
        posting_id TEXT NOT NULL,
        part INTEGER NOT NULL CHECK (part >= 1),
        kind TEXT NOT NULL,
        debit_kind TEXT NOT NULL,
        credit_kind TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        linked_transfer_id TEXT,
        item_id INTEGER,
        hold_until INTEGER,
        reference TEXT NOT NULL,
        posted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, transfer_id),
        UNIQUE (community_id, posting_id, part),
        FOREIGN KEY (community_id, posting_id) REFERENCES posting (community_id, posting_id),
        CHECK (debit_kind <> credit_kind)
    ) STRICT;
    CREATE INDEX transfer_by_household ON transfer (community_id, household_id, posted_at);

    -- Points granted together; what remains is the sum of its entries.
    CREATE TABLE lot (
        community_id INTEGER NOT NULL,
        lot_id TEXT NOT NULL,
        household_id INTEGER NOT NULL,
        reference TEXT NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, lot_id),
        FOREIGN KEY (community_id, lot_id) REFERENCES transfer (community_id, transfer_id)
    ) STRICT;
    CREATE INDEX lot_by_household ON lot (community_id, household_id);
    CREATE INDEX lot_by_expiry ON lot (community_id, expires_at);

    CREATE TABLE lot_entry (
        community_id INTEGER NOT NULL,
        transfer_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        lot_id TEXT NOT NULL,
        bucket TEXT NOT NULL CHECK (bucket IN ('available','held')),
        points INTEGER NOT NULL CHECK (points <> 0),
        household_id INTEGER NOT NULL,
        PRIMARY KEY (community_id, transfer_id, position),
        FOREIGN KEY (community_id, transfer_id) REFERENCES transfer (community_id, transfer_id),
        FOREIGN KEY (community_id, lot_id) REFERENCES lot (community_id, lot_id)
    ) STRICT;
    CREATE INDEX lot_entry_by_household ON lot_entry (community_id, household_id);

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
        -- The hold's posting.
        redemption_id TEXT NOT NULL,
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
