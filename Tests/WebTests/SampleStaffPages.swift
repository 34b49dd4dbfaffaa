import Storage
import Water

@testable import Web

/// Pages of the registry and of one household.
extension Samples {
    var held: HeldPage {
        HeldPage(
            summary: texts("held_summary", ["meters": "14", "readings": "1,204"]), hasMeters: true,
            moreMeters: texts("list_more", ["shown": "500"]),
            meters: [
                .init(
                    address: "cjt188:14010500099999", gateway: "taiyuan-north", readings: "744",
                    last: "2026-11-24 09:00")
            ], hasQuarantined: true, moreQuarantined: texts("list_more", ["shown": "500"]),
            quarantined: [
                .init(
                    meter: "14010500012347", at: "2026-11-25 09:00", register: "812.5", gateway: "taiyuan-south",
                    reason: texts("quarantine_future"))
            ], hasTelegrams: true, moreTelegrams: texts("list_more", ["shown": "500"]),
            telegrams: [
                .init(
                    meter: "wmbus:76348799", maker: "KAM", gateway: "taiyuan-south", count: "12",
                    last: "2026-11-24 09:00", why: texts("telegram_key"))
            ])
    }

    var alerts: AlertsPage {
        AlertsPage(
            hasObjections: true,
            objections: [
                .init(
                    household: "100200300419", place: "漪汾苑社区 / 4号楼", month: "2026-10",
                    words: "十月我家没人住，怎么有 3 吨水？", waiting: texts("objection_waiting", ["n": "3"]))
            ], hasLeaks: true,
            leaks: [
                .init(
                    household: "100200300417",
                    follow: texts("note_line", ["what": "2026-11-20", "words": texts("note_visited")]),
                    place: "漪汾苑社区 / 3号楼", month: "2026-10", from: "2026-10-20 03:00",
                    to: texts("leak_open"), hours: "44", rate: "14", shared: texts("leak_shared_meter"))
            ], hasDoubts: true, doubtsNote: texts("doubts_note", ["meters": "100"]),
            doubts: [
                .init(
                    meter: "14010500012350", month: "2026-09", since: "2026-09-12 05:00",
                    state: texts("doubts_waiting"), households: ["100200300421", "100200300422"],
                    place: "漪汾苑社区 / 4号楼"),
                .init(
                    meter: "14010500012351", month: "2026-10", since: "2026-10-03 11:00",
                    state: texts("doubts_decided"), households: ["100200300423"], place: "漪汾苑社区 / 4号楼"),
            ], hasSilent: true,
            silentNote: texts("silent_note", ["communities": "20", "meters": "100"]),
            silent: [
                .init(
                    household: "100200300418", follow: texts("follow_none"), place: "漪汾苑社区 / 4号楼",
                    meter: "14010500012347", month: "2026-08",
                    last: "2026-08-01 12:00")
            ], hasAlerts: true,
            alerts: [
                .init(
                    at: "2026-11-23 04:00", month: "2026-11", community: "漪汾苑社区", household: "100200300417",
                    hasHousehold: true, follow: texts("follow_none"), meter: "14010500012345", isRegistered: true,
                    name: texts("alert_leak"),
                    state: texts("alert_now"), raw: "LEAKAGE"),
                .init(
                    at: "2026-11-22 16:30", month: "2026-11", community: texts("nav_held"), household: "",
                    hasHousehold: false, follow: "", meter: "12345678", isRegistered: false, name: texts("alert_leak"),
                    state: texts("alert_was"),
                    raw: "LEAKAGE"),
            ], hasFindings: true,
            findings: [
                .init(
                    at: "2026-10-12 10:00", month: "2026-10", community: "漪汾苑社区", household: "100200300417",
                    hasHousehold: true,
                    meter: "14010500012346",
                    name: texts("cause_times", ["what": texts("finding_jump"), "count": "49"]), register: "812.345",
                    before: "800.057")
            ], hasSettled: true, settledTitle: texts("settled_heading", ["n": "1"]),
            settled: [
                .init(
                    household: "100200300420", what: texts("leaks_heading"), at: "2026-10-21 05:00",
                    follow: texts("note_line", ["what": "2026-11-02", "words": texts("note_fixed")]))
            ])
    }

    var codes: CodesPage {
        CodesPage(
            numbers: "100200300417\n100200300418", hasRefused: true,
            refused: [.init(number: "100200300999", why: texts("codes_why_unknown"))],
            hasSlips: true,
            slips: [
                .init(
                    number: "100200300417", place: "漪汾苑社区 / 3号楼", code: "QX4K 7MPT", until: "2026-12-01",
                    address: "https://water.example/"),
                .init(
                    number: "100200300418", place: "漪汾苑社区 / 3号楼", code: "HW9R 2DFN", until: "2026-12-01",
                    address: "https://water.example/"),
            ])
    }

    var exchange: ExchangePage {
        ExchangePage(
            old: "14010500012345", new: "14010500099001", final: "812.5", start: "0.012", at: "2026-10-12T10:30",
            sure: sure)
    }

    var sure: SureQuestion? {
        SureQuestion(
            [texts("doubt_litres", ["register": "0.812"]), texts("doubt_entered", ["register": "811.900"])],
            about: ["812.5"], answered: "")
    }

    /// Of an act, not of values that are saved.
    func sure(_ heading: String, _ hint: String) -> SureQuestion? {
        SureQuestion(
            [texts("desk_void_sure", ["item": "节水花洒"])], about: ["1"], answered: "",
            of: .init(heading: heading, hint: hint))
    }

    var persons: PersonsPage {
        PersonsPage(
            number: "100200300417", persons: "4", from: "2026-11-01",
            home: .init(
                place: "漪汾苑社区 / 3号楼", movedIn: texts("home_moved_in", ["day": "2019-05-01"]), hasSizes: true,
                sizes: [
                    .init(
                        words: texts.size(PersonsFrom(day: month.next.firstDay, persons: 5)),
                        removal: .init(
                            day: "2026-11-01", persons: "5", label: texts("persons_remove_label", ["size": "5"]))),
                    .init(words: texts.size(PersonsFrom(day: month.firstDay, persons: 3)), removal: nil),
                ]),
            sure: sure)
    }

    var household: HouseholdPage {
        HouseholdPage(
            asked: "100200300417", isMissing: false,
            found: .init(
                number: "100200300417", place: "漪汾苑社区 / 3号楼",
                lived: texts("home_moved_in", ["day": "2019-05-01"]),
                sizes: [texts.size(PersonsFrom(day: month.firstDay, persons: 3))],
                voidCode: texts("code_void_since", ["time": "2026-11-23 18:40"]),
                meters: [
                    .init(
                        serial: "14010500012345", point: "P417", month: "2026-11",
                        hung: texts("meter_since", ["day": "2019-05-02"]))
                ], hasStatements: true,
                statements: [
                    .init(
                        month: "2026-10", version: "2", litres: "11,222", yuan: "37.40", rank: "62%", points: "30",
                        note: texts("home_leak", ["hours": "44", "rate": "4"]) + texts("list_comma")
                            + texts("home_marked")),
                    .init(
                        month: "2026-09", version: "1", litres: "9,034", yuan: "25.38", rank: "—", points: "0",
                        note: texts("unranked_short_partial")),
                ],
                balance: texts("balance", ["points": "120 分"]), debt: debt,
                hasHistory: true,
                history: [
                    .init(date: "2026-11-24", what: "留作兑换", detail: "节水花洒", points: "−80"),
                    .init(date: "2026-11-04", what: "账单得分", detail: "2026-10 与同类家庭比", points: "+30"),
                ], hasOpenObjection: true, hasNotes: true,
                notes: [
                    .init(
                        at: "2026-11-22 09:10", by: texts("note_by_home"),
                        about: texts("note_about", ["month": texts.month(month)]),
                        what: texts(
                            "note_line", ["what": texts("note_objection"), "words": "十月我家没人住，怎么有 3 吨水？"]),
                        answer: .init(
                            at: "2026-11-23 10:00", by: "li",
                            what: texts("note_line", ["what": texts("note_answered"), "words": "已上门核对。"]))),
                    .init(at: "2026-11-20 15:00", by: "wang", about: nil, what: texts("note_visited"), answer: nil),
                ],
                form: .init(
                    id: "web-1", seen: "web-0",
                    kinds: [
                        .init(value: "called", name: texts("note_called"), isSelected: false),
                        .init(value: "answered", name: texts("note_answered"), isSelected: true),
                    ],
                    months: [
                        .init(
                            value: "2026-10", name: texts("note_month_open", ["month": texts.month(month)]),
                            isSelected: true),
                        .init(value: "", name: texts("note_month_none"), isSelected: false),
                    ], text: "")))
    }
}
