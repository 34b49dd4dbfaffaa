// Instants are epoch seconds UTC; `*_until` and `*_to` are open ends; NULL is "not known" or "still in force".
// Tables that grow with the city are keyed by community_id first; area, gateway, staff, tariff rules and settings
// are small and the same everywhere.
let registryTables = """
    CREATE TABLE setting (
        name TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;

    CREATE TABLE area (
        area_id INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('city','district','street','community','grid','building','unit')),
        name TEXT NOT NULL,
        parent_id INTEGER REFERENCES area (area_id),
        CHECK ((kind = 'city') = (parent_id IS NULL)),
        CHECK (area_id > 0)
    ) STRICT;
    CREATE UNIQUE INDEX area_one_city ON area (kind) WHERE kind = 'city';
    CREATE INDEX area_parent ON area (parent_id);
    CREATE INDEX area_by_kind ON area (kind);

    -- Raised by every change of areas, gateways, meters or installations: caches compare it.
    CREATE TABLE registry_version (
        only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO registry_version (only_row, version) VALUES (1, 1);

    CREATE TABLE gateway (
        gateway_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        key_hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER,
        clock_offset_seconds INTEGER,
        last_seen_at INTEGER
    ) STRICT;

    CREATE TABLE staff (
        staff_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        role TEXT NOT NULL CHECK (role IN ('administrator','clerk')),
        password_hash TEXT NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0,
        locked_until INTEGER,
        created_at INTEGER NOT NULL,
        disabled_at INTEGER
    ) STRICT;

    CREATE TABLE usage_point (
        community_id INTEGER NOT NULL REFERENCES area (area_id),
        usage_point_id INTEGER NOT NULL,
        number TEXT NOT NULL,
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        PRIMARY KEY (community_id, usage_point_id),
        UNIQUE (community_id, number)
    ) STRICT;

    CREATE TABLE household (
        community_id INTEGER NOT NULL REFERENCES area (area_id),
        household_id INTEGER NOT NULL,
        number TEXT NOT NULL,
        area_id INTEGER NOT NULL REFERENCES area (area_id),
        moved_in_at INTEGER NOT NULL,
        moved_out_at INTEGER,
        PRIMARY KEY (community_id, household_id),
        UNIQUE (community_id, number),
        CHECK (moved_out_at IS NULL OR moved_out_at > moved_in_at)
    ) STRICT;

    -- Usage points of a household; a shared one carries this home's millionths of its meters' volume.
    CREATE TABLE household_usage_point (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        usage_point_id INTEGER NOT NULL,
        share_millionths INTEGER CHECK (share_millionths BETWEEN 1 AND 1000000),
        PRIMARY KEY (community_id, household_id, usage_point_id),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id),
        FOREIGN KEY (community_id, usage_point_id) REFERENCES usage_point (community_id, usage_point_id)
    ) STRICT;
    CREATE INDEX household_usage_point_by_point ON household_usage_point (community_id, usage_point_id);

    -- Persons from a local date (days since 1970-01-01) on; NULL is unknown, which is not 1.
    CREATE TABLE household_persons (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        from_day INTEGER NOT NULL,
        persons INTEGER CHECK (persons BETWEEN 1 AND 20),
        noted_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id, from_day),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;

    CREATE TABLE meter (
        meter_id INTEGER PRIMARY KEY,
        serial TEXT UNIQUE,
        resolution_ml INTEGER NOT NULL DEFAULT 1000 CHECK (resolution_ml > 0),
        nominal_flow_lph INTEGER CHECK (nominal_flow_lph > 0),
        modulus_ml INTEGER CHECK (modulus_ml > 0)
    ) STRICT;

    -- Every address seen: `protocol:address` or `wmbus:address@driver`. Unregistered ones are held.
    CREATE TABLE meter_address (
        address TEXT NOT NULL PRIMARY KEY,
        meter_id INTEGER NOT NULL REFERENCES meter (meter_id),
        is_registered INTEGER NOT NULL CHECK (is_registered IN (0, 1)),
        first_seen_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX meter_address_by_meter ON meter_address (meter_id);

    CREATE TABLE meter_installation (
        community_id INTEGER NOT NULL,
        meter_id INTEGER NOT NULL REFERENCES meter (meter_id),
        usage_point_id INTEGER NOT NULL,
        installed_at INTEGER NOT NULL,
        removed_at INTEGER,
        start_register_ml INTEGER CHECK (start_register_ml >= 0),
        final_register_ml INTEGER CHECK (final_register_ml >= 0),
        PRIMARY KEY (community_id, meter_id, installed_at),
        FOREIGN KEY (community_id, usage_point_id) REFERENCES usage_point (community_id, usage_point_id),
        CHECK (removed_at IS NULL OR removed_at > installed_at)
    ) STRICT;
    CREATE INDEX meter_installation_by_point ON meter_installation (community_id, usage_point_id);
    CREATE INDEX meter_installation_by_meter ON meter_installation (meter_id);
    """
