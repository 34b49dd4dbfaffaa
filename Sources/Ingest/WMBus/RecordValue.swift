/// A record's number.
enum RecordNumber: Hashable {
    case value(Int64)
    /// The meter says that it has none: all nines bits, or the one number that stands for none.
    case missing
    case fault(String)
}

extension Span where Element == UInt8 {
    /// The number of a record, low byte first. Integers are signed; packed decimals are negative where their first
    /// digit is F.
    func number(_ record: DataRecord) -> RecordNumber {
        switch record.coding {
        case .nothing: .missing
        case .integer: integer(record.value)
        case .decimal: decimal(record.value, isNegative: false)
        case .negativeDecimal: decimal(record.value, isNegative: true)
        case .real: .fault("a floating-point number is not exact")
        case .opaque: .fault("not a number")
        }
    }

    /// 1 to 8 bytes; 80…00 is none.
    func integer(_ range: Range<Int>) -> RecordNumber {
        guard !range.isEmpty else { return .missing }
        guard range.count <= 8 else { return .fault("longer than 64 bits") }
        if isLowestInteger(range) { return .missing }
        var value: UInt64 = 0
        for at in range.reversed() { value = value << 8 | UInt64(self[at]) }
        let unused = UInt64(64 - 8 * range.count)
        return .value(Int64(bitPattern: value << unused) >> Int64(unused))
    }

    /// 1 to 9 bytes of two digits. FF…FF is none, and so is 80…00: no register stands at just that, and meters are
    /// known to send the integers' mark in decimals (Zenner Minomess).
    func decimal(_ range: Range<Int>, isNegative: Bool) -> RecordNumber {
        guard !range.isEmpty else { return .missing }
        guard range.count <= 9 else { return .fault("longer than 18 digits") }
        if isLowestInteger(range) || range.allSatisfy({ self[$0] == 0xFF }) { return .missing }
        var value: Int64 = 0
        var isNegative = isNegative
        for at in range.reversed() {
            var high = self[at] >> 4
            if high == 15, at == range.upperBound - 1 {
                isNegative = true
                high = 0
            }
            guard high < 10, self[at] & 15 < 10 else { return .fault("not decimal digits") }
            value = value * 100 + Int64(high) * 10 + Int64(self[at] & 15)
        }
        return .value(isNegative ? -value : value)
    }

    private func isLowestInteger(_ range: Range<Int>) -> Bool {
        self[range.upperBound - 1] == 0x80 && range.dropLast().allSatisfy { self[$0] == 0 }
    }
}

extension RecordNumber {
    /// Millilitres of a number in units of 10^scale; a register, so never negative.
    func register(scale: Int) -> RecordNumber {
        guard case .value(let number) = self else { return self }
        guard number >= 0 else { return .fault(ValueFault.negative.reason) }
        var value = number
        var left = scale
        while left < 0 {
            guard value % 10 == 0 else { return .fault(ValueFault.tooPrecise.reason) }
            value /= 10
            left += 1
        }
        while left > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= 1_000_000_000_000_000_000 else { return .fault(ValueFault.tooLarge.reason) }
            value = product
            left -= 1
        }
        return value <= 1_000_000_000_000_000_000 ? .value(value) : .fault(ValueFault.tooLarge.reason)
    }
}
