/// Why the registry refuses an entry. `field` names the column or form field, `reason` says it in a sentence.
///
/// In the order they are looked at: what cannot be read, what is not there, what contradicts the rest.
public enum RegistryRefusal: Error, Sendable, Hashable {
    case missing(field: String)
    /// The text is not of the field's form.
    case malformed(field: String, expected: String)
    case unknownArea(field: String, code: String)
    case unknownHousehold(String)
    case unknownUsagePoint(String)
    /// The area lies above the communities, where nothing can hang.
    case aboveCommunity(code: String)
    /// An area lies in one of a wider kind; grids, buildings and units lie within a community.
    case wrongParent(kind: String, parentKind: String)
    case cityExists(code: String)
    /// Kinds never change; a reorganisation makes a new area.
    case kindChanges(from: String)
    /// A household, usage point or area never changes community.
    case otherCommunity(field: String, of: String)
    case cityZoneChanges(from: String)
    /// Setting the city up once more under another name; as an area it can be renamed.
    case cityNameChanges(from: String, code: String)
    case movedOutBeforeIn
    case repeated(field: String, String)
    /// Another household lives on the usage point at that time, and the two do not both carry shares.
    case pointIsLivedIn(String)
    /// The shares of those living on the usage point come to more than one.
    case sharesExceedOne(String)
    case removedBeforeInstalled
    case finalBelowStart
    /// A final register says nothing while the meter hangs.
    case finalWithoutRemoval
    /// The meter hangs elsewhere, or here, in part of that time.
    case overlapsInstallation(from: String)
    case addressIsTaken(field: String, serial: String)
    case exceedsModulus(field: String)
    case alreadyMovedOut
    /// To take back a move-out that was never noted.
    case hasNotMovedOut
    /// A sign-in code for a household that lives there no more, or not yet; the day as `YYYY-MM-DD`.
    case codeAfterMovedOut(on: String)
    case codeBeforeMovedIn(on: String)
}

extension RegistryRefusal {
    public var field: String {
        switch self {
        case .missing(let field), .malformed(let field, _), .unknownArea(let field, _),
            .otherCommunity(let field, _), .repeated(let field, _), .addressIsTaken(let field, _),
            .exceedsModulus(let field):
            field
        case .unknownHousehold, .codeAfterMovedOut, .codeBeforeMovedIn: "number"
        case .unknownUsagePoint, .pointIsLivedIn: "usage_point"
        case .aboveCommunity: "area"
        case .wrongParent: "parent"
        case .cityExists: "code"
        case .kindChanges: "kind"
        case .cityZoneChanges: "zone"
        case .cityNameChanges: "city"
        case .movedOutBeforeIn, .alreadyMovedOut, .hasNotMovedOut: "moved_out"
        case .sharesExceedOne: "share"
        case .removedBeforeInstalled: "removed_at"
        case .finalBelowStart, .finalWithoutRemoval: "final_m3"
        case .overlapsInstallation: "installed_at"
        }
    }

    public var reason: String {
        switch self {
        case .missing: "is required"
        case .malformed(_, let expected): "must be \(expected)"
        case .unknownArea(_, let code): "no area has the code \(code)"
        case .unknownHousehold(let number): "no household has the number \(number)"
        case .unknownUsagePoint(let number): "no usage point has the number \(number): import its household first"
        case .aboveCommunity(let code): "\(code) lies above the communities: name a community or an area below one"
        case .wrongParent(let kind, let parent): "a \(kind) cannot lie directly in a \(parent)"
        case .cityExists(let code): "the city is \(code); there is one only"
        case .kindChanges(let from): "the area is a \(from), and kinds never change"
        case .otherCommunity(_, let of): "\(of) belongs to another community and never changes it"
        case .cityZoneChanges(let from): "the city's days are cut in \(from), which cannot change any more"
        case .cityNameChanges(let from, let code):
            "the city is called \(from): to rename it, import areas with the line \(code),city,NAME,"
        case .movedOutBeforeIn: "must be after moved_in"
        case .repeated(_, let text): "\(text) is given twice"
        case .pointIsLivedIn(let number):
            "another household lives on \(number) at that time: give both a share, or move the other out first"
        case .sharesExceedOne(let number): "the shares of those who live on \(number) come to more than 1"
        case .removedBeforeInstalled: "must be after installed_at"
        case .finalBelowStart: "is below start_m3, and the meter has no modulus_m3"
        case .finalWithoutRemoval: "needs removed_at"
        case .overlapsInstallation(let from): "the meter is installed at that time already, from \(from)"
        case .addressIsTaken(_, let serial): "belongs to meter \(serial)"
        case .exceedsModulus: "must be below modulus_m3"
        case .alreadyMovedOut: "the household moved out already: say that it is a correction to change that"
        case .hasNotMovedOut: "the household did not move out"
        case .codeAfterMovedOut(let day): "the household moved out on \(day): no code is made"
        case .codeBeforeMovedIn(let day): "the household moves in on \(day): no code is made before"
        }
    }
}

/// What registering an entry did.
public enum RegistryChange: Sendable, Hashable {
    case added, changed, unchanged
}

extension RegistryRefusal: CustomStringConvertible {
    public var description: String { field.isEmpty ? reason : "\(field): \(reason)" }
}
