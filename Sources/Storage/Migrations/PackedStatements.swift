let packedStatements = """
    -- A statement's text as `StatementPacker` made it; `body` is empty then. Empty in those kept as text.
    ALTER TABLE statement ADD COLUMN packed BLOB NOT NULL DEFAULT x'';
    """

let packedStatementsForPostgres = "ALTER TABLE statement ADD COLUMN packed BYTEA NOT NULL DEFAULT '';"
