import Ingest
import Testing
import Water

/// A frame with a right checksum around the given parts.
private func frame(
    type: UInt8 = 0x10, address: [UInt8] = [0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], control: UInt8 = 0x81,
    data: [UInt8]
) -> [UInt8] {
    var body: [UInt8] = [0x68, type] + address
    body += [control, UInt8(data.count)]
    body += data
    return body + [body.reduce(0, &+), 0x16]
}

/// The data of a long reply.
private func reply(
    volume: [UInt8] = [0x45, 0x23, 0x01, 0x00], unit: UInt8 = 0x2C,
    clock: [UInt8] = [0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20], status: [UInt8] = [0, 0],
    identifier: [UInt8] = [0x90, 0x1F]
) -> [UInt8] {
    let settlement: [UInt8] = [0, 0, 0, 0, 0x2C]
    return identifier + [0x01] + volume + [unit] + settlement + clock + status
}

private func text(_ bytes: [UInt8]) -> String { hex(bytes) }
private let heard = Instant(epochSeconds: 1_790_784_000)

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
        #expect(try decodeOne(frame(data: reply(unit: unit))).registers == [millilitres])
    }

    @Test func `the short form means cubic metres and needs the time of receipt`() throws {
        let short = frame(data: [0x1F, 0x90, 0x00, 0x45, 0x23, 0x01, 0x00, 0x05, 0x00])
        let batch = try decodeOne(short)
        #expect(batch.registers == [123_450_000])
        #expect(batch.instants == [heard.epochSeconds])
        #expect(batch.alerts.first?.alerts.map(\.code) == [.valveClosed, .batteryLow])
        #expect(
            faults(try decodeOne(short, receivedAt: nil)) == ["at: the meter has no clock and X-Received-At is missing"]
        )
    }

    private static let faulty: [([UInt8], String)] = [
        (frame(control: 0x01, data: [0x90, 0x1F, 0x01]), "control: a request, not a reply"),
        (frame(control: 0xC1, data: [0x01, 0x00, 0x00]), "control: an abnormal reply"),
        (frame(control: 0x83, data: [0x81, 0x0A, 0x00]), "control: not a reply to a read"),
        (frame(control: 0x84, data: reply()), "control: not a reply to a read"),
        (frame(type: 0x20, data: reply()), "type: not a water meter"),
        (frame(type: 0x30, data: reply()), "type: not a water meter"),
        (frame(data: [0xD1, 0x20, 0x01, 0x13, 0x23, 0x33, 0x43, 0x2C]), "di: not 901F: D120"),
        (frame(data: [0x90]), "length: no data identifier"), (frame(data: []), "length: no data identifier"),
        (frame(data: reply() + [0]), "length: 23 bytes of data where 22 or 9 belong"),
        (frame(data: [0x90, 0x1F, 0x01]), "length: 3 bytes of data where 22 or 9 belong"),
        (frame(address: [0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA], data: reply()), "address: not decimal digits"),
        (frame(data: reply(unit: 0x05)), "unit: not a unit of volume: 05"),
        (frame(data: reply(volume: [0xFF, 0xFF, 0xFF, 0xFF])), "volume: the meter does not give it (FF)"),
        (frame(data: reply(volume: [0x00, 0x0A, 0x00, 0x00])), "volume: not decimal digits"),
    ]

    @Test(arguments: faulty)
    func `every other frame is rejected by its first fault`(bytes: [UInt8], fault: String) throws {
        for batch in [try decodeOne(bytes), try decoded(text(bytes), as: .cjt188, receivedAt: heard)] {
            #expect(faults(batch) == [fault])
            #expect(batch.itemCount == 1 && batch.registers.isEmpty && batch.alerts.isEmpty)
        }
    }

    private static let clocks: [([UInt8], Int64)] = [
        // 2015-05-11 22:01:31 local, low byte first and high byte first.
        ([0x31, 0x01, 0x22, 0x11, 0x05, 0x15, 0x20], 1_431_352_891),
        ([0x20, 0x15, 0x05, 0x11, 0x22, 0x01, 0x31], 1_431_352_891),
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
        #expect(try decodeOne(frame(data: reply(clock: clock))).instants == [seconds])
    }

    @Test func `a meter clock needs no time of receipt, and the city's offset is a parameter`() throws {
        let bytes = frame(data: reply())
        #expect(try decodeOne(bytes, receivedAt: nil).instants == [1_431_352_891])
        let utc = try decode(bytes, as: .cjt188, receivedAt: nil, clockOffsetSeconds: 0)
        #expect(utc.instants == [1_431_352_891 + 28_800])
    }

    @Test func `printing keeps a frame without any time`() throws {
        let bytes = frame(data: reply(clock: [0, 0, 0, 0, 0, 0, 0], status: [0x01, 0x84]))
        #expect(
            faults(try decodeOne(bytes, receivedAt: nil)) == ["at: the meter has no clock and X-Received-At is missing"]
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
        let batch = try decodeOne(frame(data: reply(status: status)))
        #expect(batch.alerts.map(\.raw) == [hex(status).uppercased()])
        #expect(batch.alerts.first?.alerts.map(\.code) == codes)
        #expect(batch.alerts.first?.alerts.allSatisfy(\.isCurrent) == true)
    }
}

@Suite struct FrameHuntTests {
    private let good = frame(data: reply())
    private let other = frame(
        address: [1, 0, 0, 0, 0, 0, 0], data: reply(volume: [0x10, 0, 0, 0]))

    private func items(_ bytes: [UInt8]) throws -> [String] {
        let batch = try decode(bytes, as: .cjt188, receivedAt: heard)
        return decodeLines(batch).map { line in
            guard case .object(let members) = line, case .string(let said)? = members["field"] ?? members["meter"]
            else { return "" }
            return said
        }
    }

    @Test func `prefixes, wake-up bytes and trailers are passed over`() throws {
        let prefix = Array("CTRL:&2017070000000921".utf8)
        let streams: [[UInt8]] = [
            prefix + [0xFE, 0xFE] + good, [0xFE, 0xFE, 0xFE, 0xFE] + good + [0x52, 0x4F], [0x68, 0x68] + good,
        ]
        for bytes in streams { #expect(try items(bytes) == ["11223344556677"]) }
    }

    @Test func `several frames on a line are several items`() throws {
        #expect(try items(good + other + [0xFE] + good) == ["11223344556677", "00000000000001", "11223344556677"])
        let line = try decoded(
            "  \(text(good)) \(text(other).uppercased())\t\r\n\r\n68\n", as: .cjt188, receivedAt: heard)
        #expect(line.runs.map(\.item) == [0, 1])
        #expect(faults(line) == ["frame: no frame found"])
    }

    @Test func `a damaged frame between good ones costs only itself`() throws {
        for place in 11..<good.count - 2 {
            var damaged = good
            damaged[place] ^= 0x01
            #expect(try items(good + damaged + other) == ["11223344556677", "checksum", "00000000000001"], "\(place)")
            #expect(try items(damaged + damaged + other) == ["checksum", "checksum", "00000000000001"], "\(place)")
        }
    }

    @Test func `a frame with its end cut off does not swallow the next one`() throws {
        for kept in 11..<good.count {
            let found = try items(Array(good[..<kept]) + other + other)
            #expect(found.suffix(2) == ["00000000000001", "00000000000001"], "\(kept)")
            #expect(found.count == 3, "\(kept)")
        }
    }

    @Test(arguments: ["zz", "6", "6 8 1", "# a remark", "681", "00112233", "水"])
    func `a line without a frame is rejected as one`(line: String) throws {
        let batch = try decoded("\(text(good))\n\(line)\n\(text(other))", as: .cjt188, receivedAt: heard)
        #expect(batch.rejections.map(\.field) == ["frame"])
        #expect(batch.rejections.map(\.item) == [1])
        #expect(batch.runs.map(\.item) == [0, 2])
    }

    @Test func `an empty body has no items and a stream of noise has one`() throws {
        #expect(try decode([], as: .cjt188, receivedAt: nil).itemCount == 0)
        #expect(try items([0x00, 0x01, 0x68, 0xFF]) == ["frame"])
    }
}
