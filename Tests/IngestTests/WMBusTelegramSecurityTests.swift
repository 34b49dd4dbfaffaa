import Testing
import Water

@testable import Ingest

/// Keys and telegrams that others published, in the gateway program's tests and in the OMS specification.
@Suite struct WMBusSecurityTests {
    /// A Picoflux's, mode 5.
    private let five =
        "6E446D141949545605077ADF0060055AD21C5CAFEC3A71C0720754F2CA777E238D0318D35A2DE0F8FE592E9A0D0CACBD61DFD2815C21A7FA743D93B5E543847E3E67B5D80816A253DB655D4354B1A06C1FB7BAE99E0FA322BFF37A05FD651C5E3C09968AE4DF0D8D911FEE33EF31B9"
    private let fiveKey = bytes(ofHex: "9F5213BC13841410BB1410141515E4D5")
    /// The OMS specification's example of profile B, mode 7, of a gas meter, and its key.
    private let gas =
        "434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC727942BFC549233C0140829B93"
    /// The same made for a water meter: type 07 and a volume of 2850.427 m³.
    private let seven =
        "434493157856341233078C2075900F002C25B30A00000493D47D182701F47A7500200710B0648420061BCE13DBB12C16165F78B4A9792D27FB7C4F8CDDE44EF58F0AB225"
    private let sevenKey = bytes(ofHex: "000102030405060708090A0B0C0D0E0F")
    /// A Multical 21's, with the extended link layer's counter mode.
    private let stream = "2A442D2C998734761B168D2091D37CAC21E1D68CDAFFCD3DC452BD802913FF7B1706CA9E355D6C2701CC24"
    private let streamKey = bytes(ofHex: "28F64A24988064A079AA2C807D6102AE")

    @Test func `mode 5 opens with the meter's key`() throws {
        var asked: [String] = []
        let result = try telegrams(five) {
            asked.append($0.text)
            return fiveKey
        }
        #expect(readings(result.batch) == ["2026-02-09T08:57:00=4492000"])
        #expect(Set(asked) == ["wmbus:56544919"])
    }

    @Test func `mode 7 opens with the meter's key and is proven by its code`() throws {
        let proven = try telegrams(seven, keys: { _ in sevenKey }, receivedAt: nil)
        #expect(readings(proven.batch) == ["2008-05-31T23:50:00=2850427000"])
        #expect(faults(try telegrams(gas) { _ in sevenKey }.batch) == ["media: not water"])
        for at in [26, 40, 60, 80, 134] {
            var damaged = Array(seven)
            damaged[at] = damaged[at] == "0" ? "1" : "0"
            #expect(try telegrams(String(damaged)) { _ in sevenKey }.batch.registers.isEmpty, "\(at)")
        }
    }

    @Test func `the extended link layer's counter mode opens with the meter's key`() throws {
        #expect(readings(try telegrams(stream) { _ in streamKey }.batch) == ["2026-11-25T08:00:00=6408000"])
    }

    @Test func `without the right key nothing is read and the telegram is handed back`() throws {
        let wrong = [UInt8](repeating: 1, count: 16)
        for (text, wrongKey) in [
            (five, "key: the key does not open it"), (stream, "key: the key does not open it"),
            (seven, "key: the key does not open it: the code (MAC) does not match"),
        ] {
            let none = try telegrams(text)
            #expect(readings(none.batch) == ["key: encrypted, and no key is known"])
            #expect(none.undecoded.map(\.field) == ["key"])
            #expect(none.undecoded.map { hex($0.bytes).uppercased() } == [text])
            let kept = try telegrams(text) { _ in wrong }
            #expect(readings(kept.batch) == [wrongKey])
            #expect(kept.undecoded.map(\.field) == ["key"])
            #expect(readings(try telegrams(text) { _ in [1] }.batch) == ["key: a key has 16 bytes"])
        }
    }

    /// A register of 1 L at 2017-01-01, as anybody can send it.
    private let forged = "441301000000426C2121"
    /// `seven` with `forged` behind its blocks, and the code over both.
    private let sevenForged =
        "4D4493157856341233078C2075900F002C25B30A00009EF05018B4C8817B7A7500200710B0648420061BCE13DBB12C16165F78B4A9792D27FB7C4F8CDDE44EF58F0AB225441301000000426C2121"

    @Test func `plain bytes behind encrypted blocks are no records of a meter whose key is known`() throws {
        let longer = "78" + five.dropFirst(2) + forged
        #expect(readings(try telegrams(longer) { _ in fiveKey }.batch) == ["2026-02-09T08:57:00=4492000"])
        let proven = try telegrams(sevenForged, keys: { _ in sevenKey }, receivedAt: nil)
        #expect(readings(proven.batch) == ["2008-05-31T23:50:00=2850427000"])
    }

    /// Its first block ends with a record's head, `04 93 3C`, whose value stands in the second.
    @Test func `a record that runs on behind the encrypted blocks is cut off`() throws {
        let first = five.dropFirst(30).prefix(32)
        for rest in ["00000000" + forged, String(five.dropFirst(62))] {
            let body = "446D141949545605077ADF001005" + first + rest
            let text = hex([UInt8(body.utf8.count / 2)]) + body
            #expect(readings(try telegrams(text) { _ in fiveKey }.batch) == ["payload: a record is cut off"])
        }
    }

    @Test(arguments: ["7A 55 00 0005", "7A 55 00 0007 10", "7A 55 00 0005 2F2F", "72 44552233 AE4C 68 07 55 00 0005"])
    func `a telegram that encrypts nothing is refused where a key is known`(header: String) throws {
        let text = telegram(header + "0413 89E20100")
        #expect(readings(try telegrams(text) { _ in fiveKey }.batch) == ["key: not encrypted, though a key is known"])
        #expect(readings(try telegrams(text).batch) == ["2026-11-25T08:00:00=123529000"])
    }

    @Test func `the key of the radio opens nothing in the name of another meter`() throws {
        let address = bytes(ofHex: "2D2C998734761B16")
        let inner = bytes(ofHex: "7244552233AE4C6807550000000413 89E20100".replacing(" ", with: ""))
        let checksum = wmbusChecksum(inner.span, 0..<inner.count)
        let plain = [UInt8(truncatingIfNeeded: checksum), UInt8(truncatingIfNeeded: checksum >> 8)] + inner
        let session: [UInt8] = [0x01, 0x00, 0x00, 0x20]
        let counter = address + [0x20] + session + [0, 0, 0]
        let sealed = try WMBusKey(streamKey).decryptedStream(plain, counter: counter)
        let body: [UInt8] = [0x44] + address + [0x8D, 0x20, 0x01] + session + sealed
        let text = hex([UInt8(body.count)] + body)
        let radio = ["wmbus:76348799": streamKey]
        #expect(readings(try telegrams(text) { radio[$0.text] }.batch) == ["2026-11-25T08:00:00=123529000"])
        let both = radio.merging(["wmbus:33225544": fiveKey]) { $1 }
        #expect(
            readings(try telegrams(text) { both[$0.text] }.batch) == ["key: not encrypted, though a key is known"])
    }

    @Test func `a telegram that its receiver decrypted is read only where no key is known`() throws {
        let opened = telegram("7A 55 00 1005 2F2F 0413 89E20100 2F2F2F2F 2F2F2F2F")
        #expect(readings(try telegrams(opened).batch) == ["2026-11-25T08:00:00=123529000"])
        #expect(readings(try telegrams(opened) { _ in fiveKey }.batch) == ["key: the key does not open it"])
        let plain = plainTelegram("0413 89E20100")
        #expect(readings(try telegrams(plain) { _ in fiveKey }.batch) == ["key: not encrypted, though a key is known"])
    }

    @Test(arguments: [
        ("A0 00", "maker: maker-specific, not decoded"), ("B7 00", "maker: maker-specific, not decoded"),
        ("7A 55 00 0000 0F 0102", "maker: maker-specific, not decoded"),
        ("78 0DFF5F 02 0102 046D 0D0B5C2B", "maker: maker-specific, not decoded"),
        ("7A 55 00 1002" + String(repeating: "00", count: 16), "security: mode 2 is not decoded"),
        ("7A 55 00 0610 00", "security: mode 16 is not decoded"),
        ("51 00", "ci: not an answer of a meter: 51"), ("7A 55", "length: a header is cut off"),
        ("90 02 2C 40 78 00", "afl: fragments are not joined"), ("90 02 2C 08 78 00", "afl: a field is cut off"),
        ("90 03 00 2C 2F 78 00", "afl: a field is cut off"),
        ("8D 20 01 00000000 0000 78 0413 89E20100", "crc: the checksum does not match"),
        ("79 0000 0000", "layout: a compact frame of an unknown kind"),
        ("79 EDA8 0000 0200 01020304 01020304 01 02", "crc: the checksum of the full frame does not match"),
        ("79 EDA8 0000", "payload: a record is cut off"),
    ])
    func `what cannot be opened is answered by its layer`(application: String, fault: String) throws {
        let result = try telegrams(telegram(application))
        #expect(readings(result.batch) == [fault])
        #expect(result.undecoded.map(\.field) == [fault.prefix { $0 != ":" }].map(String.init))
        #expect(result.undecoded.first?.meter?.text == "wmbus:33225544")
        #expect(result.undecoded.first?.maker == "SEN")
    }

    @Test func `a long header names the meter, not the radio that sends for it`() throws {
        let text = telegram("8C 00 11 72 66567464 A511 70 07 1F 00 0000 0413 01000000", sender: "2423 28001081 64 0E")
        #expect(try telegrams(text).batch.runs.map(\.address.text) == ["wmbus:64745666"])
    }

    @Test func `other media are refused`() throws {
        let text = telegram("78 0413 01000000", sender: "2423 28001081 64 03")
        #expect(readings(try telegrams(text).batch) == ["media: not water"])
    }

    /// A Multical 21's full and compact frame from the gateway program's tests.
    @Test func `a compact frame is joined with the layout that its signature proves`() throws {
        let compact = "23442D2C998734761B168D2087D19EAD217F1779EDA86AB6710008190000081900007F13"
        let result = try telegrams(compact)
        #expect(readings(result.batch) == ["2026-11-25T08:00:00=6408000"])
        #expect(result.batch.alerts.map(\.raw) == ["DRY time_dry=22-31 days"])
    }
}
