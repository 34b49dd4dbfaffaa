let deliveryTables = """
    CREATE TABLE target (
        target_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        -- Current secret, and the one before it while both sign.
        secret TEXT NOT NULL,
        previous_secret TEXT,
        -- Hash of the key the target pulls statements with; NULL without an entitlement.
        pull_key_hash TEXT UNIQUE,
        purpose TEXT,
        created_at INTEGER NOT NULL,
        disabled_at INTEGER,
        disabled_reason TEXT,
        slow_until INTEGER,
        CHECK ((pull_key_hash IS NULL) = (purpose IS NULL))
    ) STRICT;

    -- Written in the transaction of the fact it tells.
    CREATE TABLE outbox_event (
        community_id INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (community_id, event_id)
    ) STRICT;

    -- One row per event and target, made with the event. `next_at` NULL: no further attempt is due.
    CREATE TABLE delivery (
        community_id INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        target_id INTEGER NOT NULL REFERENCES target (target_id),
        state TEXT NOT NULL CHECK (state IN ('waiting','delivered','exhausted','disabled')),
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER,
        last_status INTEGER,
        last_error TEXT,
        last_at INTEGER,
        PRIMARY KEY (community_id, event_id, target_id),
        FOREIGN KEY (community_id, event_id) REFERENCES outbox_event (community_id, event_id)
    ) STRICT;
    CREATE INDEX delivery_due ON delivery (next_at) WHERE next_at IS NOT NULL;

    CREATE TABLE sign_in_code (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        code_hash TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        tries_left INTEGER NOT NULL,
        used_at INTEGER,
        PRIMARY KEY (community_id, household_id),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;

    -- A signed-in browser; the cookie's token is kept only as its hash.
    CREATE TABLE session (
        token_hash TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('resident','staff')),
        community_id INTEGER,
        household_id INTEGER,
        staff_id INTEGER REFERENCES staff (staff_id),
        csrf_token TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        CHECK ((kind = 'resident') = (household_id IS NOT NULL)),
        CHECK ((kind = 'staff') = (staff_id IS NOT NULL))
    ) STRICT;
    CREATE INDEX session_by_expiry ON session (expires_at);
    """
