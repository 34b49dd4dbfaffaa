import Ingest
import Water

extension FuzzTarget {
    /// Telegrams as hex text and as bytes, with keys and without.
    static let telegrams: [FuzzTarget] = [
        FuzzTarget(name: "wmbus") { checkTelegram($0) }, FuzzTarget(name: "wmbus-lines") { checkLines($0) },
    ]

    /// With bit 0 of the choice a key of 16 bytes stands before the telegram, with bit 1 one of 7. With bit 2 the
    /// length byte is made to fit, so that what lies behind it is reached.
    private static func checkTelegram(_ input: [UInt8]) {
        var (choice, frame) = split(input)
        let size = choice & 1 != 0 ? 16 : choice & 2 != 0 ? 7 : 0
        let key = size == 0 ? nil : Array(frame.prefix(size))
        frame.removeFirst(min(size, frame.count))
        if choice & 4 != 0, !frame.isEmpty, frame.count <= 256 { frame[0] = UInt8(frame.count - 1) }
        do throws(BodyRefusal) {
            let result = try decodeTelegram(
                frame, receivedAt: choice & 8 == 0 ? heard : nil, limits: DecodeLimits(readings: 100),
                allowsMissingTime: choice & 16 != 0
            ) { _ in key }
            promise(result.batch.itemCount == 1, "one item")
            check(result, timeless: choice & 16 != 0)
        } catch {
            promise(error == .tooManyReadings(limit: 100), "\(error)")
        }
    }

    private static func checkLines(_ body: [UInt8]) {
        do throws(BodyRefusal) {
            check(
                try decodeTelegrams(body, receivedAt: heard, limits: DecodeLimits(readings: 100)) { _ in Array(0..<16)
                },
                timeless: false)
        } catch {
            checkRefusal(error, of: body)
        }
    }

    private static func check(_ result: TelegramBatch, timeless: Bool) {
        checkBatch(result.batch, limit: 100, timeless: timeless)
        let items = Set(result.batch.rejections.map(\.item))
        promise(result.undecoded.allSatisfy { items.contains($0.item) }, "undecoded")
    }
}
