public import Water

/// Turns a body of any supported format into readings and alerts, or one reason per item.
///
/// - Parameters:
///   - bytes: the body, UTF-8 text (CJ/T 188 also raw bytes).
///   - receivedAt: when the gateway heard what tells no time itself, as a frame of a meter without a clock
///     (`X-Received-At`); nil where not told.
///   - limits: counted after series are expanded.
///   - clockOffsetSeconds: seconds east of UTC of the clocks inside CJ/T 188 meters, which run on local time.
///   - allowsMissingTime: keeps a clockless frame that has no `receivedAt`, with `DecodedBatch.noInstant`, instead
///     of rejecting it; for printing only.
///   - cjt188: how CJ/T 188 frames are read; nil for the built-in profiles and strict checksums.
/// - Throws: `BodyRefusal` where nothing of the body can be used. A bad item never does that.
public func decode(
    _ bytes: [UInt8], as format: WireFormat, receivedAt: Instant?, limits: DecodeLimits = DecodeLimits(),
    clockOffsetSeconds: Int64 = 28_800, allowsMissingTime: Bool = false,
    cjt188: CJT188Options? = nil
) throws(BodyRefusal) -> DecodedBatch {
    guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let bytes = withoutMark(bytes)
    let builder = BatchBuilder(limits: limits, bodyBytes: bytes.count)
    switch format {
    case .json:
        var decoder = NativeDecoder(into: builder)
        try decoder.readDocument(bytes.span)
        return decoder.builder.batch
    case .ndjson:
        var decoder = NativeDecoder(into: builder)
        try decoder.readLines(bytes.span)
        return decoder.builder.batch
    case .csv:
        var decoder = CSVDecoder(into: builder)
        try decoder.readTable(bytes.span)
        return decoder.builder.batch
    case .cjt188:
        let clock = MeterClock(
            receivedAt: receivedAt, offsetSeconds: clockOffsetSeconds, allowsMissingTime: allowsMissingTime)
        return try decodeFrames(bytes, into: builder, clock: clock, cjt188)
    case .wmbusmeters:
        var decoder = WMBusMetersDecoder(into: builder, receivedAt: receivedAt)
        try decoder.readBody(bytes.span)
        return decoder.builder.batch
    case .wmbus:
        return try decodeTelegrams(
            bytes, receivedAt: receivedAt, limits: limits, clockOffsetSeconds: clockOffsetSeconds,
            allowsMissingTime: allowsMissingTime, keys: { _ in nil }
        ).batch
    case .senml:
        var decoder = SenMLDecoder(into: builder, receivedAt: receivedAt)
        try decoder.readPack(bytes.span)
        return decoder.builder.batch
    case .beacon:
        return try decodeTable(
            bytes, by: try BeaconReport.mapping(), limits: limits, clockOffsetSeconds: clockOffsetSeconds)
    }
}

/// CJ/T 188 frames by a clock that knows what tells the time of receipt.
func decodeFrames(
    _ bytes: [UInt8], into builder: BatchBuilder, clock: MeterClock, _ options: CJT188Options?
) throws(BodyRefusal) -> DecodedBatch {
    var decoder = CJT188Decoder(into: builder, clock: clock, options: try CJT188Options.given(options))
    try decoder.readBody(bytes.span)
    return decoder.builder.batch
}

/// A body without the byte order mark that editors and spreadsheets put ahead of UTF-8; offsets count from behind it.
func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? Array(bytes[3...]) : bytes
}
