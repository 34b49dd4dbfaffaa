let packedStatements = """
    -- A statement's text as `StatementPacker` made it; `body` is empty then. Empty in those kept as text.
    ALTER TABLE statement ADD COLUMN packed BLOB NOT NULL DEFAULT x'';
    """

let packedStatementsForPostgres = "ALTER TABLE statement ADD COLUMN packed BYTEA NOT NULL DEFAULT '';"

/// The second dictionary of `StatementDictionary` is of this schema on: a program that does not know it must not serve
/// statements that are packed by it. No table changes.
let secondStatementDictionary = "-- Statements may be packed by the second dictionary."
