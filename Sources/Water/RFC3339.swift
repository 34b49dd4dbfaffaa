extension Instant {
    /// Reads an RFC 3339 time with an offset (`Z` or `±HH:MM`), as in headers and on the command line. A fraction
    /// of a second is dropped. nil for anything else, for a second of 60, and outside 1970–9999.
    public init?(rfc3339 text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, let day = LocalDay(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = twoDigits(bytes, 11, below: 24), let minute = twoDigits(bytes, 14, below: 60),
            let second = twoDigits(bytes, 17, below: 60)
        else { return nil }
        var next = 19
        if bytes[next] == UInt8(ascii: ".") {
            next += 1
            let start = next
            while next < bytes.count, bytes[next] >= 48, bytes[next] <= 57 { next += 1 }
            guard next > start else { return nil }
        }
        guard let offset = offsetSeconds(bytes[next...]) else { return nil }
        let local = Int64(day.number) * 86_400 + hour * 3_600 + minute * 60 + second
        self.init(epochSeconds: local - offset)
    }
}

private func offsetSeconds(_ rest: ArraySlice<UInt8>) -> Int64? {
    let bytes = Array(rest)
    if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
    guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
        bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
        let hours = twoDigits(bytes, 1, below: 24), let minutes = twoDigits(bytes, 4, below: 60)
    else { return nil }
    return (hours * 3_600 + minutes * 60) * (bytes[0] == UInt8(ascii: "-") ? -1 : 1)
}

private func twoDigits(_ bytes: [UInt8], _ at: Int, below limit: Int64) -> Int64? {
    guard at + 1 < bytes.count, (48...57).contains(bytes[at]), (48...57).contains(bytes[at + 1]) else { return nil }
    let value = Int64(bytes[at] - 48) * 10 + Int64(bytes[at + 1] - 48)
    return value < limit ? value : nil
}
