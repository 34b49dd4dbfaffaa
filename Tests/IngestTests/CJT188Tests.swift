import Ingest
import Testing
import Water

private func text(_ bytes: [UInt8]) -> String { hex(bytes) }
private let heard = cjt188Heard

@Suite struct CJT188Tests {
    private func decodeOne(_ bytes: [UInt8], receivedAt: Instant? = heard) throws -> DecodedBatch {
        try decode(bytes, as: .cjt188, receivedAt: receivedAt)
    }

    private static let units: [(UInt8, Int64)] = [
        (0x29, 123_450), (0x2A, 1_234_500), (0x2B, 12_345_000), (0x2C, 123_450_000), (0x2D, 1_234_500_000),
        (0x2E, 12_345_000_000),
    ]

    @Test(arguments: units)
    func `the unit code scales the volume`(unit: UInt8, millilitres: Int64) throws {
        #expect(try decodeOne(cjt188Frame(data: cjt188Reply(unit: unit))).registers == [millilitres])
    }

    @Test func `the short form means cubic metres and needs the time of receipt`() throws {
        let short = cjt188Frame(data: [0x1F, 0x90, 0x00, 0x45, 0x23, 0x01, 0x00, 0x05, 0x00])
        let batch = try decodeOne(short)
        #expect(batch.registers == [123_450_000])
        #expect(batch.instants == [heard.epochSeconds])
        #expect(batch.alerts.first?.alerts.map(\.code) == [.valveClosed, .batteryLow])
        #expect(
            faults(try decodeOne(short, receivedAt: nil)) == ["at: the frame has no clock and X-Received-At is missing"]
        )
    }

    private static let faulty: [([UInt8], String)] = [
        (cjt188Frame(control: 0x01, data: [0x90, 0x1F, 0x01]), "control: a request (01, to read data), not a reply"),
        (
            cjt188Frame(control: 0xC1, data: [0x01, 0x04, 0x00]),
            "control: an abnormal reply (C1, to read data): status 0400"
        ),
        (
            cjt188Frame(control: 0xC1, data: [0x90, 0x1F, 0x01, 0x02]),
            "control: an abnormal reply (C1, to read data): code 02 for 901F"
        ), (cjt188Frame(control: 0xD5, data: []), "control: an abnormal reply (D5, to write the address)"),
        (
            cjt188Frame(control: 0xC4, data: [1, 2, 3, 4, 5]),
            "control: an abnormal reply (C4, to write data): 0102030405"
        ),
        (
            cjt188Frame(control: 0x83, data: [0x81, 0x0A, 0x00]),
            "control: a reply (83, to read the address) that is no reading"
        ),
        (
            cjt188Frame(control: 0x84, data: cjt188Reply()),
            "control: a reply (84, to write data) that is no reading"
        ),
        (cjt188Frame(type: 0x20, data: cjt188Reply()), "type: not a water meter"),
        (cjt188Frame(type: 0x30, data: cjt188Reply()), "type: not a water meter"),
        (
            cjt188Frame(data: [0x81, 0x03, 0x01, 0x25]), "di: no volume in 8103, the settlement day"
        ),
        (cjt188Frame(data: [0x03, 0x81, 0x01, 0x25]), "di: no volume in 0381, the settlement day"),
        (cjt188Frame(data: [0xD1, 0x34, 0x01, 0, 0, 0, 0, 0x2C]), "di: no volume known in D134"),
        (cjt188Frame(data: [0x90]), "length: no data identifier"),
        (cjt188Frame(data: []), "length: no data identifier"),
        (cjt188Frame(data: cjt188Reply() + [0]), "length: 23 bytes of data where 9 or 22 belong"),
        (cjt188Frame(data: [0x90, 0x1F, 0x01]), "length: 3 bytes of data where 9 or 22 belong"),
        (
            cjt188Frame(address: [0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA], data: cjt188Reply()),
            "address: not decimal digits"
        ),
        (cjt188Frame(data: cjt188Reply(unit: 0x05)), "unit: not a unit of volume: 05"),
        (cjt188Frame(data: cjt188Reply(volume: [0xFF, 0xFF, 0xFF, 0xFF])), "volume: the meter does not give it (FF)"),
        (cjt188Frame(data: cjt188Reply(volume: [0x00, 0x0A, 0x00, 0x00])), "volume: not decimal digits"),
    ]

    @Test(arguments: faulty)
    func `every other frame is rejected by its first fault`(bytes: [UInt8], fault: String) throws {
        for batch in [try decodeOne(bytes), try decoded(text(bytes), as: .cjt188, receivedAt: heard)] {
            #expect(faults(batch) == [fault])
            #expect(batch.itemCount == 1 && batch.registers.isEmpty && batch.alerts.isEmpty)
        }
    }

    private static let clocks: [([UInt8], Int64)] = [
        // 2026-09-28 22:01:31 local, low byte first and high byte first.
        ([0x31, 0x01, 0x22, 0x28, 0x09, 0x26, 0x20], 1_790_604_091),
        ([0x20, 0x26, 0x09, 0x28, 0x22, 0x01, 0x31], 1_790_604_091),
        // No clock, or no time: the time of receipt.
        ([0, 0, 0, 0, 0, 0, 0], 1_790_784_000), ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1_790_784_000),
        ([0x60, 0x20, 0x20, 0, 0, 0, 0], 1_790_784_000),
        ([0x00, 0x00, 0x00, 0x30, 0x02, 0x26, 0x20], 1_790_784_000),
        ([0x00, 0x00, 0x00, 0x01, 0x01, 0x99, 0x19], 1_790_784_000),
        // A date both ways (2026-10-11 05:10:20 or 2010-05-11 10:26:20): the nearer to the time of receipt.
        ([0x20, 0x10, 0x05, 0x11, 0x10, 0x26, 0x20], 1_791_666_620),
        ([0x20, 0x26, 0x10, 0x01, 0x05, 0x10, 0x20], 1_790_802_620),
    ]

    @Test(arguments: clocks)
    func `the meter's clock is local time in either order`(clock: [UInt8], seconds: Int64) throws {
        #expect(try decodeOne(cjt188Frame(data: cjt188Reply(clock: clock))).instants == [seconds])
    }

    @Test func `a meter clock needs no time of receipt, and the city's offset is a parameter`() throws {
        let bytes = cjt188Frame(data: cjt188Reply())
        #expect(try decodeOne(bytes, receivedAt: nil).instants == [1_431_352_891])
        let utc = try decode(bytes, as: .cjt188, receivedAt: nil, clockOffsetSeconds: 0)
        #expect(utc.instants == [1_431_352_891 + 28_800])
    }

    @Test func `printing keeps a frame without any time`() throws {
        let bytes = cjt188Frame(data: cjt188Reply(clock: [0, 0, 0, 0, 0, 0, 0], status: [0x01, 0x84]))
        #expect(
            faults(try decodeOne(bytes, receivedAt: nil)) == ["at: the frame has no clock and X-Received-At is missing"]
        )
        let batch = try decode(bytes, as: .cjt188, receivedAt: nil, allowsMissingTime: true)
        #expect(batch.instants == [DecodedBatch.noInstant])
        #expect(
            summary(batch)
                == #"{"alerts":["valve_closed"],"alerts_past":[],"at":null,"flags_raw":"0184","index":0,"meter":"11223344556677","register_ml":123450000,"status":"ok"}"#
        )
    }

    private static let statuses: [([UInt8], [AlertCode])] = [
        ([0x00, 0xFF], []), ([0x01, 0x00], [.valveClosed]), ([0x03, 0x00], [.valveFault]), ([0x02, 0x00], [.unknown]),
        ([0x04, 0x00], [.batteryLow]), ([0x07, 0x00], [.valveFault, .batteryLow]), ([0xF8, 0x84], []),
        ([0xFF, 0xFF], []),
    ]

    @Test(arguments: statuses)
    func `the status gives alerts, low bits first`(status: [UInt8], codes: [AlertCode]) throws {
        let batch = try decodeOne(cjt188Frame(data: cjt188Reply(status: status)))
        #expect(batch.alerts.map(\.raw) == [hex(status).uppercased()])
        #expect(batch.alerts.first?.alerts.map(\.code) == codes)
        #expect(batch.alerts.first?.alerts.allSatisfy(\.isCurrent) == true)
    }
}
