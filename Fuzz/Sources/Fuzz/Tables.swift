import Ingest
import Water

extension FuzzTarget {
    /// Tables by a mapping, and the texts of mappings and of CJ/T 188 profiles.
    static let tables: [FuzzTarget] = [
        FuzzTarget(name: "table") { checkTable($0) }, FuzzTarget(name: "mapping") { checkMapping($0) },
        FuzzTarget(name: "profile") { checkProfile($0) },
    ]

    private static let mappings: [TableMapping] = [
        """
        kind: table
        meter: 表号 | meter
        time: 抄表时间
        register: 本期读数
        unit: m3
        alarm leak: 备注 = 漏
        """,
        """
        kind: table
        encoding: gb18030
        delimiter: semicolon
        decimal: comma
        skip lines: 1
        meter: no
        time: date
        clock: clock
        time format: YYYY-MM-DD hh:mm | YYYY/M/D hh:mm
        zone: city
        register: read
        unit column: unit
        when: type = water | 水
        reject: kind != real
        """,
        "kind: table\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: kgal",
    ].map { text in
        guard case .table(let table) = mapping(of: text) else { end("no table: \(text)") }
        return table
    }

    private static func checkTable(_ input: [UInt8]) {
        let (choice, body) = split(input)
        do throws(BodyRefusal) {
            checkBatch(
                try decodeTable(body, by: mappings[choice % mappings.count], limits: DecodeLimits(readings: 50)),
                limit: 50)
        } catch {
            checkRefusal(error, of: body)
        }
    }

    private static func checkMapping(_ bytes: [UInt8]) {
        do throws(MappingFaults) {
            _ = try Mapping.read(String(decoding: bytes, as: UTF8.self), file: "m")
        } catch {
            promise(!error.faults.isEmpty && error.faults.allSatisfy { $0.line >= 1 }, "faults")
        }
    }

    private static func checkProfile(_ bytes: [UInt8]) {
        do throws(MappingFaults) {
            let profiles = try CJT188Profiles.read(String(decoding: bytes, as: UTF8.self), file: "p")
            promise(profiles.named("standard") != nil, "standard")
        } catch {
            promise(!error.faults.isEmpty && error.faults.allSatisfy { $0.line >= 1 }, "faults")
        }
    }
}

/// A mapping of ours read; ends the process where it has a fault.
func mapping(of text: String) -> Mapping {
    do throws(MappingFaults) {
        return try Mapping.read(text, file: "m")
    } catch {
        end(error.description)
    }
}
