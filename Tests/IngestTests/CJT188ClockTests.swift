import Ingest
import Testing
import Water

/// Clocks that a meter lost with its battery.
@Suite struct CJT188ClockTests {
    /// 2026-11-29 21:00:00 in the city.
    private let heard = Instant(epochSeconds: 1_795_957_200)

    private func decodeOne(_ clock: [UInt8], receivedAt: Instant?, allowsMissingTime: Bool = false) throws
        -> DecodedBatch
    {
        try decode(
            cjt188Frame(data: cjt188Reply(clock: clock)), as: .cjt188, receivedAt: receivedAt,
            allowsMissingTime: allowsMissingTime)
    }

    private func told(_ batch: DecodedBatch) -> [String] { batch.findings.map { "\($0.field): \($0.reason)" } }

    private static let reset: [([UInt8], String)] = [
        // 2000-01-01 00:05:00 local is not yet 2000 in UTC; then four days later, in either order of the bytes.
        ([0x00, 0x05, 0x00, 0x01, 0x01, 0x00, 0x20], "1999-12-31T16:05:00Z"),
        ([0x00, 0x00, 0x08, 0x05, 0x01, 0x00, 0x20], "2000-01-05T00:00:00Z"),
        ([0x20, 0x00, 0x01, 0x05, 0x08, 0x00, 0x00], "2000-01-05T00:00:00Z"),
    ]

    @Test(arguments: reset)
    func `a clock that was reset is none, the time of receipt is taken, and that is told`(
        clock: [UInt8], said: String
    ) throws {
        let batch = try decodeOne(clock, receivedAt: heard)
        #expect(faults(batch) == [])
        #expect(batch.instants == [heard.epochSeconds])
        #expect(batch.alerts.map(\.at) == [heard])
        #expect(told(batch) == ["clock: the meter's clock was reset and is not used: it says \(said)"])
    }

    @Test func `a clock is believed up to 400 days behind the time of receipt and not a second more`() throws {
        let clock: [UInt8] = [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20]
        let at: Int64 = 1_431_352_891
        let last = Instant(epochSeconds: at + 400 * 86_400)
        #expect(try decodeOne(clock, receivedAt: last).instants == [at])
        let after = try decodeOne(clock, receivedAt: last + 1)
        #expect(after.instants == [at + 400 * 86_400 + 1])
        #expect(told(after) == ["clock: the meter's clock was reset and is not used: it says 2015-05-11T14:01:31Z"])
    }

    @Test func `a clock far ahead of the time of receipt is believed, for the gateway's may be behind`() throws {
        let clock: [UInt8] = [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20]
        let at: Int64 = 1_431_352_891
        let believed = try decodeOne(clock, receivedAt: Instant(epochSeconds: at - 500 * 86_400))
        #expect(believed.instants == [at])
        #expect(told(believed) == ["clock: the meter's clock and the time of receipt differ by 500 d"])
        #expect(believed.clockLeads == [ClockLead(item: 0, seconds: 500 * 86_400)])
        // A time of receipt that is none itself tells nothing of a clock.
        #expect(try decodeOne(clock, receivedAt: Instant(epochSeconds: 5)).instants == [at])
    }

    @Test func `a clock ahead of the time of receipt by more than a minute is noted, unless its frame is rejected`()
        throws
    {
        let clock: [UInt8] = [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20]
        let at: Int64 = 1_431_352_891
        let cases: [(Int64, [Int64])] = [(at - 61, [61]), (at - 60, []), (at + 61, [])]
        for (heard, leads) in cases {
            #expect(
                try decodeOne(clock, receivedAt: Instant(epochSeconds: heard)).clockLeads.map(\.seconds) == leads)
        }
        #expect(try decodeOne(clock, receivedAt: nil).clockLeads.isEmpty)
        let damaged = cjt188Frame(data: cjt188Reply(volume: [0xFF, 0xFF, 0xFF, 0xFF], clock: clock))
        let good = cjt188Frame(data: cjt188Reply(clock: clock))
        let batch = try decode(damaged + good, as: .cjt188, receivedAt: Instant(epochSeconds: at - 61))
        #expect(batch.clockLeads == [ClockLead(item: 1, seconds: 61)])
    }

    @Test func `without a time of receipt a clock of 2000 is kept and one of 1999 is none`() throws {
        let kept = try decodeOne(CJT188ClockTests.reset[1].0, receivedAt: nil)
        #expect(kept.instants == [947_030_400] && kept.findings.isEmpty)
        let early = CJT188ClockTests.reset[0].0
        #expect(
            faults(try decodeOne(early, receivedAt: nil))
                == ["at: the meter's clock was reset and X-Received-At is missing"])
        let printed = try decodeOne(early, receivedAt: nil, allowsMissingTime: true)
        #expect(printed.instants == [DecodedBatch.noInstant])
        #expect(told(printed).count == 1)
    }

    @Test func `seconds of 20 before an unused century are no century where the other way is near`() throws {
        let clock: [UInt8] = [0x20, 0x25, 0x11, 0x15, 0x10, 0x26, 0x00]
        // 2026-10-15 11:25:20 in the city, and 2025-11-15 10:26:00.
        let (low, high): (Int64, Int64) = (1_792_034_720, 1_763_173_560)
        for (heardAt, at) in [
            (low + 2, low), (low - 86_400, low), (low + 86_400, low), (low + 86_401, high), (high + 86_400, high),
            (high, high),
        ] {
            #expect(try decodeOne(clock, receivedAt: Instant(epochSeconds: heardAt)).instants == [at])
        }
        #expect(try decodeOne(clock, receivedAt: nil).instants == [high])
        let profile = "clock: high"
        let frame = cjt188Frame(data: cjt188Reply(clock: clock))
        let told = try cjt188Decoded(frame, profile: profile, receivedAt: Instant(epochSeconds: low + 2))
        #expect(told.instants == [high])
        // An unused century alone is no clock: the time of receipt serves.
        let unused = try decodeOne([0x21] + clock.dropFirst(), receivedAt: Instant(epochSeconds: low + 2))
        #expect(unused.instants == [low + 2])
    }

    @Test func `the date of a stored register is not the clock`() throws {
        let rates = [UInt8](repeating: 0, count: 11)
        let old: [UInt8] = [0x00, 0x00, 0x08, 0x05, 0x01, 0x00, 0x20]
        let frozen = cjt188Frame(data: [0xD3, 0x00, 0x01] + old + [0x45, 0x23, 0x01, 0x00, 0x2C] + rates)
        let batch = try decode(frozen, as: .cjt188, receivedAt: heard)
        #expect(batch.instants == [947_030_400] && batch.findings.isEmpty)
        let month = cjt188Frame(data: [0xD2, 0x17, 0x01, 0x13, 0x23, 0x33, 0x43, 0x2C])
        let settled = try cjt188Decoded(month, profile: "settlement day: 1", receivedAt: heard)
        // The 24th month, November 2026 being the first: 2024-12-01 00:00 local.
        #expect(settled.instants.map { Instant(epochSeconds: $0).utc } == ["2024-11-30T16:00:00Z"])
    }
}
