import Water

/// Within which time, and beyond which length of a pair, a volume's split follows the home's own week.
struct SplitWindow {
    /// The household's time at the meter in the month. At both ends the register lies by elapsed seconds.
    let from: Instant
    let to: Instant
    /// The longest pair over which a split is measured.
    let longestSeconds: Int64
    /// The fewest known hours a profile is drawn from.
    let fewestHours: Int64
    let calendar: CityCalendar
}

/// Splits the volume of long pairs by a profile that is drawn when the first one is met.
struct ProfileSplit {
    private let window: SplitWindow
    private var profile: WeekProfile?
    private var isDrawn = false
    private var piece: Piece?

    /// The part of a pair within the window, walked so far.
    private struct Piece {
        let pairFrom: Instant
        /// Parts of the pair's volume at the piece's ends, by elapsed seconds.
        let base: Int64
        let top: Int64
        let whole: Int64
        var reached: Instant
        var weight: Int64
    }

    init(_ window: SplitWindow) { self.window = window }

    /// The part of a long pair's volume that flowed up to `instant`, which is no earlier than the one asked for before;
    /// nil where it is to be split by time: an end of the window, no profile, or no flow in it.
    mutating func part(of pair: Pair, at instant: Instant, _ judged: JudgedMeter) -> Int64? {
        guard instant > window.from, instant < window.to else { return nil }
        if !isDrawn {
            profile = WeekProfile(
                judged, from: window.from, to: window.to, longest: window.longestSeconds,
                fewestHours: window.fewestHours, calendar: window.calendar)
            isDrawn = true
        }
        guard let profile else { return nil }
        var piece = piece?.pairFrom == pair.from ? self.piece ?? open(pair, profile) : open(pair, profile)
        piece.weight += profile.weight(from: piece.reached, to: instant)
        piece.reached = instant
        self.piece = piece
        guard piece.whole > 0 else { return nil }
        let volume = piece.top - piece.base
        return piece.base + (multiplyThenFloorDivide(volume, piece.weight, by: piece.whole) ?? volume)
    }

    private func open(_ pair: Pair, _ profile: WeekProfile) -> Piece {
        let from = max(pair.from, window.from)
        let to = min(pair.to, window.to)
        return Piece(
            pairFrom: pair.from, base: pair.linear(at: from), top: pair.linear(at: to),
            whole: profile.weight(from: from, to: to), reached: from, weight: 0)
    }
}
