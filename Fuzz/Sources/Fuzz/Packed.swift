import Water

extension FuzzTarget {
    /// Packed bodies, and the bytes that are stored.
    static let packed: [FuzzTarget] = [
        FuzzTarget(name: "gzip") { checkPacked($0, .gzip) }, FuzzTarget(name: "zstd") { checkPacked($0, .zstd) },
        FuzzTarget(name: "day-set") { checkDaySet($0) }, FuzzTarget(name: "journal") { checkJournal($0) },
    ]

    /// The whole at once and part by part come to the same, and never to more than the limit.
    ///
    /// libzstd 1.5.4 refuses a frame whose stated size is not what its empty last block leaves when it has the whole,
    /// and takes it in parts (28b52ffd202c010000): of zstd only what both take is compared.
    private static func checkPacked(_ bytes: [UInt8], _ coding: ContentCoding) {
        let limit = 4_096
        let whole = unpacked(bytes, coding, limit, inParts: bytes.count)
        let parts = unpacked(bytes, coding, limit, inParts: 7)
        let isTakenOneWay = coding == .zstd && (whole == nil) != (parts == nil)
        promise(whole == parts || isTakenOneWay, "parts differ from the whole")
        promise((parts?.count ?? 0) <= limit, "more than the limit in parts")
        promise((whole?.count ?? 0) <= limit, "more than the limit")
    }

    private static func unpacked(
        _ bytes: [UInt8], _ coding: ContentCoding, _ limit: Int, inParts size: Int
    ) -> [UInt8]? {
        do throws(DecompressionFault) {
            let decompression = try Decompression(coding, limit: limit)
            var out: [UInt8] = []
            var at = 0
            while at < bytes.count {
                let end = min(at + max(size, 1), bytes.count)
                out += try decompression.unpack(Array(bytes[at..<end]))
                at = end
            }
            try decompression.finish()
            return out
        } catch {
            return nil
        }
    }

    /// What reads back is written again as bytes that read back the same.
    private static func checkDaySet(_ bytes: [UInt8]) {
        do throws(DamagedBytes) {
            let elements = try DaySet.decode(bytes)
            let sorted = DaySet.union(elements.sorted(), [])
            let set = try DaySet.decode(DaySet.encode(sorted))
            promise(set == sorted, "a set differs from itself")
        } catch {
            return
        }
    }

    private static func checkJournal(_ bytes: [UInt8]) {
        do throws(DamagedBytes) {
            let entries = try JournalPayload.decode(bytes)
            let again = try JournalPayload.decode(JournalPayload.row([JournalPayload.encode(entries)]))
            promise(again == entries, "entries differ from themselves")
        } catch {
            return
        }
    }
}
