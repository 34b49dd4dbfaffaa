import Storage
import Water

@testable import Scoring
@testable import Web

extension Samples {
    var objection: ObjectionPart {
        ObjectionPart(
            [
                HouseholdNote(
                    id: "a", at: instant(day: 37, hour: 9), staff: nil, kind: .objection, month: month,
                    body: "十月我家没人住，怎么有 11 吨水？"),
                HouseholdNote(
                    id: "b", at: instant(day: 38, hour: 15), staff: StaffID(1), kind: .answered, month: month,
                    body: "已上门核对，水表读数 812.345，没有读错。"),
            ], on: month, isNewest: true, typed: "", calendar: calendar, texts: texts, makeID: { "web-2" })
    }

    /// Said at the desk, of no month and of one, and answered in part.
    var deskObjection: ObjectionPart {
        ObjectionPart(
            [
                HouseholdNote(
                    id: "c", at: instant(day: 36, hour: 9), staff: StaffID(1), kind: .objection, month: nil,
                    body: "登记的人口不对"),
                HouseholdNote(
                    id: "d", at: instant(day: 36, hour: 10), staff: StaffID(1), kind: .objection, month: month,
                    body: "这个月没有住"),
                HouseholdNote(
                    id: "e", at: instant(day: 37, hour: 9), staff: StaffID(1), kind: .answeredNoMonth, month: nil,
                    body: "已改"),
            ], on: month, isNewest: true, typed: "", calendar: calendar, texts: texts, makeID: { "web-3" })
    }

    /// An older version, whose form stands under the newest.
    var replaced: StatementPage {
        var statement = statementValue()
        (statement.version, statement.correction) = (1, nil)
        return page(statement)
    }
}
