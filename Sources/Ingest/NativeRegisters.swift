/// A register as found in JSON: a number or a string of one.
enum ScannedRegister {
    case value(Int64)
    case null
    case fault(ValueFault)
}

extension NativeDecoder {
    /// The list of a series, `null` for a gap. A bad value is rejected alone, by its place.
    mutating func readRegisters(
        _ bytes: Span<UInt8>, _ at: inout Int, _ draft: inout NativeDraft, _ depth: Int
    ) throws(BodyRefusal) {
        guard bytes.byte(at) == UInt8(ascii: "[") else {
            draft.fail(NativeKey.registersL.name, "must be a list")
            return try bytes.skipValue(&at, depth: depth)
        }
        let allowance = builder.allowance
        var place: Int64 = 0
        var slots = 0
        if bytes.enter(&at, until: UInt8(ascii: "]")) {
            repeat {
                if let register = bytes.shortLitres(&at) {
                    builder.add(at: place, register: register)
                    slots += 1
                } else if try !readRareRegister(bytes, &at, place, depth + 1) {
                    slots += 1
                }
                if slots > allowance { throw builder.refuseTooMany() }
                place += 1
            } while try bytes.continues(&at, until: UInt8(ascii: "]"))
        }
        draft.slots += slots
        draft.length = place
    }

    /// A value of any other form; true where it is a gap.
    private mutating func readRareRegister(
        _ bytes: Span<UInt8>, _ at: inout Int, _ place: Int64, _ depth: Int
    ) throws(BodyRefusal) -> Bool {
        switch try bytes.register(&at, unit: .litres, depth: depth) {
        case .value(let register): builder.add(at: place, register: register)
        case .fault(let fault):
            builder.rejectValue(at: Int(place), field: NativeKey.registersL.name, reason: fault.reason)
        case .null: return true
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Litres in the form meters send, as millilitres; nil, and `at` where it was, for every other form.
    func shortLitres(_ at: inout Int) -> Int64? {
        var next = at
        guard let value = shortRegister(&next, decimals: 3) else { return nil }
        switch byte(next) {
        case UInt8(ascii: ","), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09:
            at = next
            return value
        default: return nil
        }
    }

    /// A number of `decimals` places at most, down to the millilitre, and of eighteen digits with them, as millilitres; nil,
    /// and `at` where it was, for every other form. What stands behind it is not looked at.
    @inline(__always)
    func shortRegister(_ at: inout Int, decimals: Int) -> Int64? {
        var next = at
        var value: Int64 = 0
        let limit = Swift.min(count, at + 18 - decimals)
        while next < limit, let digit = self[next].decimalDigit {
            value = value * 10 + digit
            next += 1
        }
        guard next > at, self[at] != UInt8(ascii: "0") || next == at + 1 else { return nil }
        var missing = decimals
        if byte(next) == UInt8(ascii: ".") {
            let point = next
            next += 1
            while missing > 0, let digit = byte(next).decimalDigit {
                value = value * 10 + digit
                next += 1
                missing -= 1
            }
            guard next > point + 1 else { return nil }
        }
        for _ in 0..<missing { value *= 10 }
        at = next
        return value
    }

    /// A register in any JSON form, moved past.
    func register(_ at: inout Int, unit: VolumeUnit, depth: Int) throws(BodyRefusal) -> ScannedRegister {
        let range: Range<Int>
        switch byte(at) {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): range = try number(&at)
        case UInt8(ascii: "\""):
            let text = try string(&at)
            if !text.isPlain { return scanned(unescaped(text), unit) }
            range = text.range
        default:
            if try skipNull(&at) { return .null }
            try skipValue(&at, depth: depth)
            return .fault(.notANumber)
        }
        do throws(ValueFault) {
            return .value(try millilitres(in: range, unit: unit))
        } catch {
            return .fault(error)
        }
    }

    private func scanned(_ text: [UInt8], _ unit: VolumeUnit) -> ScannedRegister {
        do throws(ValueFault) {
            return .value(try text.span.millilitres(in: 0..<text.count, unit: unit))
        } catch {
            return .fault(error)
        }
    }
}
