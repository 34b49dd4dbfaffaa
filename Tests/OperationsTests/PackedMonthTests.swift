import Storage
import Testing
import Water

struct PackedMonthTests {
    private func days(_ seed: UInt64) -> [(day: LocalDay, elements: [ReadingElement])] {
        var random = SeededRandom(seed: seed)
        var register = Int64.random(in: 0...900_000, using: &random) * 1_000
        let isHostile = seed % 3 == 0
        return (0..<Int.random(in: 1...31, using: &random)).compactMap { index in
            var elements: Set<ReadingElement> = []
            for hour in 0..<Int.random(in: 0...24, using: &random) {
                register &+= Int64.random(in: 0...40, using: &random) * 1_000
                let shown =
                    isHostile && Bool.random(using: &random)
                    ? Int64.random(in: .min / 2 ... .max / 2, using: &random) : register
                elements.insert(
                    ReadingElement(
                        at: Instant(
                            epochSeconds: 1_790_784_000 + Int64(index) * 86_400 + Int64(hour) * 3_600
                                + (isHostile ? Int64.random(in: -99...99, using: &random) : 0)),
                        register: Volume(millilitres: shown),
                        gateway: GatewayID(isHostile ? Int64.random(in: 1...3, using: &random) : 7)))
            }
            return elements.isEmpty ? nil : (LocalDay(number: Int32(20_727 + index)), elements.sorted())
        }
    }

    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `what is packed comes back, whatever it is`(seed: UInt64) throws {
        let days = days(seed)
        let bytes = PackedMonth.encode(days)
        let read = try PackedMonth.decode(bytes)
        #expect(read.map(\.day) == days.map(\.day))
        #expect(read.map(\.elements) == days.map(\.elements))
        #expect(PackedMonth.encode(read) == bytes)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `damaged bytes are refused or read, and never trap`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes = PackedMonth.encode(days(seed))
        for _ in 0..<30 where !bytes.isEmpty {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if Bool.random(using: &random) { bytes.removeLast() }
            do throws(DamagedBytes) {
                #expect(try PackedMonth.decode(bytes).count <= 10_000_000)
            } catch {
                #expect(error != .notText)
            }
        }
    }

    @Test func `hourly litres of a month take less than a byte and a half each`() throws {
        var random = SeededRandom(seed: 11)
        var register: Int64 = 345_678_000
        let days = (0..<30).map { index in
            (
                day: LocalDay(number: Int32(20_727 + index)),
                elements: (0..<24).map { hour in
                    // Nothing at night, up to forty litres in the morning and evening.
                    let most: Int64 = hour < 6 ? 1 : [7, 8, 19, 20, 21].contains(hour) ? 40 : 8
                    register += Int64.random(in: 0...most, using: &random) * 1_000
                    return ReadingElement(
                        at: Instant(epochSeconds: 1_790_784_000 + Int64(index * 24 + hour) * 3_600),
                        register: Volume(millilitres: register), gateway: GatewayID(1))
                }
            )
        }
        let bytes = PackedMonth.encode(days)
        #expect(bytes.count * 2 < 720 * 3)
        #expect(bytes.count < 650)
    }
}
