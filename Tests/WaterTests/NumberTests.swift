import Testing
import Water

@Suite struct NumberTests {
    @Test(
        arguments: [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (149, 100, 1), (150, 100, 2), (0, 7, 0)]
            as [(Int64, Int64, Int64)])
    func `half up goes away from zero`(numerator: Int64, denominator: Int64, expected: Int64) {
        #expect(divideHalfUp(numerator, by: denominator) == expected)
        #expect(multiplyThenDivideHalfUp(numerator, 1, by: denominator) == expected)
    }

    @Test func `the floor of a negative volume is the litre below`() {
        #expect(Volume(millilitres: -1).flooredLitres == -1)
        #expect(Volume(millilitres: 1_999).flooredLitres == 1)
    }

    @Test func `a product past 64 bits is divided exactly`() {
        #expect(multiplyThenFloorDivide(.max, 1_000_000, by: 1_000_000) == .max)
        #expect(multiplyThenFloorDivide(.max, 3, by: 2) == nil)
    }

    @Test func `decimals keep what was written`() {
        #expect(ExactDecimal("2.30")?.description == "2.30")
        #expect(ExactDecimal("2.30")?.scaled(toDecimals: 4) == 23_000)
        #expect(ExactDecimal("0.005")?.scaled(toDecimals: 2) == nil)
        #expect(ExactDecimal("-0.05")?.description == "-0.05")
    }

    @Test(arguments: ["", "-", ".5", "5.", "1e3", "+1", "1.2.3", " 1", "1,5", "1.2345678", "1234567890123456789"])
    func `what is not a plain decimal is refused`(text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test func `money prints two decimals`() {
        #expect(Money(fen: -5).yuan == "-0.05")
        #expect(Money(fen: 123_456).yuan == "1234.56")
    }
}
