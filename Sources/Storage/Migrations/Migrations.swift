public import Database

/// Every migration, oldest first. Forward only: a landed one is never edited.
public let migrations: [Migration] = [
    Migration(number: 1, name: "registry", sqlite: registryTables),
    Migration(
        number: 2, name: "readings", sqlite: "\(readingTables)\n\(readingDayTable)",
        postgres: "\(Migration.postgresText(of: readingTables))\n\(readingDayPartitions)"),
    Migration(number: 3, name: "statements", sqlite: statementTables),
    Migration(number: 4, name: "ledger", sqlite: ledgerTables),
    Migration(number: 5, name: "deliveries and sessions", sqlite: deliveryTables),
    Migration(number: 6, name: "processes", sqlite: processTables, postgres: processTablesForPostgres),
    Migration(number: 7, name: "pushes and keys", sqlite: pushTables),
    Migration(number: 8, name: "statement figures", sqlite: statementFigureColumns),
    Migration(number: 9, name: "reading edits", sqlite: editTables),
    Migration(number: 10, name: "home changes", sqlite: changeTables),
    Migration(number: 11, name: "packed months", sqlite: packedTables),
    Migration(number: 12, name: "tariff replacements", sqlite: tariffReplacements),
    Migration(number: 13, name: "table mappings", sqlite: tableMappings),
    Migration(number: 14, name: "kept telegrams", sqlite: keptTelegrams),
    Migration(number: 15, name: "statement levels", sqlite: statementLevels),
    Migration(number: 16, name: "tamper alerts", sqlite: tamperAlerts),
    Migration(number: 17, name: "household tariffs", sqlite: householdTariffs),
    Migration(number: 18, name: "household goals", sqlite: householdGoals),
    Migration(
        number: 19, name: "packed statements", sqlite: packedStatements, postgres: packedStatementsForPostgres),
    Migration(number: 20, name: "ledger keys", sqlite: ledgerKeys, postgres: ledgerKeysForPostgres),
    Migration(number: 21, name: "suspected leaks", sqlite: suspectedLeaks),
    Migration(number: 22, name: "household notes", sqlite: householdNotes),
    Migration(number: 23, name: "answers of no month", sqlite: answersOfNoMonth),
    Migration(number: 24, name: "doubted stretches", sqlite: doubtedStretches),
    Migration(number: 25, name: "second statement dictionary", sqlite: secondStatementDictionary),
    Migration(number: 26, name: "journal rows of readings that follow others", sqlite: secondJournalForm),
]
