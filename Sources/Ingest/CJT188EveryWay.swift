public import Water

/// Decodes a buffer as CJ/T 188 in every way there is: both checksum modes, with the profile chosen and with each
/// given, with and without a time of receipt. For fuzzing: it must never trap, whatever the bytes are.
///
/// - Returns: the readings and rejections of all.
@discardableResult
public func decodeCJT188EveryWay(_ bytes: [UInt8], receivedAt: Instant) -> Int {
    var seen = 0
    do {
        let profiles = try CJT188Profiles.builtIn()
        for checksum in CJT188Options.Checksum.allCases {
            for profile in [nil] + profiles.all.map(Optional.some) {
                let options = CJT188Options(profiles: profiles, profile: profile, checksum: checksum)
                for heard in [nil, receivedAt] {
                    seen += count(bytes, heard, options)
                }
            }
        }
    } catch {
        seen += 1
    }
    return seen
}

private func count(_ bytes: [UInt8], _ heard: Instant?, _ options: CJT188Options) -> Int {
    do throws(BodyRefusal) {
        let batch = try decode(bytes, as: .cjt188, receivedAt: heard, cjt188: options)
        return batch.registers.count + batch.rejections.count
    } catch {
        return 1
    }
}
