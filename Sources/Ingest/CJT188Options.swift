/// How CJ/T 188 frames are read where the standard leaves it open or a meter departs from it.
public struct CJT188Options: Sendable {
    /// What to do with a complete frame whose checksum is wrong.
    public enum Checksum: String, Sendable, CaseIterable {
        /// Reject it, field `checksum`.
        case strict
        /// Take it where everything else is right and no good frame lies inside it, with a finding `checksum`.
        case lenient
    }

    public var checksum: Checksum
    /// The profiles that a frame's maker and type choose from.
    public var profiles: CJT188Profiles
    /// The profile of every frame, whatever its maker and type; nil to choose by those.
    public var profile: CJT188Profile?

    public init(profiles: CJT188Profiles, profile: CJT188Profile? = nil, checksum: Checksum = .strict) {
        self.profiles = profiles
        self.profile = profile
        self.checksum = checksum
    }
}

extension CJT188Options {
    /// The given ones, or the built-in profiles and strict checksums.
    static func given(_ options: CJT188Options?) throws(BodyRefusal) -> CJT188Options {
        if let options { return options }
        do throws(MappingFaults) {
            return CJT188Options(profiles: try CJT188Profiles.builtIn())
        } catch {
            throw .malformed(offset: 0, reason: error.description)
        }
    }
}
