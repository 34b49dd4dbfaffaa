/// A table of the schema as data: what copies and compares whole tables goes by it.
public struct StoredTable: Sendable, Hashable {
    /// What a column holds.
    public enum Kind: Sendable { case integer, text, bytes }

    public let name: String
    /// What rows are found and ordered by: the primary key, in its order.
    public let key: [String]
    /// The primary key on SQLite, which makes numbers for single-column keys alone.
    let keyOnSQLite: [String]
    public let columns: [String]
    /// What each column holds, in the order of `columns`.
    public let kinds: [Kind]
    /// The integer key that the database makes for new rows; nil where the rows bring theirs.
    public let madeKey: String?
    /// The column that refers to this table's own key: a row comes after the one it names.
    public let parent: String?
    /// True where a migration writes the first row.
    public let isBegunByMigration: Bool
    /// False where the rows mean something to running processes of this one database alone.
    public let isCopied: Bool

    /// True where every row belongs to a community; its number leads the key.
    public var isPerCommunity: Bool { key[0] == "community_id" }

    /// The places of the key's columns among `columns`.
    var keyPlaces: [Int] { key.compactMap { columns.firstIndex(of: $0) } }

    /// The key that the engine knows as unique.
    func uniqueKey(isPostgres: Bool) -> [String] { isPostgres ? key : keyOnSQLite }

    fileprivate init(
        _ name: String, key: [String], integers: [String] = [], texts: [String] = [], bytes: [String] = [],
        madeKey: String? = nil, keyOnSQLite: [String]? = nil, parent: String? = nil, isBegunByMigration: Bool = false,
        isCopied: Bool = true
    ) {
        self.name = name
        self.key = key
        self.keyOnSQLite = keyOnSQLite ?? key
        columns = integers + texts + bytes
        kinds =
            integers.map { _ in Kind.integer } + texts.map { _ in Kind.text } + bytes.map { _ in Kind.bytes }
        self.madeKey = madeKey
        self.parent = parent
        self.isBegunByMigration = isBegunByMigration
        self.isCopied = isCopied
    }
}

/// Every table but the list of migrations, each after those it refers to.
public let storedTables: [StoredTable] =
    registryRows + readingRows + statementRows + ledgerRows + deliveryRows + pushRows + [leaseTable, settingTable]

/// The city's settings. Without them a database has no city and nothing serves it: a copy gets them when it is whole.
public let settingTable = StoredTable("setting", key: ["name"], texts: ["name", "value"])

private let leaseTable = StoredTable(
    "job_lease", key: ["community_id", "job"], integers: ["community_id", "fence", "until"], texts: ["job", "owner"],
    isCopied: false)

private let registryRows = [
    StoredTable(
        "area", key: ["area_id"], integers: ["area_id", "parent_id"], texts: ["code", "kind", "name"],
        madeKey: "area_id", parent: "parent_id"),
    StoredTable(
        "registry_version", key: ["only_row"], integers: ["only_row", "version"], isBegunByMigration: true),
    StoredTable(
        "gateway", key: ["gateway_id"],
        integers: ["gateway_id", "area_id", "created_at", "revoked_at", "clock_offset_seconds", "last_seen_at"],
        texts: ["name", "key_hash"], madeKey: "gateway_id"),
    StoredTable(
        "staff", key: ["staff_id"],
        integers: ["staff_id", "area_id", "failures", "locked_until", "created_at", "disabled_at"],
        texts: ["name", "role", "password_hash"], madeKey: "staff_id"),
    StoredTable(
        "usage_point", key: ["community_id", "usage_point_id"],
        integers: ["community_id", "usage_point_id", "area_id"], texts: ["number"]),
    StoredTable(
        "household", key: ["community_id", "household_id"],
        integers: ["community_id", "household_id", "area_id", "moved_in_at", "moved_out_at"], texts: ["number"]),
    StoredTable(
        "household_usage_point", key: ["community_id", "household_id", "usage_point_id"],
        integers: ["community_id", "household_id", "usage_point_id", "share_millionths"]),
    StoredTable(
        "household_persons", key: ["community_id", "household_id", "from_day"],
        integers: ["community_id", "household_id", "from_day", "persons", "noted_at"]),
    StoredTable(
        "household_tariff", key: ["community_id", "household_id", "from_month"],
        integers: ["community_id", "household_id", "from_month", "noted_at"], texts: ["tariff_id"]),
    StoredTable(
        "household_goal", key: ["community_id", "household_id"],
        integers: ["community_id", "household_id", "litres", "set_at"]),
    StoredTable(
        "household_note", key: ["community_id", "note_id"],
        integers: ["community_id", "household_id", "noted_at", "staff_id", "month"],
        texts: ["note_id", "kind", "body"]),
    StoredTable(
        "meter", key: ["meter_id"], integers: ["meter_id", "resolution_ml", "nominal_flow_lph", "modulus_ml"],
        texts: ["serial"], madeKey: "meter_id"),
    StoredTable(
        "meter_address", key: ["address"], integers: ["meter_id", "is_registered", "first_seen_at"],
        texts: ["address"]),
    StoredTable(
        "meter_installation", key: ["community_id", "meter_id", "installed_at"],
        integers: [
            "community_id", "meter_id", "usage_point_id", "installed_at", "removed_at", "start_register_ml",
            "final_register_ml",
        ]),
]

private let readingRows = [
    StoredTable(
        "journal", key: ["community_id", "journal_id"],
        integers: ["community_id", "journal_id", "written_at", "readings"], bytes: ["payload"],
        madeKey: "journal_id", keyOnSQLite: ["journal_id"]),
    StoredTable(
        "reading_day", key: ["community_id", "day", "meter_id"], integers: ["community_id", "day", "meter_id"],
        bytes: ["body"]),
    StoredTable(
        "reading_month", key: ["community_id", "month", "meter_id"],
        integers: ["community_id", "month", "meter_id"], bytes: ["body"]),
    StoredTable(
        "packed_month", key: ["community_id", "month"], integers: ["community_id", "month", "packed_at"]),
    StoredTable("pruned_month", key: ["community_id"], integers: ["community_id", "month", "pruned_at"]),
    StoredTable(
        "reading_quarantine", key: ["community_id", "meter_id", "read_at", "register_ml", "gateway_id"],
        integers: ["community_id", "meter_id", "read_at", "register_ml", "gateway_id", "noted_at"],
        texts: ["reason"]),
    StoredTable(
        "held_meter", key: ["community_id", "gateway_id", "meter_id"],
        integers: ["community_id", "gateway_id", "meter_id", "readings", "last_at"]),
    StoredTable(
        "sweep", key: ["community_id", "meter_id"],
        integers: ["community_id", "meter_id", "target_meter_id", "asked_at"]),
    StoredTable("community_fold", key: ["community_id"], integers: ["community_id", "version", "folded_at"]),
    StoredTable(
        "alert", key: ["community_id", "meter_id", "at", "code", "is_current"],
        integers: ["community_id", "meter_id", "at", "is_current", "gateway_id"], texts: ["code", "raw"]),
    StoredTable(
        "reading_edit", key: ["community_id", "edit_id"],
        integers: ["community_id", "meter_id", "read_at", "register_ml", "staff_id", "decided_at"],
        texts: ["edit_id", "action", "reason"]),
]

private let statementRows = [
    StoredTable(
        "city_month", key: ["month"], integers: ["month", "frozen_at"],
        texts: ["rule_version", "rule_hash", "tariff_id", "tariff_hash"]),
    StoredTable(
        "tariff_replacement", key: ["month"], integers: ["month", "replaced_at", "marked_at"],
        texts: ["tariff_id", "former_hash", "tariff_hash", "reason"]),
    StoredTable(
        "month_tariff", key: ["month", "tariff_id"], integers: ["month", "noted_at", "replaced_at", "marked_at"],
        texts: ["tariff_id", "tariff_hash", "former_hash", "reason"]),
    StoredTable("cohort_figures", key: ["month", "area_id"], integers: ["month", "area_id"], texts: ["body"]),
    StoredTable(
        "community_month", key: ["community_id", "month"],
        integers: ["community_id", "month", "fold_version", "homes", "measured_at", "is_measured", "issued_at"],
        texts: ["excluded_reason"]),
    StoredTable(
        "home_month", key: ["community_id", "month", "household_id"],
        integers: ["community_id", "month", "household_id"], texts: ["body"]),
    StoredTable(
        "home_dirty", key: ["community_id", "month", "household_id"],
        integers: ["community_id", "month", "household_id", "since"]),
    StoredTable(
        "home_change",
        key: ["community_id", "month", "household_id", "cause", "meter_id", "read_at", "register_ml"],
        integers: [
            "community_id", "month", "household_id", "meter_id", "read_at", "register_ml", "noted_at",
        ], texts: ["cause"]),
    StoredTable(
        "finding", key: ["community_id", "month", "meter_id", "at", "kind", "register_ml"],
        integers: ["community_id", "month", "meter_id", "at", "register_ml", "before_ml"], texts: ["kind"]),
    StoredTable(
        "suspected_leak", key: ["community_id", "month", "household_id", "from_at", "to_at", "litres_per_hour"],
        integers: ["community_id", "month", "household_id", "from_at", "to_at", "litres_per_hour"]),
    StoredTable(
        "doubted_stretch", key: ["community_id", "meter_id", "first_at"],
        integers: ["community_id", "meter_id", "first_at", "from_at", "to_at"]),
    StoredTable(
        "statement", key: ["community_id", "month", "household_id", "version"],
        integers: [
            "community_id", "month", "household_id", "version", "issued_at", "litres", "missing_hours", "bill_fen",
            "percentile", "points",
        ], texts: ["body", "hash", "levels"], bytes: ["packed"]),
]

private let ledgerRows = [
    StoredTable(
        "account", key: ["community_id", "household_id"], integers: ["community_id", "household_id", "version"]),
    StoredTable(
        "posting", key: ["community_id", "posting_id"],
        integers: ["community_id", "household_id", "award_version", "posted_at"],
        texts: ["posting_id", "input_hash", "award_reference"]),
    StoredTable(
        "transfer", key: ["community_id", "household_id", "transfer_id"],
        integers: ["community_id", "part", "household_id", "points", "item_id", "hold_until", "posted_at"],
        texts: [
            "transfer_id", "posting_id", "kind", "debit_kind", "credit_kind", "linked_transfer_id", "reference",
        ]),
    StoredTable(
        "lot", key: ["community_id", "household_id", "lot_id"],
        integers: ["community_id", "household_id", "points", "expires_at"], texts: ["lot_id", "reference"]),
    StoredTable(
        "lot_entry", key: ["community_id", "household_id", "transfer_id", "position"],
        integers: ["community_id", "position", "points", "household_id"], texts: ["transfer_id", "lot_id", "bucket"]),
    StoredTable(
        "item", key: ["community_id", "item_id"],
        integers: ["community_id", "item_id", "points", "stock", "version", "created_at", "withdrawn_at"],
        texts: ["name_zh", "name_en"]),
    StoredTable(
        "redemption", key: ["community_id", "redemption_id"],
        integers: ["community_id", "household_id", "item_id", "points", "held_at", "hold_until"],
        texts: ["redemption_id", "desk_code"]),
    StoredTable(
        "redemption_outcome", key: ["community_id", "redemption_id"],
        integers: ["community_id", "staff_id", "at"], texts: ["redemption_id", "outcome"]),
]

private let pushRows = [
    StoredTable(
        "gateway_table", key: ["gateway_id", "name"], integers: ["gateway_id", "changed_at"],
        texts: ["name", "mapping"]),
    StoredTable(
        "gateway_push", key: ["gateway_id", "platform"], integers: ["gateway_id", "changed_at"],
        texts: ["platform", "mapping"], bytes: ["sealed_secrets"]),
    StoredTable(
        "kept_telegram", key: ["meter", "gateway_id", "hash", "heard_at"],
        integers: ["gateway_id", "heard_at", "kept_at"],
        texts: ["meter", "hash", "maker", "field"], bytes: ["telegram"]),
    StoredTable("meter_key", key: ["meter_id"], integers: ["meter_id", "changed_at"], bytes: ["sealed_key"]),
]

private let deliveryRows = [
    StoredTable(
        "target", key: ["target_id"], integers: ["target_id", "area_id", "created_at", "disabled_at", "slow_until"],
        texts: ["name", "url", "secret", "previous_secret", "pull_key_hash", "purpose", "disabled_reason"],
        madeKey: "target_id"),
    StoredTable(
        "outbox_event", key: ["community_id", "event_id"], integers: ["community_id", "at"],
        texts: ["event_id", "kind", "body"]),
    StoredTable(
        "delivery", key: ["community_id", "event_id", "target_id"],
        integers: ["community_id", "target_id", "attempts", "next_at", "last_status", "last_at", "claim"],
        texts: ["event_id", "state", "last_error"]),
    StoredTable(
        "sign_in_code", key: ["community_id", "household_id"],
        integers: ["community_id", "household_id", "made_at", "expires_at", "tries_left", "used_at"],
        texts: ["code_hash"]),
    StoredTable(
        "session", key: ["token_hash"],
        integers: ["community_id", "household_id", "staff_id", "created_at", "expires_at"],
        texts: ["token_hash", "kind", "csrf_token"]),
]
