public import Water

/// One installation and the readings its meter sent.
public struct MeterReadings: Sendable {
    public var installation: MeterInstallation
    /// In ascending order, at best without repeats. Another order, repeats and elements outside the installation's
    /// [from, to] change nothing but the time it takes.
    public var elements: [ReadingElement] { didSet { judged = nil } }
    /// Staff's decisions on this meter over the days that `elements` were loaded for, in any order, repeats welcome. An
    /// entered register is as good as an element: a day that has one is a day with readings. What was sent stays in
    /// `elements`.
    public var edits: [ReadingEdit] { didSet { judged = nil } }
    /// What these readings were judged to by the rules they are to be measured by; nil where that is still to be done.
    public var judged: JudgedMeter?

    public init(installation: MeterInstallation, elements: [ReadingElement], edits: [ReadingEdit] = []) {
        self.installation = installation
        self.elements = elements
        self.edits = edits
    }
}

/// All that one home's month is measured from.
public struct HomeInput: Sendable {
    public var household: HouseholdID
    /// The household lives here over [from, to); `to` is nil while it does.
    public var occupancy: (from: Instant, to: Instant?)
    /// Persons on the month's last day; nil is unknown.
    public var persons: Int?
    /// As `HomeMonth.sizes`.
    public var sizes: [PersonsFrom]
    /// The least of the parts of shared meters that are this home's, 0–1,000,000; nil for meters of its own.
    public var shareMillionths: Int64?
    /// The household's usage points with its part of what is shared there, nil for all of it; empty for those of `meters`
    /// with `shareMillionths` of each.
    public var points: [UsagePointID: Int64?]
    /// Every installation on the household's usage points that overlaps the month, by `from`.
    public var meters: [MeterReadings]
    /// When these meters said in the month that they were tampered with, ascending.
    public var tampers: [MeterID: [Instant]]
    /// How its readings are spelled for their digest.
    public var digestForm = ReadingsDigestForm.steps

    public init(
        household: HouseholdID, occupancy: (from: Instant, to: Instant?), persons: Int?, shareMillionths: Int64?,
        meters: [MeterReadings], points: [UsagePointID: Int64?] = [:], sizes: [PersonsFrom] = [],
        tampers: [MeterID: [Instant]] = [:]
    ) {
        self.points = points
        self.sizes = sizes
        self.tampers = tampers
        self.household = household
        self.occupancy = occupancy
        self.persons = persons
        self.shareMillionths = shareMillionths
        self.meters = meters
    }

    /// The home's part of what flows at a usage point; nil for all of it.
    func share(at point: UsagePointID) -> Int64? { points.isEmpty ? shareMillionths : points[point] ?? nil }
}
