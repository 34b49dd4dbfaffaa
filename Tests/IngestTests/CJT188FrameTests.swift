import Foundation
import Ingest
import Testing
import Water

/// Captured and published frames. Each is decoded as `derived` says or refused for its stated trap.
@Suite struct CJT188FrameTests {
    /// How each refused frame of the file is refused, and why.
    private let traps = [
        // The worked example of the Chinese web, with a wrong sum.
        "cjt-01": "checksum: byte 4: the checksum is 08, the bytes add up to 13",
        // A program that has everything high byte first, and another sum: reading, history, abnormal reply.
        "cjt-11": "checksum: byte 0: the checksum is A4, the bytes add up to 8F",
        "cjt-12": "checksum: byte 0: the checksum is CA, the bytes add up to A7",
        "cjt-24": "checksum: byte 0: the checksum is 34, the bytes add up to 4C",
        "cjt-25": "control: a request (01, to read data), not a reply",
        "cjt-26": "control: a request (01, to read data), not a reply",
        "cjt-28": "control: a reply (83, to read the address) that is no reading",
    ]
    private let heard = Instant(epochSeconds: 1_790_784_000)

    @Test func `every published frame is decoded as derived or refused for its trap`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        #expect(frames.count == 18)
        for frame in frames {
            let id = try #require(frame["id"] as? String)
            let batch = try decoded(hexText(frame), as: .cjt188, receivedAt: receipt(of: frame))
            #expect(batch.itemCount == 1, "\(id)")
            if let fault = traps[id] {
                #expect(faults(batch) == [fault], "\(id)")
                #expect(batch.registers.isEmpty && batch.alerts.isEmpty, "\(id)")
            } else {
                try checkPublished(batch, frame)
            }
        }
    }

    @Test func `a frame with its trap mended by the lenient mode is decoded as derived, with a finding`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        let options = CJT188Options(profiles: try CJT188Profiles.builtIn(), checksum: .lenient)
        for frame in frames {
            let id = try #require(frame["id"] as? String)
            let batch = try decode(
                Array(hexText(frame).utf8), as: .cjt188, receivedAt: receipt(of: frame), cjt188: options)
            let isDamaged = frame["checksum_ok"] as? Bool == false
            switch id {
            case "cjt-24": #expect(faults(batch) == ["control: an abnormal reply (C1, to read data): status 1122"])
            case "cjt-25", "cjt-26", "cjt-28": #expect(faults(batch) == [try #require(traps[id])], "\(id)")
            default:
                try checkPublished(batch, frame)
                #expect(batch.findings.contains { $0.field == "checksum" } == isDamaged, "\(id)")
            }
        }
    }

    @Test func `every profile decodes the frames it names, and says so where there is none`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl"), let halfHour = try halfHourFrame() else { return }
        var hexes = ["half-hour": halfHour]
        for frame in frames { hexes[try #require(frame["id"] as? String)] = hexText(frame) }
        let profiles = try CJT188Profiles.builtIn()
        #expect(profiles.all.count == 8)
        for profile in profiles.all {
            let options = CJT188Options(profiles: profiles, profile: profile)
            for name in profile.frames {
                let said = "\(profile.name) \(name)"
                let text = try #require(hexes[name], "\(said)")
                let frame = frames.first { $0["id"] as? String == name }
                let at = receipt(of: frame)
                let batch = try decode(Array(text.utf8), as: .cjt188, receivedAt: at, cjt188: options)
                #expect(faults(batch) == [], "\(said)")
                if let frame { try checkPublished(batch, frame) }
                // By maker and type alone the same comes out.
                #expect(summary(try decoded(text, as: .cjt188, receivedAt: at)) == summary(batch), "\(said)")
            }
        }
        let standard = try #require(profiles.named("standard"))
        let replies = frames.filter { $0["checksum_ok"] as? Bool == true && traps[$0["id"] as? String ?? ""] == nil }
        #expect(standard.frames == replies.compactMap { $0["id"] as? String } + ["half-hour"])
        #expect(profiles.all.filter(\.frames.isEmpty).map(\.name).contains("status-high-bits"))
    }

    @Test func `the high-bit reading of a status is the published one`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        let profiles = try CJT188Profiles.builtIn()
        let options = CJT188Options(profiles: profiles, profile: profiles.named("status-high-bits"))
        for frame in frames {
            let derived = frame["derived"] as? [String: Any] ?? [:]
            guard let high = derived["st_msb_first"] as? [String: Any], frame["checksum_ok"] as? Bool == true else {
                continue
            }
            let batch = try decode(Array(hexText(frame).utf8), as: .cjt188, receivedAt: heard, cjt188: options)
            let alerts = try #require(batch.alerts.first).alerts
            #expect(alerts.contains { $0.code == .valveClosed } == (high["valve"] as? String == "closed"))
            #expect(alerts.contains { $0.code == .batteryLow } == (high["battery_low"] as? Bool))
        }
    }

    @Test func `frames that only look like CJ T 188 are refused by name`() throws {
        guard let file = try vendorFile() else { return }
        let others = try #require(file["cat1_frames"] as? [[String: Any]])
        #expect(others.count == 6)
        for checksum in CJT188Options.Checksum.allCases {
            let options = CJT188Options(profiles: try CJT188Profiles.builtIn(), checksum: checksum)
            for frame in others {
                let batch = try decode(Array(hexText(frame).utf8), as: .cjt188, receivedAt: heard, cjt188: options)
                #expect(faults(batch) == ["length: byte 0: a CAT-1 frame, 97 is a control code and no length"])
                #expect(batch.itemCount == 1 && batch.registers.isEmpty)
            }
        }
    }

    @Test func `the half hours of a day are registers before the cutoff`() throws {
        guard let text = try halfHourFrame(), let file = try vendorFile() else { return }
        let published = try #require(
            (file["halfhour_frame"] as? [String: Any])?["increments_l_by_slot_end_as_published"] as? [String: Double])
        #expect(published.count == 26)
        let batch = try decoded(text, as: .cjt188)
        #expect(faults(batch) == [])
        #expect(batch.runs.map(\.address.address) == ["21081300004575"])
        #expect(batch.registers.count == 49)
        #expect(batch.instants == batch.instants.sorted())
        // 2021-08-26 04:14:46 and 00:00, then every half hour back to 00:30 of the day before.
        #expect(batch.instants.suffix(2) == [1_629_907_200, 1_629_922_486])
        #expect(batch.registers.suffix(2) == [206_660_000, 206_660_000])
        #expect(batch.instants.first == 1_629_822_600)
        for place in 1..<47 {
            let end = (batch.instants[place] + 28_800) % 86_400 / 60
            let clock = "\(padded(Int(end / 60), 2)):\(padded(Int(end % 60), 2))"
            // As published in litres, three decimals.
            let increase = batch.registers[place] - batch.registers[place - 1]
            #expect(increase == Int64(((published[clock] ?? 0) * 1_000).rounded()), "\(clock)")
        }
        // A home's day, from 00:30 on.
        #expect(batch.registers[47] - batch.registers[0] == 106_450)
        #expect(batch.alerts.map(\.raw) == ["0002"])
        #expect(batch.findings.map(\.field) == ["half_hours"])
    }

    @Test func `all frames in one raw stream give what they give line by line`() throws {
        guard let frames = try sharedLines("cjt188/frames.jsonl") else { return }
        let hexes = frames.compactMap { $0["hex"] as? String }
        let lines = try decoded(hexes.joined(separator: "\n"), as: .cjt188, receivedAt: heard)
        let stream = try decode(hexes.flatMap(bytes(ofHex:)), as: .cjt188, receivedAt: heard)
        #expect(withoutPlaces(stream) == withoutPlaces(lines))
        #expect(lines.itemCount == hexes.count)
        #expect(stream.rejections.first?.reason == "byte 4: the checksum is 08, the bytes add up to 13")
    }

    /// The batch as text, without the places of damaged frames, which differ with what stands before them.
    private func withoutPlaces(_ batch: DecodedBatch) -> String {
        summary(batch).replacing(#/byte \d+/#, with: "").replacing(#/line \d+: /#, with: "")
    }

    /// The frame's own clock as the file derives it.
    private func clock(of frame: [String: Any]?) -> Instant? {
        let derived = frame?["derived"] as? [String: Any] ?? [:]
        let low = (derived["clock_le"] as? String).flatMap { $0.hasPrefix("20") ? $0 : nil }
        let local = low ?? derived["clock_be"] as? String
        return local.flatMap { Instant(rfc3339: $0 + "+08:00") }
    }

    /// When a frame is said to be heard: an hour after its clock, for one that is years behind is taken for reset.
    private func receipt(of frame: [String: Any]?) -> Instant { clock(of: frame).map { $0 + 3_600 } ?? heard }

    private func hexText(_ frame: [String: Any]) -> String { frame["hex"] as? String ?? "" }

    private func vendorFile() throws -> [String: Any]? {
        guard let data = try sharedData("cjt188/vendor-extended-frames.json") else { return nil }
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func halfHourFrame() throws -> String? {
        guard let file = try vendorFile() else { return nil }
        return try #require((file["halfhour_frame"] as? [String: Any])?["hex"] as? String)
    }

    /// One reading (or a month's register) with its time, unit and status, as the file says.
    private func checkPublished(_ batch: DecodedBatch, _ frame: [String: Any]) throws {
        let id = try #require(frame["id"] as? String)
        let derived = try #require(frame["derived"] as? [String: Any], "\(id)")
        #expect(faults(batch) == [], "\(id)")
        let run = try #require(batch.runs.first, "\(id)")
        #expect(run.address.protocol == .cjt188, "\(id)")
        #expect(run.address.address == derived["address_msb_first"] as? String, "\(id)")
        let isHistory = derived["current_volume"] == nil
        let stated = try #require(derived[isHistory ? "settlement_volume" : "current_volume"] as? String, "\(id)")
        let volume = try #require(ExactDecimal(stated), "\(id)")
        let scale: Int = derived["current_unit"] as? String == "L" ? 3 : 6
        #expect(batch.registers == [volume.scaled(toDecimals: scale)], "\(id)")
        if isHistory {
            // 2026-10-01 00:00 local: the settlement day that came last before 2026-10-01 00:00 local.
            #expect(batch.instants == [1_790_784_000], "\(id)")
            #expect(batch.alerts.isEmpty, "\(id)")
            return
        }
        let expected = clock(of: frame) ?? heard
        #expect(batch.instants == [expected.epochSeconds], "\(id)")
        let state = try #require(batch.alerts.first, "\(id)")
        #expect(state.raw == derived["status"] as? String, "\(id)")
        if let low = derived["st_lsb_first"] as? [String: Any] {
            let codes = state.alerts.map(\.code)
            #expect(codes.contains(.valveClosed) == (low["valve"] as? String == "closed"), "\(id)")
            #expect(codes.contains(.valveFault) == (low["valve"] as? String == "abnormal"), "\(id)")
            #expect(codes.contains(.batteryLow) == (low["battery_low"] as? Bool), "\(id)")
        }
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
