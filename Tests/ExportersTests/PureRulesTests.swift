import Exporters
import Operations
import Storage
import Testing
import Water

@Suite struct `Signing, schedule and verdict` {
    @Test func `the published example of Standard Webhooks is signed as published`() throws {
        // The reference vector of the specification's own libraries.
        let signature = try webhookSignature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Instant(epochSeconds: 1_614_265_330),
            body: #"{"test": 2432232314}"#, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `two secrets give two signatures, the current one first`() throws {
        func sign(_ secrets: [String]) throws -> String {
            try webhookSignature(id: "a", at: Instant(epochSeconds: 1), body: "{}", secrets: secrets)
        }
        let (new, old) = (DeliveryFixture.otherSecret.text, DeliveryFixture.secret.text)
        #expect(try sign([new, old]) == sign([new]) + " " + sign([old]))
        #expect(try sign([new]) != sign([old]))
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!", "whsec_c2hvcnQ=",
        "whsec_" + String(repeating: "AAAA", count: 22),
    ])
    func `a secret that is not 24 to 64 bytes in base64 signs nothing`(secret: String) {
        #expect(throws: SigningFailure.unusableSecret) {
            try webhookSignature(id: "a", at: Instant(epochSeconds: 1), body: "{}", secrets: [secret])
        }
    }

    @Test(
        arguments: zip(
            1...10,
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, nil] as [Int64?]))
    func `the nth failure waits as the schedule says`(attempts: Int, wait: Int64?) {
        let at = DeliveryFixture.noon
        #expect(nextAttempt(after: attempts, at: at, jitterMillionths: 0) == wait.map { at + $0 })
        guard let wait else { return }
        #expect(nextAttempt(after: attempts, at: at, jitterMillionths: 1_000_000) == at + (wait + wait / 5))
    }

    @Test func `jitter outside its range never shortens a wait and never passes a fifth`() {
        let at = DeliveryFixture.noon
        #expect(nextAttempt(after: 2, at: at, jitterMillionths: -1) == at + 300)
        #expect(nextAttempt(after: 2, at: at, jitterMillionths: .min) == at + 300)
        #expect(nextAttempt(after: 2, at: at, jitterMillionths: .max) == at + 360)
        #expect(nextAttempt(after: 2, at: at, jitterMillionths: 1) == at + 301)
        #expect(nextAttempt(after: 0, at: at, jitterMillionths: 0) == nil)
    }

    @Test(arguments: [200, 201, 204, 299])
    func `2xx is delivered`(status: Int) {
        let verdict = verdict(.answered(status: status, retryAfterSeconds: nil))
        #expect(verdict.outcome == .delivered(status: status))
        #expect(verdict.slowUntil == nil)
    }

    @Test(arguments: [100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 411, 418, 500, 503])
    func `any other status is tried again without slowing the target`(status: Int) {
        let verdict = verdict(.answered(status: status, retryAfterSeconds: nil))
        guard case .retry(let next, status, _) = verdict.outcome else {
            Issue.record("\(verdict)")
            return
        }
        #expect(next == DeliveryFixture.noon + 5)
        #expect(verdict.slowUntil == nil)
    }

    @Test(arguments: [429, 502, 504])
    func `an overloaded target is left alone for a minute, or as long as it asks`(status: Int) {
        let at = DeliveryFixture.noon
        #expect(verdict(.answered(status: status, retryAfterSeconds: nil)).slowUntil == at + 60)
        let asked = verdict(.answered(status: status, retryAfterSeconds: 900))
        #expect(asked.slowUntil == at + 900)
        #expect(
            asked.outcome == .retry(at: at + 900, status: status, error: "answered \(status)"))
    }

    @Test func `a Retry-After of years is cut to a day`() {
        let at = DeliveryFixture.noon
        #expect(verdict(.answered(status: 503, retryAfterSeconds: .max)).slowUntil == at + 86_400)
    }

    @Test func `the tenth failure exhausts a delivery whatever the answer was`() {
        for result: SendResult in [
            .answered(status: 500, retryAfterSeconds: nil), .answered(status: 429, retryAfterSeconds: 5),
            .failed(.timedOut), .failed(.addressRefused), .failed(.sealedSecret),
        ] {
            guard case .exhausted = verdict(result, attempt: 10).outcome else {
                Issue.record("\(result)")
                continue
            }
        }
    }

    @Test(arguments: [SendFailure.malformedAddress, .unusableSecret])
    func `what cannot be sent at all is exhausted at once`(failure: SendFailure) {
        let verdict = verdict(.failed(failure))
        #expect(verdict.outcome == .exhausted(status: nil, error: failure.rawValue) && verdict.slowUntil == nil)
    }

    private func verdict(_ result: SendResult, attempt: Int = 1) -> Verdict {
        judge(result, attempt: attempt, at: DeliveryFixture.noon, jitterMillionths: 0, slowSeconds: 60)
    }
}

@Suite struct `Which addresses may be connected to` {
    @Test(
        arguments: [
            [0, 0, 0, 0], [10, 0, 0, 1], [100, 64, 0, 1], [100, 127, 255, 255], [127, 0, 0, 1], [127, 255, 255, 254],
            [169, 254, 169, 254], [172, 16, 0, 1], [172, 31, 255, 255], [192, 0, 0, 8], [192, 168, 1, 1],
            [198, 19, 0, 1], [224, 0, 0, 1], [255, 255, 255, 255],
        ] as [[UInt8]])
    func `special IPv4 addresses are refused, plain and inside IPv6`(address: [UInt8]) {
        let rules = AddressRules()
        #expect(!rules.permits(address))
        #expect(!rules.permits([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + address))
        #expect(!rules.permits([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] + address))
        #expect(!rules.permits([0x20, 0x02] + address + [UInt8](repeating: 0, count: 10)))
    }

    @Test(
        arguments: [
            [1, 1, 1, 1], [9, 255, 255, 255], [11, 0, 0, 0], [100, 63, 255, 255], [100, 128, 0, 0],
            [172, 15, 255, 255],
            [172, 32, 0, 0], [192, 167, 255, 255], [192, 169, 0, 0], [223, 255, 255, 255],
        ] as [[UInt8]])
    func `their neighbours are permitted`(address: [UInt8]) {
        #expect(AddressRules().permits(address))
        #expect(AddressRules().permits([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + address))
    }

    @Test func `IPv6 is permitted in its global part alone`() {
        func ipv6(_ first: [UInt8], last: UInt8 = 1) -> [UInt8] {
            first + [UInt8](repeating: 0, count: 15 - first.count) + [last]
        }
        let rules = AddressRules()
        #expect(rules.permits(ipv6([0x24, 0x08])))
        for refused in [
            [], [0xFE, 0x80], [0xFC], [0xFD, 0x12], [0xFF, 0x02], [0x20, 0x01, 0x0D, 0xB8], [0x20, 0x01],
        ] {
            #expect(!rules.permits(ipv6(refused.map { UInt8($0) })), "\(refused)")
        }
        #expect(!rules.permits(ipv6([], last: 0)))
        #expect(!rules.permits([1, 2, 3]))
        #expect(!rules.permits([]))
    }

    @Test func `an allowed range lets in what it contains and nothing else`() throws {
        let rules = AddressRules(allowed: [
            try #require(AddressRange("10.20.0.0/15")), try #require(AddressRange("::1")),
            try #require(AddressRange("127.0.0.1")),
        ])
        #expect(rules.permits([10, 20, 0, 1]))
        #expect(rules.permits([10, 21, 255, 255]))
        #expect(!rules.permits([10, 22, 0, 0]))
        #expect(rules.permits([127, 0, 0, 1]))
        #expect(!rules.permits([127, 0, 0, 2]))
        #expect(rules.permits([UInt8](repeating: 0, count: 15) + [1]))
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "localhost", "::/129",
        "10.0.0.0/8/8",
    ])
    func `what is not a range is refused`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
