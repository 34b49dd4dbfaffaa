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

    /// A month of hourly registers, nothing at night, up to forty litres in the morning
    /// and evening.
    private func month(_ seed: UInt64, jitter: Int64) -> [(day: LocalDay, elements: [ReadingElement])] {
        var random = SeededRandom(seed: seed)
        var register: Int64 = 345_678_000
        return (0..<30).map { index in
            let elements = (0..<24).map { hour in
                let most: Int64 = hour < 6 ? 1 : [7, 8, 19, 20, 21].contains(hour) ? 40 : 8
                register += Int64.random(in: 0...most, using: &random) * 1_000
                let late = jitter > 0 ? Int64.random(in: -jitter...jitter, using: &random) : 0
                return ReadingElement(
                    at: Instant(epochSeconds: 1_790_784_000 + Int64(index * 24 + hour) * 3_600 + late),
                    register: Volume(millilitres: register), gateway: GatewayID(1))
            }
            return (LocalDay(number: Int32(20_727 + index)), elements)
        }
    }

    @Test func `hourly litres of a month take two thirds of a byte each, and a byte and a half at stamps that jitter`()
    {
        #expect(PackedMonth.encode(month(11, jitter: 0)).count * 3 < 720 * 2)
        #expect(PackedMonth.encode(month(11, jitter: 6)).count * 2 < 720 * 3)
        let still = month(11, jitter: 0).map { day, elements in
            (
                day: day,
                elements: elements.map { ReadingElement(at: $0.at, register: .zero, gateway: $0.gateway) }
            )
        }
        #expect(PackedMonth.encode(still).count < 40)
    }

    @Test func `months packed by the version before are read`() throws {
        let bytes: [UInt8] = [
            1, 3, 2, 8, 18, 3, 238, 195, 2, 3, 2, 3, 4, 3, 0, 2, 1, 1, 0, 2, 1, 1, 0, 2, 1, 1, 164, 56, 0, 0, 0, 0, 106,
            189, 50, 0, 60, 0, 0, 0, 3, 211, 165, 0, 0, 0, 0, 63, 238, 50, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 168, 201,
            194,
            172, 183, 144, 178, 223, 247, 22, 88,
        ]
        var days: [(day: LocalDay, elements: [ReadingElement])] = []
        for index in [0, 1, 3] as [Int64] {
            let elements = (0..<3 as Range<Int64>).map { hour in
                let at: Int64 = 1_790_784_000 + (index * 24 + hour) * 3_600 + hour * 7 % 5
                let register: Int64 = 345_678_000 + (index * 90 + hour * 11) * 1_000
                return ReadingElement(
                    at: Instant(epochSeconds: at), register: Volume(millilitres: register),
                    gateway: GatewayID(hour == 2 ? 9 : 4))
            }
            days.append((LocalDay(number: Int32(20_727 + index)), elements))
        }
        let read = try PackedMonth.decode(bytes)
        #expect(read.map(\.day) == days.map(\.day) && read.map(\.elements) == days.map(\.elements))
        for length in 0..<bytes.count {
            #expect(throws: DamagedBytes.self) { try PackedMonth.decode(Array(bytes.prefix(length))) }
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a byte changed or lost anywhere is told`(seed: UInt64) {
        let bytes = PackedMonth.encode(days(seed))
        var random = SeededRandom(seed: seed)
        for _ in 0..<40 {
            var damaged = bytes
            damaged[Int.random(in: 1..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: DamagedBytes.self) { try PackedMonth.decode(damaged) }
            let left = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
            #expect(throws: DamagedBytes.self) { try PackedMonth.decode(left) }
        }
    }
}
