// What an account has lies together: transfers, lots and entries are kept under their household, and found without an
// index beside the table. A posting of a month's close then writes six entries where it wrote fourteen.
let ledgerKeys = """
    CREATE TABLE posting_kept (
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
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE transfer_kept (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        -- The posting's id, and from its second transfer on its part. That a posting's transfers are all of its household
        -- is what `append` keeps.
        transfer_id TEXT NOT NULL,
        posting_id TEXT NOT NULL,
        part INTEGER NOT NULL CHECK (part >= 1),
        kind TEXT NOT NULL,
        debit_kind TEXT NOT NULL,
        credit_kind TEXT NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        linked_transfer_id TEXT,
        item_id INTEGER,
        hold_until INTEGER,
        reference TEXT NOT NULL,
        posted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id, transfer_id),
        FOREIGN KEY (community_id, posting_id) REFERENCES posting_kept (community_id, posting_id),
        CHECK (debit_kind <> credit_kind)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE lot_kept (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        lot_id TEXT NOT NULL,
        reference TEXT NOT NULL,
        points INTEGER NOT NULL CHECK (points > 0),
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id, lot_id),
        FOREIGN KEY (community_id, household_id, lot_id)
            REFERENCES transfer_kept (community_id, household_id, transfer_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE lot_entry_kept (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        transfer_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        lot_id TEXT NOT NULL,
        bucket TEXT NOT NULL CHECK (bucket IN ('available','held')),
        points INTEGER NOT NULL CHECK (points <> 0),
        PRIMARY KEY (community_id, household_id, transfer_id, position),
        FOREIGN KEY (community_id, household_id, transfer_id)
            REFERENCES transfer_kept (community_id, household_id, transfer_id),
        FOREIGN KEY (community_id, household_id, lot_id)
            REFERENCES lot_kept (community_id, household_id, lot_id)
    ) STRICT, WITHOUT ROWID;

    INSERT INTO posting_kept
            (community_id, posting_id, input_hash, household_id, award_reference, award_version, posted_at)
        SELECT community_id, posting_id, input_hash, household_id, award_reference, award_version, posted_at
        FROM posting ORDER BY community_id, posting_id;
    INSERT INTO transfer_kept
            (community_id, household_id, transfer_id, posting_id, part, kind, debit_kind, credit_kind, points,
            linked_transfer_id, item_id, hold_until, reference, posted_at)
        SELECT community_id, household_id, transfer_id, posting_id, part, kind, debit_kind, credit_kind, points,
            linked_transfer_id, item_id, hold_until, reference, posted_at
        FROM transfer ORDER BY community_id, household_id, transfer_id;
    INSERT INTO lot_kept (community_id, household_id, lot_id, reference, points, expires_at)
        SELECT community_id, household_id, lot_id, reference, points, expires_at
        FROM lot ORDER BY community_id, household_id, lot_id;
    INSERT INTO lot_entry_kept (community_id, household_id, transfer_id, position, lot_id, bucket, points)
        SELECT community_id, household_id, transfer_id, position, lot_id, bucket, points
        FROM lot_entry ORDER BY community_id, household_id, transfer_id, position;

    -- Those that refer to others go first.
    DROP TABLE lot_entry;
    DROP TABLE lot;
    DROP TABLE transfer;
    DROP TABLE posting;
    ALTER TABLE posting_kept RENAME TO posting;
    ALTER TABLE transfer_kept RENAME TO transfer;
    ALTER TABLE lot_kept RENAME TO lot;
    ALTER TABLE lot_entry_kept RENAME TO lot_entry;
    \(ledgerIndexes)
    """

/// The same tables stay: on a cluster they are cut already.
let ledgerKeysForPostgres = """
    ALTER TABLE lot_entry DROP CONSTRAINT lot_entry_community_id_transfer_id_fkey;
    ALTER TABLE lot_entry DROP CONSTRAINT lot_entry_community_id_lot_id_fkey;
    ALTER TABLE lot DROP CONSTRAINT lot_community_id_lot_id_fkey;
    ALTER TABLE transfer DROP CONSTRAINT transfer_community_id_posting_id_part_key;
    ALTER TABLE transfer DROP CONSTRAINT transfer_pkey;
    ALTER TABLE lot DROP CONSTRAINT lot_pkey;
    ALTER TABLE lot_entry DROP CONSTRAINT lot_entry_pkey;
    DROP INDEX posting_by_award;
    DROP INDEX transfer_by_household;
    DROP INDEX lot_by_household;
    DROP INDEX lot_by_expiry;
    DROP INDEX lot_entry_by_household;
    ALTER TABLE transfer ADD PRIMARY KEY (community_id, household_id, transfer_id);
    ALTER TABLE lot ADD PRIMARY KEY (community_id, household_id, lot_id);
    ALTER TABLE lot_entry ADD PRIMARY KEY (community_id, household_id, transfer_id, position);
    ALTER TABLE lot ADD CONSTRAINT lot_granted_fkey FOREIGN KEY (community_id, household_id, lot_id)
        REFERENCES transfer (community_id, household_id, transfer_id);
    ALTER TABLE lot_entry ADD CONSTRAINT lot_entry_transfer_fkey FOREIGN KEY (community_id, household_id, transfer_id)
        REFERENCES transfer (community_id, household_id, transfer_id);
    ALTER TABLE lot_entry ADD CONSTRAINT lot_entry_lot_fkey FOREIGN KEY (community_id, household_id, lot_id)
        REFERENCES lot (community_id, household_id, lot_id);
    \(ledgerIndexes)
    """

/// Which households were posted to, and for which awards; which lots expire.
private let ledgerIndexes = """
    CREATE INDEX posting_by_household ON posting (community_id, household_id, award_reference, award_version);
    CREATE INDEX lot_by_expiry ON lot (expires_at, community_id, household_id);
    """
