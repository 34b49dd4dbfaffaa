/// Why a target cannot be added or changed, or a delivery replayed.
public enum TargetRefusal: Error, Sendable, Hashable {
    /// Names are 1–64 characters without line ends.
    case nameIsMalformed
    case addressIsMalformed
    /// Who may pull households' figures says what for: 1–500 characters.
    case purposeIsMalformed
    case unknownArea(String)
    /// Events belong to a community, so a target hears of communities.
    case belowCommunity(String)
    case nameIsTaken(String)
    case unknownTarget(String)
    case isDisabled(String)
    /// Two of its secrets sign already.
    case isRotating(String)
    case isNotRotating(String)
    /// Its present signing secret is sealed, and the next would not be.
    case isSealed(String)
    /// Only an entitled target has a key to pull with.
    case notEntitled(String)
    case unknownEvent(String)
    /// The event was not addressed to the target.
    case notAddressed(event: String, target: String)
    /// No delivery of the event has failed.
    case nothingFailed(String)
}

extension TargetRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nameIsMalformed: "a target's name has 1 to 64 characters in one line"
        case .addressIsMalformed:
            """
            an address is http:// or https:// with a host in ASCII (another name as xn--…) and, after a colon, a port of 1 \
            to 65535 or none, without user name, password and #, at most 2000 characters
            """
        case .purposeIsMalformed: "an entitled target needs a purpose of 1 to 500 characters"
        case .unknownArea(let code): "no area has the code \(code)"
        case .belowCommunity(let code): "\(code) lies below the communities: name a community or a wider area"
        case .nameIsTaken(let name): "a target is named \(name) already"
        case .unknownTarget(let name): "no target is named \(name)"
        case .isDisabled(let name): "the target \(name) is disabled: enable it first"
        case .isRotating(let name):
            """
            two secrets of the target \(name) sign already: end that by --finish when it has the new one, or replace the \
            new one by --again if it was lost
            """
        case .isNotRotating(let name):
            "one secret of the target \(name) signs: there is none to replace, leave out --again"
        case .isSealed(let name):
            "the signing secret of \(name) is sealed: set secret.key, or --unsealed to keep the new one unsealed"
        case .notEntitled(let name): "the target \(name) is not entitled to pull statements"
        case .unknownEvent(let id): "no delivery of an event \(id)"
        case .notAddressed(let event, let target): "\(event) was not addressed to \(target)"
        case .nothingFailed(let id): "no delivery of \(id) has failed: name a target to send it again"
        }
    }
}
