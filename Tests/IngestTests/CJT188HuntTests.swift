import Ingest
import Testing
import Water

private func text(_ bytes: [UInt8]) -> String { hex(bytes) }
private let heard = cjt188Heard

@Suite struct FrameHuntTests {
    private let good = cjt188Frame(data: cjt188Reply())
    private let other = cjt188Frame(
        address: [1, 0, 0, 0, 0, 0, 0], data: cjt188Reply(volume: [0x10, 0, 0, 0]))

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

    @Test func `a cut frame whose length and sum agree with the good frame behind it does not swallow it`() throws {
        var cut: [UInt8] = [0x68, 0x10, 0, 2, 3, 4, 5, 6, 7, 0x81, UInt8(good.count - 2)]
        let sum = (cut + good.dropLast(2)).reduce(0, &+)
        cut[2] = good[good.count - 2] &- sum
        #expect((cut + good.dropLast(2)).reduce(0, &+) == good[good.count - 2])
        #expect(try items(other + cut + good) == ["00000000000001", "length", "11223344556677"])
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
