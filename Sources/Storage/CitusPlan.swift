public import Database

/// How the schema is laid over a Citus cluster: what grows is cut by community, so that a community's readings,
/// statements, points and stock lie together on one node; the rest is kept whole on every node.
///
/// A session is asked for at every request of a page and written at every sign-in: it stays on the coordinator alone,
/// where processes connect.
///
/// Meters and their addresses are found before their community is known, and change only with the registry: whole too.
public let citusPlan = Distribution(
    reference: [
        "area", "setting", "registry_version", "gateway", "staff", "meter", "meter_address", "city_month",
        "cohort_figures", "tariff_replacement", "target", "gateway_push", "gateway_table", "meter_key",
        "kept_telegram", "month_tariff",
    ],
    distributed: [
        "household", "usage_point", "household_usage_point", "household_persons", "household_tariff", "household_goal",
        "household_note", "meter_installation", "journal",
        "reading_day", "reading_month", "packed_month", "pruned_month", "reading_quarantine", "held_meter", "sweep",
        "community_fold", "alert", "reading_edit",
        "community_month",
        "home_month", "home_dirty", "home_change", "finding", "suspected_leak", "doubted_stretch", "statement",
        "posting", "transfer", "lot", "lot_entry",
        "item",
        "redemption", "redemption_outcome", "outbox_event", "delivery", "sign_in_code", "job_lease", "account",
    ],
    column: "community_id")
