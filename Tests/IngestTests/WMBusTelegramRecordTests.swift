import Ingest
import Testing
import Water

@Suite struct WMBusRecordTests {
    private func said(_ records: String) throws -> [String] {
        try readings(telegrams(plainTelegram(records)).batch).map { $0.replacing("2026-11-25T08:00:00=", with: "") }
    }

    @Test(arguments: [
        ("0410 01000000", "1"), ("0411 01000000", "10"), ("0412 01000000", "100"), ("0413 01000000", "1000"),
        ("0414 01000000", "10000"), ("0415 01000000", "100000"), ("0416 01000000", "1000000"),
        ("0417 01000000", "10000000"), ("04FB10 01000000", "100000000"), ("04FB11 01000000", "1000000000"),
        ("049300 01000000", "1000"), ("0493F5 00 01000000", "100"), ("049380 75 01000000", "100"),
        ("0493F5 7D 01000000", "100000"), ("049375 0A000000", "1000"),
        ("04937D 01000000", "1000000"), ("049370 40420F00", "1000"),
        ("049370 41420F00", "volume: decimals beyond one millilitre"),
        ("0113 7F", "127000"), ("0213 FF7F", "32767000"), ("0313 FFFF7F", "8388607000"),
        ("0413 FFFFFF7F", "2147483647000"), ("0613 FFFFFF000000", "16777215000"),
        ("0713 0100000000000000", "1000"), ("0713 FFFFFFFFFFFFFF7F", "volume: above 1000000000000 m3"),
        ("0717 00E40B5402000000", "100000000000000000"),
        ("0413 FFFFFFFF", "volume: a register is never negative"),
        ("0413 00000080", "volume: the meter does not give it"), ("0113 80", "volume: the meter does not give it"),
        ("0713 0000000000000080", "volume: the meter does not give it"),
        ("0913 99", "99000"), ("0A13 3412", "1234000"), ("0B13 563412", "123456000"), ("0C13 78563412", "12345678000"),
        ("0E13 563412907856", "567890123456000"), ("0C13 99999999", "99999999000"),
        ("0C13 785634F2", "volume: a register is never negative"), ("0C13 7856341A", "volume: not decimal digits"),
        ("0C13 7856A412", "volume: not decimal digits"), ("0C13 FFFFFFFF", "volume: the meter does not give it"),
        ("0C13 00000080", "volume: the meter does not give it"),
        ("0D13 C3 563412", "123456000"), ("0D13 D1 05", "volume: a register is never negative"),
        ("0D13 E2 3412", "4660000"), ("0D13 E9 010000000000000000", "volume: longer than 64 bits"),
        ("0D13 02 3132", "volume: not a number"), ("0D13 C0", "volume: the meter does not give it"),
        ("0D13 FF", "payload: a reserved length"), ("0D13 C3 5634", "payload: a record is cut off"),
        ("0513 00000000", "volume: a floating-point number is not exact"),
        ("0013", "volume: the meter does not give it"),
        ("0813", "volume: the meter does not give it"),
        ("04FB21 01000000", "volume: a unit that is no whole millilitres"),
        ("0413 010000", "payload: a record is cut off"), ("04", "payload: a record is cut off"),
        ("0493", "payload: a record is cut off"), ("3F", "payload: a special record (15)"),
        ("0413 01000000 0413 01000000", "1000"), ("0413 01000000 0413 02000000", "volume: given twice"),
        ("0413 01000000 0F 41 42 43", "1000"), ("0413 01000000 1F", "1000"), ("2F2F 0413 01000000 2F", "1000"),
        ("04FC 03 6D3368 13 02000000 0413 01000000", "1000"),
        ("8480808080808080808080 0013 01000000", "payload: more than 10 extensions"),
        ("0493 80808080808080808080 8000 01000000", "payload: more than 10 extensions"),
    ])
    func `a register is exact or refused by name`(records: String, expected: String) throws {
        #expect(try said(records) == [expected])
    }

    @Test(arguments: [
        ("", "the telegram has no volume with a time"), ("0405 01000000", "the telegram has no volume with a time"),
        ("4413 01000000", "the telegram has no volume with a time"),
        ("44933B 01000000", "the telegram has no volume with a time"),
        ("1413 01000000", "the volume is a maximum"), ("2413 01000000", "the volume is a minimum"),
        ("3413 01000000", "the volume is that of a time of error"),
        ("8410 13 01000000", "the volume is that of one tariff"),
        ("8440 13 01000000", "the volume is that of a subunit"),
        ("8440 FB21 01000000", "the volume is that of a subunit"),
        ("04933B 01000000", "the volume is that of forward flow alone (VIFE 3B)"),
        ("04933C 01000000", "the volume is that of backward flow alone (VIFE 3C)"),
        ("049301 01000000", "the meter marks its volume as being in error (VIFE 01)"),
        ("04931F 01000000", "the meter marks its volume as being in error (VIFE 1F)"),
        ("049380 15 01000000", "the meter marks its volume as being in error (VIFE 15)"),
        ("049315 01000000", "the meter marks its volume as being in error (VIFE 15)"),
        ("049396 75 01000000", "the meter marks its volume as being in error (VIFE 16)"),
        ("049379 01000000", "the volume wants an addition that is not made (VIFE 79)"),
        ("04932B 01000000", "the volume is a qualified one (VIFE 2B)"),
        ("0405 01000000 04933B 01000000 8440 13 01000000", "the volume is that of forward flow alone (VIFE 3B)"),
    ])
    func `an extreme, a tariff, a subunit, one direction and a stored volume are not the register, and that is told`(
        records: String, reason: String
    ) throws {
        #expect(try said(records) == ["volume: \(reason)"])
    }

    @Test(arguments: [
        ("046D 0D0B5C3B", "2026-11-28T11:13:00"), ("046D 1E315131", "2026-01-17T17:30:00"),
        ("04ED00 1E315131", "2026-01-17T17:30:00"),
        ("046D 22484136", "2026-06-01T08:34:00"), ("046D 1E813F3C", "2025-12-31T00:30:00"),
        ("066D 1C1F0E503100", "2026-01-16T14:31:28"), ("066D 5C1F0E503100", "2026-01-16T13:31:28"),
        ("046D 8D0B5C2B", "2026-11-25T08:00:00"), ("066D 1C9F0EF02100", "2026-11-25T08:00:00"),
        ("046D 0D1F5C2B", "2026-11-25T08:00:00"), ("046D 0D0BFFFF", "2026-11-25T08:00:00"),
        ("046D 00000000", "2026-11-25T08:00:00"), ("026C BE2B", "2026-11-25T08:00:00"),
        ("0274 3C00", "2026-11-25T07:59:00"), ("0175 02", "2026-11-25T07:58:00"), ("0176 03", "2026-11-25T05:00:00"),
        ("0177 01", "2026-11-24T08:00:00"), ("0274 FFFF", "2026-11-25T08:00:00"),
        ("046D 0D0B5C3B 0274 3C00", "2026-11-28T11:13:00"),
    ])
    func `a reading is of the meter's clock, else of when it was heard less its age`(
        records: String, expected: String
    ) throws {
        let batch = try telegrams(plainTelegram("0413 01000000" + records)).batch
        #expect(readings(batch) == ["\(expected)=1000"])
    }

    @Test func `a telegram without a clock needs the time of receipt`() throws {
        let text = plainTelegram("0413 01000000")
        #expect(
            readings(try telegrams(text, receivedAt: nil).batch) == [
                "at: the frame has no clock and X-Received-At is missing"
            ])
        let printed = try decodeTelegrams(Array(text.utf8), receivedAt: nil, allowsMissingTime: true) { _ in nil }
        #expect(printed.batch.instants == [DecodedBatch.noInstant])
        let old = try telegrams(text, receivedAt: Instant(epochSeconds: 5)).batch
        #expect(faults(old) == ["at: before 2000-01-01"])
    }

    @Test func `a clock that is far from the time of receipt is a finding`() throws {
        #expect(
            try found("046D 1E315131") == ["clock: line 1: the meter's clock and the time of receipt differ by 311 d"])
    }

    @Test func `the age of a value without a clock is no clock that is far off`() throws {
        #expect(try found("0177 03") == [])
    }

    private func found(_ records: String, receivedAt: Instant? = Instant(epochSeconds: 1_795_564_800)) throws
        -> [String]
    {
        try telegrams(plainTelegram("0413 01000000" + records), receivedAt: receivedAt).batch.findings
            .map { "\($0.field): \($0.reason)" }
    }

    /// 2018-11-28 11:13 and 2000-01-01 00:05, the city's time.
    @Test(arguments: [("046D 0D0B5C2B", "2018-11-28T03:13:00Z"), ("046D 05000101", "1999-12-31T16:05:00Z")])
    func `a clock that was reset is none, the time of receipt is taken, and that is told`(
        clock: String, told: String
    ) throws {
        let reason = "clock: line 1: the meter's clock was reset and is not used: it says \(told)"
        #expect(try said("0413 01000000" + clock) == ["1000"])
        #expect(try found(clock) == [reason])
        let aged = try telegrams(plainTelegram("0413 01000000 0274 3C00" + clock)).batch
        #expect(readings(aged) == ["2026-11-25T07:59:00=1000"])
        // What was stored before the time of receipt is taken, though the clock has not come to it.
        let stored = try telegrams(plainTelegram("0413 64000000 4413 05000000 426C 5F3A" + clock)).batch
        #expect(readings(stored) == ["2026-11-25T08:00:00=100000", "2026-11-01T00:00:00=5000"])
    }

    @Test func `a clock is believed up to 400 days behind the time of receipt and not a second more`() throws {
        let at: Int64 = 1_543_374_780
        let text = plainTelegram("0413 01000000 046D 0D0B5C2B")
        for (late, expected) in [(Int64(34_560_000), at), (34_560_001, at + 34_560_001)] {
            let batch = try telegrams(text, receivedAt: Instant(epochSeconds: at + late)).batch
            #expect(batch.instants == [expected])
        }
        let old = try telegrams(text, receivedAt: nil).batch
        #expect(old.instants == [at] && old.findings.isEmpty)
        let early = try telegrams(plainTelegram("0413 01000000 046D 05000101"), receivedAt: nil).batch
        #expect(faults(early) == ["at: the meter's clock was reset and X-Received-At is missing"])
    }

    @Test(
        arguments: [
            ("00", "", "OK", []), ("01", "", "BUSY", []), ("02", "", "ERROR", ["now unknown"]),
            ("03", "", "ALARM", ["now leak"]), ("04", "", "POWER_LOW", ["now battery_low"]),
            ("08", "", "PERMANENT_ERROR", ["now permanent_error"]),
            ("10", "", "TEMPORARY_ERROR", ["now temporary_error"]),
            ("63", "", "ALARM UNKNOWN_60", ["now leak", "now unknown"]), ("00", "02FD17 0000", "OK", []),
            ("00", "04FD17 00080000", "ERROR_FLAGS_800", ["now unknown"]),
            ("04", "02FD17 0011", "POWER_LOW ERROR_FLAGS_1100", ["now battery_low", "now unknown"]),
            ("00", "42FD17 0011", "OK", []), ("00", "02FF20 0400", "OK", []),
        ] as [(String, String, String, [String])])
    func `the status byte and error flags become alerts`(
        status: String, records: String, raw: String, alerts: [String]
    ) throws {
        let batch = try telegrams(plainTelegram("0413 01000000" + records, status: status)).batch
        #expect(batch.alerts.map(\.raw) == [raw])
        #expect(batch.alerts.flatMap(\.alerts).map { "\($0.isCurrent ? "now" : "was") \($0.code.rawValue)" } == alerts)
        #expect(batch.registers == [1_000])
    }

    @Test(
        arguments: [
            ("02FF20 0000", "OK", []), ("02FF20 0400", "LEAK", ["now leak"]),
            ("02FF20 0004", "OK time_leaking=1-8 hours", ["was leak"]),
            ("02FF20 7100", "DRY time_dry=22-31 days", ["now dry"]),
            ("04FF23 10020000", "TAMPER NO_CONSUMPTION", ["now tamper", "now no_consumption"]),
            ("04FF23 00080000", "ERROR_FLAGS_800", ["now unknown"]),
        ] as [(String, String, [String])])
    func `Kamstrup's own flags are read for Kamstrup's meters`(records: String, raw: String, alerts: [String]) throws {
        let text = telegram("78 0413 01000000" + records, sender: "2D2C 99873476 1B 16")
        let batch = try telegrams(text).batch
        #expect(batch.alerts.map(\.raw) == [raw])
        #expect(batch.alerts.flatMap(\.alerts).map { "\($0.isCurrent ? "now" : "was") \($0.code.rawValue)" } == alerts)
    }

    @Test func `alerts of a telegram without a volume are kept`() throws {
        let batch = try telegrams(plainTelegram("0C13 FFFFFFFF", status: "04")).batch
        #expect(faults(batch) == ["volume: the meter does not give it"])
        #expect(batch.alerts.flatMap(\.alerts).map(\.code) == [.batteryLow])
    }

    @Test(
        arguments: [
            ("023B 2300", 35_000), ("0B3B 0200F0", -2_000), ("023E 0100", 1_000_000), ("023B 0080", nil), ("", nil),
            ("053B 00000000", nil), ("123B 2300", nil),
        ] as [(String, Int64?)])
    func `a telegram tells its flow, access number and device`(records: String, flow: Int64?) throws {
        let result = try telegrams(plainTelegram("0413 01000000" + records, status: "04"))
        let told = try #require(result.decoded.first)
        #expect(told.flowMillilitresPerHour == flow)
        #expect(told.item == 0 && told.meter.text == "wmbus:33225544")
        #expect(told.maker == "SEN" && told.version == 0x68 && told.deviceType == 0x07)
        #expect(told.accessNumber == 0x55 && told.securityMode == 0 && told.status == 0x04)
    }

    /// Two volumes that the standard codes alike, from a Kaden's decrypted telegram.
    @Test func `Kaden's second volume is not taken for the register`() throws {
        let text = telegram("78 0412 E05F0C00 0412 60000000", sender: "8E2C 17822219 01 07")
        #expect(readings(try telegrams(text).batch) == ["2026-11-25T08:00:00=81097600"])
    }
}
