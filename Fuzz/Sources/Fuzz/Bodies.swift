import Ingest
import Water

/// The time at which every input is received: 2026-11-25.
let heard = Instant(epochSeconds: 1_795_564_800)

extension FuzzTarget {
    /// The formats of `decode`, each on its own; CJ/T 188 with every option there is.
    static let bodies: [FuzzTarget] =
        [WireFormat.json, .ndjson, .csv, .wmbusmeters, .senml, .beacon].map { format in
            FuzzTarget(name: format.rawValue) { check(format, $0) }
        } + [FuzzTarget(name: "cjt188") { checkCJT188($0) }]

    private static func check(_ format: WireFormat, _ bytes: [UInt8]) {
        do throws(BodyRefusal) {
            checkBatch(try decode(bytes, as: format, receivedAt: heard, limits: DecodeLimits(readings: 50)), limit: 50)
        } catch {
            checkRefusal(error, of: bytes)
        }
    }

    /// Both checksum modes, each profile and none, with and without a time of receipt, for printing and for keeping.
    private static func checkCJT188(_ input: [UInt8]) {
        let (choice, body) = split(input)
        let profile = profiles.all.isEmpty ? nil : profiles.all[(choice >> 3) % profiles.all.count]
        let options = CJT188Options(
            profiles: profiles, profile: choice & 128 == 0 ? nil : profile,
            checksum: choice & 1 == 0 ? .strict : .lenient)
        do throws(BodyRefusal) {
            let batch = try decode(
                body, as: .cjt188, receivedAt: choice & 2 == 0 ? heard : nil, limits: DecodeLimits(readings: 50),
                allowsMissingTime: choice & 4 != 0, cjt188: options)
            checkBatch(batch, limit: 50, timeless: choice & 4 != 0)
        } catch {
            checkRefusal(error, of: body)
        }
    }

    private static let profiles: CJT188Profiles = {
        do {
            return try CJT188Profiles.builtIn()
        } catch {
            end("\(error)")
        }
    }()
}

/// What every batch promises: flat arrays of one length, runs that follow each other, values within bounds, items in
/// order.
func checkBatch(_ batch: DecodedBatch, limit: Int, timeless: Bool = false) {
    promise(batch.instants.count == batch.registers.count, "lengths")
    var next = 0
    for run in batch.runs {
        promise(run.range.lowerBound == next && !run.range.isEmpty, "runs")
        promise((0..<batch.itemCount).contains(run.item), "item")
        next = run.range.upperBound
    }
    promise(next == batch.registers.count && next <= limit && batch.itemCount <= limit, "counts")
    promise(batch.registers.allSatisfy { (0...1_000_000_000_000_000_000).contains($0) }, "registers")
    promise(
        batch.instants.allSatisfy {
            (946_684_800...253_402_387_199).contains($0) || (timeless && $0 == DecodedBatch.noInstant)
        }, "instants")
    promise(batch.alerts.allSatisfy { $0.raw.utf8.count <= 512 }, "raw alerts")
    // Writing the lines takes longer than reading the body: done for some.
    guard batch.itemCount % 4 == 1, batch.registers.count < 4 else { return }
    promise(decodeLines(batch).count == batch.registers.count + batch.rejections.count, "lines")
}

/// A refused body is told at a byte that it has.
func checkRefusal(_ refusal: BodyRefusal, of body: [UInt8]) {
    if case .malformed(let offset, _) = refusal { promise((0...body.count).contains(offset), "offset") }
}
