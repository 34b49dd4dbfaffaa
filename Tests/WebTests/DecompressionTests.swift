import Foundation
import Testing

@testable import Web

@Suite struct DecompressionTests {
    /// `{"readings":[]}`, and 65,536 or 1,048,576 zeros, as gzip 1.12 and zstd 1.5.4 pack them.
    private static let text = Array(#"{"readings":[]}"#.utf8)
    private static let gzipText = bytes("H4sIAAAAAAACA6tWKkpNTMnMSy9WsoqOrQUA//+nkw8AAAA=")
    private static let zstdText = bytes("KLUv/QRoeQAAeyJyZWFkaW5ncyI6W119+oAu9Q==")
    private static let gzipZeros = bytes(
        "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"
    )
    private static let zstdZeros = bytes("KLUv/QRoTAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAwAQAPE+FuE=")
    /// The same zeros in a frame that wants a window of 128 MiB.
    private static let zstdWide = bytes("KLUv/QSITAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAwAQAPE+FuE=")

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map(Array.init) ?? [] }

    private static let packed: [(ContentCoding, [UInt8])] = [(.gzip, gzipText), (.zstd, zstdText)]

    @Test func `a body unpacks the same in any parts`() throws {
        for (coding, body) in DecompressionTests.packed {
            for size in 1...body.count {
                let decompression = try Decompression(coding, limit: 100)
                var out: [UInt8] = []
                for start in stride(from: 0, to: body.count, by: size) {
                    out += try decompression.unpack(Array(body[start..<min(start + size, body.count)]))
                }
                try decompression.finish()
                #expect(out == DecompressionTests.text, "\(coding) in parts of \(size)")
            }
        }
    }

    @Test func `frames one after another are one body`() throws {
        for (coding, body) in DecompressionTests.packed {
            let out = try Decompression.whole(body + body + body, coding, limit: 45)
            #expect(out == DecompressionTests.text + DecompressionTests.text + DecompressionTests.text)
            #expect(throws: DecompressionFault.tooLarge(limit: 44)) {
                try Decompression.whole(body + body + body, coding, limit: 44)
            }
        }
    }

    @Test func `a small body cannot grow beyond the limit`() throws {
        #expect(try Decompression.whole(DecompressionTests.gzipZeros, .gzip, limit: 65_536).count == 65_536)
        #expect(try Decompression.whole(DecompressionTests.zstdZeros, .zstd, limit: 1_048_576).count == 1_048_576)
        for limit in [0, 1, 100, 65_535] {
            #expect(throws: DecompressionFault.tooLarge(limit: limit)) {
                try Decompression.whole(DecompressionTests.gzipZeros, .gzip, limit: limit)
            }
            #expect(throws: DecompressionFault.tooLarge(limit: limit)) {
                try Decompression.whole(DecompressionTests.zstdZeros, .zstd, limit: limit)
            }
        }
    }

    @Test func `a frame with a window beyond 8 MiB is refused`() {
        #expect(throws: DecompressionFault.refused) {
            try Decompression.whole(DecompressionTests.zstdWide, .zstd, limit: 2_097_152)
        }
    }

    @Test func `a body that ends too early is truncated at every byte`() {
        for (coding, body) in DecompressionTests.packed {
            for length in 0..<body.count {
                #expect(throws: DecompressionFault.truncated, "\(coding) cut to \(length)") {
                    try Decompression.whole(Array(body[..<length]), coding, limit: 100)
                }
            }
        }
    }

    @Test func `a changed bit is found or changes nothing`() {
        for (coding, body) in DecompressionTests.packed {
            var unnoticed: [Int] = []
            for bit in 0..<body.count * 8 {
                var changed = body
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                do throws(DecompressionFault) {
                    let out = try Decompression.whole(changed, coding, limit: 100)
                    if out != DecompressionTests.text { unnoticed.append(bit) }
                } catch {
                    #expect(error != .tooLarge(limit: 100) || coding == .gzip, "bit \(bit): \(error)")
                }
            }
            #expect(unnoticed == [], "\(coding)")
        }
    }

    @Test func `bytes after the last frame are damage`() {
        for (coding, body) in DecompressionTests.packed {
            #expect(throws: DecompressionFault.damaged) {
                try Decompression.whole(body + Array("rest of it".utf8), coding, limit: 100)
            }
        }
    }

    @Test(arguments: [("gzip", ContentCoding.gzip), ("X-GZIP", .gzip), ("zstd", .zstd), ("br", nil), ("", nil)])
    func `codings are known by their names`(name: String, coding: ContentCoding?) {
        #expect(ContentCoding(name) == coding)
    }
}
