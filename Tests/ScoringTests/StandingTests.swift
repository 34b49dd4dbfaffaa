import Scoring
import Testing
import Water

struct StandingTests {
    static let monthSeconds: Int64 = 31 * 86_400

    static let cases: [(String, Standing, @Sendable (inout HomeMonth) -> Void)] = [
        ("whole month", .rankable(equivalisedLitres: 5_082), { _ in }),
        ("one person", .rankable(equivalisedLitres: 9_300), { $0.persons = 1 }),
        ("estimated litres count", .rankable(equivalisedLitres: 5_629), { $0.estimatedLitres = 1_000 }),
        ("twenty persons", .rankable(equivalisedLitres: 1_790), { $0.persons = 20 }),
        ("twenty-one persons", .unranked(.personsOutsideScale), { $0.persons = 21 }),
        ("no person", .unranked(.personsOutsideScale), { $0.persons = 0 }),
        ("unknown persons", .unranked(.unknownPersons), { $0.persons = nil }),
        ("shared meter", .unranked(.shared), { $0.shareMillionths = 500_000 }),
        ("moved in", .unranked(.partial), { $0.isPartial = true }),
        ("open end", .unranked(.notBracketed), { $0.isBracketed = false }),
        (
            "an exchange whose register is not known", .unranked(.notJoined),
            {
                $0.isBracketed = false
                $0.unjoinedOn = [$0.month.firstDay.advanced(by: 11)]
            }
        ),
        ("exactly 90 %", .rankable(equivalisedLitres: 5_082), { $0.qualifyingSeconds = monthSeconds / 10 * 9 }),
        (
            "a second below 90 %", .unranked(.tooLittleMeasured),
            { $0.qualifyingSeconds = monthSeconds / 10 * 9 - 1 }
        ),
        ("a second of unknown use", .unranked(.gap), { $0.missingSeconds = 1 }),
        ("no seconds", .unranked(.tooLittleMeasured), { $0.monthSeconds = 0 }),
        ("7 L a day", .rankable(equivalisedLitres: 119), { $0.measuredLitres = 7 * 31 }),
        ("below 7 L a day", .unranked(.vacant), { $0.measuredLitres = 7 * 31 - 1 }),
        ("negative", .unranked(.outOfRange), { $0.measuredLitres = -1 }),
        (
            "past 64 bits", .unranked(.outOfRange),
            {
                $0.measuredLitres = .max
                $0.estimatedLitres = .max
            }
        ),
        ("ten zero days", .rankable(equivalisedLitres: 5_082), { $0.zeroDays = 10 }),
        ("eleven zero days", .unranked(.absent), { $0.zeroDays = 11 }),
        (
            "shared before unknown", .unranked(.shared),
            {
                $0.shareMillionths = 1
                $0.persons = nil
            }
        ),
        (
            "unknown before partial", .unranked(.unknownPersons),
            {
                $0.isPartial = true
                $0.persons = nil
            }
        ),
        (
            "partial before open", .unranked(.partial),
            {
                $0.isPartial = true
                $0.isBracketed = false
            }
        ),
        (
            "open before measured", .unranked(.notBracketed),
            {
                $0.isBracketed = false
                $0.qualifyingSeconds = 0
            }
        ),
        (
            "measured before vacant", .unranked(.tooLittleMeasured),
            {
                $0.qualifyingSeconds = 0
                $0.measuredLitres = 0
            }
        ),
        (
            "vacant before absent", .unranked(.vacant),
            {
                $0.measuredLitres = 0
                $0.zeroDays = 31
            }
        ),
    ]

    @Test(arguments: cases.indices)
    func `a home is ranked only past every gate, in documented order`(index: Int) throws {
        let (name, expected, change) = StandingTests.cases[index]
        #expect(standing(of: home().with(change), under: try Shipped().rules) == expected, "\(name)")
    }
}
