import Ingest
import Testing
import Water

@Suite struct WMBusHistoryTests {
    /// The readings beside the current one of 100 L at 2018-11-28 11:13.
    private func past(_ records: String) throws -> [String] {
        let text = plainTelegram("0413 64000000 046D 0D0B5C2B" + records)
        let batch = try telegrams(text, receivedAt: Instant(epochSeconds: 1_543_374_840)).batch
        let all = readings(batch)
        #expect(all.first == "2018-11-28T11:13:00=100000")
        return Array(all.dropFirst())
    }

    @Test(
        arguments: [
            // The last of a month, and the first: midnight between months.
            ("4413 05000000 426C 3F2C", ["2018-01-01T00:00:00=5000"]),
            ("426C 3F2C 4413 05000000", ["2018-01-01T00:00:00=5000"]),
            ("4413 05000000 426C 412A", ["2018-10-01T00:00:00=5000"]),
            ("4413 05000000 426C 5F2A", ["2018-11-01T00:00:00=5000"]),
            ("4413 05000000 426C 4A2A", ["2018-10-11T00:00:00=5000"]),
            ("C40113 05000000 C4016D 3B175F2A", ["2018-10-31T23:59:00=5000"]),
            ("4413 05000000 466D 000A0A412A00", ["2018-10-01T10:10:00=5000"]),
            ("CC0813 91170000 C2086C 5F2A", ["2018-11-01T00:00:00=1791000"]),
            // Without a date, with an invalid one, with two.
            ("4413 05000000", []), ("4413 05000000 426C FFFF", []), ("4413 05000000 426C 0000", []),
            ("4413 05000000 426C 412A 426C 5F2A", []), ("4413 05000000 426C E1F1", []),
            // Of another storage, an extreme, a tariff.
            ("4413 05000000 82016C 412A", []), ("7413 05000000 426C 412A", []), ("C41013 05000000 426C 412A", []),
            // Without a value.
            ("4413 FFFFFFFF 426C 412A", []), ("4413 00000080 426C 412A", []), ("4C13 FFFFFFFF 426C 412A", []),
            ("4C13 00000080 426C 412A", []), ("4513 00000000 426C 412A", []),
            // Said twice.
            ("4413 05000000 426C 5F2A 840113 05000000 82016C 5F2A", ["2018-11-01T00:00:00=5000"]),
        ] as [(String, [String])])
    func `a stored volume counts at its storage's date`(records: String, expected: [String]) throws {
        #expect(try past(records) == expected)
    }

    @Test func `a date that is yet to come brings no reading`() throws {
        #expect(try past("4413 05000000 426C 5F2C") == [])
        #expect(try past("4413 05000000 426C 5C2B") == [])
    }

    @Test(
        arguments: [
            (
                "840413 09000000 82046C 5F2A 8104FD28 01 C40413 08000000 840513 08000000 C40513 01000000",
                [
                    "2018-11-01T00:00:00=9000", "2018-10-01T00:00:00=8000", "2018-09-01T00:00:00=8000",
                    "2018-08-01T00:00:00=1000",
                ]
            ),
            // Rising: not the youngest first, so left out.
            ("840413 09000000 82046C 5F2A 8104FD28 01 C40413 0A000000", ["2018-11-01T00:00:00=9000"]),
            ("840413 09000000 82046C 5F2A 8104FD28 00 C40413 08000000", ["2018-11-01T00:00:00=9000"]),
            ("840413 09000000 8104FD28 01 C40413 08000000", []),
            (
                "840413 09000000 82046C 5F2A 8104FD28 03 C40413 08000000",
                ["2018-11-01T00:00:00=9000", "2018-08-01T00:00:00=8000"]
            ),
        ] as [(String, [String])])
    func `storages at a told distance in months run back from the dated one`(
        records: String, expected: [String]
    ) throws {
        #expect(try past(records) == expected)
    }

    private static let base = "840413 09000000 82046C 412A"
    private static let first = "2018-10-01T00:00:00=9000"

    @Test(
        arguments: [
            // Whole registers forward, monthly, in decimals; the last lies beyond the telegram.
            ("8D04931E 0E 3C FE 10000000 FFFFFFFF 12000000", ["2018-11-01T00:00:00=10000"]),
            // Inverse: whole registers, increments, decrements, differences.
            ("8D049313 0A 34 FE 08000000 07000000", ["2018-09-01T00:00:00=8000", "2018-08-01T00:00:00=7000"]),
            ("8D049313 06 72 FE 0100 0200", ["2018-09-01T00:00:00=8000", "2018-08-01T00:00:00=6000"]),
            ("8D049313 06 B2 FE 0100 0200", ["2018-09-01T00:00:00=10000", "2018-08-01T00:00:00=12000"]),
            ("8D049313 06 F2 FE 0100 FEFF", ["2018-09-01T00:00:00=8000", "2018-08-01T00:00:00=10000"]),
            ("8D049313 04 7A FE 0500", ["2018-09-01T00:00:00=4000"]),
            // A list of differences ends where there is none, or below zero.
            ("8D049313 08 72 FE 0100 FFFF 0100", ["2018-09-01T00:00:00=8000"]),
            ("8D049313 08 F2 FE 0100 0080 0100", ["2018-09-01T00:00:00=8000"]),
            ("8D049313 06 72 FE 0A00 0100", []),
            // Days, hours, three and six months.
            ("8D049313 06 34 01 08000000", ["2018-09-30T00:00:00=8000"]),
            ("8D049313 06 24 06 08000000", ["2018-09-30T18:00:00=8000"]),
            ("8D049313 06 24 FE 08000000", ["2018-07-01T00:00:00=8000"]),
            ("8D049313 06 14 FE 08000000", ["2018-04-01T00:00:00=8000"]),
            // Kinds that are not read: forward differences, half months, reserved, no elements, one too short.
            ("8D04931E 06 72 FE 0100 0200", []), ("8D049313 06 34 FD 08000000", []), ("8D049313 06 04 FE 08000000", []),
            ("8D049313 02 34 FE", []), ("8D049313 01 34", []), ("8D049313 05 34 FE 080000", []),
            ("8D049313 06 3D FE 08000000", []), ("8D04931F 06 34 FE 08000000", []),
        ] as [(String, [String])])
    func `a compact profile counts from its base on, or back`(record: String, expected: [String]) throws {
        #expect(try past(WMBusHistoryTests.base + record) == [WMBusHistoryTests.first] + expected)
    }

    @Test func `a month's last day stays the last through short months`() throws {
        let records = "840413 09000000 82046C 5F25 8D049313 0E 34 FE 08000000 07000000 06000000"
        #expect(
            try past(records) == [
                "2018-06-01T00:00:00=9000", "2018-05-01T00:00:00=8000", "2018-04-01T00:00:00=7000",
                "2018-03-01T00:00:00=6000",
            ])
    }

    @Test func `history alone is taken too`() throws {
        // A radio of Techem's that sends only the due date's register, from the gateway program's tests.
        let text = telegram("7A 8A 00 0000 4315 F00200 426C BF2C")
        #expect(readings(try telegrams(text).batch) == ["2022-01-01T00:00:00=75200000"])
    }
}
