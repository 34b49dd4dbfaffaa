import Ingest
import Testing
import Water

/// Registers that a meter stored: by month, by time.
@Suite struct CJT188HistoryTests {
    /// Identifier, day of settlement, time of receipt (local, RFC 3339), expected time (UTC).
    private static let months: [([UInt8], Int, String, String)] = [
        ([0xD1, 0x20], 1, "2026-10-15T12:00:00+08:00", "2026-09-30T16:00:00Z"),
        ([0x20, 0xD1], 1, "2026-10-15T12:00:00+08:00", "2026-09-30T16:00:00Z"),
        ([0xD1, 0x20], 1, "2026-10-01T00:00:00+08:00", "2026-09-30T16:00:00Z"),
        ([0xD1, 0x20], 1, "2026-09-30T23:59:59+08:00", "2026-08-31T16:00:00Z"),
        ([0xD1, 0x21], 1, "2026-10-15T12:00:00+08:00", "2026-08-31T16:00:00Z"),
        ([0xD1, 0x2A], 1, "2026-10-15T12:00:00+08:00", "2025-11-30T16:00:00Z"),
        ([0xD1, 0x2B], 1, "2026-10-15T12:00:00+08:00", "2025-10-31T16:00:00Z"),
        ([0x2B, 0xD1], 25, "2026-01-24T12:00:00+08:00", "2025-01-24T16:00:00Z"),
        ([0xD1, 0x20], 25, "2026-01-24T12:00:00+08:00", "2025-12-24T16:00:00Z"),
        ([0xD1, 0x20], 25, "2026-01-25T00:00:00+08:00", "2026-01-24T16:00:00Z"),
        ([0xD1, 0x20], 28, "2024-02-28T08:00:00+08:00", "2024-02-27T16:00:00Z"),
        // 2018: up to 256 months.
        ([0xD2, 0x00], 1, "2026-10-15T12:00:00+08:00", "2026-09-30T16:00:00Z"),
        ([0x17, 0xD2], 1, "2026-10-15T12:00:00+08:00", "2024-10-31T16:00:00Z"),
    ]

    @Test(arguments: months)
    func `a month's register stands at the beginning of its settlement day`(
        identifier: [UInt8], day: Int, heard: String, expected: String
    ) throws {
        let bytes = cjt188Frame(data: identifier + [0x01, 0x13, 0x23, 0x33, 0x43, 0x2C])
        let at = Instant(rfc3339: heard)
        #expect(at != nil)
        let batch = try cjt188Decoded(bytes, profile: "settlement day: \(day)", receivedAt: at)
        #expect(faults(batch) == [])
        #expect(batch.registers == [433_323_130_000])
        #expect(batch.instants.map { Instant(epochSeconds: $0).utc } == [expected])
        #expect(batch.alerts.isEmpty && batch.findings.isEmpty)
    }

    @Test func `a settlement day that nobody told is marked as an assumption`() throws {
        let bytes = cjt188Frame(data: [0xD1, 0x20, 0x01, 0x13, 0x23, 0x33, 0x43, 0x2C])
        let batch = try decode(bytes, as: .cjt188, receivedAt: cjt188Heard)
        #expect(batch.instants == [cjt188Heard.epochSeconds])
        #expect(
            batch.findings == [ItemFinding(item: 0, field: "at", reason: "settlement day 1 is an assumption")])
        #expect(summary(batch).contains(#""findings":["at: settlement day 1 is an assumption"]"#))
    }

    private static let faulty: [([UInt8], Int64?, String)] = [
        (
            [0xD1, 0x20, 1, 0x13, 0x23, 0x33, 0x43, 0x2C], nil,
            "at: a month's register has no time and X-Received-At is missing"
        ),
        ([0xD1, 0x20, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x2C], 0, "volume: the meter does not give it (FF)"),
        ([0xD1, 0x20, 1, 0x1A, 0, 0, 0, 0x2C], 0, "volume: not decimal digits"),
        ([0xD1, 0x20, 1, 0x10, 0, 0, 0, 0x2F], 0, "unit: not a unit of volume: 2F"),
        ([0xD1, 0x20, 1, 0x10, 0, 0, 0], 0, "length: 7 bytes of data where 8 belong"),
        ([0xD2, 0xFF, 1, 0x10, 0, 0, 0, 0x2C], 946_684_800, "at: before 2000-01-01"),
    ]

    @Test(arguments: faulty)
    func `a month's register without a time or a value is rejected`(data: [UInt8], heard: Int64?, fault: String) throws
    {
        let at = heard.map { $0 == 0 ? cjt188Heard : Instant(epochSeconds: $0) }
        let batch = try decode(cjt188Frame(data: data), as: .cjt188, receivedAt: at)
        #expect(faults(batch) == [fault])
        #expect(batch.registers.isEmpty && batch.findings.isEmpty)
    }

    @Test func `printing shows a month's register without a time`() throws {
        let bytes = cjt188Frame(data: [0xD1, 0x20, 0x01, 0x13, 0x23, 0x33, 0x43, 0x2C])
        let batch = try decode(bytes, as: .cjt188, receivedAt: nil, allowsMissingTime: true)
        #expect(batch.instants == [DecodedBatch.noInstant])
        #expect(batch.registers == [433_323_130_000])
    }

    private let rates: [UInt8] = [0x50, 0x12, 0, 0, 0x35, 0x15, 0x20, 0, 0x30, 0, 0]

    private func frozen(_ identifier: [UInt8], _ clock: [UInt8]) -> [UInt8] {
        cjt188Frame(data: identifier + [0x01] + clock + [0x45, 0x23, 0x01, 0x00, 0x2C] + rates)
    }

    @Test(arguments: [[0xD3, 0x00], [0x00, 0xD3], [0xD3, 0xFF], [0xD4, 0x01], [0x01, 0xD4]] as [[UInt8]])
    func `a frozen register stands at its own time`(identifier: [UInt8]) throws {
        let batch = try decode(
            frozen(identifier, [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20]), as: .cjt188, receivedAt: cjt188Heard)
        #expect(faults(batch) == [])
        #expect(batch.registers == [123_450_000])
        #expect(batch.instants == [1_431_352_891])
    }

    @Test func `a frozen register without a time is not given the time of receipt`() throws {
        for clock in [[UInt8](repeating: 0, count: 7), [UInt8](repeating: 0xFF, count: 7)] {
            let batch = try decode(frozen([0xD3, 0x00], clock), as: .cjt188, receivedAt: cjt188Heard)
            #expect(faults(batch) == ["at: the stored reading has no time"])
        }
    }
}

/// The maker's form of 48 half hours, made for the cases the published frame does not show.
@Suite struct CJT188HalfHourTests {
    private func body(
        unit: UInt8 = 0x2B, cutoffHour: UInt8 = 0x00, cutoff: [UInt8] = [0x00, 0x10, 0x00, 0x00],
        slots: [UInt16], clock: [UInt8] = [0x46, 0x14, 0x04, 0x26, 0x08, 0x21, 0x20]
    ) -> [UInt8] {
        var data: [UInt8] = [0x90, 0x97, 0x00, unit, 0x00, 0x20, 0x00, 0x00]
        data += [UInt8](repeating: 0, count: 27)
        data += clock
        data += [0x01, 0x00]
        data += [UInt8](repeating: 0, count: 29)
        data += [cutoffHour] + cutoff
        for slot in 0..<47 {
            let value = slot < slots.count ? slots[slot] : 0
            data += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return cjt188Frame(data: data)
    }

    /// Litres and local half hours of the readings before the cutoff that changed.
    private func course(_ batch: DecodedBatch) -> [String] {
        var found: [String] = []
        for place in 1..<max(1, batch.registers.count - 1)
        where batch.registers[place] != batch.registers[place - 1] {
            let end = (batch.instants[place] + 28_800) % 86_400 / 60
            let more = batch.registers[place] - batch.registers[place - 1]
            found.append("\(padded(Int(end / 60), 2)):\(padded(Int(end % 60), 2)) +\(more)")
        }
        return found
    }

    @Test func `a slot's time is its end, unless a profile says start, and then one register more is known`() throws {
        let bytes = body(slots: [5, 0, 7])
        let end = try decode(bytes, as: .cjt188, receivedAt: nil)
        #expect(course(end) == ["22:30 +7", "23:30 +5"])
        #expect(end.registers.count == 49)
        let start = try cjt188Decoded(bytes, profile: "half hours: start", receivedAt: nil)
        #expect(course(start) == ["23:00 +7", "00:00 +5"])
        #expect(start.registers.count == 49)
        #expect(start.findings.isEmpty)
        let none = try cjt188Decoded(bytes, profile: "half hours: none", receivedAt: nil)
        #expect(none.registers == [1_000_000, 2_000_000])
        #expect(end.alerts.first?.alerts.map(\.code) == [.valveClosed])
    }

    @Test func `the count of a slot is a millilitre, and the register's last digit where a profile says so`() throws {
        for unit: UInt8 in [0x2B, 0x2C] {
            #expect(course(try decode(body(unit: unit, slots: [5]), as: .cjt188, receivedAt: nil)) == ["23:30 +5"])
        }
        for (unit, more) in [(0x2B, 5_000), (0x2C, 50_000)] as [(UInt8, Int)] {
            #expect(course(try byRegister(unit: unit, slots: [5])) == ["23:30 +\(more)"])
        }
    }

    private func byRegister(
        unit: UInt8 = 0x2B, cutoff: [UInt8] = [0x00, 0x10, 0x00, 0x00], slots: [UInt16]
    ) throws -> DecodedBatch {
        let bytes = body(unit: unit, cutoff: cutoff, slots: slots)
        return try cjt188Decoded(bytes, profile: "half hour unit: register", receivedAt: nil)
    }

    @Test func `a half hour of more than a dwelling's pipe passes is rejected by place, and those before it`() throws {
        let cutoff: [UInt8] = [0x00, 0x00, 0x10, 0x00]
        #expect(faults(try byRegister(cutoff: cutoff, slots: [7_200])) == [])
        let greater = try byRegister(cutoff: cutoff, slots: [1, 7_201, 1])
        #expect(greater.rejections.map(\.offset) == [1])
        #expect(faults(greater) == ["half_hours: more than a dwelling's pipe passes, 14.4 m3/h"])
        #expect(greater.registers == [99_999_000, 100_000_000, 100_000_000, 2_000_000])
    }

    @Test func `slots that cannot be are rejected by place, the registers stay`() throws {
        let missing = try decode(body(slots: [1, 0xFFFF, 1]), as: .cjt188, receivedAt: nil)
        #expect(missing.rejections.map(\.offset) == [1])
        #expect(faults(missing) == ["half_hours: not given (FFFF)"])
        #expect(missing.registers == [999_999, 1_000_000, 1_000_000, 2_000_000])
        let greater = try byRegister(slots: [1_001])
        #expect(faults(greater) == ["half_hours: more than the register"])
        #expect(greater.registers == [1_000_000, 1_000_000, 2_000_000])
    }

    @Test func `the cutoff is the last time its hour was, and needs an hour`() throws {
        let batch = try decode(body(cutoffHour: 0x08, slots: []), as: .cjt188, receivedAt: nil)
        // 2021-08-25 08:00 local, for the clock shows 04:14 of the 26th.
        #expect(batch.instants.suffix(2).first == 1_629_849_600)
        #expect(
            faults(try decode(body(cutoffHour: 0x24, slots: []), as: .cjt188, receivedAt: nil))
                == ["cutoff: no hour of the day: 24"])
    }

    @Test func `without any clock the time of receipt places the day, and printing shows the register alone`() throws {
        let bytes = body(slots: [5], clock: [UInt8](repeating: 0, count: 7))
        let batch = try decode(bytes, as: .cjt188, receivedAt: Instant(epochSeconds: cjt188Heard.epochSeconds + 60))
        #expect(batch.instants.suffix(2) == [cjt188Heard.epochSeconds, cjt188Heard.epochSeconds + 60])
        #expect(faults(try decode(bytes, as: .cjt188, receivedAt: nil)).first?.hasPrefix("at: ") == true)
        let printed = try decode(bytes, as: .cjt188, receivedAt: nil, allowsMissingTime: true)
        #expect(printed.registers == [2_000_000])
    }

    @Test func `its readings count one by one against the limit`() throws {
        #expect(throws: BodyRefusal.tooManyReadings(limit: 48)) {
            try decode(body(slots: []), as: .cjt188, receivedAt: nil, limits: DecodeLimits(readings: 48))
        }
        #expect(
            try decode(body(slots: []), as: .cjt188, receivedAt: nil, limits: DecodeLimits(readings: 49))
                .registers.count == 49)
    }
}
