import Foundation
import Ingest
import Testing
import Water

/// Captured and published frames. Each is decoded as `derived` says or refused for its stated trap.
@Suite struct CJT188FrameTests {
    /// The field each refused frame of the file is refused by, and why.
    private let traps = [
        "cjt-01": "checksum",  // the worked example of the Chinese web, with a wrong sum
        "cjt-11": "checksum",  // everything high byte first, the sum leaves L out
        "cjt-12": "checksum",  // history, the same sum
        "cjt-24": "checksum",  // abnormal reply, the same sum
        "cjt-25": "control",  // requests
        "cjt-26": "control",
        "cjt-28": "control",  // an address reply
    ]
    private let heard = Instant(epochSeconds: 1_790_784_000)

    @Test func `every published frame is decoded as derived or refused for its trap`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        #expect(frames.count == 18)
        for frame in frames {
            let id = try #require(frame["id"] as? String)
            let batch = try decoded(hexText(frame), as: .cjt188, receivedAt: heard)
            #expect(batch.itemCount == 1, "\(id)")
            if let field = traps[id] {
                #expect(batch.rejections.map(\.field) == [field], "\(id)")
                #expect(batch.registers.isEmpty, "\(id)")
            } else {
                try check(batch, id, frame["derived"] as? [String: Any] ?? [:])
            }
        }
    }

    private func hexText(_ frame: [String: Any]) -> String { frame["hex"] as? String ?? "" }

    private func check(_ batch: DecodedBatch, _ id: String, _ derived: [String: Any]) throws {
        #expect(faults(batch) == [], "\(id)")
        let run = try #require(batch.runs.first, "\(id)")
        #expect(run.address.protocol == .cjt188, "\(id)")
        #expect(run.address.address == derived["address_msb_first"] as? String, "\(id)")
        let stated = try #require(derived["current_volume"] as? String, "\(id)")
        let volume = try #require(ExactDecimal(stated), "\(id)")
        let scale: Int = derived["current_unit"] as? String == "L" ? 3 : 6
        #expect(batch.registers == [volume.scaled(toDecimals: scale)], "\(id)")
        let clock = derived["clock_le"] as? String ?? derived["clock_be"] as? String
        let local = clock.map { $0 + "+08:00" }
        let expected = local.map { Instant(rfc3339: $0) } ?? heard
        #expect(batch.instants == [try #require(expected, "\(id)").epochSeconds], "\(id)")
        let state = try #require(batch.alerts.first, "\(id)")
        #expect(state.raw == derived["status"] as? String, "\(id)")
        if let low = derived["st_lsb_first"] as? [String: Any] {
            #expect(state.alerts.contains { $0.code == .valveClosed } == (low["valve"] as? String == "closed"), "\(id)")
            #expect(
                state.alerts.contains { $0.code == .valveFault } == (low["valve"] as? String == "abnormal"), "\(id)")
            #expect(state.alerts.contains { $0.code == .batteryLow } == (low["battery_low"] as? Bool), "\(id)")
        }
    }

    @Test func `lookalikes in the same envelope are refused`() throws {
        guard let data = try sharedData("cjt188/vendor-extended-frames.json") else { return }
        let file = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let halfHour = try #require((file["halfhour_frame"] as? [String: Any])?["hex"] as? String)
        #expect(try decoded(halfHour, as: .cjt188, receivedAt: heard).rejections.map(\.field) == ["di"])
        let others = try #require(file["cat1_frames"] as? [[String: Any]])
        #expect(others.count == 6)
        for frame in others {
            let batch = try decoded(hexText(frame), as: .cjt188, receivedAt: heard)
            #expect(batch.rejections.map(\.field) == ["length"])
            #expect(batch.itemCount == 1 && batch.registers.isEmpty)
        }
    }

    @Test func `all frames in one raw stream give what they give line by line`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        let hexes = frames.compactMap { $0["hex"] as? String }
        let lines = try decoded(hexes.joined(separator: "\n"), as: .cjt188, receivedAt: heard)
        let stream = try decode(hexes.flatMap(bytes(ofHex:)), as: .cjt188, receivedAt: heard)
        #expect(summary(stream) == summary(lines))
        #expect(lines.itemCount == hexes.count)
    }
}

extension Instant {
    /// A time with an offset, read by Foundation: an outside judge.
    init?(rfc3339 text: String) {
        guard let date = ISO8601DateFormatter().date(from: text) else { return nil }
        self.init(epochSeconds: Int64(date.timeIntervalSince1970))
    }
}

func bytes(ofHex text: String) -> [UInt8] {
    let digits = Array(text.utf8).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}
