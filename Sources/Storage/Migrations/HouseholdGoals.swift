let householdGoals = """
    -- What a household means to use in a month at most: its own word, for its own page.
    CREATE TABLE household_goal (
        community_id INTEGER NOT NULL,
        household_id INTEGER NOT NULL,
        litres INTEGER NOT NULL CHECK (litres > 0),
        set_at INTEGER NOT NULL,
        PRIMARY KEY (community_id, household_id),
        FOREIGN KEY (community_id, household_id) REFERENCES household (community_id, household_id)
    ) STRICT;
    """
