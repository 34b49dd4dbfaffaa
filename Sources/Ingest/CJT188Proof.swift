import Water

/// A frame that proves a profile: what it must decode to under it.
public struct CJT188Proof: Sendable, Hashable {
    /// Hex text, as a line of a body.
    let frame: String
    /// Millilitres.
    let register: Int64
    /// The time that the meter's clock shows, in seconds since 1970 as if it ran on UTC; nil where the proof does not
    /// speak of it.
    let clock: Int64?

    /// `HEX = REGISTER UNIT` or `HEX = REGISTER UNIT at YYYY-MM-DD hh:mm:ss`.
    init(_ text: String) throws(ItemFault) {
        let sides = text.split(separator: "=", maxSplits: 1).map(\.trimmed)
        let words = sides.count == 2 ? sides[1].split(separator: " ").map(String.init) : []
        let hasClock = words.count == 5 && words[2] == "at"
        guard words.count == 2 || hasClock, let unit = unitWords[words[1]] else {
            throw CJT188Proof.fault("HEX = REGISTER UNIT, as 6810…16 = 12.34 m3 at 2026-10-01 08:30:00")
        }
        frame = sides[0]
        do throws(ValueFault) {
            register = try unit.register(words[0])
        } catch {
            throw CJT188Proof.fault("the register \(words[0]): \(error.reason)")
        }
        if hasClock {
            guard let seconds = CJT188Proof.seconds("\(words[3]) \(words[4])") else {
                throw CJT188Proof.fault("\(words[3]) \(words[4]) is no time of the form YYYY-MM-DD hh:mm:ss")
            }
            clock = seconds
        } else {
            clock = nil
        }
    }

    private static func fault(_ reason: String) -> ItemFault { ItemFault(field: "frame", reason: reason) }

    private static func seconds(_ text: String) -> Int64? {
        guard let found = TimePattern("YYYY-MM-DD hh:mm:ss")?.parts(of: text), let day = found.day,
            let hour = found.hour, let minute = found.minute, let second = found.second
        else { return nil }
        return Int64(day.number) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Why the frame does not prove a profile; nil where it decodes to what is said.
    func fault(under profile: CJT188Profile) -> String? {
        let options = CJT188Options(profiles: CJT188Profiles(all: [profile], standard: profile), profile: profile)
        let batch: DecodedBatch
        do throws(BodyRefusal) {
            // Without an offset the instants are what the clock shows; without a time of receipt nothing stands in.
            batch = try decode(
                Array(frame.utf8), as: .cjt188, receivedAt: nil, clockOffsetSeconds: 0, allowsMissingTime: true,
                cjt188: options)
        } catch {
            return "more than one frame"
        }
        if let rejection = batch.rejections.first {
            return "\(rejection.field): \(rejection.reason.replacing("line 1: ", with: ""))"
        }
        // Of a day of half hours the register now stands last.
        guard batch.itemCount == 1, let register = batch.registers.last, let at = batch.instants.last else {
            return "more than one frame"
        }
        if register != self.register {
            return "the register is \(metres(register)) m3, not \(metres(self.register)) m3"
        }
        guard let clock, at != clock else { return nil }
        if at == DecodedBatch.noInstant { return "the frame tells no time" }
        return "the clock shows \(shown(at)), not \(shown(clock))"
    }

    private func metres(_ millilitres: Int64) -> String { Volume(millilitres: millilitres).cubicMetres }

    /// As the file writes a clock.
    private func shown(_ seconds: Int64) -> String {
        Instant(epochSeconds: seconds).utc.replacing("T", with: " ").replacing("Z", with: "")
    }
}
