import Ingest
import Water

/// Decodes text with the default limits.
func decoded(_ text: String, as format: WireFormat, receivedAt: Instant? = nil) throws(BodyRefusal) -> DecodedBatch {
    try decode(Array(text.utf8), as: format, receivedAt: receivedAt)
}

/// A body of one native item.
func item(_ members: String) -> String { #"{"readings":[{"# + members + "}]}" }

/// `field: reason` of each rejection, without the place of its item.
func faults(_ batch: DecodedBatch) -> [String] {
    batch.rejections.map { rejection in
        let reason = rejection.reason.replacing(#/^(line|record) \d+: /#, with: "")
        return "\(rejection.field): \(reason)"
    }
}

/// A batch as text, for comparing two in full.
func summary(_ batch: DecodedBatch) -> String { decodeLines(batch).map(\.text).joined(separator: "\n") }
