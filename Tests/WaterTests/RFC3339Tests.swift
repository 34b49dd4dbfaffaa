import Testing
import Water

@Suite struct RFC3339Tests {
    @Test(arguments: [
        ("2026-10-01T00:00:00+08:00", "2026-09-30T16:00:00Z"), ("2026-10-01t00:00:00z", "2026-10-01T00:00:00Z"),
        ("2026-10-01T00:00:00.999-00:30", "2026-10-01T00:30:00Z"),
    ])
    func `a time with an offset is read`(text: String, utc: String) {
        #expect(Instant(rfc3339: text)?.utc == utc)
    }

    @Test(arguments: [
        "2026-10-01T00:00:00", "2026-10-01", "2026-10-01 00:00:00Z", "2026-10-01T24:00:00Z", "2026-10-01T00:60:00Z",
        "2026-10-01T00:00:60Z", "2026-02-30T00:00:00Z", "2026-10-01T00:00:00.Z", "2026-10-01T00:00:00+8:00", "",
        "2026-10-01T00:00:00+08:00x",
    ])
    func `anything else is refused`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }
}
