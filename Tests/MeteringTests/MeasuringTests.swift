import Metering
import Testing
import Water

@Suite struct MeasuringTests {
    static let hour: Int64 = 3_600
    static let day: Int64 = 86_400

    private func october(_ home: HomeInput, zone: String = "Asia/Shanghai") throws -> HomeMonth {
        let month = try #require(BillingMonth("2026-10"))
        let calendar = try #require(CityCalendar(zone: zone))
        return measure(home, month: month, calendar: calendar, rules: .standard)
    }

    /// A register every `step` seconds over [from, to] days of October, `perStep` litres each.
    private func steady(from: Int64, to: Int64, step: Int64 = 3_600, perStep: Int64 = 10, start: Int64 = 1_000)
        -> [ReadingElement]
    {
        stride(from: from * Self.day, through: to * Self.day, by: Int64.Stride(step)).enumerated().map {
            Meters.element(Meters.start + $0.element, start + Int64($0.offset) * perStep)
        }
    }

    @Test func `a clean month is measured to the litre`() throws {
        let readings = MeterReadings(installation: Meters.installation(), elements: steady(from: -1, to: 32))
        let home = try october(Meters.home([readings]))
        #expect(home.days.map(\.litres) == Array(repeating: 240, count: 31))
        #expect(home.measuredLitres == 7_440)
        #expect(home.estimatedLitres == 0)
        #expect(home.missingSeconds == 0)
        #expect(home.qualifyingSeconds == home.monthSeconds)
        #expect(home.isBracketed)
        #expect(!home.isPartial)
        #expect(home.readingCount == 744)
        #expect(home.lastReadingAt == Instant(epochSeconds: Meters.start + 31 * Self.day))
        #expect(home.detectableLitresPerHour == 5)
        #expect(home.persons == 3)
    }

    @Test func `a reading exactly at midnight closes one day and opens the next`() throws {
        let at = Meters.start
        let elements = [(0, 100), (1, 130), (2, 130)].map { Meters.element(at + $0.0 * Self.day, $0.1) }
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]))
        #expect(home.days.prefix(3).map(\.litres) == [30, 0, nil])
        #expect(home.days.prefix(3).map(\.state) == [.measured, .measured, .missing])
        #expect(home.zeroDays == 1)
    }

    @Test func `a boundary register is floored, and the litre lost is the next day's`() throws {
        // 3 L over two hours around midnight: 1.5 L lie before it.
        let elements = [(-1, 100), (1, 103), (23, 103), (25, 104)].map {
            Meters.element(Meters.start + $0.0 * Self.hour, $0.1)
        }
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]))
        #expect(home.days[0].litres == 2)  // 101 → 103
    }

    @Test func `a daily reading at noon is measured, a missing day's split is estimated`() throws {
        let noons = (-40...40).filter { $0 != 10 }.map {
            Meters.element(Meters.start + Int64($0) * Self.day + 12 * Self.hour, 50_000 + Int64($0) * 100)
        }
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: noons)]))
        #expect(home.litres == 3_100)
        #expect(home.days.filter { $0.state == .estimated }.map(\.day.date.day) == [10, 11, 12])
        #expect(home.missingSeconds == 0)
        #expect(home.qualifyingSeconds == home.monthSeconds)
    }

    @Test func `a pair of over 48 hours is known volume that does not qualify`() throws {
        let elements =
            [-1, 0, 1, 2, 6, 7].map { Meters.element(Meters.start + $0 * Self.day, 1_000 + $0 * 100) }
            + steady(from: 8, to: 32, step: Self.day, perStep: 100, start: 1_800)
        let home = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: elements)]))
        #expect(home.litres == 3_100)
        #expect(home.missingSeconds == 0)
        #expect(home.qualifyingSeconds == home.monthSeconds - 4 * Self.day)
        #expect(home.days.filter { $0.state == .estimated }.map(\.day.date.day) == [3, 4, 5, 6])
    }

    @Test func `what lies after the last believed register is missing`() throws {
        let readings = MeterReadings(installation: Meters.installation(), elements: steady(from: -1, to: 10))
        let home = try october(Meters.home([readings]))
        #expect(home.litres == 2_400)
        #expect(home.days.filter { $0.state == .missing }.count == 21)
        #expect(home.missingSeconds == 21 * Self.day)
        #expect(!home.isBracketed)
    }

    @Test func `across an exchange the noted registers carry the day`() throws {
        let swap = Meters.start + 10 * Self.day + 9 * Self.hour + 1_800
        let old = MeterReadings(
            installation: Meters.installation(to: swap, finalRegister: 3_735),
            elements: steady(from: -1, to: 10))
        let new = MeterReadings(
            installation: Meters.installation(meter: 2, serial: "B", from: swap, startRegister: 7),
            elements: steady(from: 11, to: 32, start: 152))
        let home = try october(Meters.home([old, new]))
        #expect(home.isBracketed)
        #expect(!home.isPartial)
        #expect(home.days[10].litres == 240)  // 3,640 → 3,735 and 7 → 152
        #expect(home.missingSeconds == 0)
        #expect(home.findings.map(\.kind) == [.exchange])
        #expect(home.findings.map(\.before) == [Volume(litres: 3_735)])
    }

    @Test func `without noted registers the time around an exchange is missing`() throws {
        let swap = Meters.start + 10 * Self.day + 1_800
        let old = MeterReadings(
            installation: Meters.installation(to: swap), elements: steady(from: -1, to: 10))
        let new = MeterReadings(
            installation: Meters.installation(meter: 2, serial: "B", from: swap),
            elements: steady(from: 11, to: 32, start: 7))
        let home = try october(Meters.home([old, new]))
        #expect(home.days[10].state == .missing)
        #expect(home.missingSeconds == Self.day)
        #expect(home.litres == 30 * 240)
        #expect(!home.isBracketed)
        #expect(home.unjoinedOn.map(\.date.day) == [11])
    }

    @Test func `a final register that contradicts the readings leaves the exchange open, the month's ends are known`()
        throws
    {
        let swap = Meters.start + 10 * Self.day + 9 * Self.hour + 1_800
        let new = MeterReadings(
            installation: Meters.installation(meter: 2, serial: "B", from: swap, startRegister: 7),
            elements: steady(from: 11, to: 32, start: 152))
        func home(final: Int64?, _ old: [ReadingElement], _ new: MeterReadings) throws -> HomeMonth {
            let old = MeterReadings(
                installation: Meters.installation(to: swap, finalRegister: final), elements: old)
            return try october(Meters.home([old, new]))
        }
        let readings = steady(from: -1, to: 10)
        for final in [300, 90_000, nil] as [Int64?] {
            let open = try home(final: final, readings, new)
            #expect(!open.isBracketed && !open.isPartial)
            #expect(open.unjoinedOn.map(\.date.day) == [11], "\(final ?? -1)")
            #expect(open.days[10].state == .missing)
        }
        #expect(try home(final: 3_735, readings, new).unjoinedOn.isEmpty)
        // The month's first days are unknown too: that is told first.
        let late = try home(final: nil, steady(from: 3, to: 10), new)
        #expect(!late.isBracketed && late.unjoinedOn.isEmpty)
        // Without its first register the new meter's side is open as well, on the same day.
        let bare = MeterReadings(
            installation: Meters.installation(meter: 2, serial: "B", from: swap), elements: new.elements)
        #expect(try home(final: 3_735, readings, bare).unjoinedOn.map(\.date.day) == [11])
    }

    @Test func `two meters add up, and a day one of them misses is missing`() throws {
        let cold = MeterReadings(installation: Meters.installation(), elements: steady(from: -1, to: 32))
        let hot = MeterReadings(
            installation: Meters.installation(meter: 2, point: 2, serial: "B", resolution: 10_000),
            elements: steady(from: -1, to: 5, perStep: 20) + steady(from: 7, to: 32, perStep: 20, start: 10_000))
        let both = try october(Meters.home([cold, hot]))
        #expect(both.days[0].litres == 720)
        #expect(both.detectableLitresPerHour == 10)
        let late = MeterReadings(installation: hot.installation, elements: steady(from: 3, to: 32, perStep: 20))
        let partly = try october(Meters.home([cold, late]))
        #expect(partly.days.prefix(4).map(\.litres) == [nil, nil, nil, 720])
        #expect(partly.missingSeconds == 3 * Self.day)
        #expect(!partly.isBracketed)
    }

    @Test func `a shared meter's homes never count more than the meter`() throws {
        let readings = MeterReadings(
            installation: Meters.installation(), elements: steady(from: -1, to: 32, perStep: 7))
        let whole = try october(Meters.home([readings]))
        let parts = try [333_333, 333_333, 333_334].map { try october(Meters.home([readings], share: $0)).litres }
        #expect(whole.litres == 744 * 7)
        #expect(parts.allSatisfy { abs($0 - whole.litres / 3) <= 1 })
        #expect(parts.reduce(0, +) <= whole.litres + 2)
    }

    @Test func `a household that moved in on the tenth is measured from that hour`() throws {
        let readings = MeterReadings(installation: Meters.installation(), elements: steady(from: -1, to: 32))
        let arrival = Meters.start + 9 * Self.day + 12 * Self.hour
        let home = try october(Meters.home([readings], from: arrival))
        #expect(home.isPartial)
        #expect(home.isBracketed)
        #expect(home.days[8].litres == nil)
        #expect(home.days[9].litres == 120)
        #expect(home.litres == 120 + 21 * 240)
        #expect(home.missingSeconds == 0)
        #expect(home.qualifyingSeconds == 21 * Self.day + Self.day / 2)
        let departed = try october(Meters.home([readings], to: arrival))
        #expect(departed.litres == 9 * 240 + 120)
        #expect(departed.litres + home.litres == 31 * 240)
    }

    @Test func `an occupancy outside the month has no figures`() throws {
        let readings = MeterReadings(installation: Meters.installation(), elements: steady(from: -1, to: 32))
        let home = try october(Meters.home([readings], from: Meters.start + 40 * Self.day))
        #expect(home.litres == 0)
        #expect(home.days.allSatisfy { $0.state == .missing })
        #expect(home.readingCount == 0)
        #expect(home.isPartial)
        #expect(!home.isBracketed)
    }

    @Test func `a home without a meter is missing, not zero`() throws {
        let home = try october(Meters.home([]))
        #expect(home.days.allSatisfy { $0.litres == nil })
        #expect(home.missingSeconds == home.monthSeconds)
        #expect(home.qualifyingSeconds == 0)
        #expect(home.isPartial)
        #expect(!home.isBracketed)
        #expect(home.lastReadingAt == nil)
    }

    @Test func `a day in which the register restarted is estimated, and the step is no consumption`() throws {
        let before = steady(from: -1, to: 10)
        let after = steady(from: 10, to: 32, start: 0).dropFirst()
        let readings = MeterReadings(installation: Meters.installation(), elements: before + after)
        let home = try october(Meters.home([readings]))
        #expect(home.days[10].state == .estimated)
        #expect(home.days[10].litres == 230)
        #expect(home.litres == 31 * 240 - 10)
        #expect(home.missingSeconds == Self.hour)
        #expect(home.findings.map(\.kind) == [.reset])
        #expect(home.isBracketed)
    }

    @Test func `the clock-change month has an hour more and the same days`() throws {
        let readings = MeterReadings(installation: Meters.installation(), elements: steady(from: -2, to: 34))
        let home = try october(Meters.home([readings]), zone: "Europe/Madrid")
        #expect(home.monthSeconds == 31 * Self.day + Self.hour)
        #expect(home.days[24].litres == 250)
        #expect(home.litres == 745 * 10)
    }

    @Test func `the digest in lines names every register from before the month to after it`() throws {
        let elements = [-30, -2, 40, 80].map { Meters.element(Meters.start + $0 * Self.day, 1_000 + $0) }
        let readings = MeterReadings(installation: Meters.installation(serial: "A1"), elements: elements)
        let home = try october(inLines(Meters.home([readings])))
        let text = "A1,\(Meters.start - 2 * Self.day),998000\nA1,\(Meters.start + 40 * Self.day),1040000\n"
        #expect(home.readingsDigest == sha256Hex(Array(text.utf8)))
    }

    @Test func `the digest in lines spells numbers of every length, believed or not`() throws {
        var state: UInt64 = 7
        func below(_ top: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 1) % top
        }
        var registers: [Int64] = [0, 7, -1, .min, .max, 99_999_999, 100_000_000, 10_000_000_000_000_000, 90_909_090]
        for digits in 1...18 {
            let top = (0..<digits).reduce(Int64(1)) { value, _ in value * 10 }
            registers += [top - 1, top] + (0..<20).map { _ in below(top) }
        }
        let elements = registers.enumerated().map { index, register in
            ReadingElement(
                at: Instant(epochSeconds: Meters.start + Int64(index) * 3_600), register: Volume(millilitres: register),
                gateway: GatewayID(1))
        }
        let readings = MeterReadings(installation: Meters.installation(serial: "ab"), elements: elements)
        let home = try october(inLines(Meters.home([readings])))
        let text = elements.map { "ab,\($0.at.epochSeconds),\($0.register.millilitres)\n" }.joined()
        #expect(home.readingsDigest == sha256Hex(Array(text.utf8)))
    }

    private func inLines(_ home: HomeInput) -> HomeInput {
        var home = home
        home.digestForm = .lines
        return home
    }

    @Test func `the digest in steps spells a meter's registers as LEB128 numbers, and names its form`() throws {
        let at = [Meters.start - Self.hour, Meters.start + Self.hour, Meters.start + 40 * Self.day]
        let registers: [Int64] = [1_000, 1_008, 100_000]
        let elements = zip(at, registers).map { Meters.element($0, $1) }
        let readings = MeterReadings(installation: Meters.installation(serial: "A1"), elements: elements)
        let home = try october(Meters.home([readings]))
        var bytes: [UInt8] = [2, 0x41, 0x31, 3]
        // 1,790,780,400 s and 1,000,000 mL doubled, seven bits a byte.
        bytes += leb128(2 * (Meters.start - Self.hour)) + [0x80, 0x89, 0x7A]
        // Two hours and eight litres: 14,400 and 16,000.
        bytes += [0xC0, 0x70, 0x80, 0x7D]
        bytes += leb128(2 * (40 * Self.day - Self.hour)) + leb128(2 * (100_000 - 1_008) * 1_000) + [0]
        #expect(home.readingsDigest == "v2:" + sha256Hex(bytes))
        #expect(ReadingsDigestForm(of: home.readingsDigest) == .steps)
        #expect(ReadingsDigestForm(of: sha256Hex(bytes)) == .lines)
    }

    @Test func `the digest in steps spells falls, decisions of staff and registers beyond what is believed`() throws {
        let registers: [Int64] = [5, 6, .min, .max, 7]
        let elements = registers.enumerated().map { index, register in
            ReadingElement(
                at: Instant(epochSeconds: Meters.start + Int64(index) * 3_600), register: Volume(millilitres: register),
                gateway: GatewayID(1))
        }
        let at = Instant(epochSeconds: Meters.start + 3_600)
        let edit = ReadingEdit(
            at: at, register: Volume(millilitres: 6), action: .accept, by: StaffID(1), decidedAt: at + 9, reason: "ok")
        let readings = MeterReadings(
            installation: Meters.installation(serial: ""), elements: elements, edits: [edit])
        let home = try october(Meters.home([readings]))
        var bytes: [UInt8] = [0, 5]
        var before: (Int64, Int64) = (0, 0)
        for element in elements {
            let (at, register) = (element.at.epochSeconds, element.register.millilitres)
            for step in [at &- before.0, register &- before.1] { bytes += leb128(step << 1 ^ step >> 63) }
            before = (at, register)
        }
        bytes += [1] + leb128(2 * (Meters.start + 3_600)) + [12, 6] + Array("accept".utf8)
        #expect(home.readingsDigest == "v2:" + sha256Hex(bytes))
    }

    private func leb128(_ value: Int64) -> [UInt8] {
        var (rest, bytes) = (UInt64(bitPattern: value), [UInt8]())
        while rest > 127 {
            bytes.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    @Test func `a disbelieved register changes the digest and not the volume`() throws {
        let clean = steady(from: -1, to: 32)
        let odd = Meters.element(Meters.start + 1_800, 90_000)
        let one = try october(Meters.home([MeterReadings(installation: Meters.installation(), elements: clean)]))
        let two = try october(
            Meters.home([MeterReadings(installation: Meters.installation(), elements: clean + [odd])]))
        #expect(one.days == two.days)
        #expect(one.readingsDigest != two.readingsDigest)
        #expect(two.readingCount == one.readingCount + 1)
        #expect(two.findings.map(\.kind) == [.jump])
    }
}
